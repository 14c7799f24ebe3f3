/* The inner loops of matching (monitor/domain/places.py, operations.py and sums.py), for interpreters that can have them
 * compiled.
 *
 * Everything here has a twin in these, which says what is meant; tests/unit/domain/test_places.py, test_operations.py and
 * test_sums.py hold both to the same answers. What goes in and out are Python's own lists, tuples and whole numbers, but for
 * what stays an array until somebody in Python asks: Found, Masks, Lines, Tallies.
 */
#include "_frames.h"

/* Sentences as Python's whole number: bit n of `words`, 64 bits each, stands for sentence n. */
static PyObject *
number_of(const uint64_t *words, Py_ssize_t width)
{
    while (width > 1 && words[width - 1] == 0)
        width--;
    if (width == 1)
        return PyLong_FromUnsignedLongLong(words[0]);
    Py_ssize_t length = 8 * width;
    unsigned char *bytes = PyMem_Malloc(length);
    if (bytes == NULL)
        return PyErr_NoMemory();
    for (Py_ssize_t n = 0; n < length; n++)
        bytes[n] = (unsigned char)(words[n / 8] >> 8 * (n % 8));
    PyObject *whole = PyObject_CallMethod((PyObject *)&PyLong_Type, "from_bytes", "y#s", bytes, length, "little");
    PyMem_Free(bytes);
    return whole;
}

/* ---- Table: what each pattern stands for -------------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    Py_ssize_t patterns, rows, numbers;
    int32_t *row_of;  /* of each pattern */
    int32_t *begins;  /* the groups of row r are groups[begins[r]] up to groups[begins[r + 1]] */
    int32_t *groups;
    char *is_checked; /* of each row, whether some of its groups are checked */
} Table;

typedef struct {
    int32_t start, end, unit; /* unit: its hit, where it was found to lie or whether it was chosen, for who asks */
} Place;

/* Sentences or paragraphs. */
typedef struct {
    Py_ssize_t count;
    int32_t *starts, *ends; /* NULL before they are read */
    char *chosen, *held;    /* of each unit: whether every part so far has a place in it; whether this one has */
} Units;

typedef struct {
    PyObject *part;
    int holds;
    Place *all;
    Py_ssize_t count;
} Kept;

/* A place of a group that passed its check. */
typedef struct {
    int32_t start, end, number;
    int32_t place; /* that of its row in `order` */
} Passed;

typedef struct {
    PyObject_HEAD
    Table *table;
    Py_ssize_t count;
    int32_t *starts, *stops, *rows; /* of each hit, in order */
    int32_t *order, *place;         /* rows in order of their first hit; of each hit, its row's place among them */
    int32_t *first, *next;          /* of each place in `order`, its first hit; of each hit, its row's next one, or -1 */
    Py_ssize_t distinct;
    Passed *passed;
    Py_ssize_t passed_count;
    int32_t *slot_of; /* of each group, -1 where no row has it; NULL until somebody asks for a group */
    int32_t *begins;  /* the rows of slot s are holders[begins[s]] up to holders[begins[s + 1]], as places in `order` */
    int32_t *holders;
    Kept *kept; /* what operations found in the whole text (_operations.h) */
    Py_ssize_t kept_count;
    Units units[2]; /* sentences and paragraphs, once somebody asked for them */
} Found;

static PyTypeObject TableType, FoundType;

