/* What holds in an article, and what it adds up to (monitor/domain/sums.py, which says what is meant), a part of _places.c.
 *
 * Sentences are bits, 64 to a word; how many words, the article says.
 */
#ifndef VEILLE_SUMS_H
#define VEILLE_SUMS_H

/* ---- From Python ------------------------------------------------------------------------------------------------- */

/* Checks a tuple's size before its fields are taken without asking. */
static int
expect(PyObject *tuple, Py_ssize_t size, const char *otherwise)
{
    if (PyTuple_Check(tuple) && PyTuple_GET_SIZE(tuple) == size)
        return 0;
    PyErr_SetString(PyExc_TypeError, otherwise);
    return -1;
}

/* Only of numbers, so that none of this runs anybody's code. */
static int
double_from(PyObject *number, double *value)
{
    if (!PyFloat_Check(number) && !PyLong_Check(number)) {
        PyErr_SetString(PyExc_TypeError, "no number");
        return -1;
    }
    *value = PyFloat_AsDouble(number);
    return *value == -1.0 && PyErr_Occurred() ? -1 : 0;
}

/* A whole number, or what comes nearest to one of any size. */
static int
size_from(PyObject *number, Py_ssize_t *value)
{
    if (!PyLong_Check(number)) {
        PyErr_SetString(PyExc_TypeError, "no whole number");
        return -1;
    }
    *value = PyNumber_AsSsize_t(number, NULL);
    return *value == -1 && PyErr_Occurred() ? -1 : 0;
}

/* ---- Ledger: the items of a dossier ------------------------------------------------------------------------------ */

/* The fields of an item (tallies.Item). */
enum { OWNER = 0, LABEL = 2, WEIGHT = 3, CAP = 4, ANYWHERE = 5, OF_GROUP = 6, FIND = 7, ITEM_FIELDS = 8 };
enum { MOST_OWNERS = 1 << 20 };

/* A line of arithmetic that was made of an item. */
typedef struct {
    uint64_t value; /* the bits of it: 0.0 and -0.0 are two */
    Py_ssize_t count;
    PyObject *mark, *make, *line; /* NULL before one is made */
} Made;

enum { MADE = 4 };

typedef struct {
    PyObject *item, *label, *find; /* the last two are the item's; `find` is NULL of a group */
    Made *made;                    /* `MADE` of them, or NULL */
    double weight;
    Py_ssize_t cap;
    int32_t owner, group;
    int anywhere;
} Item;

/* An item that is no term: it holds in the sentences that its numbers have in common, or, with a function, in those that
 * this tells once its numbers are all there. */
typedef struct {
    Item item;
    int32_t *numbers;
    Py_ssize_t count;
    PyObject *holds; /* NULL for none */
} Evaluated;

typedef struct {
    PyObject_HEAD
    Item *terms;
    Py_ssize_t term_count, groups;
    Py_ssize_t *begins; /* the items of group g are terms[begins[g]] up to terms[begins[g + 1]] */
    Evaluated *evaluated;
    Py_ssize_t evaluated_count;
    PyObject *derived; /* a tuple of what tells sentences that others ask for by a number */
    int32_t owners; /* the number behind the last owner */
} Ledger;

static PyTypeObject LedgerType, LinesType;

static void
drop_made(Made *made)
{
    Py_XDECREF(made->mark);
    Py_XDECREF(made->make);
    Py_XDECREF(made->line);
}

static void
drop_item(Item *item)
{
    for (int n = 0; item->made != NULL && n < MADE; n++)
        drop_made(&item->made[n]);
    PyMem_Free(item->made);
    Py_XDECREF(item->item);
}

