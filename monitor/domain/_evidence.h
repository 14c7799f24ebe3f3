/* The evidence of what the items of an owner add up to (monitor/domain/sums.py, which says what is meant), a part of
 * _places.c. Sentences are the bits of a whole number, 64 of them at most, and each character of the text is one of the
 * article's.
 */
#ifndef VEILLE_EVIDENCE_H
#define VEILLE_EVIDENCE_H

/* ---- Lines: an item, what it adds, its sentences ----------------------------------------------------------------- */

typedef struct {
    PyObject *item; /* the tuple's, not our own reference */
    double value;
    uint64_t mask;
} Line;

typedef struct {
    PyObject *kept; /* a tuple: whatever is done to the list meanwhile */
    Line *all;
    Py_ssize_t count;
} Lines;

static void
drop_lines(Lines *lines)
{
    PyMem_Free(lines->all);
    Py_XDECREF(lines->kept);
}

/* The lines of a list. To be dropped, whatever comes of it. */
static int
read_lines(PyObject *given, Lines *lines)
{
    *lines = (Lines){PyList_AsTuple(given), NULL, 0};
    if (lines->kept == NULL)
        return -1;
    lines->count = PyTuple_GET_SIZE(lines->kept);
    lines->all = PyMem_Malloc((lines->count + 1) * sizeof(Line));
    if (lines->all == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < lines->count; n++) {
        PyObject *line = PyTuple_GET_ITEM(lines->kept, n);
        Line *one = &lines->all[n];
        if (expect(line, 3, "a line is a tuple of three") < 0 || double_from(PyTuple_GET_ITEM(line, 1), &one->value) < 0 ||
            mask_from(PyTuple_GET_ITEM(line, 2), &one->mask) < 0)
            return -1;
        one->item = PyTuple_GET_ITEM(line, 0);
        if (expect(one->item, ITEM_FIELDS, "an item is a tuple of its fields") < 0)
            return -1;
    }
    return 0;
}

/* The sentence that weighs most, the first of equals; -1 where none counted. */
static int
heaviest(const Lines *lines)
{
    double weights[64] = {0.0};
    uint64_t seen = 0;
    for (Py_ssize_t n = 0; n < lines->count; n++) {
        uint64_t mask = lines->all[n].mask;
        double share = mask ? lines->all[n].value / bits_of(mask) : 0.0;
        seen |= mask;
        for (int bit = 0; mask >> bit; bit++) {
            if (mask >> bit & 1)
                weights[bit] += share;
            if (bit == 63)
                break;
        }
    }
    int best = -1;
    for (int bit = 0; bit < 64; bit++)
        if (seen >> bit & 1 && (best < 0 || weights[bit] > weights[best]))
            best = bit;
    return best;
}

/* The line that comes next behind `last` in order: those that hold in the sentence `best` first, what weighs most first,
 * of equals the first. -1 where no other speaks for the topic. */
static Py_ssize_t
next_line(const Lines *lines, int best, Py_ssize_t last)
{
    Py_ssize_t next = -1;
    const Line *all = lines->all;
#define OUT(n) (!(all[n].mask >> best & 1))
#define BEFORE(n, m)                                                                                                   \
    (OUT(n) != OUT(m) ? OUT(n) < OUT(m) : all[n].value != all[m].value ? all[n].value > all[m].value : (n) < (m))
    for (Py_ssize_t n = 0; n < lines->count; n++)
        if (all[n].value > 0 && (last < 0 || BEFORE(last, n)) && (next < 0 || BEFORE(n, next)))
            next = n;
#undef BEFORE
#undef OUT
    return next;
}

/* ---- The words that are evidence ---------------------------------------------------------------------------------- */

/* Puts places in order, each once. */
static void
settle(Places *places)
{
    Py_ssize_t kept = 0;
    sort(places, by_start);
    for (Py_ssize_t n = 0; n < places->count; n++)
        if (kept == 0 || by_start(&places->all[n], &places->all[kept - 1]) != 0)
            places->all[kept++] = places->all[n];
    places->count = kept;
}

