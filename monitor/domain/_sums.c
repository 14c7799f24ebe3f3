/* What holds in an article, what it adds up to, and its evidence (monitor/domain/sums.py), for interpreters that can have
 * it compiled.
 *
 * Everything here has a twin in sums.py, which says what is meant; tests/unit/domain/test_sums.py holds both to the same
 * answers. Sentences are the bits of a whole number; but for `held`, of 64 bits at most.
 */
#include "_frames.h"

/* The fields of an item (tallies.Item) that are looked at here. */
enum { OWNER = 0, WEIGHT = 3, CAP = 4, ANYWHERE = 5, ITEM_FIELDS = 8 };

/* ---- What holds ---------------------------------------------------------------------------------------------- */

/* The mask of an item: of several numbers what they have in common, else what its function says where all that it
 * cannot do without is there. NULL without an error where it cannot hold. */
static PyObject *
mask_of(PyObject *item, PyObject *masks, PyObject *reading)
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
        PyObject *mask = mask_of(one, masks, reading);
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

/* ---- Lines: an item, a number, sentences ------------------------------------------------------------------------ */

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

typedef struct {
    PyObject *item; /* the list's, not our own reference */
    double value;
    uint64_t mask;
} Line;

/* The lines of a list or tuple; NULL with an error where something else stands in it. To be freed. */
static Line *
lines_of(PyObject *given)
{
    Py_ssize_t count = PySequence_Fast_GET_SIZE(given);
    Line *lines = PyMem_Calloc(count + 1, sizeof(Line));
    if (lines == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t n = 0; lines != NULL && n < count; n++) {
        PyObject *line = PySequence_Fast_GET_ITEM(given, n);
        if (expect(line, 3, "a line is a tuple of three") < 0 || double_from(PyTuple_GET_ITEM(line, 1), &lines[n].value) < 0 ||
            mask_from(PyTuple_GET_ITEM(line, 2), &lines[n].mask) < 0) {
            PyMem_Free(lines);
            return NULL;
        }
        lines[n].item = PyTuple_GET_ITEM(line, 0);
    }
    return lines;
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

/* ---- The sentence that weighs most -------------------------------------------------------------------------- */

static PyObject *
sums_heaviest(PyObject *Py_UNUSED(module), PyObject *given)
{
    double weights[64] = {0.0};
    uint64_t seen = 0;
    if (!PyList_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "lines are a list");
        return NULL;
    }
    Line *lines = lines_of(given);
    if (lines == NULL)
        return NULL;
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(given); n++) {
        double share = lines[n].mask ? lines[n].value / bits_of(lines[n].mask) : 0.0;
        seen |= lines[n].mask;
        for (int bit = 0; bit < 64; bit++)
            if (lines[n].mask >> bit & 1)
                weights[bit] += share;
    }
    PyMem_Free(lines);
    int best = -1;
    for (int bit = 0; bit < 64; bit++)
        if (seen >> bit & 1 && (best < 0 || weights[bit] > weights[best]))
            best = bit;
    if (best < 0)
        Py_RETURN_NONE;
    return PyLong_FromLong(best);
}

/* ---- The words that are evidence ------------------------------------------------------------------------------- */

typedef struct {
    Py_ssize_t start, end;
} Place;

typedef struct {
    Place *all;
    Py_ssize_t count, room;
} Places;