static void
ledger_dealloc(Ledger *self)
{
    for (Py_ssize_t n = 0; self->terms != NULL && n < self->term_count; n++)
        drop_item(&self->terms[n]);
    for (Py_ssize_t n = 0; self->evaluated != NULL && n < self->evaluated_count; n++) {
        drop_item(&self->evaluated[n].item);
        Py_XDECREF(self->evaluated[n].holds);
        PyMem_Free(self->evaluated[n].numbers);
    }
    PyMem_Free(self->terms);
    PyMem_Free(self->begins);
    PyMem_Free(self->evaluated);
    Py_XDECREF(self->derived);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int
read_item(Ledger *self, PyObject *given, Item *item)
{
    if (expect(given, ITEM_FIELDS, "an item is a tuple of its fields") < 0)
        return -1;
    item->label = PyTuple_GET_ITEM(given, LABEL);
    item->find = PyTuple_GET_ITEM(given, FIND) != Py_None ? PyTuple_GET_ITEM(given, FIND) : NULL;
    item->anywhere = PyTuple_GET_ITEM(given, ANYWHERE) == Py_True;
    if (!PyUnicode_Check(item->label) || (item->find != NULL && !PyCallable_Check(item->find))) {
        PyErr_SetString(PyExc_TypeError, "an item has a label, and a function or none");
        return -1;
    }
    if (number_from(PyTuple_GET_ITEM(given, OWNER), &item->owner) < 0 ||
        size_from(PyTuple_GET_ITEM(given, CAP), &item->cap) < 0 ||
        number_from(PyTuple_GET_ITEM(given, OF_GROUP), &item->group) < 0 ||
        double_from(PyTuple_GET_ITEM(given, WEIGHT), &item->weight) < 0)
        return -1;
    if (item->owner < -1 || item->owner > MOST_OWNERS) {
        PyErr_SetString(PyExc_ValueError, "owners are numbered from -1 on");
        return -1;
    }
    self->owners = item->owner >= self->owners ? item->owner + 1 : self->owners;
    item->item = Py_NewRef(given);
    return 0;
}

static int
read_evaluated(Ledger *self, PyObject *given, Evaluated *one)
{
    if (expect(given, 3, "what is evaluated is a tuple of three") < 0 || read_item(self, PyTuple_GET_ITEM(given, 0), &one->item) < 0)
        return -1;
    PyObject *numbers = PyTuple_GET_ITEM(given, 1), *holds = PyTuple_GET_ITEM(given, 2);
    if (!PyTuple_Check(numbers) || (holds != Py_None && !PyCallable_Check(holds))) {
        PyErr_SetString(PyExc_TypeError, "it has numbers, and a function or none");
        return -1;
    }
    one->count = PyTuple_GET_SIZE(numbers);
    one->holds = holds != Py_None ? Py_NewRef(holds) : NULL;
    one->numbers = PyMem_Malloc((one->count + 1) * sizeof(int32_t));
    if (one->numbers == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < one->count; n++)
        if (number_from(PyTuple_GET_ITEM(numbers, n), &one->numbers[n]) < 0)
            return -1;
    if (one->count > 0 || one->holds != NULL)
        return 0;
    PyErr_SetString(PyExc_ValueError, "it has a number or a function");
    return -1;
}

/* How many items there are by group, and the number behind the last group. */
static int
count_terms(Ledger *self, PyObject *indexed)
{
    PyObject *key, *items;
    Py_ssize_t at = 0;
    while (PyDict_Next(indexed, &at, &key, &items)) {
        int32_t group;
        if (int_of(key, INT32_MAX - 1, &group) < 0)
            return -1;
        if (!PyList_Check(items)) {
            PyErr_SetString(PyExc_TypeError, "the items of a group are a list");
            return -1;
        }
        self->term_count += PyList_GET_SIZE(items);
        self->groups = group >= self->groups ? (Py_ssize_t)group + 1 : self->groups;
    }
    return 0;
}

static int
fill_terms(Ledger *self, PyObject *indexed)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t group = 0; group < self->groups; group++) {
        self->begins[group] = count;
        PyObject *key = PyLong_FromSsize_t(group), *items = key != NULL ? PyDict_GetItemWithError(indexed, key) : NULL;
        Py_XDECREF(key);
        if (items == NULL && PyErr_Occurred())
            return -1;
        for (Py_ssize_t n = 0; items != NULL && n < PyList_GET_SIZE(items); n++)
            if (read_item(self, PyList_GET_ITEM(items, n), &self->terms[count++]) < 0)
                return -1;
    }
    self->begins[self->groups] = count;
    return 0;
}