/* Adds where an item stands. */
static int
add_item(PyObject *item, Article *in, Places *words)
{
    PyObject *find = PyTuple_GET_ITEM(item, FIND);
    if (find != Py_None)
        return run_whole(find, in, words) < 0 ? -1 : 0;
    int32_t group;
    return int_of(PyTuple_GET_ITEM(item, OF_GROUP), INT32_MAX, &group) < 0 ? -1 : add_group(in->found, group, words);
}

/* The words of the lines in their order until there are `most`; then `also`. */
static int
add_words(const Lines *lines, int best, PyObject *also, Py_ssize_t most, Article *in, Places *words)
{
    Py_ssize_t n = next_line(lines, best, -1);
    while (n >= 0 && words->count < most) {
        if (add_item(lines->all[n].item, in, words) < 0)
            return -1;
        settle(words);
        n = next_line(lines, best, n);
    }
    if (add_pairs(also, words) < 0)
        return -1;
    settle(words);
    return 0;
}

/* ---- The spans that show them ------------------------------------------------------------------------------------ */

/* A text, where its lead and body begin, and the spans of places in it, each once. */
typedef struct {
    PyObject *reading, *text;
    int32_t lead, body;
    Place *places;
    PyObject *spans; /* a list: the n-th shows the n-th place */
} Shown;

static PyObject *span_type, *field_names[3];

static int
load_types(void)
{
    static const char *const names[] = {"TITLE", "LEAD", "BODY"};
    if (span_type != NULL)
        return 0;
    PyObject *model = PyImport_ImportModule("monitor.domain.model");
    PyObject *fields = model != NULL ? PyObject_GetAttrString(model, "Field") : NULL;
    int done = fields != NULL ? 0 : -1;
    for (int n = 0; done == 0 && n < 3; n++)
        if (field_names[n] == NULL && (field_names[n] = PyObject_GetAttrString(fields, names[n])) == NULL)
            done = -1;
    if (done == 0)
        span_type = PyObject_GetAttrString(model, "Span");
    Py_XDECREF(fields);
    Py_XDECREF(model);
    return span_type != NULL ? 0 : -1;
}

/* The start of a pair in a dictionary. */
static int
start_in(PyObject *fields, const char *name, int32_t *start)
{
    int32_t end;
    PyObject *pair = PyDict_Check(fields) ? PyDict_GetItemString(fields, name) : NULL;
    if (pair != NULL)
        return offsets_from(pair, start, &end);
    PyErr_SetString(PyExc_TypeError, "a reading has three fields");
    return -1;
}

static int
open_shown(PyObject *reading, Py_ssize_t most, Shown *shown)
{
    *shown = (Shown){.reading = reading};
    PyObject *fields = PyObject_GetAttrString(reading, "fields");
    int done = load_types() == 0 && fields != NULL ? 0 : -1;
    if (done == 0)
        done = start_in(fields, "lead", &shown->lead) < 0 ? -1 : start_in(fields, "body", &shown->body);
    Py_XDECREF(fields);
    if (done < 0 || (shown->text = PyObject_GetAttrString(reading, "text")) == NULL)
        return -1;
    if (!PyUnicode_Check(shown->text) || PyUnicode_READY(shown->text) < 0) {
        PyErr_SetString(PyExc_TypeError, "no text");
        return -1;
    }
    shown->spans = PyList_New(0);
    shown->places = PyMem_Malloc((most + 1) * sizeof(Place));
    if (shown->places == NULL)
        PyErr_NoMemory();
    return shown->spans != NULL && shown->places != NULL ? 0 : -1;
}

static void
close_shown(Shown *shown)
{
    Py_XDECREF(shown->text);
    Py_XDECREF(shown->spans);
    PyMem_Free(shown->places);
}

static PyObject *
make_span(const Shown *shown, int32_t start, int32_t end)
{
    int field = start >= shown->body ? 2 : start >= shown->lead;
    int32_t base = field == 2 ? shown->body : field ? shown->lead : 0;
    PyObject *values[] = {field_names[field], PyLong_FromLong(start - base), PyLong_FromLong(end - base),
                          PyUnicode_Substring(shown->text, start, end)};
    PyObject *span = values[1] && values[2] && values[3] ? PyObject_Vectorcall(span_type, values, 4, NULL) : NULL;
    for (int n = 1; n < 4; n++)
        Py_XDECREF(values[n]);
    return span;
}

