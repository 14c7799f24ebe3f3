/* The inner loops of matching (monitor/domain/places.py), for interpreters that can have them compiled.
 *
 * Everything here has a twin in places.py, which says what is meant; tests/unit/domain/test_places.py holds both to the
 * same answers. What goes in and out are Python's own lists, tuples, dictionaries and whole numbers.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#ifndef SOURCE
#define SOURCE ""
#endif

/* Sentences as Python's whole number: bit n of `words`, 64 bits each, stands for sentence n. */
static PyObject *
number_of(const uint64_t *words, Py_ssize_t width)
{
    while (width > 1 && words[width - 1] == 0)
        width--;
    PyObject *whole = PyLong_FromUnsignedLongLong(words[width - 1]);
    if (width == 1 || whole == NULL)
        return whole;
    PyObject *shift = PyLong_FromLong(64);
    for (Py_ssize_t at = width - 2; shift != NULL && whole != NULL && at >= 0; at--) {
        PyObject *low = PyLong_FromUnsignedLongLong(words[at]);
        PyObject *high = PyNumber_Lshift(whole, shift);
        Py_SETREF(whole, low != NULL && high != NULL ? PyNumber_Or(high, low) : NULL);
        Py_XDECREF(low);
        Py_XDECREF(high);
    }
    if (shift == NULL)
        Py_CLEAR(whole);
    Py_XDECREF(shift);
    return whole;
}

/* ---- Table: what each pattern stands for -------------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    Py_ssize_t patterns, rows, numbers;
    int32_t *row_of;  /* of each pattern */
    int32_t *begins;  /* the groups of row r are groups[begins[r]] up to groups[begins[r + 1]] */
    int32_t *groups;
    PyObject **keys;  /* the groups as Python's numbers */
    char *is_checked; /* of each row, whether some of its groups are checked */
} Table;

typedef struct {
    PyObject_HEAD
    Table *table;
    Py_ssize_t count;
    int32_t *starts, *stops, *rows; /* of each hit, in order */
    int32_t *order, *place;         /* rows in order of their first hit; of each hit, its row's place among them */
    Py_ssize_t distinct;
} Found;

static PyTypeObject TableType, FoundType;

static int
int_of(PyObject *item, int32_t limit, int32_t *out)
{
    long value = PyLong_AsLong(item);
    if (value == -1 && PyErr_Occurred())
        return -1;
    if (value < 0 || value >= limit) {
        PyErr_SetString(PyExc_ValueError, "a number is out of its bounds");
        return -1;
    }
    *out = (int32_t)value;
    return 0;
}

static void
table_dealloc(Table *self)
{
    PyMem_Free(self->row_of);
    PyMem_Free(self->begins);
    PyMem_Free(self->groups);
    PyMem_Free(self->is_checked);
    for (Py_ssize_t number = 0; self->keys != NULL && number < self->numbers; number++)
        Py_XDECREF(self->keys[number]);
    PyMem_Free(self->keys);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int
fill_table(Table *self, PyObject *row_of, PyObject *plain, PyObject *checked)
{
    Py_ssize_t total = 0;
    for (Py_ssize_t row = 0; row < self->rows; row++) {
        PyObject *groups = PyList_GET_ITEM(plain, row);
        if (!PyTuple_Check(groups)) {
            PyErr_SetString(PyExc_TypeError, "the groups of a row are a tuple");
            return -1;
        }
        total += PyTuple_GET_SIZE(groups);
    }
    self->row_of = PyMem_Calloc(self->patterns + 1, sizeof(int32_t));
    self->begins = PyMem_Calloc(self->rows + 1, sizeof(int32_t));
    self->groups = PyMem_Calloc(total + 1, sizeof(int32_t));
    self->is_checked = PyMem_Calloc(self->rows + 1, 1);
    if (!self->row_of || !self->begins || !self->groups || !self->is_checked) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t pattern = 0; pattern < self->patterns; pattern++)
        if (int_of(PyList_GET_ITEM(row_of, pattern), (int32_t)self->rows, &self->row_of[pattern]) < 0)
            return -1;
    int32_t at = 0;
    for (Py_ssize_t row = 0; row < self->rows; row++) {
        PyObject *groups = PyList_GET_ITEM(plain, row);
        for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(groups); n++) {
            int32_t number;
            if (int_of(PyTuple_GET_ITEM(groups, n), INT32_MAX, &number) < 0)
                return -1;
            if (number >= self->numbers)
                self->numbers = (Py_ssize_t)number + 1;
            self->groups[at++] = number;
        }
        self->begins[row + 1] = at;
    }
    self->keys = PyMem_Calloc(self->numbers + 1, sizeof(PyObject *));
    if (self->keys == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t number = 0; number < self->numbers; number++)
        if ((self->keys[number] = PyLong_FromSsize_t(number)) == NULL)
            return -1;
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(checked); n++) {
        int32_t row;
        if (int_of(PyList_GET_ITEM(checked, n), (int32_t)self->rows, &row) < 0)
            return -1;
        self->is_checked[row] = 1;
    }
    return 0;
}

