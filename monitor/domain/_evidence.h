/* The evidence of what the items of an owner add up to (monitor/domain/sums.py, which says what is meant), a part of
 * _places.c, of texts in which each character is one of the article's.
 */
#ifndef VEILLE_EVIDENCE_H
#define VEILLE_EVIDENCE_H

/* ---- Lines by what they weigh --------------------------------------------------------------------------------------- */

static inline int
holds_in(const Lines *lines, Py_ssize_t n, Py_ssize_t sentence)
{
    return lines->words[n * lines->width + sentence / 64] >> sentence % 64 & 1;
}

/* The sentence that weighs most, the first of equals; -1 where none counted, -2 with an error. */
static Py_ssize_t
heaviest(const Lines *lines)
{
    Py_ssize_t sentences = 64 * lines->width, best = -1;
    double *weights = PyMem_Calloc(sentences, sizeof(double));
    char *seen = weights != NULL ? PyMem_Calloc(sentences, 1) : NULL;
    if (seen == NULL) {
        PyMem_Free(weights);
        PyErr_NoMemory();
        return -2;
    }
    for (Py_ssize_t n = 0; n < lines->count; n++) {
        const uint64_t *words = lines->words + n * lines->width;
        double share = lines->all[n].value / count_bits(words, lines->width);
        for (Py_ssize_t word = 0; word < lines->width; word++)
            for (uint64_t left = words[word]; left; left &= left - 1) {
                Py_ssize_t sentence = 64 * word + lowest_of(left);
                weights[sentence] += share;
                seen[sentence] = 1;
            }
    }
    for (Py_ssize_t sentence = 0; sentence < sentences; sentence++)
        if (seen[sentence] && (best < 0 || weights[sentence] > weights[best]))
            best = sentence;
    PyMem_Free(weights);
    PyMem_Free(seen);
    return best;
}

/* The line that comes next behind `last` in order: those that hold in the sentence `best` first, what weighs most first,
 * of equals the first. -1 where no other speaks for the topic. */