static int
by_offsets(const void *one, const void *other)
{
    const Place *a = one, *b = other;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

static int
place_from(PyObject *pair, Place *place)
{
    if (expect(pair, 2, "a place is a pair") < 0)
        return -1;
    if (size_from(PyTuple_GET_ITEM(pair, 0), &place->start) < 0)
        return -1;
    return size_from(PyTuple_GET_ITEM(pair, 1), &place->end);
}

/* Adds pairs to places, which are in order and each once before and after. */
static int
add_places(Places *places, PyObject *given)
{
    PyObject *pairs = PySequence_Fast(given, "places are a list");
    if (pairs == NULL)
        return -1;
    Py_ssize_t more = PySequence_Fast_GET_SIZE(pairs);
    int done = 0;
    if (places->count + more > places->room) {
        Py_ssize_t room = 2 * (places->count + more);
        Place *grown = PyMem_Realloc(places->all, room * sizeof(Place));
        if (grown == NULL) {
            PyErr_NoMemory();
            done = -1;
        } else {
            places->all = grown;
            places->room = room;
        }
    }
    for (Py_ssize_t n = 0; done == 0 && n < more; n++)
        done = place_from(PySequence_Fast_GET_ITEM(pairs, n), &places->all[places->count + n]);
    Py_DECREF(pairs);
    if (done < 0 || more == 0)
        return done;
    places->count += more;
    qsort(places->all, places->count, sizeof(Place), by_offsets);
    Py_ssize_t kept = 1;
    for (Py_ssize_t n = 1; n < places->count; n++)
        if (by_offsets(&places->all[n], &places->all[kept - 1]) != 0)
            places->all[kept++] = places->all[n];
    places->count = kept;
    return 0;
}

/* The line that comes next behind `last` in order: those that hold in the sentence `best` first, what weighs most first,
 * of equals the first. -1 where no other speaks for the topic. */
static Py_ssize_t
next_line(const Line *lines, Py_ssize_t count, int best, Py_ssize_t last)
{
    Py_ssize_t next = -1;
#define OUT(n) (!(lines[n].mask >> best & 1))
#define BEFORE(n, m)                                                                                                   \
    (OUT(n) != OUT(m) ? OUT(n) < OUT(m) : lines[n].value != lines[m].value ? lines[n].value > lines[m].value : (n) < (m))
    for (Py_ssize_t n = 0; n < count; n++)
        if (lines[n].value > 0 && (last < 0 || BEFORE(last, n)) && (next < 0 || BEFORE(n, next)))
            next = n;
#undef BEFORE
#undef OUT
    return next;
}

/* The words of the lines in that order until there are `most`. */
static int
add_words(Places *words, PyObject *given, int best, Py_ssize_t most, PyObject *reading)
{
    PyObject *kept = PyList_AsTuple(given); /* whatever is done to the list meanwhile */
    if (kept == NULL)
        return -1;
    Py_ssize_t count = PyTuple_GET_SIZE(kept);
    Line *lines = lines_of(kept);
    PyObject *name = lines != NULL ? PyUnicode_InternFromString("places") : NULL;
    int done = name != NULL ? 0 : -1;
    Py_ssize_t n = done == 0 ? next_line(lines, count, best, -1) : -1;
    while (done == 0 && n >= 0) {
        PyObject *places = PyObject_CallMethodOneArg(lines[n].item, name, reading);
        done = places != NULL ? add_places(words, places) : -1;
        Py_XDECREF(places);
        n = words->count < most ? next_line(lines, count, best, n) : -1;
    }
    Py_XDECREF(name);
    PyMem_Free(lines);
    Py_DECREF(kept);
    return done;
}

static int
append_place(PyObject *list, const Place *place)
{
    PyObject *pair = Py_BuildValue("nn", place->start, place->end);
    int done = pair != NULL ? PyList_Append(list, pair) : -1;
    Py_XDECREF(pair);
    return done;
}

/* The sentence, the words in it, those elsewhere: `most` at most. */
static PyObject *
shown(const Places *words, const Place *sentence, Py_ssize_t most)
{
    PyObject *found = PyList_New(0);
    if (found != NULL && append_place(found, sentence) < 0)
        Py_CLEAR(found);
    for (int inside = 1; inside >= 0; inside--)
        for (Py_ssize_t n = 0; found != NULL && n < words->count && PyList_GET_SIZE(found) < most; n++) {
            const Place *word = &words->all[n];
            if ((sentence->start <= word->start && word->start < sentence->end) == inside && append_place(found, word) < 0)
                Py_CLEAR(found);
        }
    return found;
}

static PyObject *
sums_words_of(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *reading, *lines, *also, *found = NULL;
    int best;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "OO!Oin", &reading, &PyList_Type, &lines, &also, &best, &most))
        return NULL;
    if (best < 0 || best > 63) {
        PyErr_SetString(PyExc_ValueError, "sentences are numbered from 0 to 63");
        return NULL;
    }
    Places words = {NULL, 0, 0};
    Place sentence;
    PyObject *bounds = PyObject_CallMethod(reading, "sentence", "i", best);
    if (bounds != NULL && place_from(bounds, &sentence) == 0 && add_words(&words, lines, best, most, reading) == 0 &&
        add_places(&words, also) == 0)
        found = shown(&words, &sentence, 2 * most);
    Py_XDECREF(bounds);
    PyMem_Free(words.all);
    return found;
}