/* Adds a span, whose reference it takes, unless one shows the same place. */
static int
add_span(Shown *shown, int32_t start, int32_t end, PyObject *span)
{
    if (span == NULL)
        return -1;
    shown->places[PyList_GET_SIZE(shown->spans)] = (Place){start, end, 0};
    int done = PyList_Append(shown->spans, span);
    Py_DECREF(span);
    return done;
}

static int
is_shown(const Shown *shown, int32_t start, int32_t end)
{
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(shown->spans); n++)
        if (shown->places[n].start == start && shown->places[n].end == end)
            return 1;
    return 0;
}

/* Shows what is around a place that may be part of a number: the reading tells the pair that is whole, and its span. */
static int
show_whole(Shown *shown, const Place *place)
{
    int32_t start, end;
    PyObject *both = PyObject_CallMethod(shown->reading, "shown", "((ii))", place->start, place->end);
    int done = both != NULL ? expect(both, 2, "what is shown is a pair and its span") : -1;
    if (done == 0)
        done = offsets_from(PyTuple_GET_ITEM(both, 0), &start, &end);
    if (done == 0 && !is_shown(shown, start, end))
        done = add_span(shown, start, end, Py_NewRef(PyTuple_GET_ITEM(both, 1)));
    Py_XDECREF(both);
    return done;
}

static int
show(Shown *shown, const Place *place)
{
    if (place->start >= place->end || place->end > PyUnicode_GET_LENGTH(shown->text)) {
        PyErr_SetString(PyExc_IndexError, "a place lies outside the text");
        return -1;
    }
    if (Py_UNICODE_ISDIGIT(PyUnicode_READ_CHAR(shown->text, place->start)) ||
        Py_UNICODE_ISDIGIT(PyUnicode_READ_CHAR(shown->text, place->end - 1)))
        return show_whole(shown, place);
    if (is_shown(shown, place->start, place->end))
        return 0;
    return add_span(shown, place->start, place->end, make_span(shown, place->start, place->end));
}

/* Shows the sentence, the words in it, then those elsewhere: of twice `most` places until there are `most` spans. */
static int
show_all(Shown *shown, const Place *sentence, const Places *words, Py_ssize_t most)
{
    Py_ssize_t left = 2 * most - 1;
    int done = most > 0 ? show(shown, sentence) : 0;
    for (int inside = 1; inside >= 0; inside--)
        for (Py_ssize_t n = 0; done == 0 && n < words->count && left > 0; n++) {
            const Place *word = &words->all[n];
            if (PyList_GET_SIZE(shown->spans) >= most)
                return 0;
            if ((sentence->start <= word->start && word->start < sentence->end) != inside)
                continue;
            left--;
            done = show(shown, word);
        }
    return done;
}

/* ---- Evidence ------------------------------------------------------------------------------------------------------ */

/* Where a sentence stands, without the white space behind it. */
static int
sentence_from(const Shown *shown, int number, Place *sentence)
{
    PyObject *starts = PyObject_GetAttrString(shown->reading, "starts");
    int32_t limit = (int32_t)PyUnicode_GET_LENGTH(shown->text);
    int done = -1;
    if (starts == NULL)
        return -1;
    if (!PyList_Check(starts) || number >= PyList_GET_SIZE(starts)) {
        PyErr_SetString(PyExc_IndexError, "no such sentence");
    } else if (int_of(PyList_GET_ITEM(starts, number), limit, &sentence->start) == 0) {
        sentence->end = limit;
        done = number + 1 < PyList_GET_SIZE(starts) ? int_of(PyList_GET_ITEM(starts, number + 1), limit, &sentence->end) : 0;
    }
    Py_DECREF(starts);
    while (done == 0 && sentence->end > sentence->start &&
           Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(shown->text, sentence->end - 1)))
        sentence->end--;
    return done;
}

