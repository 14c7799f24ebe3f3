/* What expressions do (monitor/domain/operations.py, which says what is meant), a part of _places.c.
 *
 * An operation is called as its twin is: with a reading and two offsets it gives pairs or None. One operation asks
 * another without making any: places are added to an array. A part may be any function of Python's that does the same.
 */
#ifndef VEILLE_OPERATIONS_H
#define VEILLE_OPERATIONS_H

/* ---- Words of a text ------------------------------------------------------------------------------------------ */

typedef struct {
    const char *text; /* the skeleton between two spaces: byte n + 1 stands for character n */
    int32_t end;      /* of the text, in characters */
} Words;

/* Whether a word begins at a character. */
static inline int
begins(const Words *words, int32_t at)
{
    return words->text[at] == ' ' && words->text[at + 1] != ' ';
}

/* Where the `count`-th word begins that begins at `from` or later; the end of the text where there are fewer. */
static int32_t
word_after(const Words *words, int32_t from, long count)
{
    for (int32_t at = from; at < words->end; at++)
        if (begins(words, at) && --count == 0)
            return at;
    return words->end;
}

/* Where the `count`-th word begins that begins before `from`, going back; -1 where there are fewer. */
static int32_t
word_before(const Words *words, int32_t from, long count)
{
    for (int32_t at = from - 1; at >= 0; at--)
        if (begins(words, at) && --count == 0)
            return at;
    return -1;
}

/* Where the first `count` words end: where the next one begins. */
static int32_t
first_end(const Words *words, long count)
{
    int32_t first = word_after(words, 0, 1);
    return first < words->end ? word_after(words, first + 1, count) : words->end;
}

static int
words_of(PyObject *haystack, Words *words)
{
    if (!PyBytes_Check(haystack) || PyBytes_GET_SIZE(haystack) < 2 || PyBytes_GET_SIZE(haystack) > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "no text");
        return -1;
    }
    words->text = PyBytes_AS_STRING(haystack);
    words->end = (int32_t)(PyBytes_GET_SIZE(haystack) - 2);
    return 0;
}

/* ---- NEAR: what stands few words apart ------------------------------------------------------------------------ */

/* Two lists of places, of which `unit` says whether something stands near; the others by their starts and by their ends. */
typedef struct {
    Places ones, others;
    Place **by_end;
} Spots;

static int
pointed_by_end(const void *one, const void *other)
{
    return by_end(*(Place *const *)one, *(Place *const *)other);
}

static int
check_spots(const Words *words, Places *places)
{
    for (Py_ssize_t n = 0; n < places->count; n++) {
        Place *one = &places->all[n];
        one->unit = 0;
        if (one->start < 0 || one->start > words->end || one->end < 0 || one->end > words->end) {
            PyErr_SetString(PyExc_ValueError, "a place lies outside the text");
            return -1;
        }
    }
    return 0;
}

static int
order_spots(Spots *spots)
{
    sort(&spots->others, by_start);
    spots->by_end = PyMem_Malloc((spots->others.count + 1) * sizeof(Place *));
    if (spots->by_end == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < spots->others.count; n++)
        spots->by_end[n] = &spots->others.all[n];
    qsort(spots->by_end, spots->others.count, sizeof(Place *), pointed_by_end);
    return 0;
}