static PyObject *
table_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *row_of, *plain, *checked;
    if ((kwargs != NULL && PyDict_GET_SIZE(kwargs)) ||
        !PyArg_ParseTuple(args, "O!O!O!", &PyList_Type, &row_of, &PyList_Type, &plain, &PyList_Type, &checked)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "Table takes no keywords");
        return NULL;
    }
    Table *self = (Table *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->patterns = PyList_GET_SIZE(row_of);
    self->rows = PyList_GET_SIZE(plain);
    if (self->patterns >= INT32_MAX || self->rows >= INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "too many patterns");
        Py_DECREF(self);
        return NULL;
    }
    if (fill_table(self, row_of, plain, checked) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

/* The hits (start, stop, pattern) by row; `stop` lies two characters behind the place's end. */
static PyObject *
table_found(Table *self, PyObject *hits)
{
    if (!PyList_Check(hits)) {
        PyErr_SetString(PyExc_TypeError, "hits are a list");
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(hits);
    int32_t *place_of = PyMem_Malloc((self->rows + 1) * sizeof(int32_t));
    Found *found = PyObject_New(Found, &FoundType);
    if (found == NULL || place_of == NULL) {
        if (found != NULL)
            PyObject_Free(found);
        PyMem_Free(place_of);
        return PyErr_NoMemory();
    }
    Py_INCREF(self);
    found->table = self;
    found->count = count;
    found->distinct = 0;
    found->starts = PyMem_Malloc((5 * count + 1) * sizeof(int32_t));
    if (found->starts == NULL) {
        PyMem_Free(place_of);
        Py_DECREF(found);
        return PyErr_NoMemory();
    }
    found->stops = found->starts + count;
    found->rows = found->stops + count;
    found->order = found->rows + count;
    found->place = found->order + count;
    memset(place_of, 0xff, (self->rows + 1) * sizeof(int32_t));
    for (Py_ssize_t n = 0; n < count; n++) {
        PyObject *hit = PyList_GET_ITEM(hits, n);
        int32_t pattern;
        if (!PyTuple_Check(hit) || PyTuple_GET_SIZE(hit) != 3) {
            PyErr_SetString(PyExc_TypeError, "a hit is a tuple of three");
            goto failed;
        }
        if (int_of(PyTuple_GET_ITEM(hit, 0), INT32_MAX, &found->starts[n]) < 0 ||
            int_of(PyTuple_GET_ITEM(hit, 1), INT32_MAX, &found->stops[n]) < 0 ||
            int_of(PyTuple_GET_ITEM(hit, 2), (int32_t)self->patterns, &pattern) < 0)
            goto failed;
        int32_t row = self->row_of[pattern];
        if (place_of[row] < 0) {
            place_of[row] = (int32_t)found->distinct;
            found->order[found->distinct++] = row;
        }
        found->rows[n] = row;
        found->place[n] = place_of[row];
    }
    PyMem_Free(place_of);
    return (PyObject *)found;
failed:
    PyMem_Free(place_of);
    Py_DECREF(found);
    return NULL;
}

static PyMethodDef table_methods[] = {
    {"found", (PyCFunction)table_found, METH_O, "What the hits of one article stand for."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject TableType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._places.Table",
    .tp_basicsize = sizeof(Table),
    .tp_dealloc = (destructor)table_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = table_methods,
    .tp_new = table_new,
};

/* ---- Found: what stands in one article ---------------------------------------------------------------------- */

static void
found_dealloc(Found *self)
{
    Py_XDECREF(self->table);
    PyMem_Free(self->starts);
    PyObject_Free(self);
}

static int
has_group(const Table *table, int32_t row, int32_t number)
{
    for (int32_t at = table->begins[row]; at < table->begins[row + 1]; at++)
        if (table->groups[at] == number)
            return 1;
    return 0;
}

static int
append_pair(PyObject *list, int32_t start, int32_t end)
{
    PyObject *first = PyLong_FromLong(start), *last = PyLong_FromLong(end), *pair = NULL;
    int done = -1;
    if (first != NULL && last != NULL && (pair = PyTuple_Pack(2, first, last)) != NULL)
        done = PyList_Append(list, pair);
    Py_XDECREF(first);
    Py_XDECREF(last);
    Py_XDECREF(pair);
    return done;
}

static PyObject *
found_pairs(Found *self, PyObject *wanted)
{
    long number = PyLong_AsLong(wanted);
    if (number == -1 && PyErr_Occurred())
        return NULL;
    PyObject *pairs = PyList_New(0);
    if (pairs == NULL || number < 0 || number >= self->table->numbers)
        return pairs;
    char *holds = PyMem_Calloc(self->distinct + 1, 1); /* of each row found, whether it has the group */
    if (holds == NULL) {
        Py_DECREF(pairs);
        return PyErr_NoMemory();
    }
    Py_ssize_t rows = 0;
    for (Py_ssize_t place = 0; place < self->distinct; place++)
        rows += holds[place] = (char)has_group(self->table, self->order[place], (int32_t)number);
    for (Py_ssize_t n = 0; pairs != NULL && rows > 0 && n < self->count; n++)
        if (holds[self->place[n]] && append_pair(pairs, self->starts[n], self->stops[n] - 2) < 0)
            Py_CLEAR(pairs);
    PyMem_Free(holds);
    return pairs;
}

static PyObject *
found_places(Found *self, PyObject *wanted)
{
    long row = PyLong_AsLong(wanted);
    if (row == -1 && PyErr_Occurred())
        return NULL;
    PyObject *pairs = PyList_New(0);
    for (Py_ssize_t n = 0; pairs != NULL && n < self->count; n++)
        if (self->rows[n] == row && append_pair(pairs, self->starts[n], self->stops[n] - 2) < 0)
            Py_CLEAR(pairs);
    return pairs;
}

static PyObject *
found_checked(Found *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *rows = PyList_New(0);
    for (Py_ssize_t n = 0; rows != NULL && n < self->distinct; n++)
        if (self->table->is_checked[self->order[n]]) {
            PyObject *row = PyLong_FromLong(self->order[n]);
            if (row == NULL || PyList_Append(rows, row) < 0)
                Py_CLEAR(rows);
            Py_XDECREF(row);
        }
    return rows;
}

/* Adds sentences to those of a group. */
static int
add_mask(PyObject *masks, PyObject *number, PyObject *mask)
{
    PyObject *before = PyDict_GetItemWithError(masks, number);
    if (before == NULL)
        return PyErr_Occurred() ? -1 : PyDict_SetItem(masks, number, mask);
    PyObject *both = PyNumber_Or(before, mask);
    int done = both != NULL ? PyDict_SetItem(masks, number, both) : -1;
    Py_XDECREF(both);
    return done;
}

/* Adds the sentences of a row's checked groups, [(number, mask), …]. */
static int
add_checked(PyObject *masks, PyObject *passed)
{
    if (!PyList_Check(passed)) {
        PyErr_SetString(PyExc_TypeError, "what passed is a list");
        return -1;
    }
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(passed); n++) {
        PyObject *number, *mask;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(passed, n), "OO", &number, &mask))
            return -1;
        if (add_mask(masks, number, mask) < 0)
            return -1;
    }
    return 0;
}

