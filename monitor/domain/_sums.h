/* What holds in an article, and what it adds up to (monitor/domain/sums.py, which says what is meant), a part of _places.c.
 *
 * Sentences are the bits of a whole number; but for `held`, of 64 bits at most.
 */
#ifndef VEILLE_SUMS_H
#define VEILLE_SUMS_H

/* The fields of an item (tallies.Item) that are looked at here. */
enum { OWNER = 0, LABEL = 2, WEIGHT = 3, CAP = 4, ANYWHERE = 5, OF_GROUP = 6, FIND = 7, ITEM_FIELDS = 8 };

/* ---- What holds ---------------------------------------------------------------------------------------------- */

/* The mask of an item: of several numbers what they have in common, else what its function says where all that it
 * cannot do without is there. NULL without an error where it cannot hold. */
static PyObject *
item_mask(PyObject *item, PyObject *masks, PyObject *reading)
{
    PyObject *numbers = PyTuple_GET_ITEM(item, 1), *holds = PyTuple_GET_ITEM(item, 2), *mask = NULL;
    if (!PyTuple_Check(numbers)) {
        PyErr_SetString(PyExc_TypeError, "numbers are a tuple");
        return NULL;
    }
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(numbers); n++) {
        PyObject *one = PyDict_GetItemWithError(masks, PyTuple_GET_ITEM(numbers, n));
        if (one == NULL) {
            Py_XDECREF(mask);
            return NULL;
        }
        if (holds != Py_None)
            continue;
        PyObject *both = mask == NULL ? Py_NewRef(one) : PyNumber_And(mask, one);
        Py_XSETREF(mask, both);
        if (mask == NULL)
            return NULL;
    }
    return holds != Py_None ? PyObject_CallOneArg(holds, reading) : mask;
}

static int
append_held(PyObject *found, PyObject *item, PyObject *mask)
{
    PyObject *pair = PyTuple_Pack(2, item, mask);
    int done = pair != NULL ? PyList_Append(found, pair) : -1;
    Py_XDECREF(pair);
    return done;
}

static int
hold_terms(PyObject *found, PyObject *indexed, PyObject *masks)
{
    PyObject *number, *mask;
    Py_ssize_t at = 0;
    while (PyDict_Next(masks, &at, &number, &mask)) {
        PyObject *items = PyDict_GetItemWithError(indexed, number);
        if (items == NULL) {
            if (PyErr_Occurred())
                return -1;
            continue;
        }
        if (!PyList_Check(items)) {
            PyErr_SetString(PyExc_TypeError, "the items of a group are a list");
            return -1;
        }
        for (Py_ssize_t n = 0; n < PyList_GET_SIZE(items); n++)
            if (append_held(found, PyList_GET_ITEM(items, n), mask) < 0)
                return -1;
    }
    return 0;
}

static int
hold_evaluated(PyObject *found, PyObject *evaluated, PyObject *masks, PyObject *reading)
{
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(evaluated); n++) {
        PyObject *one = PyList_GET_ITEM(evaluated, n);
        if (!PyTuple_Check(one) || PyTuple_GET_SIZE(one) != 3) {
            PyErr_SetString(PyExc_TypeError, "what is evaluated is a tuple of three");
            return -1;
        }
        PyObject *mask = item_mask(one, masks, reading);
        if (mask == NULL) {
            if (PyErr_Occurred())
                return -1;
            continue;
        }
        int somewhere = PyObject_IsTrue(mask);
        int done = somewhere > 0 ? append_held(found, PyTuple_GET_ITEM(one, 0), mask) : somewhere;
        Py_DECREF(mask);
        if (done < 0)
            return -1;
    }
    return 0;
}

static PyObject *
sums_held(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *indexed, *evaluated, *masks, *reading;
    if (!PyArg_ParseTuple(args, "O!O!O!O", &PyDict_Type, &indexed, &PyList_Type, &evaluated, &PyDict_Type, &masks, &reading))
        return NULL;
    PyObject *found = PyList_New(0);
    if (found == NULL || hold_terms(found, indexed, masks) < 0 || hold_evaluated(found, evaluated, masks, reading) < 0)
        Py_CLEAR(found);
    return found;
}

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

static inline int
bits_of(uint64_t mask)
{
    int count = 0;
    for (; mask; mask &= mask - 1)
        count++;
    return count;
}