/* The sentence that is asked for; else the heaviest, else that of the first of `also`. -1 for none; -2 with an error. */
static long
best_of(PyObject *reading, PyObject *asked, const Lines *lines, PyObject *also)
{
    long best = -1;
    if (asked == Py_None) {
        best = heaviest(lines);
        if (best >= 0 || PyList_GET_SIZE(also) == 0)
            return best;
        int32_t start, end;
        if (offsets_from(PyList_GET_ITEM(also, 0), &start, &end) < 0)
            return -2;
        PyObject *number = PyObject_CallMethod(reading, "sentence_of", "i", start);
        best = number != NULL ? PyLong_AsLong(number) : -1;
        Py_XDECREF(number);
    } else {
        best = PyLong_AsLong(asked);
    }
    if (!PyErr_Occurred() && (best < 0 || best > 63))
        PyErr_SetString(PyExc_ValueError, "sentences are numbered from 0 to 63");
    return PyErr_Occurred() ? -2 : best;
}

static int
show_evidence(Article *in, Shown *shown, const Lines *lines, int best, PyObject *also, Py_ssize_t most)
{
    Places words = {0};
    Place sentence = {0};
    int done = sentence_from(shown, best, &sentence);
    if (done == 0)
        done = add_words(lines, best, also, most, in, &words);
    if (done == 0)
        done = show_all(shown, &sentence, &words, most);
    PyMem_Free(words.all);
    return done;
}

static PyObject *
places_evidence(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *reading, *given, *also, *asked, *found = NULL;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "OO!O!On", &reading, &PyList_Type, &given, &PyList_Type, &also, &asked, &most))
        return NULL;
    Lines lines;
    Article in = {0};
    Shown shown = {0};
    long best = read_lines(given, &lines) == 0 ? best_of(reading, asked, &lines, also) : -2;
    if (best == -1)
        found = PyTuple_New(0);
    else if (best >= 0 && open_article(reading, &in) == 0 && open_shown(reading, most, &shown) == 0 &&
             show_evidence(&in, &shown, &lines, (int)best, also, most) == 0)
        found = PyList_AsTuple(shown.spans);
    close_shown(&shown);
    close_article(&in);
    drop_lines(&lines);
    return found;
}

/* ---- Arithmetic ---------------------------------------------------------------------------------------------------- */

/* The numbers of the lines that weigh most, of equals the first; `chosen` has room for `most`. How many there are. */
static Py_ssize_t
weightiest(const Lines *lines, Py_ssize_t most, Py_ssize_t *chosen)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t n = 0; n < lines->count; n++) {
        double weight = fabs(lines->all[n].value);
        Py_ssize_t at = count < most ? count++ : count;
        for (; at > 0 && fabs(lines->all[chosen[at - 1]].value) < weight; at--)
            if (at < count)
                chosen[at] = chosen[at - 1];
        if (at < count)
            chosen[at] = n;
    }
    return count;
}

/* What `make` makes of a line's label, value and number of sentences. */
static PyObject *
contribution(const Line *line, PyObject *mark, PyObject *make)
{
    PyObject *label = PyTuple_GET_ITEM(line->item, LABEL);
    if (!PyUnicode_Check(label)) {
        PyErr_SetString(PyExc_TypeError, "a label is text");
        return NULL;
    }
    PyObject *values[] = {PyUnicode_Concat(mark, label), PyFloat_FromDouble(line->value), PyLong_FromLong(bits_of(line->mask))};
    PyObject *made = values[0] && values[1] && values[2] ? PyObject_Vectorcall(make, values, 3, NULL) : NULL;
    for (int n = 0; n < 3; n++)
        Py_XDECREF(values[n]);
    return made;
}

static PyObject *
places_contributions(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *mark, *make, *found = NULL;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "O!nUO", &PyList_Type, &given, &most, &mark, &make))
        return NULL;
    Lines lines;
    int done = read_lines(given, &lines);
    Py_ssize_t *chosen = done == 0 ? PyMem_Malloc((lines.count + 1) * sizeof(Py_ssize_t)) : NULL;
    if (done == 0 && chosen == NULL)
        PyErr_NoMemory();
    if (chosen != NULL) {
        Py_ssize_t count = weightiest(&lines, most < lines.count ? (most < 0 ? 0 : most) : lines.count, chosen);
        found = PyTuple_New(count);
        for (Py_ssize_t n = 0; found != NULL && n < count; n++) {
            PyObject *made = contribution(&lines.all[chosen[n]], mark, make);
            if (made == NULL)
                Py_CLEAR(found);
            else
                PyTuple_SET_ITEM(found, n, made);
        }
    }
    PyMem_Free(chosen);
    drop_lines(&lines);
    return found;
}

#endif