/* Sets the sentences of each row found; they are numbered in `sentence_at`, a byte or four a character. */
static int
sentences_of_rows(Found *self, const Py_buffer *sentence_at, Py_ssize_t width, uint64_t *of_row)
{
    Py_ssize_t length = sentence_at->len / sentence_at->itemsize;
    for (Py_ssize_t n = 0; n < self->count; n++) {
        Py_ssize_t start = self->starts[n], sentence = width * 64;
        if (start < length)
            sentence = sentence_at->itemsize == 1 ? ((const uint8_t *)sentence_at->buf)[start]
                                                  : (Py_ssize_t)((const uint32_t *)sentence_at->buf)[start];
        if (sentence >= width * 64) {
            PyErr_SetString(PyExc_ValueError, "a hit lies in no sentence");
            return -1;
        }
        of_row[self->place[n] * width + (sentence >> 6)] |= (uint64_t)1 << (sentence & 63);
    }
    return 0;
}

/* Adds the sentences of a row to each of its groups: the plain ones, then the checked. */
static int
add_row(Found *self, PyObject *masks, int32_t row, PyObject *mask, PyObject *checked)
{
    const Table *table = self->table;
    int done = mask != NULL ? 0 : -1;
    for (int32_t at = table->begins[row]; done == 0 && at < table->begins[row + 1]; at++)
        done = add_mask(masks, table->keys[table->groups[at]], mask);
    if (done < 0 || !table->is_checked[row])
        return done;
    PyObject *key = PyLong_FromLong(row);
    if (key == NULL)
        return -1;
    PyObject *passed = PyDict_GetItemWithError(checked, key);
    Py_DECREF(key);
    if (passed == NULL)
        return PyErr_Occurred() ? -1 : 0;
    return add_checked(masks, passed);
}