/* ---- The spans that show them ---------------------------------------------------------------------------------- */

/* What makes a span, title, lead and body, the whole text, and where lead and body begin in it. */
typedef struct {
    PyObject *make, *fields, *text;
    Py_ssize_t lead, body;
} Shown;

/* The span of a place; NULL without an error where it begins or ends with a digit, for a number may go on there. */
static PyObject *
span_of(const Shown *in, PyObject *pair)
{
    Place place;
    if (place_from(pair, &place) < 0)
        return NULL;
    if (place.start < 0 || place.start >= place.end || place.end > PyUnicode_GET_LENGTH(in->text)) {
        PyErr_SetString(PyExc_IndexError, "a place lies outside the text");
        return NULL;
    }
    if (Py_UNICODE_ISDIGIT(PyUnicode_READ_CHAR(in->text, place.start)) ||
        Py_UNICODE_ISDIGIT(PyUnicode_READ_CHAR(in->text, place.end - 1)))
        return NULL;
    Py_ssize_t field = place.start >= in->body ? 2 : place.start >= in->lead;
    Py_ssize_t base = field == 2 ? in->body : field ? in->lead : 0;
    PyObject *start = PyLong_FromSsize_t(place.start - base), *end = PyLong_FromSsize_t(place.end - base);
    PyObject *text = PyUnicode_Substring(in->text, place.start, place.end), *span = NULL;
    if (start != NULL && end != NULL && text != NULL)
        span = PyObject_CallFunctionObjArgs(in->make, PyTuple_GET_ITEM(in->fields, field), start, end, text, NULL);
    Py_XDECREF(start);
    Py_XDECREF(end);
    Py_XDECREF(text);
    return span;
}

/* Sets the span of a place under the pair that it shows, which `whole` tells of a number. */
static int
set_span(PyObject *spans, const Shown *in, PyObject *pair, PyObject *whole)
{
    PyObject *span = span_of(in, pair);
    if (span != NULL) {
        int done = PyDict_SetItem(spans, pair, span);
        Py_DECREF(span);
        return done;
    }
    PyObject *both = PyErr_Occurred() ? NULL : PyObject_CallOneArg(whole, pair);
    int done = both != NULL ? expect(both, 2, "what is shown is a pair and its span") : -1;
    if (done == 0)
        done = PyDict_SetItem(spans, PyTuple_GET_ITEM(both, 0), PyTuple_GET_ITEM(both, 1));
    Py_XDECREF(both);
    return done;
}

static PyObject *
sums_spans_of(PyObject *Py_UNUSED(module), PyObject *args)
{
    Shown in;
    PyObject *given, *whole, *found = NULL;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "OO!UO!nnnO", &in.make, &PyTuple_Type, &in.fields, &in.text, &PyList_Type, &given, &in.lead,
                          &in.body, &most, &whole))
        return NULL;
    if (expect(in.fields, 3, "the fields are three") < 0 || PyUnicode_READY(in.text) < 0)
        return NULL;
    PyObject *pairs = PyList_AsTuple(given), *spans = PyDict_New(); /* whatever is done to the list meanwhile */
    int done = pairs != NULL && spans != NULL ? 0 : -1;
    for (Py_ssize_t n = 0; done == 0 && n < PyTuple_GET_SIZE(pairs) && PyDict_GET_SIZE(spans) < most; n++)
        done = set_span(spans, &in, PyTuple_GET_ITEM(pairs, n), whole);
    PyObject *values = done == 0 ? PyDict_Values(spans) : NULL;
    if (values != NULL)
        found = PyList_AsTuple(values);
    Py_XDECREF(values);
    Py_XDECREF(pairs);
    Py_XDECREF(spans);
    return found;
}

static PyMethodDef functions[] = {
    {"held", sums_held, METH_VARARGS, "The items that hold somewhere, each with its sentences."},
    {"tallied", sums_tallied, METH_VARARGS, "What each owner gathers."},
    {"heaviest", sums_heaviest, METH_O, "The sentence that weighs most."},
    {"words_of", sums_words_of, METH_VARARGS, "Where the evidence stands."},
    {"spans_of", sums_spans_of, METH_VARARGS, "The spans of places."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_sums, "What counts in an article, compiled.", functions, NULL)