static Py_ssize_t
next_line(const Lines *lines, Py_ssize_t best, Py_ssize_t last)
{
    Py_ssize_t next = -1;
    const Line *all = lines->all;
#define OUT(n) (!holds_in(lines, n, best))
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
add_item(const Item *item, Article *in, Places *words)
{
    if (item->find != NULL)
        return run_whole(item->find, in, words) < 0 ? -1 : 0;
    return add_group(in->found, item->group, words);
}

/* The words of the lines in their order until there are `most`; then `also`. */
static int
add_words(const Lines *lines, Py_ssize_t best, PyObject *also, Py_ssize_t most, Article *in, Places *words)
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

/* What is asked for by name; names are made once. */
static PyObject *name_fields, *name_lead, *name_body, *name_text, *name_starts;

static int
load_types(void)
{
    static const char *const names[] = {"TITLE", "LEAD", "BODY"};
    if (span_type != NULL)
        return 0;
    name_fields = PyUnicode_InternFromString("fields");
    name_lead = PyUnicode_InternFromString("lead");
    name_body = PyUnicode_InternFromString("body");
    name_text = PyUnicode_InternFromString("text");
    name_starts = PyUnicode_InternFromString("starts");
    if (!name_fields || !name_lead || !name_body || !name_text || !name_starts)
        return -1;
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
start_in(PyObject *fields, PyObject *name, int32_t *start)
{
    int32_t end;
    PyObject *pair = PyDict_Check(fields) ? PyDict_GetItemWithError(fields, name) : NULL;
    if (pair != NULL)
        return offsets_from(pair, start, &end);
    PyErr_SetString(PyExc_TypeError, "a reading has three fields");
    return -1;
}

static int
open_shown(PyObject *reading, Py_ssize_t most, Shown *shown)
{
    *shown = (Shown){.reading = reading};
    PyObject *fields = load_types() == 0 ? PyObject_GetAttr(reading, name_fields) : NULL;
    int done = fields != NULL ? start_in(fields, name_lead, &shown->lead) : -1;
    if (done == 0)
        done = start_in(fields, name_body, &shown->body);
    Py_XDECREF(fields);
    if (done < 0 || (shown->text = PyObject_GetAttr(reading, name_text)) == NULL)
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
sentence_from(const Shown *shown, Py_ssize_t number, Place *sentence)
{
    PyObject *starts = PyObject_GetAttr(shown->reading, name_starts);
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
static Py_ssize_t
best_of(PyObject *reading, PyObject *asked, const Lines *lines, PyObject *also)
{
    Py_ssize_t best = -1;
    if (asked == Py_None) {
        best = heaviest(lines);
        if (best != -1 || PyList_GET_SIZE(also) == 0)
            return best;
        int32_t start, end;
        if (offsets_from(PyList_GET_ITEM(also, 0), &start, &end) < 0)
            return -2;
        PyObject *number = PyObject_CallMethod(reading, "sentence_of", "i", start);
        best = number != NULL ? PyLong_AsSsize_t(number) : -1;
        Py_XDECREF(number);
    } else {
        best = PyLong_AsSsize_t(asked);
    }
    if (!PyErr_Occurred() && (best < 0 || best >= 64 * lines->width))
        PyErr_SetString(PyExc_IndexError, "no such sentence");
    return PyErr_Occurred() ? -2 : best;
}

static int
show_evidence(Article *in, Shown *shown, const Lines *lines, Py_ssize_t best, PyObject *also, Py_ssize_t most)
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
    PyObject *reading, *also, *asked, *found = NULL;
    Lines *lines;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "OO!O!On", &reading, &LinesType, &lines, &PyList_Type, &also, &asked, &most))
        return NULL;
    Article in = {0};
    Shown shown = {0};
    Py_ssize_t best = best_of(reading, asked, lines, also);
    if (best == -1)
        found = PyTuple_New(0);
    else if (best >= 0 && open_article(reading, &in) == 0 && open_shown(reading, most, &shown) == 0 &&
             show_evidence(&in, &shown, lines, best, also, most) == 0)
        found = PyList_AsTuple(shown.spans);
    close_shown(&shown);
    close_article(&in);
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
made_of(const Line *line, Py_ssize_t count, PyObject *mark, PyObject *make)
{
    PyObject *values[] = {PyUnicode_Concat(mark, line->item->label), PyFloat_FromDouble(line->value), PyLong_FromSsize_t(count)};
    PyObject *made = values[0] && values[1] && values[2] ? PyObject_Vectorcall(make, values, 3, NULL) : NULL;
    for (int value = 0; value < 3; value++)
        Py_XDECREF(values[value]);
    return made;
}

/* Where an item keeps what was made of such a line. */
static Made *
made_at(Item *item, uint64_t value, Py_ssize_t count)
{
    const uint64_t hash = (value + (uint64_t)count) * UINT64_C(0x9e3779b97f4a7c15); /* its high bits hang on all */
    if (item->made == NULL && (item->made = PyMem_Calloc(MADE, sizeof(Made))) == NULL)
        PyErr_NoMemory();
    return item->made != NULL ? &item->made[(hash >> 32) % MADE] : NULL;
}

/* The same, kept with the item: what it adds is one of a few values, which many articles have in common. */
static PyObject *
contribution(const Lines *lines, Py_ssize_t n, PyObject *mark, PyObject *make)
{
    const Line *line = &lines->all[n];
    const Py_ssize_t count = count_bits(lines->words + n * lines->width, lines->width);
    uint64_t value;
    memcpy(&value, &line->value, sizeof value);
    Made *known = made_at(line->item, value, count);
    if (known == NULL)
        return NULL;
    if (known->line != NULL && known->value == value && known->count == count && known->mark == mark && known->make == make)
        return Py_NewRef(known->line);
    PyObject *made = made_of(line, count, mark, make);
    if (made != NULL) {
        Made before = *known;
        *known = (Made){value, count, Py_NewRef(mark), Py_NewRef(make), Py_NewRef(made)};
        drop_made(&before);
    }
    return made;
}

static PyObject *
places_contributions(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *mark, *make, *found = NULL;
    Lines *lines;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "O!nUO", &LinesType, &lines, &most, &mark, &make))
        return NULL;
    most = most > lines->count ? lines->count : most < 0 ? 0 : most;
    Py_ssize_t *chosen = PyMem_Malloc((most + 1) * sizeof(Py_ssize_t));
    if (chosen == NULL)
        return PyErr_NoMemory();
    Py_ssize_t count = weightiest(lines, most, chosen);
    found = PyTuple_New(count);
    for (Py_ssize_t n = 0; found != NULL && n < count; n++) {
        PyObject *made = contribution(lines, chosen[n], mark, make);
        if (made == NULL)
            Py_CLEAR(found);
        else
            PyTuple_SET_ITEM(found, n, made);
    }
    PyMem_Free(chosen);
    return found;
}

#endif