static PyObject *
found_masks(Found *self, PyObject *args)
{
    Py_buffer sentence_at;
    PyObject *checked;
    Py_ssize_t sentences;
    if (!PyArg_ParseTuple(args, "y*nO!", &sentence_at, &sentences, &PyDict_Type, &checked))
        return NULL;
    Py_ssize_t width = sentences > 0 ? (sentences + 63) / 64 : 1;
    PyObject *masks = PyDict_New();
    uint64_t *of_row = PyMem_Calloc((self->distinct + 1) * width, sizeof(uint64_t));
    if (of_row == NULL)
        PyErr_NoMemory();
    if (sentence_at.itemsize != 1 && sentence_at.itemsize != 4)
        PyErr_SetString(PyExc_ValueError, "sentences are numbered by one byte or four");
    if (PyErr_Occurred() || sentences_of_rows(self, &sentence_at, width, of_row) < 0)
        Py_CLEAR(masks);
    for (Py_ssize_t place = 0; masks != NULL && place < self->distinct; place++) {
        PyObject *mask = number_of(of_row + place * width, width);
        if (add_row(self, masks, self->order[place], mask, checked) < 0)
            Py_CLEAR(masks);
        Py_XDECREF(mask);
    }
    PyMem_Free(of_row);
    PyBuffer_Release(&sentence_at);
    return masks;
}

static PyMethodDef found_methods[] = {
    {"pairs", (PyCFunction)found_pairs, METH_O, "Where a group stands, in order of the ends."},
    {"places", (PyCFunction)found_places, METH_O, "Where what a row stands for stands."},
    {"checked", (PyCFunction)found_checked, METH_NOARGS, "The rows found some of whose groups are checked."},
    {"masks", (PyCFunction)found_masks, METH_VARARGS, "The sentences of each group."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject FoundType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._places.Found",
    .tp_basicsize = sizeof(Found),
    .tp_dealloc = (destructor)found_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = found_methods,
};

/* ---- NEAR: what stands few words apart ---------------------------------------------------------------------- */

typedef struct {
    const char *text; /* the skeleton between two spaces: byte n + 1 stands for character n */
    Py_ssize_t end;   /* of the text, in characters */
} Words;

/* Whether a word begins at a character. */
static inline int
begins(const Words *words, Py_ssize_t at)
{
    return words->text[at] == ' ' && words->text[at + 1] != ' ';
}

/* Where the `count`-th word begins that begins at `from` or later; the end of the text where there are fewer. */
static Py_ssize_t
word_after(const Words *words, Py_ssize_t from, Py_ssize_t count)
{
    for (Py_ssize_t at = from; at < words->end; at++)
        if (begins(words, at) && --count == 0)
            return at;
    return words->end;
}

/* Where the `count`-th word begins that begins before `from`, going back; -1 where there are fewer. */
static Py_ssize_t
word_before(const Words *words, Py_ssize_t from, Py_ssize_t count)
{
    for (Py_ssize_t at = from - 1; at >= 0; at--)
        if (begins(words, at) && --count == 0)
            return at;
    return -1;
}

/* The offsets of a pair that lies in the text; -1 with an error for anything else. */
static int
offsets_of(PyObject *pair, const Words *words, Py_ssize_t *start, Py_ssize_t *end)
{
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
        PyErr_SetString(PyExc_TypeError, "a place is a pair");
        return -1;
    }
    *start = PyLong_AsSsize_t(PyTuple_GET_ITEM(pair, 0));
    *end = PyLong_AsSsize_t(PyTuple_GET_ITEM(pair, 1));
    if (PyErr_Occurred())
        return -1;
    if (*start < 0 || *start > words->end || *end < 0 || *end > words->end) {
        PyErr_SetString(PyExc_ValueError, "a place lies outside the text");
        return -1;
    }
    return 0;
}