static int
mask_from(PyObject *number, uint64_t *mask)
{
    *mask = PyLong_AsUnsignedLongLong(number);
    return *mask == (uint64_t)-1 && PyErr_Occurred() ? -1 : 0;
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

static int
size_from(PyObject *number, Py_ssize_t *value)
{
    *value = PyLong_AsSsize_t(number);
    return *value == -1 && PyErr_Occurred() ? -1 : 0;
}

/* Checks a tuple's size before its fields are taken without asking. */
static int
expect(PyObject *tuple, Py_ssize_t size, const char *otherwise)
{
    if (PyTuple_Check(tuple) && PyTuple_GET_SIZE(tuple) == size)
        return 0;
    PyErr_SetString(PyExc_TypeError, otherwise);
    return -1;
}

/* ---- What it adds up to ----------------------------------------------------------------------------------------- */

typedef struct {
    double factor;
    uint64_t there;
} Level;

typedef struct {
    Level *all;
    Py_ssize_t count;
} Levels;

static int
levels_of(PyObject *list, Levels *levels)
{
    levels->count = PyList_GET_SIZE(list);
    levels->all = PyMem_Calloc(levels->count + 1, sizeof(Level));
    if (levels->all == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < levels->count; n++) {
        PyObject *level = PyList_GET_ITEM(list, n);
        if (expect(level, 2, "a level is a tuple of two") < 0 ||
            double_from(PyTuple_GET_ITEM(level, 0), &levels->all[n].factor) < 0 ||
            mask_from(PyTuple_GET_ITEM(level, 1), &levels->all[n].there) < 0)
            return -1;
    }
    return 0;
}

/* What the sentences of a mask count together: the `cap` that count most. */
static double
counts_of(uint64_t mask, const Levels *levels, Py_ssize_t cap)
{
    double counts = 0.0;
    for (Py_ssize_t n = 0; n < levels->count && cap > 0; n++)
        for (int left = bits_of(levels->all[n].there & mask); left > 0 && cap > 0; left--, cap--)
            counts += levels->all[n].factor;
    return counts;
}

typedef struct {
    Py_ssize_t owner;
    double sum;
    PyObject *lines;
} Tally;

static int
tally_one(PyObject *one, Tally *tallies, Py_ssize_t owners, const Levels *everywhere, const Levels *zoned)
{
    if (expect(one, 2, "what counted is a tuple of two") < 0)
        return -1;
    PyObject *item = PyTuple_GET_ITEM(one, 0);
    if (expect(item, ITEM_FIELDS, "an item is a tuple of its fields") < 0)
        return -1;
    Py_ssize_t owner, cap, n = 0;
    if (size_from(PyTuple_GET_ITEM(item, OWNER), &owner) < 0)
        return -1;
    while (n < owners && tallies[n].owner != owner)
        n++;
    if (n == owners)
        return 0;
    uint64_t mask;
    double weight;
    if (size_from(PyTuple_GET_ITEM(item, CAP), &cap) < 0 || double_from(PyTuple_GET_ITEM(item, WEIGHT), &weight) < 0 ||
        mask_from(PyTuple_GET_ITEM(one, 1), &mask) < 0)
        return -1;
    double value = weight * counts_of(mask, PyTuple_GET_ITEM(item, ANYWHERE) == Py_True ? everywhere : zoned, cap);
    tallies[n].sum += value;
    PyObject *number = PyFloat_FromDouble(value), *line = NULL;
    int done = -1;
    if (number != NULL && (line = PyTuple_Pack(3, item, number, PyTuple_GET_ITEM(one, 1))) != NULL)
        done = PyList_Append(tallies[n].lines, line);
    Py_XDECREF(number);
    Py_XDECREF(line);
    return done;
}

/* The tallies of these owners, empty; NULL with an error. To be freed, with their lists. */
static Tally *
empty_tallies(PyObject *owners, Py_ssize_t count)
{
    Tally *tallies = PyMem_Calloc(count + 1, sizeof(Tally));
    if (tallies == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t n = 0; tallies != NULL && n < count; n++) {
        int known = size_from(PySequence_Fast_GET_ITEM(owners, n), &tallies[n].owner) == 0;
        tallies[n].lines = known ? PyList_New(0) : NULL;
        if (tallies[n].lines == NULL) {
            while (n-- > 0)
                Py_DECREF(tallies[n].lines);
            PyMem_Free(tallies);
            return NULL;
        }
    }
    return tallies;
}

static PyObject *
pairs_of(const Tally *tallies, Py_ssize_t count)
{
    PyObject *found = PyList_New(count);
    for (Py_ssize_t n = 0; found != NULL && n < count; n++) {
        PyObject *pair = Py_BuildValue("dO", tallies[n].sum, tallies[n].lines);
        if (pair == NULL)
            Py_CLEAR(found);
        else
            PyList_SET_ITEM(found, n, pair);
    }
    return found;
}

static PyObject *
sums_tallied(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *counted, *given, *first, *second, *found = NULL;
    if (!PyArg_ParseTuple(args, "O!OO!O!", &PyList_Type, &counted, &given, &PyList_Type, &first, &PyList_Type, &second))
        return NULL;
    PyObject *owners = PySequence_Fast(given, "owners are a sequence");
    if (owners == NULL)
        return NULL;
    Levels everywhere = {NULL, 0}, zoned = {NULL, 0};
    Py_ssize_t count = PySequence_Fast_GET_SIZE(owners);
    Tally *tallies = empty_tallies(owners, count);
    int done = tallies != NULL && levels_of(first, &everywhere) == 0 && levels_of(second, &zoned) == 0 ? 0 : -1;
    for (Py_ssize_t n = 0; done == 0 && n < PyList_GET_SIZE(counted); n++)
        done = tally_one(PyList_GET_ITEM(counted, n), tallies, count, &everywhere, &zoned);
    if (done == 0)
        found = pairs_of(tallies, count);
    for (Py_ssize_t n = 0; tallies != NULL && n < count; n++)
        Py_DECREF(tallies[n].lines);
    PyMem_Free(tallies);
    PyMem_Free(everywhere.all);
    PyMem_Free(zoned.all);
    Py_DECREF(owners);
    return found;
}

#endif