static int
int_of(PyObject *item, int32_t limit, int32_t *out)
{
    if (!PyLong_Check(item)) { /* so that none of this runs anybody's code */
        PyErr_SetString(PyExc_TypeError, "no whole number");
        return -1;
    }
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

typedef struct {
    int32_t start, stop, pattern;
} Hit;

/* A hit of Python's, or of those that _patterns.c gives as bytes. */
static int
hit_of(PyObject *hits, Py_ssize_t n, int32_t patterns, Hit *hit)
{
    if (PyBytes_Check(hits)) {
        memcpy(hit, PyBytes_AS_STRING(hits) + n * sizeof(Hit), sizeof(Hit));
        if (hit->start >= 0 && hit->stop >= 0 && hit->pattern >= 0 && hit->pattern < patterns)
            return 0;
        PyErr_SetString(PyExc_ValueError, "a number is out of its bounds");
        return -1;
    }
    PyObject *given = PyList_GET_ITEM(hits, n);
    if (!PyTuple_Check(given) || PyTuple_GET_SIZE(given) != 3) {
        PyErr_SetString(PyExc_TypeError, "a hit is a tuple of three");
        return -1;
    }
    if (int_of(PyTuple_GET_ITEM(given, 0), INT32_MAX, &hit->start) < 0 ||
        int_of(PyTuple_GET_ITEM(given, 1), INT32_MAX, &hit->stop) < 0)
        return -1;
    return int_of(PyTuple_GET_ITEM(given, 2), patterns, &hit->pattern);
}

/* Puts the hits of one article by row; `place_of` has room for each row. */
static int
fill_found(Found *found, PyObject *hits, int32_t *place_of)
{
    const Table *table = found->table;
    memset(place_of, 0xff, (table->rows + 1) * sizeof(int32_t));
    for (Py_ssize_t n = 0; n < found->count; n++) {
        Hit hit;
        if (hit_of(hits, n, (int32_t)table->patterns, &hit) < 0)
            return -1;
        int32_t row = table->row_of[hit.pattern];
        if (place_of[row] < 0) {
            place_of[row] = (int32_t)found->distinct;
            found->order[found->distinct++] = row;
        }
        found->starts[n] = hit.start;
        found->stops[n] = hit.stop;
        found->rows[n] = row;
        found->place[n] = place_of[row];
        found->first[place_of[row]] = -1;
    }
    for (Py_ssize_t n = found->count - 1; n >= 0; n--) {
        int32_t *first = &found->first[found->place[n]];
        found->next[n] = *first;
        *first = (int32_t)n;
    }
    return 0;
}

/* The hits (start, stop, pattern) by row; `stop` lies two characters behind the place's end. */
static PyObject *
table_found(Table *self, PyObject *hits)
{
    if (!PyList_Check(hits) && !(PyBytes_Check(hits) && PyBytes_GET_SIZE(hits) % sizeof(Hit) == 0)) {
        PyErr_SetString(PyExc_TypeError, "hits are a list, or bytes");
        return NULL;
    }
    Py_ssize_t count = PyList_Check(hits) ? PyList_GET_SIZE(hits) : PyBytes_GET_SIZE(hits) / (Py_ssize_t)sizeof(Hit);
    Found *found = PyObject_New(Found, &FoundType);
    if (found == NULL)
        return NULL;
    Py_INCREF(self);
    found->table = self;
    found->count = count;
    found->distinct = 0;
    found->passed = NULL;
    found->passed_count = 0;
    found->slot_of = NULL;
    found->kept = NULL;
    found->kept_count = 0;
    memset(found->units, 0, sizeof found->units);
    found->starts = PyMem_Malloc((7 * count + 1) * sizeof(int32_t));
    int32_t *place_of = PyMem_Malloc((self->rows + 1) * sizeof(int32_t));
    int done = found->starts != NULL && place_of != NULL ? 0 : -1;
    if (done < 0) {
        PyErr_NoMemory();
    } else {
        found->stops = found->starts + count;
        found->rows = found->stops + count;
        found->order = found->rows + count;
        found->place = found->order + count;
        found->first = found->place + count;
        found->next = found->first + count;
        done = fill_found(found, hits, place_of);
    }
    PyMem_Free(place_of);
    if (done < 0)
        Py_CLEAR(found);
    return (PyObject *)found;
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
drop_kept(Found *self)
{
    while (self->kept_count > 0) {
        Kept *last = &self->kept[--self->kept_count];
        PyMem_Free(last->all);
        Py_DECREF(last->part);
    }
    PyMem_Free(self->kept);
    self->kept = NULL;
}

static void
found_dealloc(Found *self)
{
    drop_kept(self);
    PyMem_Free(self->units[0].starts);
    PyMem_Free(self->units[1].starts);
    PyMem_Free(self->slot_of);
    Py_XDECREF(self->table);
    PyMem_Free(self->starts);
    PyMem_Free(self->passed);
    PyObject_Free(self);
}

typedef struct {
    Place *all;
    Py_ssize_t count, room;
} Places;

static int
add_place(Places *places, int32_t start, int32_t end, int32_t unit)
{
    if (places->count == places->room) {
        Py_ssize_t room = 2 * places->room + 16;
        Place *grown = PyMem_Realloc(places->all, room * sizeof(Place));
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        places->all = grown;
        places->room = room;
    }
    places->all[places->count++] = (Place){start, end, unit};
    return 0;
}

static int
by_start(const void *one, const void *other)
{
    const Place *a = one, *b = other;
    return a->start != b->start ? (a->start > b->start) - (a->start < b->start) : (a->end > b->end) - (a->end < b->end);
}

static int
by_end(const void *one, const void *other)
{
    const Place *a = one, *b = other;
    return a->end != b->end ? (a->end > b->end) - (a->end < b->end) : (a->start > b->start) - (a->start < b->start);
}

static int
by_unit(const void *one, const void *other)
{
    const Place *a = one, *b = other;
    return (a->unit > b->unit) - (a->unit < b->unit);
}

/* Puts those behind `first` in order; most are few, or in order already. */
static void
sort_from(Places *places, Py_ssize_t first, int (*order)(const void *, const void *))
{
    enum { FEW = 16 };
    Place *all = places->all + first;
    Py_ssize_t count = places->count - first;
    if (count > FEW)
        qsort(all, count, sizeof(Place), order);
    for (Py_ssize_t n = 1; n < count && count <= FEW; n++) {
        Place one = all[n];
        Py_ssize_t at = n;
        for (; at > 0 && order(&all[at - 1], &one) > 0; at--)
            all[at] = all[at - 1];
        all[at] = one;
    }
}

static void
sort(Places *places, int (*order)(const void *, const void *))
{
    sort_from(places, 0, order);
}

/* The places as Python's pairs. */
static PyObject *
pairs_from(const Places *places)
{
    PyObject *pairs = PyList_New(places->count);
    for (Py_ssize_t n = 0; pairs != NULL && n < places->count; n++) {
        PyObject *start = PyLong_FromLong(places->all[n].start), *end = PyLong_FromLong(places->all[n].end);
        PyObject *pair = start != NULL && end != NULL ? PyTuple_Pack(2, start, end) : NULL;
        Py_XDECREF(start);
        Py_XDECREF(end);
        if (pair == NULL)
            Py_CLEAR(pairs);
        else
            PyList_SET_ITEM(pairs, n, pair);
    }
    return pairs;
}

/* The offsets of one of Python's pairs. */
static int
offsets_from(PyObject *pair, int32_t *start, int32_t *end)
{
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
        PyErr_SetString(PyExc_TypeError, "a place is a pair");
        return -1;
    }
    if (int_of(PyTuple_GET_ITEM(pair, 0), INT32_MAX, start) < 0)
        return -1;
    return int_of(PyTuple_GET_ITEM(pair, 1), INT32_MAX, end);
}

/* Adds Python's pairs. */
static int
add_pairs(PyObject *given, Places *places)
{
    PyObject *pairs = PySequence_Fast(given, "places are a list");
    int done = pairs != NULL ? 0 : -1;
    for (Py_ssize_t n = 0; done == 0 && n < PySequence_Fast_GET_SIZE(pairs); n++) {
        int32_t start, end;
        done = offsets_from(PySequence_Fast_GET_ITEM(pairs, n), &start, &end);
        if (done == 0)
            done = add_place(places, start, end, 0);
    }
    Py_XDECREF(pairs);
    return done;
}

/* Puts the rows found by group. */
static int
index_groups(Found *self)
{
    const Table *table = self->table;
    Py_ssize_t total = 0, groups = 0;
    for (Py_ssize_t place = 0; place < self->distinct; place++)
        total += table->begins[self->order[place] + 1] - table->begins[self->order[place]];
    int32_t *slot_of = PyMem_Malloc((table->numbers + 2 * total + 2) * sizeof(int32_t));
    if (slot_of == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    int32_t *begins = slot_of + table->numbers, *holders = begins + total + 2;
    memset(slot_of, 0xff, table->numbers * sizeof(int32_t));
    memset(begins, 0, (total + 2) * sizeof(int32_t));
#define EACH_GROUP                                                                                                     \
    for (int32_t place = 0; place < self->distinct; place++)                                                           \
        for (int32_t at = table->begins[self->order[place]]; at < table->begins[self->order[place] + 1]; at++)
    EACH_GROUP
    {
        int32_t *slot = &slot_of[table->groups[at]];
        if (*slot < 0)
            *slot = (int32_t)groups++;
        begins[*slot + 1]++;
    }
    for (Py_ssize_t slot = 0; slot < groups; slot++)
        begins[slot + 1] += begins[slot];
    for (Py_ssize_t slot = groups; slot > 0; slot--) /* behind each slot's number where it begins: filling moves it on */
        begins[slot] = begins[slot - 1];
    EACH_GROUP
    holders[begins[slot_of[table->groups[at]] + 1]++] = place;
#undef EACH_GROUP
    self->begins = begins;
    self->holders = holders;
    self->slot_of = slot_of;
    return 0;
}

/* Adds where the rows of a slot stand, in order of the hits. */
static int
add_rows(const Found *self, int32_t slot, Places *places)
{
    Py_ssize_t before = places->count;
    for (int32_t at = self->begins[slot]; at < self->begins[slot + 1]; at++)
        for (int32_t n = self->first[self->holders[at]]; n >= 0; n = self->next[n])
            if (add_place(places, self->starts[n], self->stops[n] - 2, n) < 0)
                return -1;
    if (self->begins[slot + 1] - self->begins[slot] > 1)
        sort_from(places, before, by_unit);
    return 0;
}

/* Adds where a group stands, in order of the ends. */
static int
add_group(Found *self, long number, Places *places)
{
    Py_ssize_t before = places->count, passed = 0;
    if (self->slot_of == NULL && index_groups(self) < 0)
        return -1;
    int32_t slot = number >= 0 && number < self->table->numbers ? self->slot_of[number] : -1;
    int done = slot >= 0 ? add_rows(self, slot, places) : 0;
    for (Py_ssize_t n = 0; done == 0 && n < self->passed_count; n++)
        if (self->passed[n].number == number) {
            done = add_place(places, self->passed[n].start, self->passed[n].end, 0);
            passed++;
        }
    if (done == 0 && passed)
        sort_from(places, before, by_end);
    return done;
}

static PyObject *
found_pairs(Found *self, PyObject *wanted)
{
    long number = PyLong_AsLong(wanted);
    if (number == -1 && PyErr_Occurred())
        return NULL;
    Places places = {NULL, 0, 0};
    PyObject *pairs = add_group(self, number, &places) == 0 ? pairs_from(&places) : NULL;
    PyMem_Free(places.all);
    return pairs;
}

static PyObject *
found_places(Found *self, PyObject *wanted)
{
    long row = PyLong_AsLong(wanted);
    if (row == -1 && PyErr_Occurred())
        return NULL;
    Places places = {NULL, 0, 0};
    int done = 0;
    for (Py_ssize_t n = 0; done == 0 && n < self->count; n++)
        if (self->rows[n] == row)
            done = add_place(&places, self->starts[n], self->stops[n] - 2, 0);
    PyObject *pairs = done == 0 ? pairs_from(&places) : NULL;
    PyMem_Free(places.all);
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

static PyObject *
found_add(Found *self, PyObject *args)
{
    int row, number;
    PyObject *pairs;
    if (!PyArg_ParseTuple(args, "iiO!", &row, &number, &PyList_Type, &pairs))
        return NULL;
    int32_t place = 0;
    while (place < self->distinct && self->order[place] != row)
        place++;
    if (place == self->distinct || number < 0 || number == INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "no such row was found, or no such group");
        return NULL;
    }
    drop_kept(self);
    Py_ssize_t count = self->passed_count, more = PyList_GET_SIZE(pairs);
    Passed *grown = PyMem_Realloc(self->passed, (count + more + 1) * sizeof(Passed));
    if (grown == NULL)
        return PyErr_NoMemory();
    self->passed = grown;
    for (Py_ssize_t n = 0; n < more; n++) {
        Passed *one = &grown[count + n];
        if (offsets_from(PyList_GET_ITEM(pairs, n), &one->start, &one->end) < 0)
            return NULL;
        one->number = number;
        one->place = place;
    }
    self->passed_count = count + more;
    Py_RETURN_NONE;
}

/* ---- The sentences of each group ---------------------------------------------------------------------------- */

/* The sentence that holds an offset; they are numbered by a byte or four a character. -1 with an error for none. */
static Py_ssize_t
sentence_of(const Py_buffer *sentence_at, int32_t start)
{
    Py_ssize_t length = sentence_at->len / sentence_at->itemsize;
    if (start < length)
        return sentence_at->itemsize == 1 ? ((const uint8_t *)sentence_at->buf)[start]
                                          : (Py_ssize_t)((const uint32_t *)sentence_at->buf)[start];
    PyErr_SetString(PyExc_ValueError, "a place lies in no sentence");
    return -1;
}

static int
check_numbers(const Py_buffer *sentence_at)
{
    if (sentence_at->itemsize == 1 || sentence_at->itemsize == 4)
        return 0;
    PyErr_SetString(PyExc_ValueError, "sentences are numbered by one byte or four");
    return -1;
}

/* The sentences of groups: bits of `width` words each, in order of the groups' first places; then those of what is told
 * under a number below zero. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t width, count, limit;
    int32_t *slot_of; /* of each group below `limit`, -1 where it stands nowhere */
    int32_t *numbers; /* of each slot, its group */
    uint64_t *words;  /* of each slot */
    Py_ssize_t below; /* how many numbers below zero there is room for */
    char *told;       /* of each of these, whether its sentences are */
    uint64_t *others; /* and which they are */
} Masks;

static PyTypeObject MasksType;

static void
masks_dealloc(Masks *self)
{
    PyMem_Free(self->slot_of);
    PyMem_Free(self->numbers);
    PyMem_Free(self->words);
    PyMem_Free(self->told);
    PyMem_Free(self->others);
    PyObject_Free(self);
}

/* The words of a number's sentences; NULL without an error where there are none. */
static const uint64_t *
words_under(const Masks *self, int32_t number)
{
    if (number >= 0) {
        int32_t slot = number < self->limit ? self->slot_of[number] : -1;
        return slot >= 0 ? self->words + slot * self->width : NULL;
    }
    Py_ssize_t other = -1 - (Py_ssize_t)number;
    return other < self->below && self->told[other] ? self->others + other * self->width : NULL;
}

/* Room for the groups of all rows found. */
static int
make_masks(const Found *self, Py_ssize_t width, Masks *masks)
{
    const Table *table = self->table;
    Py_ssize_t limit = table->numbers, most = self->passed_count + 1;
    for (Py_ssize_t n = 0; n < self->passed_count; n++)
        if (self->passed[n].number >= limit)
            limit = (Py_ssize_t)self->passed[n].number + 1;
    for (Py_ssize_t place = 0; place < self->distinct; place++)
        most += table->begins[self->order[place] + 1] - table->begins[self->order[place]];
    masks->width = width;
    masks->limit = limit;
    masks->slot_of = PyMem_Malloc((limit + 1) * sizeof(int32_t));
    masks->numbers = PyMem_Malloc(most * sizeof(int32_t));
    masks->words = PyMem_Calloc(most * width, sizeof(uint64_t));
    if (!masks->slot_of || !masks->numbers || !masks->words) {
        PyErr_NoMemory();
        return -1;
    }
    memset(masks->slot_of, 0xff, (limit + 1) * sizeof(int32_t));
    return 0;
}

/* The words of a group's slot. */
static uint64_t *
slot(Masks *masks, int32_t number)
{
    if (masks->slot_of[number] < 0) {
        masks->slot_of[number] = (int32_t)masks->count;
        masks->numbers[masks->count++] = number;
    }
    return masks->words + masks->slot_of[number] * masks->width;
}

static int
set_sentence(uint64_t *words, Py_ssize_t width, const Py_buffer *sentence_at, int32_t start)
{
    Py_ssize_t sentence = sentence_of(sentence_at, start);
    if (sentence >= width * 64)
        PyErr_SetString(PyExc_ValueError, "a place lies in no sentence");
    if (sentence < 0 || sentence >= width * 64)
        return -1;
    words[sentence >> 6] |= (uint64_t)1 << (sentence & 63);
    return 0;
}

/* Adds each row's sentences to its groups: to the plain ones, then to those that passed their check. */
static int
fill_masks(const Found *self, const Py_buffer *sentence_at, const uint64_t *of_row, Masks *masks)
{
    const Table *table = self->table;
    for (Py_ssize_t place = 0; place < self->distinct; place++) {
        int32_t row = self->order[place];
        for (int32_t at = table->begins[row]; at < table->begins[row + 1]; at++) {
            uint64_t *words = slot(masks, table->groups[at]);
            for (Py_ssize_t n = 0; n < masks->width; n++)
                words[n] |= of_row[place * masks->width + n];
        }
        for (Py_ssize_t n = 0; n < self->passed_count; n++) {
            const Passed *one = &self->passed[n];
            if (one->place == place && set_sentence(slot(masks, one->number), masks->width, sentence_at, one->start) < 0)
                return -1;
        }
    }
    return 0;
}

static PyObject *
found_masks(Found *self, PyObject *args)
{
    Py_buffer sentence_at;
    Py_ssize_t sentences;
    if (!PyArg_ParseTuple(args, "y*n", &sentence_at, &sentences))
        return NULL;
    Py_ssize_t width = sentences > 0 ? (sentences + 63) / 64 : 1;
    Masks *masks = PyObject_New(Masks, &MasksType);
    if (masks != NULL)
        memset((char *)masks + sizeof(PyObject), 0, sizeof(Masks) - sizeof(PyObject));
    uint64_t *of_row = masks != NULL ? PyMem_Calloc((self->distinct + 1) * width, sizeof(uint64_t)) : NULL;
    if (masks != NULL && of_row == NULL)
        PyErr_NoMemory();
    int done = of_row != NULL ? check_numbers(&sentence_at) : -1;
    for (Py_ssize_t n = 0; done == 0 && n < self->count; n++)
        done = set_sentence(of_row + self->place[n] * width, width, &sentence_at, self->starts[n]);
    if (done < 0 || make_masks(self, width, masks) < 0 || fill_masks(self, &sentence_at, of_row, masks) < 0)
        Py_CLEAR(masks);
    PyMem_Free(of_row);
    PyBuffer_Release(&sentence_at);
    return (PyObject *)masks;
}

/* The bits of Python's whole number, which may be no more than there is room for. */
static int
words_from(PyObject *number, uint64_t *words, Py_ssize_t width)
{
    if (!PyLong_Check(number)) {
        PyErr_SetString(PyExc_TypeError, "sentences are a whole number");
        return -1;
    }
    if (width == 1) {
        words[0] = PyLong_AsUnsignedLongLong(number);
        return words[0] == (uint64_t)-1 && PyErr_Occurred() ? -1 : 0;
    }
    PyObject *bytes = PyObject_CallMethod(number, "to_bytes", "ns", 8 * width, "little");
    if (bytes == NULL)
        return -1;
    const unsigned char *given = (const unsigned char *)PyBytes_AS_STRING(bytes);
    for (Py_ssize_t n = 0; n < width; n++) {
        words[n] = 0;
        for (int byte = 7; byte >= 0; byte--)
            words[n] = words[n] << 8 | given[8 * n + byte];
    }
    Py_DECREF(bytes);
    return 0;
}

static int
number_from(PyObject *key, int32_t *number)
{
    int overflow = 0;
    long value = PyLong_AsLongAndOverflow(key, &overflow);
    if (value == -1 && PyErr_Occurred())
        return -1;
    if (overflow || value <= INT32_MIN || value >= INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "a number is out of its bounds");
        return -1;
    }
    *number = (int32_t)value;
    return 0;
}