/* Adds `one`, and those of the others that lie less than `distance` words before or after it. */
static int
join_near(PyObject *pairs, const Words *words, PyObject *one, PyObject *others, Py_ssize_t distance, int before, int after)
{
    Py_ssize_t start, end;
    if (offsets_of(one, words, &start, &end) < 0)
        return -1;
    /* (1, 0) holds no offset: a side that is not asked for */
    Py_ssize_t behind = after ? word_before(words, end, 1) + 1 : 1, reach = after ? word_after(words, end, distance) : 0;
    Py_ssize_t back = before ? word_before(words, start, distance) + 1 : 1, ahead = before ? word_after(words, start, 1) : 0;
    int some = 0;
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(others); n++) {
        PyObject *other = PyList_GET_ITEM(others, n);
        Py_ssize_t first, last;
        if (offsets_of(other, words, &first, &last) < 0)
            return -1;
        if ((behind <= first && first <= reach) || (back <= last && last <= ahead)) {
            some = 1;
            if (PySet_Add(pairs, other) < 0)
                return -1;
        }
    }
    return some ? PySet_Add(pairs, one) : 0;
}

static PyObject *
places_near(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *reading, *ones, *others;
    Py_ssize_t distance;
    int before, after;
    if (!PyArg_ParseTuple(args, "OO!O!npp", &reading, &PyList_Type, &ones, &PyList_Type, &others, &distance, &before, &after))
        return NULL;
    PyObject *haystack = PyObject_GetAttrString(reading, "haystack");
    if (haystack == NULL)
        return NULL;
    if (!PyBytes_Check(haystack) || PyBytes_GET_SIZE(haystack) < 2 || distance < 1) {
        PyErr_SetString(PyExc_ValueError, "no text, or no distance");
        Py_DECREF(haystack);
        return NULL;
    }
    Words words = {PyBytes_AS_STRING(haystack), PyBytes_GET_SIZE(haystack) - 2};
    PyObject *pairs = PySet_New(NULL), *found = NULL;
    int done = pairs != NULL ? 0 : -1;
    for (Py_ssize_t n = 0; done == 0 && n < PyList_GET_SIZE(ones); n++)
        done = join_near(pairs, &words, PyList_GET_ITEM(ones, n), others, distance, before, after);
    if (done == 0 && (found = PySequence_List(pairs)) != NULL && PyList_Sort(found) < 0)
        Py_CLEAR(found);
    Py_XDECREF(pairs);
    Py_DECREF(haystack);
    return found;
}

static PyMethodDef functions[] = {
    {"near_pairs", places_near, METH_VARARGS, "What stands few words apart."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_places",
    .m_doc = "The inner loops of matching, compiled.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__places(void)
{
    if (PyType_Ready(&TableType) < 0 || PyType_Ready(&FoundType) < 0)
        return NULL;
    PyObject *made = PyModule_Create(&module);
    if (made == NULL)
        return NULL;
    if (PyModule_AddObjectRef(made, "Table", (PyObject *)&TableType) < 0 ||
        PyModule_AddStringConstant(made, "SOURCE", SOURCE) < 0)
        Py_CLEAR(made);
    return made;
}