static int
fill_ledger(Ledger *self, PyObject *indexed, PyObject *evaluated)
{
    if (count_terms(self, indexed) < 0)
        return -1;
    self->evaluated_count = PyList_GET_SIZE(evaluated);
    self->terms = PyMem_Calloc(self->term_count + 1, sizeof(Item));
    self->begins = PyMem_Calloc(self->groups + 1, sizeof(Py_ssize_t));
    self->evaluated = PyMem_Calloc(self->evaluated_count + 1, sizeof(Evaluated));
    if (!self->terms || !self->begins || !self->evaluated) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < self->evaluated_count; n++)
        if (read_evaluated(self, PyList_GET_ITEM(evaluated, n), &self->evaluated[n]) < 0)
            return -1;
    return fill_terms(self, indexed);
}

static PyObject *
ledger_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    static char *names[] = {"indexed", "evaluated", "derived", NULL};
    PyObject *indexed, *evaluated, *derived = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, named, "O!O!|O!", names, &PyDict_Type, &indexed, &PyList_Type, &evaluated,
                                     &PyList_Type, &derived))
        return NULL;
    Ledger *self = (Ledger *)type->tp_alloc(type, 0);
    if (self != NULL)
        self->derived = derived != NULL ? PyList_AsTuple(derived) : PyTuple_New(0);
    if (self != NULL && (self->derived == NULL || fill_ledger(self, indexed, evaluated) < 0))
        Py_CLEAR(self);
    return (PyObject *)self;
}

/* ---- Lines: items, what each adds, its sentences ----------------------------------------------------------------- */

typedef struct {
    Item *item; /* the ledger's */
    double value;
} Line;

/* In Python a sequence of tuples: an item, what it adds where that is known, its sentences. */
typedef struct {
    PyObject_HEAD
    Ledger *ledger;
    Py_ssize_t width, count, room;
    Line *all;
    uint64_t *words; /* `width` of each line */
    int valued;
} Lines;

static void
lines_dealloc(Lines *self)
{
    PyMem_Free(self->all);
    PyMem_Free(self->words);
    Py_DECREF(self->ledger);
    PyObject_Free(self);
}

static Lines *
make_lines(Ledger *ledger, Py_ssize_t width, int valued)
{
    Lines *made = PyObject_New(Lines, &LinesType);
    if (made == NULL)
        return NULL;
    made->ledger = (Ledger *)Py_NewRef(ledger);
    made->width = width;
    made->count = made->room = 0;
    made->all = NULL;
    made->words = NULL;
    made->valued = valued;
    return made;
}

static int
add_line(Lines *lines, Item *item, double value, const uint64_t *words)
{
    Py_ssize_t width = lines->width;
    if (lines->count == lines->room) {
        Py_ssize_t room = 2 * lines->room + 8;
        Line *all = PyMem_Realloc(lines->all, room * sizeof(Line));
        lines->all = all != NULL ? all : lines->all;
        uint64_t *grown = all != NULL ? PyMem_Realloc(lines->words, room * width * sizeof(uint64_t)) : NULL;
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        lines->words = grown;
        lines->room = room;
    }
    memcpy(lines->words + lines->count * width, words, width * sizeof(uint64_t));
    lines->all[lines->count++] = (Line){item, value};
    return 0;
}

static Py_ssize_t
lines_length(Lines *self)
{
    return self->count;
}

static PyObject *
lines_item(Lines *self, Py_ssize_t n)
{
    if (n < 0 || n >= self->count) {
        PyErr_SetString(PyExc_IndexError, "no such line");
        return NULL;
    }
    PyObject *mask = number_of(self->words + n * self->width, self->width), *item = self->all[n].item->item;
    if (mask == NULL)
        return NULL;
    return self->valued ? Py_BuildValue("OdN", item, self->all[n].value, mask) : Py_BuildValue("ON", item, mask);
}

static PySequenceMethods lines_sequence = {
    .sq_length = (lenfunc)lines_length,
    .sq_item = (ssizeargfunc)lines_item,
};

static PyTypeObject LinesType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._places.Lines",
    .tp_basicsize = sizeof(Lines),
    .tp_dealloc = (destructor)lines_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_as_sequence = &lines_sequence,
};

/* ---- Bits ---------------------------------------------------------------------------------------------------------- */

static inline int
bits_of(uint64_t mask)
{
    int count = 0;
    for (; mask; mask &= mask - 1)
        count++;
    return count;
}

