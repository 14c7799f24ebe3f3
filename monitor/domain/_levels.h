/* What sentences count by their field, and less where the anchor is not near (monitor/domain/sums.py, which says what is
 * meant), a part of _places.c.
 */
#ifndef VEILLE_LEVELS_H
#define VEILLE_LEVELS_H

enum { FIELDS = 3 };

/* How many of the sentences begin before an offset; -1 with an error. */
static Py_ssize_t
starts_before(PyObject *starts, int32_t offset)
{
    Py_ssize_t low = 0, high = PyList_GET_SIZE(starts);
    while (low < high) {
        Py_ssize_t middle = (low + high) / 2;
        int32_t start;
        if (int_of(PyList_GET_ITEM(starts, middle), INT32_MAX, &start) < 0)
            return -1;
        if (start < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where the sentences of title, lead and body begin and end, by number; how many words of 64 these are, -1 with an error. */
static Py_ssize_t
bounds_of(PyObject *reading, Py_ssize_t *bounds)
{
    PyObject *starts = load_types() == 0 ? PyObject_GetAttr(reading, name_starts) : NULL;
    PyObject *fields = starts != NULL ? PyObject_GetAttr(reading, name_fields) : NULL;
    int32_t lead, body;
    int done = fields != NULL ? start_in(fields, name_lead, &lead) : -1;
    if (done == 0)
        done = start_in(fields, name_body, &body);
    if (done == 0 && !PyList_Check(starts)) {
        PyErr_SetString(PyExc_TypeError, "where sentences begin is a list");
        done = -1;
    }
    if (done == 0) {
        const Py_ssize_t count = PyList_GET_SIZE(starts);
        bounds[0] = 0;
        bounds[1] = starts_before(starts, lead);
        bounds[2] = starts_before(starts, body);
        bounds[3] = count > 0 ? count : 1;
        done = bounds[1] < 0 || bounds[2] < bounds[1] ? -1 : 0;
        if (done < 0 && !PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "a lead begins behind its body");
    }
    Py_XDECREF(starts);
    Py_XDECREF(fields);
    return done < 0 ? -1 : (bounds[FIELDS] + 63) / 64;
}

typedef struct {
    double factor;
    uint64_t *words;
} Level;

/* Whether a level comes before another: what counts more first, of equals the higher sentences. */
static int
is_above(const Level *one, const Level *other, Py_ssize_t width)
{
    if (one->factor != other->factor)
        return one->factor > other->factor;
    for (Py_ssize_t n = width - 1; n >= 0; n--)
        if (one->words[n] != other->words[n])
            return one->words[n] > other->words[n];
    return 0;
}

static void
order(Level *levels, int count, Py_ssize_t width)
{
    for (int n = 1; n < count; n++) {
        Level one = levels[n];
        int at = n;
        for (; at > 0 && is_above(&one, &levels[at - 1], width); at--)
            levels[at] = levels[at - 1];
        levels[at] = one;
    }
}

static PyObject *
listed(const Level *levels, int count, Py_ssize_t width)
{
    PyObject *list = PyList_New(count);
    for (int n = 0; list != NULL && n < count; n++) {
        PyObject *mask = number_of(levels[n].words, width);
        PyObject *level = mask != NULL ? Py_BuildValue("dN", levels[n].factor, mask) : NULL;
        if (level == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, n, level);
    }
    return list;
}

/* Sets the sentences that hold an anchor, then those beside one. */
static int
set_near(PyObject *reading, PyObject *anchors, Py_ssize_t width, uint64_t *held, uint64_t *near)
{
    static PyObject *name;
    Places places = {0};
    Py_buffer sentence_at;
    PyObject *numbers = attribute_of(reading, &name, "sentence_at");
    if (numbers == NULL || PyObject_GetBuffer(numbers, &sentence_at, PyBUF_SIMPLE) < 0) {
        Py_XDECREF(numbers);
        return -1;
    }
    int done = check_numbers(&sentence_at) == 0 ? add_pairs(anchors, &places) : -1;
    for (Py_ssize_t n = 0; done == 0 && n < places.count; n++)
        done = set_sentence(held, width, &sentence_at, places.all[n].start);
    for (Py_ssize_t n = 0; done == 0 && n < width; n++) {
        const uint64_t below = n > 0 ? held[n - 1] >> 63 : 0, above = n + 1 < width ? held[n + 1] << 63 : 0;
        near[n] = held[n] | held[n] << 1 | below | held[n] >> 1 | above;
    }
    PyMem_Free(places.all);
    PyBuffer_Release(&sentence_at);
    Py_DECREF(numbers);
    return done;
}

/* Both lists, of which `room` has the sentences: of each field, near an anchor and elsewhere; then those near one. */
static PyObject *
levels_of(PyObject *reading, const double *boosts, PyObject *anchors, double elsewhere, Py_ssize_t width,
          const Py_ssize_t *bounds, uint64_t *room)
{
    Level everywhere[FIELDS], zoned[2 * FIELDS];
    uint64_t *near = room + 3 * FIELDS * width;
    for (int field = 0; field < FIELDS; field++) {
        everywhere[field] = (Level){boosts[field], room + field * width};
        for (Py_ssize_t n = bounds[field]; n < bounds[field + 1]; n++)
            everywhere[field].words[n / 64] |= UINT64_C(1) << n % 64;
    }
    order(everywhere, FIELDS, width);
    if (anchors != Py_None && set_near(reading, anchors, width, near + width, near) < 0)
        return NULL;
    for (int field = 0; field < FIELDS; field++) {
        const Level *whole = &everywhere[field];
        Level *here = &zoned[2 * field], *there = here + 1;
        *here = (Level){whole->factor, room + (FIELDS + 2 * field) * width};
        *there = (Level){whole->factor * elsewhere, here->words + width};
        for (Py_ssize_t n = 0; n < width; n++) {
            here->words[n] = whole->words[n] & near[n];
            there->words[n] = whole->words[n] & ~near[n];
        }
    }
    order(zoned, 2 * FIELDS, width);
    PyObject *one = listed(everywhere, FIELDS, width);
    PyObject *other = one == NULL ? NULL : anchors == Py_None ? Py_NewRef(one) : listed(zoned, 2 * FIELDS, width);
    PyObject *both = other != NULL ? PyTuple_Pack(2, one, other) : NULL;
    Py_XDECREF(one);
    Py_XDECREF(other);
    return both;
}

static PyObject *
places_levels(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    double boosts[FIELDS], elsewhere;
    Py_ssize_t bounds[FIELDS + 1];
    if (count != 4) {
        PyErr_SetString(PyExc_TypeError, "levels take a reading, boosts, anchors or none, and what counts elsewhere");
        return NULL;
    }
    if (expect(args[1], FIELDS, "a boost for each field") < 0 || double_from(args[3], &elsewhere) < 0)
        return NULL;
    for (int field = 0; field < FIELDS; field++)
        if (double_from(PyTuple_GET_ITEM(args[1], field), &boosts[field]) < 0)
            return NULL;
    const Py_ssize_t width = bounds_of(args[0], bounds);
    if (width < 0)
        return NULL;
    uint64_t *room = PyMem_Calloc((3 * FIELDS + 2) * width, sizeof(uint64_t));
    if (room == NULL)
        return PyErr_NoMemory();
    PyObject *both = levels_of(args[0], boosts, args[2], elsewhere, width, bounds, room);
    PyMem_Free(room);
    return both;
}

#endif