static PyObject *
masks_get(Masks *self, PyObject *const *args, Py_ssize_t given)
{
    int32_t number;
    if (given < 1 || given > 2) {
        PyErr_SetString(PyExc_TypeError, "get takes a number, and what is given for none");
        return NULL;
    }
    if (number_from(args[0], &number) < 0)
        return NULL;
    const uint64_t *words = words_under(self, number);
    return words != NULL ? number_of(words, self->width) : Py_NewRef(given == 2 ? args[1] : Py_None);
}

static PyObject *
masks_subscript(Masks *self, PyObject *key)
{
    int32_t number;
    if (number_from(key, &number) < 0)
        return NULL;
    const uint64_t *words = words_under(self, number);
    if (words == NULL)
        PyErr_SetObject(PyExc_KeyError, key);
    return words != NULL ? number_of(words, self->width) : NULL;
}

/* Makes room for so many numbers below zero. */
static int
make_room(Masks *self, Py_ssize_t below)
{
    if (below <= self->below)
        return 0;
    char *told = PyMem_Realloc(self->told, below);
    self->told = told != NULL ? told : self->told;
    uint64_t *others = told != NULL ? PyMem_Realloc(self->others, below * self->width * sizeof(uint64_t)) : NULL;
    if (others == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memset(told + self->below, 0, below - self->below);
    self->others = others;
    self->below = below;
    return 0;
}

/* Room for the sentences that are told under a number, which is below zero; NULL with an error. */
static uint64_t *
told_under(Masks *self, int32_t number)
{
    const Py_ssize_t other = -1 - (Py_ssize_t)number;
    if (other < 0 || other > 1 << 20) {
        PyErr_SetString(PyExc_ValueError, "only numbers below zero are told");
        return NULL;
    }
    if (make_room(self, other + 8) < 0)
        return NULL;
    self->told[other] = 1;
    return self->others + other * self->width;
}

static int
masks_assign(Masks *self, PyObject *key, PyObject *mask)
{
    int32_t number;
    if (number_from(key, &number) < 0)
        return -1;
    if (mask == NULL) {
        PyErr_SetString(PyExc_ValueError, "only numbers below zero are told");
        return -1;
    }
    uint64_t *words = PyMem_Malloc(self->width * sizeof(uint64_t)), *told = NULL;
    if (words == NULL)
        PyErr_NoMemory();
    else if (words_from(mask, words, self->width) == 0 && (told = told_under(self, number)) != NULL)
        memcpy(told, words, self->width * sizeof(uint64_t));
    PyMem_Free(words);
    return told != NULL ? 0 : -1;
}

static PyObject *
masks_items(Masks *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *items = PyList_New(0);
    for (Py_ssize_t n = -self->below; items != NULL && n < self->count; n++) {
        long number = n < 0 ? (long)n : self->numbers[n];
        const uint64_t *words = words_under(self, (int32_t)number);
        PyObject *mask = words != NULL ? number_of(words, self->width) : NULL;
        PyObject *item = mask != NULL ? Py_BuildValue("lN", number, mask) : NULL;
        if (words != NULL && (item == NULL || PyList_Append(items, item) < 0))
            Py_CLEAR(items);
        Py_XDECREF(item);
    }
    return items;
}

static PyMethodDef masks_methods[] = {
    {"get", (PyCFunction)(void (*)(void))masks_get, METH_FASTCALL, "The sentences under a number, or what is given for none."},
    {"items", (PyCFunction)masks_items, METH_NOARGS, "Numbers with their sentences."},
    {NULL, NULL, 0, NULL},
};

static PyMappingMethods masks_mapping = {
    .mp_subscript = (binaryfunc)masks_subscript,
    .mp_ass_subscript = (objobjargproc)masks_assign,
};

static PyTypeObject MasksType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._places.Masks",
    .tp_basicsize = sizeof(Masks),
    .tp_dealloc = (destructor)masks_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = masks_methods,
    .tp_as_mapping = &masks_mapping,
};