/* The number of the lowest bit of some. */
static inline int
lowest_of(uint64_t mask)
{
#ifdef __GNUC__
    return __builtin_ctzll(mask);
#else
    int lowest = 0;
    for (; !(mask & 1); mask >>= 1)
        lowest++;
    return lowest;
#endif
}

static Py_ssize_t
count_bits(const uint64_t *words, Py_ssize_t width)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t n = 0; n < width; n++)
        count += bits_of(words[n]);
    return count;
}

static int
is_empty(const uint64_t *words, Py_ssize_t width)
{
    for (Py_ssize_t n = 0; n < width; n++)
        if (words[n])
            return 0;
    return 1;
}

/* ---- What holds ---------------------------------------------------------------------------------------------------- */

static int
hold_terms(const Ledger *self, const Masks *masks, Lines *found)
{
    for (Py_ssize_t slot = 0; slot < masks->count; slot++) {
        int32_t group = masks->numbers[slot];
        if (group >= self->groups)
            continue;
        for (Py_ssize_t n = self->begins[group]; n < self->begins[group + 1]; n++)
            if (add_line(found, &self->terms[n], 0.0, masks->words + slot * masks->width) < 0)
                return -1;
    }
    return 0;
}

/* The sentences of an item that is no term: 1; 0 where it cannot hold; -1 with an error. */
static int
evaluate(const Evaluated *one, Told *in, uint64_t *words)
{
    const Masks *masks = in->masks;
    memset(words, 0xff, masks->width * sizeof(uint64_t));
    for (Py_ssize_t n = 0; n < one->count; n++) {
        const uint64_t *other = words_under(masks, one->numbers[n]);
        if (other == NULL)
            return 0;
        for (Py_ssize_t word = 0; word < masks->width; word++)
            words[word] &= other[word];
    }
    return one->holds == NULL || tell(one->holds, in, words) == 0 ? 1 : -1;
}

/* What is derived is found before anything asks for it. */
static int
derive(const Ledger *self, Told *in, uint64_t *words)
{
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(self->derived); n++)
        if (tell(PyTuple_GET_ITEM(self->derived, n), in, words) < 0)
            return -1;
    return 0;
}

static PyObject *
ledger_held(Ledger *self, PyObject *args)
{
    Masks *masks;
    PyObject *reading;
    if (!PyArg_ParseTuple(args, "O!O", &MasksType, &masks, &reading))
        return NULL;
    Told in = {.reading = reading, .masks = masks};
    Lines *found = make_lines(self, masks->width, 0);
    uint64_t *words = found != NULL ? PyMem_Malloc(masks->width * sizeof(uint64_t)) : NULL;
    if (found != NULL && words == NULL)
        PyErr_NoMemory();
    int done = words != NULL && derive(self, &in, words) == 0 ? hold_terms(self, masks, found) : -1;
    for (Py_ssize_t n = 0; done >= 0 && n < self->evaluated_count; n++) {
        done = evaluate(&self->evaluated[n], &in, words);
        if (done > 0 && !is_empty(words, masks->width))
            done = add_line(found, &self->evaluated[n].item, 0.0, words);
    }
    PyMem_Free(words);
    close_told(&in);
    if (done < 0)
        Py_CLEAR(found);
    return (PyObject *)found;
}

static PyMethodDef ledger_methods[] = {
    {"held", (PyCFunction)ledger_held, METH_VARARGS, "The items that hold somewhere, each with its sentences."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject LedgerType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._places.Ledger",
    .tp_basicsize = sizeof(Ledger),
    .tp_dealloc = (destructor)ledger_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = ledger_methods,
    .tp_new = ledger_new,
};

/* ---- What it adds up to -------------------------------------------------------------------------------------------- */

/* What sentences count, and which ones count so, what counts most first. */
typedef struct {
    Py_ssize_t count;
    double *factors;
    uint64_t *words; /* of each level */
} Levels;

static int
read_levels(PyObject *given, Py_ssize_t width, Levels *levels)
{
    levels->count = PyList_GET_SIZE(given);
    levels->factors = PyMem_Malloc((levels->count + 1) * sizeof(double));
    levels->words = PyMem_Malloc((levels->count * width + 1) * sizeof(uint64_t));
    if (!levels->factors || !levels->words) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < levels->count; n++) {
        PyObject *level = PyList_GET_ITEM(given, n);
        if (expect(level, 2, "a level is a tuple of two") < 0 ||
            double_from(PyTuple_GET_ITEM(level, 0), &levels->factors[n]) < 0 ||
            words_from(PyTuple_GET_ITEM(level, 1), levels->words + n * width, width) < 0)
            return -1;
    }
    return 0;
}