/* How many of the others start, or end, before an offset. */
static Py_ssize_t
count_before(const Spots *spots, int32_t offset, int ends)
{
    Py_ssize_t low = 0, high = spots->others.count;
    while (low < high) {
        Py_ssize_t middle = (low + high) / 2;
        if ((ends ? spots->by_end[middle]->end : spots->others.all[middle].start) < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Chooses `one`, and those of the others that lie less than `distance` words before or after it. */
static void
choose_near(Spots *spots, const Words *words, Place *one, long distance, int before, int after)
{
    if (after) {
        int32_t behind = word_before(words, one->end, 1) + 1, reach = word_after(words, one->end, distance);
        Place *other = spots->others.all + count_before(spots, behind, 0);
        for (; other < spots->others.all + spots->others.count && other->start <= reach; other++)
            one->unit = other->unit = 1;
    }
    if (before) {
        int32_t back = word_before(words, one->start, distance) + 1, ahead = word_after(words, one->start, 1);
        for (Py_ssize_t n = count_before(spots, back, 1); n < spots->others.count && spots->by_end[n]->end <= ahead; n++)
            one->unit = spots->by_end[n]->unit = 1;
    }
}

static int
add_chosen(const Places *from, Places *found)
{
    for (Py_ssize_t n = 0; n < from->count; n++)
        if (from->all[n].unit && add_place(found, from->all[n].start, from->all[n].end, 0) < 0)
            return -1;
    return 0;
}

/* Adds those of both that lie less than `distance` words apart, in order and each once: the others before the one, after
 * it, or both. */
static int
add_near(Spots *spots, const Words *words, long distance, int before, int after, Places *found)
{
    Py_ssize_t first = found->count, kept = first;
    if (check_spots(words, &spots->ones) < 0 || check_spots(words, &spots->others) < 0 || order_spots(spots) < 0)
        return -1;
    for (Py_ssize_t n = 0; n < spots->ones.count; n++)
        choose_near(spots, words, &spots->ones.all[n], distance, before, after);
    PyMem_Free(spots->by_end);
    if (add_chosen(&spots->ones, found) < 0 || add_chosen(&spots->others, found) < 0)
        return -1;
    sort_from(found, first, by_start);
    for (Py_ssize_t n = first; n < found->count; n++)
        if (n == first || by_start(&found->all[n], &found->all[kept - 1]) != 0)
            found->all[kept++] = found->all[n];
    found->count = kept;
    return 0;
}

static PyObject *
places_near(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *reading, *ones, *others, *pairs = NULL;
    long distance;
    int before, after;
    if (!PyArg_ParseTuple(args, "OO!O!lpp", &reading, &PyList_Type, &ones, &PyList_Type, &others, &distance, &before, &after))
        return NULL;
    PyObject *haystack = PyObject_GetAttrString(reading, "haystack");
    Words words;
    Spots spots = {0};
    Places found = {0};
    int done = haystack != NULL ? words_of(haystack, &words) : -1;
    if (done == 0 && distance < 1) {
        PyErr_SetString(PyExc_ValueError, "no distance");
        done = -1;
    }
    if (done == 0 && add_pairs(ones, &spots.ones) == 0 && add_pairs(others, &spots.others) == 0 &&
        add_near(&spots, &words, distance, before, after, &found) == 0)
        pairs = pairs_from(&found);
    PyMem_Free(spots.ones.all);
    PyMem_Free(spots.others.all);
    PyMem_Free(found.all);
    Py_XDECREF(haystack);
    return pairs;
}

static PyObject *
places_first_words(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *haystack;
    long count;
    Words words;
    if (!PyArg_ParseTuple(args, "O!l", &PyBytes_Type, &haystack, &count))
        return NULL;
    if (PyBytes_GET_SIZE(haystack) < 2 || count < 1) {
        PyErr_SetString(PyExc_ValueError, "no text, or no words");
        return NULL;
    }
    return words_of(haystack, &words) < 0 ? NULL : PyLong_FromLong(first_end(&words, count));
}

/* ---- Operations ------------------------------------------------------------------------------------------------- */

enum Kind { GROUP, ENTITY, AT_LEAST, NOT, NEAR, TOGETHER, FIELD, FIRST, OFTEN };

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    enum Kind kind;
    long number;     /* of a group; how many, or how many words; 0 for sentences, 1 for paragraphs */
    int ordered;     /* of NEAR */
    PyObject *unit;  /* title, lead or body; sentence or paragraph */
    PyObject *parts; /* a tuple: operations, other functions, and groups; of an entity its `Names` */
} Operation;

static PyTypeObject OperationType;

/* An article that is looked into; `found` and the words are the reading's. */
typedef struct {
    PyObject *reading, *haystack;
    Found *found;
    Words words;
} Article;

static int run(PyObject *part, Article *in, int32_t low, int32_t high, Places *places);

/* What an operation found in the whole text is kept with the article: what tells its sentences serves as evidence. NULL
 * where nothing is kept. What stands for a text in which nothing was found is shared by many. */
static const Kept *
kept_of(const Found *found, PyObject *part)
{
    for (Py_ssize_t n = 0; n < found->kept_count; n++)
        if (found->kept[n].part == part)
            return &found->kept[n];
    return NULL;
}

static int
keep(Found *found, PyObject *part, int holds, const Place *all, Py_ssize_t count)
{
    if (found->count == 0 || kept_of(found, part) != NULL)
        return 0;
    Kept *grown = PyMem_Realloc(found->kept, (found->kept_count + 1) * sizeof(Kept));
    Place *copy = grown != NULL ? PyMem_Malloc((count + 1) * sizeof(Place)) : NULL;
    found->kept = grown != NULL ? grown : found->kept;
    if (copy == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (count > 0)
        memcpy(copy, all, count * sizeof(Place));
    found->kept[found->kept_count++] = (Kept){Py_NewRef(part), holds, copy, count};
    return 0;
}

static int
add_kept(const Kept *kept, Places *places)
{
    for (Py_ssize_t n = 0; n < kept->count; n++)
        if (add_place(places, kept->all[n].start, kept->all[n].end, 0) < 0)
            return -1;
    return kept->holds;
}

static inline int
is_whole(const Article *in, int32_t low, int32_t high)
{
    return low == 0 && high == in->words.end;
}

/* Keeps of what was added behind `first` what lies between two offsets. */
static void
keep_between(Places *places, Py_ssize_t first, int32_t low, int32_t high)
{
    Py_ssize_t kept = first;
    for (Py_ssize_t n = first; n < places->count; n++)
        if (places->all[n].start >= low && places->all[n].end <= high)
            places->all[kept++] = places->all[n];
    places->count = kept;
}

/* Makes one of those behind `first` that overlap the one before them. */
static void
merge(Places *places, Py_ssize_t first)
{
    Py_ssize_t kept = first;
    for (Py_ssize_t n = first; n < places->count; n++) {
        Place one = places->all[n];
        if (kept > first && one.start < places->all[kept - 1].end) {
            if (one.end > places->all[kept - 1].end)
                places->all[kept - 1].end = one.end;
        } else {
            places->all[kept++] = one;
        }
    }
    places->count = kept;
}

static int
run_group(Article *in, long number, int32_t low, int32_t high, Places *places)
{
    Py_ssize_t first = places->count;
    if (add_group(in->found, number, places) < 0)
        return -1;
    if (!is_whole(in, low, high))
        keep_between(places, first, low, high);
    return places->count > first;
}

static int
check_tuple(PyObject *given)
{
    if (PyTuple_Check(given))
        return 0;
    PyErr_SetString(PyExc_TypeError, "no tuple");
    return -1;
}

/* ---- Entities --------------------------------------------------------------------------------------------------- */

/* Whether a bound of Python's dates, or None, lets a day be. */
static int
allows(PyObject *bound, PyObject *day, int comparison)
{
    return bound == Py_None ? 1 : PyObject_RichCompareBool(day, bound, comparison);
}

/* Whether a name was in force on the day of the article; one without a date is taken for one of today. */
static int
in_force(const Article *in, PyObject *since, PyObject *until)
{
    if (since == Py_None && until == Py_None)
        return 1;
    static PyObject *name;
    PyObject *day = attribute_of(in->reading, &name, "day");
    if (day == NULL)
        return -1;
    int holds = day == Py_None ? until == Py_None : allows(since, day, Py_GE);
    if (holds > 0 && day != Py_None)
        holds = allows(until, day, Py_LE);
    Py_DECREF(day);
    return holds;
}

static int
add_names(Article *in, PyObject *names, Places *named)
{
    int done = 0;
    for (Py_ssize_t n = 0; done >= 0 && n < PyList_GET_SIZE(names); n++) {
        PyObject *name = PyList_GET_ITEM(names, n), *since, *until;
        long number;
        if (check_tuple(name) < 0 || !PyArg_ParseTuple(name, "lOO", &number, &since, &until))
            return -1;
        done = in_force(in, since, until);
        if (done > 0)
            done = add_group(in->found, number, named);
    }
    return done < 0 ? -1 : 0;
}

/* How many of the places, in order, start at an offset or before it. */
static Py_ssize_t
count_up_to(const Places *places, int32_t offset)
{
    Py_ssize_t low = 0, high = places->count;
    while (low < high) {
        Py_ssize_t middle = (low + high) / 2;
        if (places->all[middle].start <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether a periphrasis stands for the entity: for whom was named last before it; before any name, for whom comes first
 * after it. Both are in order, and `named` is not empty. */
static int
stands_for(int32_t start, const Places *named, const Places *rivals)
{
    Py_ssize_t own = count_up_to(named, start), other = count_up_to(rivals, start);
    if (own || other)
        return (own ? named->all[own - 1].start : -1) > (other ? rivals->all[other - 1].start : -1);
    return rivals->count == 0 || named->all[0].start <= rivals->all[0].start;
}

static int
add_claimed(Article *in, long phrases, const Places *rivals, Places *named)
{
    Places claimed = {0};
    Places own = *named; /* as it is before others are added */
    int done = add_group(in->found, phrases, &claimed);
    for (Py_ssize_t n = 0; done == 0 && n < claimed.count; n++) {
        claimed.all[n].unit = stands_for(claimed.all[n].start, &own, rivals);
    }
    if (done == 0)
        done = add_chosen(&claimed, named);
    PyMem_Free(claimed.all);
    return done;
}

/* Adds where an entity is mentioned in the whole text. */
static int
add_mentions(const Operation *self, Article *in, Places *places)
{
    PyObject *names;
    long phrases, rival, alone;
    if (!PyArg_ParseTuple(self->parts, "O!lll", &PyList_Type, &names, &phrases, &rival, &alone))
        return -1;
    Places named = {0}, rivals = {0};
    int done = add_names(in, names, &named) == 0 && add_group(in->found, rival, &rivals) == 0 ? 0 : -1;
    if (done == 0 && named.count > 0) {
        sort(&named, by_start);
        sort(&rivals, by_start);
        done = add_claimed(in, phrases, &rivals, &named);
    } else if (done == 0 && rivals.count == 0) {
        done = add_group(in->found, alone, &named);
    }
    sort(&named, by_start);
    merge(&named, 0);
    for (Py_ssize_t n = 0; done == 0 && n < named.count; n++)
        done = add_place(places, named.all[n].start, named.all[n].end, 0);
    PyMem_Free(named.all);
    PyMem_Free(rivals.all);
    return done;
}

static int
run_entity(const Operation *self, Article *in, int32_t low, int32_t high, Places *places)
{
    Py_ssize_t first = places->count;
    const Kept *kept = kept_of(in->found, (PyObject *)self);
    if (kept != NULL) {
        if (add_kept(kept, places) < 0)
            return -1;
    } else if (add_mentions(self, in, places) < 0 ||
               keep(in->found, (PyObject *)self, places->count > first, places->all + first, places->count - first) < 0) {
        return -1;
    }
    if (!is_whole(in, low, high))
        keep_between(places, first, low, high);
    return places->count > first;
}

/* ---- The others ------------------------------------------------------------------------------------------------- */

static int
run_at_least(const Operation *self, Article *in, int32_t low, int32_t high, Places *places)
{
    Py_ssize_t first = places->count, parts = PyTuple_GET_SIZE(self->parts), hold = 0;
    for (Py_ssize_t n = 0; n < parts && hold + parts - n >= self->number; n++) {
        int done = run(PyTuple_GET_ITEM(self->parts, n), in, low, high, places);
        if (done < 0)
            return -1;
        hold += done;
    }
    sort_from(places, first, by_start);
    return hold >= self->number;
}

static int
run_not(const Operation *self, Article *in, int32_t low, int32_t high, Places *places)
{
    Py_ssize_t first = places->count;
    int done = run(PyTuple_GET_ITEM(self->parts, 0), in, low, high, places);
    places->count = first;
    return done < 0 ? -1 : !done;
}

static int
run_near(const Operation *self, Article *in, int32_t low, int32_t high, Places *places)
{
    Py_ssize_t first = places->count;
    Spots spots = {0};
    int both = !self->ordered, done = run(PyTuple_GET_ITEM(self->parts, 0), in, low, high, &spots.ones);
    if (done >= 0 && spots.ones.count > 0)
        done = run(PyTuple_GET_ITEM(self->parts, 1), in, low, high, &spots.others);
    if (done >= 0 && spots.ones.count > 0 && spots.others.count > 0) {
        if (spots.ones.count <= spots.others.count) { /* words are counted around the rarer of the two */
            done = add_near(&spots, &in->words, self->number, both, 1, places);
        } else {
            Spots turned = {spots.others, spots.ones, NULL};
            done = add_near(&turned, &in->words, self->number, 1, both, places);
        }
    }
    PyMem_Free(spots.ones.all);
    PyMem_Free(spots.others.all);
    return done < 0 ? -1 : places->count > first;
}

/* Asks a reading for its sentences or paragraphs. */
static int
ask_units(PyObject *reading, PyObject *unit, Units *units)
{
    PyObject *bounds = PyObject_CallMethod(reading, "bounds", "O", unit), *starts, *ends;
    int done = bounds != NULL ? check_tuple(bounds) : -1;
    if (done == 0 && !PyArg_ParseTuple(bounds, "O!O!", &PyList_Type, &starts, &PyList_Type, &ends))
        done = -1;
    if (done == 0)
        done = read_units(starts, ends, units);
    Py_XDECREF(bounds);
    return done;
}

static int
run_together(const Operation *self, Article *in, int32_t low, int32_t high, Places *places)
{
    Py_ssize_t first = places->count;
    /* kept with the article, but for what stands for a text in which nothing was found */
    Units own = {0}, *read = in->found->count > 0 ? &in->found->units[self->number] : &own;
    int done = read->starts == NULL ? ask_units(in->reading, self->unit, read) : 0;
    Units units = *read;
    if (done == 0)
        done = choose_units(&units);
    for (Py_ssize_t n = 0; done >= 0 && n < PyTuple_GET_SIZE(self->parts); n++) {
        Py_ssize_t before = places->count;
        done = run(PyTuple_GET_ITEM(self->parts, n), in, low, high, places);
        if (done >= 0)
            keep_placed(places, before, &units);
    }
    if (done >= 0)
        keep_chosen(places, first, &units);
    PyMem_Free(units.chosen);
    PyMem_Free(own.starts);
    return done < 0 ? -1 : places->count > first;
}

static int
run_field(const Operation *self, Article *in, int32_t low, int32_t high, Places *places)
{
    static PyObject *name;
    PyObject *fields = attribute_of(in->reading, &name, "fields");
    PyObject *bounds = fields != NULL ? PyObject_GetItem(fields, self->unit) : NULL;
    Py_ssize_t first = places->count;
    int32_t start, end;
    int done = bounds != NULL ? offsets_from(bounds, &start, &end) : -1;
    Py_XDECREF(fields);
    Py_XDECREF(bounds);
    if (done < 0 || end <= low || start >= high)
        return done;
    done = run(PyTuple_GET_ITEM(self->parts, 0), in, start > low ? start : low, end < high ? end : high, places);
    sort_from(places, first, by_start);
    return done;
}

static int
run_first(const Operation *self, Article *in, int32_t low, int32_t high, Places *places)
{
    int32_t end = first_end(&in->words, self->number);
    return run(PyTuple_GET_ITEM(self->parts, 0), in, low, end < high ? end : high, places);
}

static int
run_often(const Operation *self, Article *in, int32_t low, int32_t high, Places *places)
{
    Py_ssize_t first = places->count;
    if (run(PyTuple_GET_ITEM(self->parts, 0), in, low, high, places) < 0)
        return -1;
    merge(places, first);
    return places->count - first >= self->number;
}

static int
run_operation(const Operation *self, Article *in, int32_t low, int32_t high, Places *places)
{
    switch (self->kind) {
    case GROUP:
        return run_group(in, self->number, low, high, places);
    case ENTITY:
        return run_entity(self, in, low, high, places);
    case AT_LEAST:
        return run_at_least(self, in, low, high, places);
    case NOT:
        return run_not(self, in, low, high, places);
    case NEAR:
        return run_near(self, in, low, high, places);
    case TOGETHER:
        return run_together(self, in, low, high, places);
    case FIELD:
        return run_field(self, in, low, high, places);
    case FIRST:
        return run_first(self, in, low, high, places);
    case OFTEN:
        return run_often(self, in, low, high, places);
    }
    Py_UNREACHABLE();
}

/* What a function of Python's finds. */
static int
run_function(PyObject *part, Article *in, int32_t low, int32_t high, Places *places)
{
    PyObject *pairs = PyObject_CallFunction(part, "Oii", in->reading, low, high);
    int done = pairs == NULL ? -1 : pairs == Py_None ? 0 : add_pairs(pairs, places) == 0 ? 1 : -1;
    Py_XDECREF(pairs);
    return done;
}

/* Adds what makes a part true between two offsets: 1; 0, and nothing is added, where it is false; -1 with an error. */
static int
run(PyObject *part, Article *in, int32_t low, int32_t high, Places *places)
{
    Py_ssize_t first = places->count;
    int done;
    if (PyLong_Check(part)) {
        done = run_group(in, PyLong_AsLong(part), low, high, places);
    } else if (Py_EnterRecursiveCall(" in an expression") != 0) {
        done = -1;
    } else {
        done = Py_IS_TYPE(part, &OperationType) ? run_operation((Operation *)part, in, low, high, places)
                                                : run_function(part, in, low, high, places);
        Py_LeaveRecursiveCall();
    }
    if (done <= 0)
        places->count = first;
    return done;
}

/* ---- Operations as Python sees them ----------------------------------------------------------------------------- */

/* The article of a reading, to be closed whatever comes of it. */
static int
open_article(PyObject *reading, Article *in)
{
    static PyObject *places, *haystack;
    *in = (Article){.reading = reading};
    if ((in->haystack = attribute_of(reading, &haystack, "haystack")) == NULL ||
        (in->found = (Found *)attribute_of(reading, &places, "places")) == NULL)
        return -1;
    if (!Py_IS_TYPE(in->found, &FoundType)) {
        PyErr_SetString(PyExc_TypeError, "what was found was not found by this library");
        return -1;
    }
    return words_of(in->haystack, &in->words);
}

static void
close_article(Article *in)
{
    Py_XDECREF(in->haystack);
    Py_XDECREF(in->found);
}

/* Adds what makes a part true in the whole text, which is kept. */
static int
run_whole(PyObject *part, Article *in, Places *places)
{
    Py_ssize_t first = places->count;
    const Kept *kept = kept_of(in->found, part);
    if (kept != NULL)
        return add_kept(kept, places);
    int holds = run(part, in, 0, in->words.end, places);
    return holds < 0 || keep(in->found, part, holds, places->all + first, places->count - first) < 0 ? -1 : holds;
}

static PyObject *
operation_call(Operation *self, PyObject *const *args, size_t given, PyObject *names)
{
    Article in;
    Places places = {0};
    int32_t low, high;
    if (PyVectorcall_NARGS(given) != 3 || (names != NULL && PyTuple_GET_SIZE(names) > 0)) {
        PyErr_SetString(PyExc_TypeError, "an operation takes a reading and two offsets");
        return NULL;
    }
    if (int_of(args[1], INT32_MAX, &low) < 0 || int_of(args[2], INT32_MAX, &high) < 0)
        return NULL;
    int holds = open_article(args[0], &in);
    if (holds == 0)
        holds = is_whole(&in, low, high) && kept_of(in.found, (PyObject *)self) != NULL
                    ? run_whole((PyObject *)self, &in, &places)
                    : run((PyObject *)self, &in, low, high, &places);
    PyObject *pairs = holds < 0 ? NULL : holds == 0 ? Py_NewRef(Py_None) : pairs_from(&places);
    PyMem_Free(places.all);
    close_article(&in);
    return pairs;
}

static void
operation_dealloc(Operation *self)
{
    Py_XDECREF(self->unit);
    Py_XDECREF(self->parts);
    PyObject_Free(self);
}

static PyTypeObject OperationType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._places.Operation",
    .tp_basicsize = sizeof(Operation),
    .tp_dealloc = (destructor)operation_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Operation, call),
    .tp_call = PyVectorcall_Call,
};

/* An operation on parts, whose reference it takes; NULL with an error where they are NULL or no parts. */
static PyObject *
operation(enum Kind kind, PyObject *parts, long number, PyObject *unit)
{
    for (Py_ssize_t n = 0; parts != NULL && kind != ENTITY && n < PyTuple_GET_SIZE(parts); n++) {
        PyObject *part = PyTuple_GET_ITEM(parts, n);
        if (PyCallable_Check(part) || (kind == TOGETHER && PyLong_Check(part)))
            continue;
        PyErr_SetString(PyExc_TypeError, "a part is a function");
        Py_CLEAR(parts);
    }
    Operation *made = parts != NULL ? PyObject_New(Operation, &OperationType) : NULL;
    if (made == NULL) {
        Py_XDECREF(parts);
        return NULL;
    }
    made->call = (vectorcallfunc)operation_call;
    made->kind = kind;
    made->number = number;
    made->ordered = 0;
    made->unit = Py_XNewRef(unit);
    made->parts = parts;
    return (PyObject *)made;
}

static PyObject *
make_standing(PyObject *Py_UNUSED(module), PyObject *number)
{
    int32_t group;
    return int_of(number, INT32_MAX, &group) < 0 ? NULL : operation(GROUP, PyTuple_New(0), group, NULL);
}

static PyObject *
make_mentioned(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *key, *names;
    if (!PyArg_ParseTuple(args, "UO!", &key, &PyTuple_Type, &names))
        return NULL;
    return operation(ENTITY, Py_NewRef(names), 0, NULL);
}

static PyObject *
make_at_least(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *parts;
    long count;
    if (!PyArg_ParseTuple(args, "O!l", &PyList_Type, &parts, &count))
        return NULL;
    return operation(AT_LEAST, PyList_AsTuple(parts), count, NULL);
}

static PyObject *
make_negated(PyObject *Py_UNUSED(module), PyObject *part)
{
    return operation(NOT, PyTuple_Pack(1, part), 0, NULL);
}

static PyObject *
make_near(PyObject *Py_UNUSED(module), PyObject *args, PyObject *named)
{
    static char *names[] = {"left", "right", "distance", "ordered", NULL};
    PyObject *left, *right;
    long distance;
    int ordered;
    if (!PyArg_ParseTupleAndKeywords(args, named, "OOl$p", names, &left, &right, &distance, &ordered))
        return NULL;
    PyObject *made = operation(NEAR, PyTuple_Pack(2, left, right), distance, NULL);
    if (made != NULL)
        ((Operation *)made)->ordered = ordered;
    return made;
}

static PyObject *
make_together(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *unit, *parts;
    if (!PyArg_ParseTuple(args, "UO!", &unit, &PyList_Type, &parts))
        return NULL;
    int paragraphs = PyUnicode_CompareWithASCIIString(unit, "paragraph") == 0;
    return operation(TOGETHER, PyList_AsTuple(parts), paragraphs, unit);
}

static PyObject *
make_in_field(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *unit, *part;
    if (!PyArg_ParseTuple(args, "UO", &unit, &part))
        return NULL;
    return operation(FIELD, PyTuple_Pack(1, part), 0, unit);
}

static PyObject *
counted(enum Kind kind, PyObject *args)
{
    PyObject *part;
    long count;
    if (!PyArg_ParseTuple(args, "Ol", &part, &count))
        return NULL;
    return operation(kind, PyTuple_Pack(1, part), count, NULL);
}

static PyObject *
make_in_first(PyObject *Py_UNUSED(module), PyObject *args)
{
    return counted(FIRST, args);
}

static PyObject *
make_often(PyObject *Py_UNUSED(module), PyObject *args)
{
    return counted(OFTEN, args);
}

static PyObject *
places_merged(PyObject *Py_UNUSED(module), PyObject *given)
{
    Places places = {0};
    PyObject *pairs = NULL;
    if (add_pairs(given, &places) == 0) {
        merge(&places, 0);
        pairs = pairs_from(&places);
    }
    PyMem_Free(places.all);
    return pairs;
}

/* ---- The sentences in which an operation holds ------------------------------------------------------------------ */

/* The sentences of places, the first one for what is true without a place. */
static PyObject *
sentences_of(PyObject *reading, const Places *places)
{
    static PyObject *name;
    PyObject *numbers = attribute_of(reading, &name, "sentence_at"), *mask = NULL;
    Py_buffer sentence_at;
    if (numbers != NULL && PyObject_GetBuffer(numbers, &sentence_at, PyBUF_SIMPLE) == 0) {
        mask = places->count > 0 ? mask_from_places(&sentence_at, places) : PyLong_FromLong(1);
        PyBuffer_Release(&sentence_at);
    }
    Py_XDECREF(numbers);
    return mask;
}

static PyObject *
sentences_held(PyObject *part, PyObject *reading)
{
    Article in;
    Places places = {0};
    PyObject *mask = NULL;
    int holds = open_article(reading, &in) == 0 ? run_whole(part, &in, &places) : -1;
    if (holds >= 0)
        mask = holds ? sentences_of(reading, &places) : PyLong_FromLong(0);
    PyMem_Free(places.all);
    close_article(&in);
    return mask;
}

static PyMethodDef held_function = {"held", sentences_held, METH_O, "The sentences in which an operation holds."};

static PyObject *
make_found_mask(PyObject *Py_UNUSED(module), PyObject *part)
{
    return PyCFunction_New(&held_function, part);
}

#endif