/* The sentences that hold places, which is any number; those of none are none. */
static PyObject *
mask_from_places(const Py_buffer *sentence_at, const Places *places)
{
    Py_ssize_t last = 0;
    if (check_numbers(sentence_at) < 0)
        return NULL;
    for (Py_ssize_t n = 0; n < places->count; n++) {
        Py_ssize_t sentence = sentence_of(sentence_at, places->all[n].start);
        if (sentence < 0)
            return NULL;
        last = sentence > last ? sentence : last;
    }
    Py_ssize_t width = last / 64 + 1;
    uint64_t *words = PyMem_Calloc(width, sizeof(uint64_t));
    if (words == NULL)
        return PyErr_NoMemory();
    for (Py_ssize_t n = 0; n < places->count; n++)
        set_sentence(words, width, sentence_at, places->all[n].start);
    PyObject *mask = number_of(words, width);
    PyMem_Free(words);
    return mask;
}

static PyObject *
places_mask_of(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer sentence_at;
    PyObject *given;
    if (!PyArg_ParseTuple(args, "y*O", &sentence_at, &given))
        return NULL;
    Places places = {0};
    PyObject *mask = add_pairs(given, &places) == 0 ? mask_from_places(&sentence_at, &places) : NULL;
    PyMem_Free(places.all);
    PyBuffer_Release(&sentence_at);
    return mask;
}