/* What the sentences of a mask count together: the `cap` that count most. */
static double
counts_of(const uint64_t *words, Py_ssize_t width, const Levels *levels, Py_ssize_t cap)
{
    double counts = 0.0;
    for (Py_ssize_t n = 0; n < levels->count && cap > 0; n++)
        for (Py_ssize_t word = 0; word < width && cap > 0; word++)
            for (int left = bits_of(levels->words[n * width + word] & words[word]); left > 0 && cap > 0; left--, cap--)
                counts += levels->factors[n];
    return counts;
}

/* What each owner gathers: of every item that holds what it adds, and the sums of owners from -1 on. */
typedef struct {
    PyObject_HEAD
    Lines *counted;
    double *values, *sums;
} Tallies;

static PyTypeObject TalliesType;

static void
tallies_dealloc(Tallies *self)
{
    PyMem_Free(self->values);
    PyMem_Free(self->sums);
    Py_XDECREF(self->counted);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int
fill_tallies(Tallies *self, const Levels *levels)
{
    const Lines *counted = self->counted;
    self->values = PyMem_Malloc((counted->count + 1) * sizeof(double));
    self->sums = PyMem_Calloc(counted->ledger->owners + 1, sizeof(double));
    if (!self->values || !self->sums) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < counted->count; n++) {
        const Item *item = counted->all[n].item;
        const uint64_t *words = counted->words + n * counted->width;
        self->values[n] = item->weight * counts_of(words, counted->width, &levels[!item->anywhere], item->cap);
        self->sums[item->owner + 1] += self->values[n];
    }
    return 0;
}

static PyObject *
tallies_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    static char *names[] = {"counted", "everywhere", "zoned", NULL};
    Lines *counted;
    PyObject *everywhere, *zoned;
    if (!PyArg_ParseTupleAndKeywords(args, named, "O!O!O!", names, &LinesType, &counted, &PyList_Type, &everywhere,
                                     &PyList_Type, &zoned))
        return NULL;
    Levels levels[2] = {{0}, {0}};
    Tallies *self = (Tallies *)type->tp_alloc(type, 0);
    if (self != NULL)
        self->counted = (Lines *)Py_NewRef(counted);
    if (self != NULL && (read_levels(everywhere, counted->width, &levels[0]) < 0 ||
                         read_levels(zoned, counted->width, &levels[1]) < 0 || fill_tallies(self, levels) < 0))
        Py_CLEAR(self);
    for (int n = 0; n < 2; n++) {
        PyMem_Free(levels[n].factors);
        PyMem_Free(levels[n].words);
    }
    return (PyObject *)self;
}

static PyObject *
tallies_raw(Tallies *self, PyObject *given)
{
    int32_t owner;
    if (number_from(given, &owner) < 0)
        return NULL;
    return PyFloat_FromDouble(owner >= -1 && owner < self->counted->ledger->owners ? self->sums[owner + 1] : 0.0);
}

static PyObject *
tallies_lines(Tallies *self, PyObject *given)
{
    int32_t owner;
    const Lines *counted = self->counted;
    Lines *lines = number_from(given, &owner) == 0 ? make_lines(counted->ledger, counted->width, 1) : NULL;
    for (Py_ssize_t n = 0; lines != NULL && n < counted->count; n++)
        if (counted->all[n].item->owner == owner &&
            add_line(lines, counted->all[n].item, self->values[n], counted->words + n * counted->width) < 0)
            Py_CLEAR(lines);
    return (PyObject *)lines;
}

static PyMethodDef tallies_methods[] = {
    {"raw", (PyCFunction)tallies_raw, METH_O, "What an owner's items add up to."},
    {"lines", (PyCFunction)tallies_lines, METH_O, "Its items that hold, what each adds, and their sentences."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject TalliesType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._places.Tallies",
    .tp_basicsize = sizeof(Tallies),
    .tp_dealloc = (destructor)tallies_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = tallies_methods,
    .tp_new = tallies_new,
};

#endif