/* ---- Together: what stands in a sentence or paragraph that has something of each part ----------------------- */

/* Reads where each unit starts and ends. */
static int
read_units(PyObject *starts, PyObject *ends, Units *units)
{
    Py_ssize_t count = PyList_GET_SIZE(starts);
    if (PyList_GET_SIZE(ends) != count) {
        PyErr_SetString(PyExc_ValueError, "each unit has a start and an end");
        return -1;
    }
    int32_t *read = PyMem_Malloc((2 * count + 1) * sizeof(int32_t));
    if (read == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < count; n++)
        if (int_of(PyList_GET_ITEM(starts, n), INT32_MAX, &read[n]) < 0 ||
            int_of(PyList_GET_ITEM(ends, n), INT32_MAX, &read[count + n]) < 0) {
            PyMem_Free(read);
            return -1;
        }
    units->count = count;
    units->starts = read;
    units->ends = read + count;
    return 0;
}

/* Chooses all units, to begin with. */
static int
choose_units(Units *units)
{
    units->chosen = PyMem_Malloc(2 * units->count + 1);
    if (units->chosen == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    units->held = units->chosen + units->count;
    memset(units->chosen, 1, units->count);
    return 0;
}

/* The unit that a place lies in, whole, of those where every part so far has one; -1 where it lies in none. */
static Py_ssize_t
unit_of(const Units *units, const Place *place)
{
    Py_ssize_t low = 0, high = units->count;
    while (low < high) {
        Py_ssize_t middle = (low + high) / 2;
        if (units->starts[middle] <= place->start)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && units->chosen[low - 1] && place->end <= units->ends[low - 1] ? low - 1 : -1;
}

/* Adds the places of a part: of a group, or Python's pairs. */
static int
add_part(Found *self, PyObject *part, Places *places)
{
    if (!PyLong_Check(part))
        return add_pairs(part, places);
    long number = PyLong_AsLong(part);
    return number == -1 && PyErr_Occurred() ? -1 : add_group(self, number, places);
}

/* Keeps of what was added behind `before` what lies in a unit, and of the units those that have some of it. */
static void
keep_placed(Places *places, Py_ssize_t before, Units *units)
{
    Py_ssize_t kept = before;
    memset(units->held, 0, units->count);
    for (Py_ssize_t n = before; n < places->count; n++) {
        Place one = places->all[n];
        Py_ssize_t unit = unit_of(units, &one);
        if (unit < 0)
            continue;
        units->held[unit] = 1;
        one.unit = (int32_t)unit;
        places->all[kept++] = one;
    }
    places->count = kept;
    for (Py_ssize_t unit = 0; unit < units->count; unit++)
        units->chosen[unit] &= units->held[unit];
}

/* Keeps of what was added behind `first` what lies in the units that have something of every part, in order. */
static void
keep_chosen(Places *places, Py_ssize_t first, const Units *units)
{
    Py_ssize_t kept = first;
    for (Py_ssize_t n = first; n < places->count; n++)
        if (units->chosen[places->all[n].unit])
            places->all[kept++] = places->all[n];
    places->count = kept;
    sort_from(places, first, by_start);
}

static PyObject *
found_together(Found *self, PyObject *args)
{
    PyObject *parts, *starts, *ends, *pairs = NULL;
    if (!PyArg_ParseTuple(args, "O!O!O!", &PyList_Type, &parts, &PyList_Type, &starts, &PyList_Type, &ends))
        return NULL;
    Units units = {0};
    Places places = {NULL, 0, 0};
    int done = read_units(starts, ends, &units) == 0 ? choose_units(&units) : -1;
    for (Py_ssize_t n = 0; done == 0 && n < PyList_GET_SIZE(parts); n++) {
        Py_ssize_t before = places.count;
        done = add_part(self, PyList_GET_ITEM(parts, n), &places);
        if (done == 0)
            keep_placed(&places, before, &units);
    }
    if (done == 0) {
        keep_chosen(&places, 0, &units);
        pairs = pairs_from(&places);
    }
    PyMem_Free(places.all);
    PyMem_Free(units.chosen);
    PyMem_Free(units.starts);
    return pairs;
}

static PyMethodDef found_methods[] = {
    {"pairs", (PyCFunction)found_pairs, METH_O, "Where a group stands, in order of the ends."},
    {"places", (PyCFunction)found_places, METH_O, "Where what a row stands for stands."},
    {"checked", (PyCFunction)found_checked, METH_NOARGS, "The rows found some of whose groups are checked."},
    {"add", (PyCFunction)found_add, METH_VARARGS, "Adds places of a row that passed a group's check."},
    {"masks", (PyCFunction)found_masks, METH_VARARGS, "The sentences of each group."},
    {"together", (PyCFunction)found_together, METH_VARARGS, "What stands where something of each part stands."},
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

#include "_operations.h"
#include "_masks.h"
#include "_sums.h"
#include "_evidence.h"
#include "_levels.h"
#include "_weighing.h"

static PyMethodDef functions[] = {
    {"first_words", places_first_words, METH_VARARGS, "Where the first words end."},
    {"mask_of", places_mask_of, METH_VARARGS, "The sentences of some places."},
    {"merged", places_merged, METH_O, "Places with those that overlap made one."},
    {"near_pairs", places_near, METH_VARARGS, "What stands few words apart."},
    {"found_mask", make_found_mask, METH_O, "What tells the sentences in which an operation holds."},
    {"term_mask", make_term_mask, METH_O, "What tells the sentences of a group."},
    {"kept_mask", make_kept_mask, METH_VARARGS, "The same as a part, kept under a number."},
    {"in_field_mask", make_field_mask, METH_VARARGS, "The same as a part, in one field."},
    {"joined_by_and", make_joined_by_and, METH_O, "What the sentences of parts have in common."},
    {"joined_by_or", make_joined_by_or, METH_O, "The sentences of any part."},
    {"standing", make_standing, METH_O, "A group."},
    {"mentioned", make_mentioned, METH_VARARGS, "An entity."},
    {"at_least", make_at_least, METH_VARARGS, "So many of some parts."},
    {"negated", make_negated, METH_O, "NOT."},
    {"near", (PyCFunction)(void (*)(void))make_near, METH_VARARGS | METH_KEYWORDS, "NEAR."},
    {"together", make_together, METH_VARARGS, "Parts in the same sentence or paragraph."},
    {"in_field", make_in_field, METH_VARARGS, "A part in one field."},
    {"in_first", make_in_first, METH_VARARGS, "A part among the first words."},
    {"often", make_often, METH_VARARGS, "A part so many times."},
    {"evidence", places_evidence, METH_VARARGS, "The spans that show what some lines add up to."},
    {"contributions", places_contributions, METH_VARARGS, "What is made of the lines that weigh most."},
    {"levels", (PyCFunction)(void (*)(void))places_levels, METH_FASTCALL, "What sentences count."},
    {"weighed", places_weighed, METH_VARARGS, "What a model makes of an article."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_places, "The inner loops of matching, compiled.", functions, &TableType, &FoundType, &MasksType, &OperationType,
        &MaskedType, &LedgerType, &LinesType, &TalliesType)
