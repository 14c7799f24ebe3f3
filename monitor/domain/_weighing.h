/* What a weigher's model makes of an article (monitor/domain/weighing.py), a part of _places.c.
 *
 * weighing.py says what is meant; tests/unit/domain/test_weighing.py holds both to the same numbers, but for the order in
 * which they are added up.
 */
#ifndef VEILLE_WEIGHING_H
#define VEILLE_WEIGHING_H

/* The fields of the tables (weights.Tables): halves, doubles and whole numbers. */
enum {
    IDF, WEIGHTS, BIAS, ARTICLE_WEIGHTS, ARTICLE_BIAS, GRAM_RELEVANCE, MEAN, SCALE, SLOPES, FEATURES, THRESHOLDS, VALUES,
    STACK_MEAN, STACK_SCALE, STACK_WEIGHTS, TOPIC_BIAS, ROWS, NEAR_PLACES, OWNERS, CONSTANTS, TABLES
};
static const char KINDS[] = "HHdHdHdddiddddddiiid";
enum { OF_RELEVANCE, OF_GRAMS, GRAMS_SHARE, OF_STACK, THRESHOLD, ALL_CONSTANTS };
enum { DEPTH = 3, INNER = 7, NODES = 15, POOLED = 9 };
enum { NUMBER = 1 }; /* of an item (tallies.Item) */

/* What weighing.py has the same names for. */
#define ELSEWHERE 0.4
#define ELSEWHERE_IN_ARTICLE 0.5
#define RULE_WORTH 0.5
#define ARTICLE_LENGTH 3.0

/* ---- A model ---------------------------------------------------------------------------------------------------- */

typedef struct {
    Py_buffer views[TABLES];
    int held; /* views */
    Py_ssize_t count[TABLES], topics;
} Model;

static inline const double *
doubles(const Model *model, int table)
{
    return model->views[table].buf;
}

static inline const int *
wholes(const Model *model, int table)
{
    return model->views[table].buf;
}

/* A half, little-endian as in the file, without a leap: Python's own function takes twenty times as long. Of infinities,
 * which no model holds, it makes large numbers. */
static inline double
half(const Model *model, int table, Py_ssize_t n)
{
    const uint8_t *bytes = (const uint8_t *)model->views[table].buf + 2 * n;
    const uint64_t sign = bytes[1] >> 7, exponent = bytes[1] >> 2 & 31, normal = exponent > 0;
    const uint64_t scale = sign << 63 | (exponent + !normal + 998) << 52;
    const int fraction = (int)(normal << 10) | (bytes[1] & 3) << 8 | bytes[0];
    double unit;
    memcpy(&unit, &scale, sizeof(unit));
    return fraction * unit;
}

/* Whether whole numbers lie within bounds. */
static int
lie_within(const Model *model, int table, Py_ssize_t low, Py_ssize_t end)
{
    for (Py_ssize_t n = 0; n < model->count[table]; n++)
        if (wholes(model, table)[n] < low || wholes(model, table)[n] >= end)
            return 0;
    return 1;
}

/* Whether the tables fit each other, so that nothing is read beside one. */
static int
fit_each_other(Model *model)
{
    const Py_ssize_t *count = model->count, topics = count[BIAS], rules = count[ROWS], trees = count[FEATURES] / INNER;
    model->topics = topics;
    return topics > 0 && count[WEIGHTS] % topics == 0 && count[WEIGHTS] / topics >= count[IDF] &&
           count[ARTICLE_WEIGHTS] == count[WEIGHTS] && count[GRAM_RELEVANCE] == count[IDF] &&
           count[ARTICLE_BIAS] == topics && count[TOPIC_BIAS] == topics && count[SCALE] == count[MEAN] &&
           count[SLOPES] == count[MEAN] && count[FEATURES] == INNER * trees && count[THRESHOLDS] == INNER * trees &&
           count[VALUES] == NODES * trees && count[STACK_MEAN] == POOLED && count[STACK_SCALE] == POOLED &&
           count[STACK_WEIGHTS] == POOLED && count[NEAR_PLACES] == rules && count[OWNERS] == rules &&
           count[CONSTANTS] == ALL_CONSTANTS && lie_within(model, FEATURES, 0, count[MEAN]) &&
           lie_within(model, ROWS, -1, count[WEIGHTS] / topics) && lie_within(model, NEAR_PLACES, -1, count[MEAN]) &&
           lie_within(model, OWNERS, -1, topics);
}

static void
release_model(Model *model)
{
    while (model->held > 0)
        PyBuffer_Release(&model->views[--model->held]);
}

/* To be released, also after an error. */
static int
model_from(PyObject *tables, Model *model)
{
    if (expect(tables, TABLES, "tables are a tuple of twenty") < 0)
        return -1;
    for (int n = 0; n < TABLES; n++) {
        Py_buffer *view = &model->views[n];
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(tables, n), view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
            return -1;
        model->held++;
        if (view->format == NULL || view->format[0] != KINDS[n] || view->format[1] != '\0') {
            PyErr_Format(PyExc_TypeError, "table %d is not of the kind %c", n, KINDS[n]);
            return -1;
        }
        model->count[n] = view->len / view->itemsize;
    }
    if (fit_each_other(model))
        return 0;
    PyErr_SetString(PyExc_ValueError, "the tables do not fit each other");
    return -1;
}

/* ---- An article -------------------------------------------------------------------------------------------------- */

typedef struct {
    Py_ssize_t sentences;
    const uint8_t *near; /* a bit a sentence */
    uint64_t *pairs;     /* n-gram << 32 | sentence: in order, each once */
    Py_ssize_t count;    /* of these */
    int *rules;          /* that hold somewhere, in order */
    Py_ssize_t held;     /* of these */
    double *counts;      /* how much each holds in each sentence, shape (sentences, held) */
} Seen;

static inline int
is_near(const Seen *seen, Py_ssize_t sentence)
{
    return seen->near[sentence >> 3] >> (sentence & 7) & 1;
}

/* What stands in a sentence counts for relevance, or for a topic's view of the whole article. */
static inline double
worth(const Seen *seen, Py_ssize_t sentence, double elsewhere)
{
    return sentence == 0 || is_near(seen, sentence) ? 1.0 : elsewhere;
}

static inline Py_ssize_t
gram_in(uint64_t pair)
{
    return (Py_ssize_t)(pair >> 32);
}

static inline Py_ssize_t
sentence_in(uint64_t pair)
{
    return (Py_ssize_t)(pair & 0xFFFFFFFF);
}

static int
by_number(const void *one, const void *other)
{
    const uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* The pairs of what an automaton found: (start, end, n-gram) each; `at` tells the sentence of each start. */
static int
see_grams(PyObject *hits, const Py_buffer *at, Py_ssize_t grams, Seen *seen)
{
    Py_ssize_t count = PyList_GET_SIZE(hits);
    seen->pairs = PyMem_Calloc(count + 1, sizeof(uint64_t));
    if (seen->pairs == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < count; n++) {
        PyObject *hit = PyList_GET_ITEM(hits, n);
        Py_ssize_t start, gram;
        if (expect(hit, 3, "a hit is a tuple of three") < 0 || size_from(PyTuple_GET_ITEM(hit, 0), &start) < 0 ||
            size_from(PyTuple_GET_ITEM(hit, 2), &gram) < 0)
            return -1;
        Py_ssize_t sentence = -1;
        if (start >= 0 && start < at->len / at->itemsize)
            sentence = at->itemsize == 1 ? ((const uint8_t *)at->buf)[start] : ((const unsigned int *)at->buf)[start];
        if (sentence < 0 || sentence >= seen->sentences || gram < 0 || gram >= grams) {
            PyErr_SetString(PyExc_IndexError, "a hit lies outside the text or the model");
            return -1;
        }
        seen->pairs[n] = (uint64_t)gram << 32 | (uint64_t)sentence;
    }
    qsort(seen->pairs, count, sizeof(uint64_t), by_number);
    for (Py_ssize_t n = 0; n < count; n++)
        if (n == 0 || seen->pairs[n] != seen->pairs[n - 1])
            seen->pairs[seen->count++] = seen->pairs[n];
    return 0;
}

/* Adds the sentences of a mask to one column of the counts. */
static int
count_mask(PyObject *mask, const Seen *seen, Py_ssize_t column)
{
    Py_ssize_t size = seen->sentences / 8 + 1;
    PyObject *bits = PyObject_CallMethod(mask, "to_bytes", "ns", size, "little");
    if (bits == NULL || !PyBytes_Check(bits) || PyBytes_GET_SIZE(bits) != size) {
        Py_XDECREF(bits);
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "a mask is a whole number");
        return -1;
    }
    const uint8_t *set = (const uint8_t *)PyBytes_AS_STRING(bits);
    for (Py_ssize_t n = 0; n < seen->sentences; n++)
        seen->counts[n * seen->held + column] += set[n >> 3] >> (n & 7) & 1;
    Py_DECREF(bits);
    return 0;
}

/* The number of the rule that one of what is counted is of. */
static int
rule_from(PyObject *one, Py_ssize_t rules, Py_ssize_t *rule)
{
    if (expect(one, 2, "an item comes with its sentences") < 0 ||
        expect(PyTuple_GET_ITEM(one, 0), ITEM_FIELDS, "an item is a tuple") < 0 ||
        size_from(PyTuple_GET_ITEM(PyTuple_GET_ITEM(one, 0), NUMBER), rule) < 0)
        return -1;
    if (*rule >= 0 && *rule < rules)
        return 0;
    PyErr_SetString(PyExc_IndexError, "the model has no such rule");
    return -1;
}

/* What rules hold, and how often in each sentence, as the root of at most 2; nothing of those that the model has not
 * seen. `counted` is nobody else's. */
static int
see_rules(PyObject *counted, const Model *model, Seen *seen)
{
    Py_ssize_t rules = model->count[ROWS], rule;
    int *place = PyMem_Calloc(rules + 1, sizeof(int)), done = -1;
    seen->rules = PyMem_Calloc(rules + 1, sizeof(int));
    if (place == NULL || seen->rules == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(counted); n++) {
        if (rule_from(PyTuple_GET_ITEM(counted, n), rules, &rule) < 0)
            goto end;
        place[rule] = 1;
    }
    for (rule = 0; rule < rules; rule++)
        if (place[rule]) {
            place[rule] = (int)seen->held;
            seen->rules[seen->held++] = (int)rule;
        }
    seen->counts = PyMem_Calloc(seen->sentences * seen->held + 1, sizeof(double));
    if (seen->counts == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(counted); n++) {
        PyObject *one = PyTuple_GET_ITEM(counted, n);
        if (rule_from(one, rules, &rule) < 0 || count_mask(PyTuple_GET_ITEM(one, 1), seen, place[rule]) < 0)
            goto end;
    }
    for (Py_ssize_t n = 0; n < seen->sentences * seen->held; n++) {
        double *count = &seen->counts[n];
        *count = wholes(model, ROWS)[seen->rules[n % seen->held]] < 0 ? 0.0 : sqrt(*count < 2 ? *count : 2);
    }
    done = 0;
end:
    PyMem_Free(place);
    return done;
}

static void
forget(Seen *seen)
{
    PyMem_Free(seen->pairs);
    PyMem_Free(seen->rules);
    PyMem_Free(seen->counts);
}

/* ---- Relevance ------------------------------------------------------------------------------------------------------ */

/* The numbers of relevance: those given, and how much each rule holds near the anchor. */
static int
numbers_from(PyObject *given, const Model *model, const Seen *seen, double *row)
{
    if (PyList_GET_SIZE(given) > model->count[MEAN]) {
        PyErr_SetString(PyExc_ValueError, "more numbers than the model has");
        return -1;
    }
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(given); n++)
        if (double_from(PyList_GET_ITEM(given, n), &row[n]) < 0)
            return -1;
    for (Py_ssize_t n = 0; n < seen->held; n++) {
        int place = wholes(model, NEAR_PLACES)[seen->rules[n]];
        double sum = 0.0;
        for (Py_ssize_t sentence = 0; sentence < seen->sentences; sentence++) {
            double count = seen->counts[sentence * seen->held + n];
            if (is_near(seen, sentence))
                sum += count * count;
        }
        if (place >= 0)
            row[place] = log1p(sum);
    }
    return 0;
}

/* Adds what each number adds to the logit: by its slope, and by the steps that it made on the way down each tree. */
static void
add_parts(const Model *model, const double *row, double *parts)
{
    const double *thresholds = doubles(model, THRESHOLDS), *values = doubles(model, VALUES);
    const int *features = wholes(model, FEATURES);
    for (Py_ssize_t tree = 0; tree < model->count[FEATURES] / INNER; tree++, features += INNER, thresholds += INNER)
        for (int level = 0, node = 0, next; level < DEPTH; level++, node = next) {
            int feature = features[node];
            next = 2 * node + 1 + (row[feature] > thresholds[node]);
            parts[feature] += values[NODES * tree + next] - values[NODES * tree + node];
        }
    for (Py_ssize_t n = 0; n < model->count[MEAN]; n++)
        parts[n] += (row[n] - doubles(model, MEAN)[n]) / doubles(model, SCALE)[n] * doubles(model, SLOPES)[n];
}

/* What the n-grams say of relevance. */
static double
said_of_relevance(const Model *model, const Seen *seen)
{
    const double *constants = doubles(model, CONSTANTS);
    double product = 0.0, squares = 0.0;
    for (Py_ssize_t n = 0; n < seen->count;) {
        Py_ssize_t gram = gram_in(seen->pairs[n]);
        double mass = 0.0;
        for (; n < seen->count && gram_in(seen->pairs[n]) == gram; n++)
            mass += worth(seen, sentence_in(seen->pairs[n]), ELSEWHERE);
        double value = log1p(mass) * half(model, IDF, gram);
        squares += value * value;
        product += value * half(model, GRAM_RELEVANCE, gram);
    }
    double length = squares > 0 ? sqrt(squares) : 1.0;
    return (product / length + constants[OF_GRAMS]) * constants[GRAMS_SHARE];
}

/* ---- Topics --------------------------------------------------------------------------------------------------------- */

static void
add_row(const Model *model, int table, Py_ssize_t row, double value, double *restrict sums)
{
    for (Py_ssize_t topic = 0; topic < model->topics; topic++)
        sums[topic] += value * half(model, table, row * model->topics + topic);
}

/* The logit of each topic in each sentence, and in the article as a whole; `lengths` has room for the sentences. */
static void
add_scores(const Model *model, const Seen *seen, double *scores, double *whole, double *lengths)
{
    Py_ssize_t topics = model->topics;
    double squares = 0.0;
    for (Py_ssize_t n = 0; n < seen->count; n++) {
        double rarity = half(model, IDF, gram_in(seen->pairs[n]));
        lengths[sentence_in(seen->pairs[n])] += rarity * rarity;
    }
    for (Py_ssize_t n = 0; n < seen->sentences; n++) {
        lengths[n] = sqrt(lengths[n]) > 1e-9 ? sqrt(lengths[n]) : 1e-9;
        memcpy(&scores[n * topics], doubles(model, BIAS), topics * sizeof(double));
    }
    for (Py_ssize_t n = 0; n < seen->count;) {
        Py_ssize_t gram = gram_in(seen->pairs[n]);
        double rarity = half(model, IDF, gram), mass = 0.0;
        for (; n < seen->count && gram_in(seen->pairs[n]) == gram; n++) {
            Py_ssize_t sentence = sentence_in(seen->pairs[n]);
            double value = rarity / lengths[sentence];
            add_row(model, WEIGHTS, gram, value, &scores[sentence * topics]);
            mass += worth(seen, sentence, ELSEWHERE_IN_ARTICLE) * value;
        }
        squares += mass;
        add_row(model, ARTICLE_WEIGHTS, gram, sqrt(mass), whole);
    }
    for (Py_ssize_t n = 0; n < seen->held; n++) {
        int row = wholes(model, ROWS)[seen->rules[n]];
        double mass = 0.0;
        for (Py_ssize_t sentence = 0; row >= 0 && sentence < seen->sentences; sentence++) {
            double count = seen->counts[sentence * seen->held + n];
            if (count > 0)
                add_row(model, WEIGHTS, row, count, &scores[sentence * topics]);
            mass += worth(seen, sentence, ELSEWHERE_IN_ARTICLE) * count * RULE_WORTH;
        }
        squares += mass;
        if (mass > 0)
            add_row(model, ARTICLE_WEIGHTS, row, sqrt(mass), whole);
    }
    double length = squares > 0 ? sqrt(squares) : 1.0;
    for (Py_ssize_t topic = 0; topic < topics; topic++)
        whole[topic] = whole[topic] * (ARTICLE_LENGTH / length) + doubles(model, ARTICLE_BIAS)[topic];
}

/* How much a topic's own rules hold: at most 4 of a sentence. */
static double
own_rules(const Model *model, const Seen *seen, Py_ssize_t topic)
{
    double sum = 0.0;
    for (Py_ssize_t sentence = 0; sentence < seen->sentences; sentence++) {
        double here = 0.0;
        for (Py_ssize_t n = 0; n < seen->held; n++) {
            double count = seen->counts[sentence * seen->held + n];
            if (wholes(model, OWNERS)[seen->rules[n]] == topic)
                here += count * count;
        }
        sum += here < 4 ? here : 4;
    }
    return sum;
}

/* The pooled numbers of one topic, and the sentence that speaks for it most, the first of equals. */
static Py_ssize_t
pool(const Model *model, const Seen *seen, Py_ssize_t topic, const double *scores, double whole, double *pooled)
{
    double best = -INFINITY, second = -INFINITY, third = -INFINITY, close = -INFINITY, never = 0.0;
    Py_ssize_t at = 0;
    for (Py_ssize_t sentence = 0; sentence < seen->sentences; sentence++) {
        double score = scores[sentence * model->topics + topic], chance = 1 / (1 + exp(-score));
        if (score > best) {
            third = second, second = best, best = score;
            at = sentence;
        } else if (score > second) {
            third = second, second = score;
        } else if (score > third) {
            third = score;
        }
        if (is_near(seen, sentence) && score > close)
            close = score;
        never -= log1p(-(chance < 0.999 ? chance : 0.999));
    }
    never = never < 1e-3 ? 1e-3 : never > 20 ? 20 : never;
    pooled[0] = best;
    pooled[1] = seen->sentences > 1 ? second : best - 1;
    pooled[2] = seen->sentences > 2 ? third : pooled[1] - 0.5;
    pooled[3] = close > -INFINITY ? close : best - 2;
    pooled[4] = scores[topic];
    pooled[5] = log(expm1(never));
    pooled[6] = log1p(own_rules(model, seen, topic));
    pooled[7] = log((double)seen->sentences);
    pooled[8] = whole;
    return at;
}

/* The logit of an article being relevant and a topic its own, of the logits of each. */
static double
joint(double relevance, double topic)
{
    double chance = 1 / (1 + exp(-relevance)) / (1 + exp(-topic));
    chance = chance < 1e-9 ? 1e-9 : chance > 1 - 1e-9 ? 1 - 1e-9 : chance;
    return log(chance) - log1p(-chance);
}

/* Appends a new reference, which it takes over. */
static int
append_new(PyObject *list, PyObject *made)
{
    int done = made != NULL ? PyList_Append(list, made) : -1;
    Py_XDECREF(made);
    return done;
}

static PyObject *
list_of(const double *numbers, Py_ssize_t count)
{
    PyObject *list = PyList_New(0);
    for (Py_ssize_t n = 0; list != NULL && n < count; n++)
        if (append_new(list, PyFloat_FromDouble(numbers[n])) < 0)
            Py_CLEAR(list);
    return list;
}

/* Appends what there is to say of one topic to three lists. */
static int
append_topic(const Model *model, double logit, Py_ssize_t topic, Py_ssize_t at, const double *pooled, PyObject *lists[3])
{
    double parts[POOLED + 1], own = doubles(model, CONSTANTS)[OF_STACK] + doubles(model, TOPIC_BIAS)[topic];
    for (int n = 0; n < POOLED; n++) {
        parts[n] = (pooled[n] - doubles(model, STACK_MEAN)[n]) / doubles(model, STACK_SCALE)[n];
        parts[n] *= doubles(model, STACK_WEIGHTS)[n];
        own += parts[n];
    }
    double both = joint(logit, own);
    parts[POOLED] = both - own;
    if (append_new(lists[0], PyLong_FromSsize_t(at)) < 0 || append_new(lists[1], list_of(parts, POOLED + 1)) < 0)
        return -1;
    return append_new(lists[2], PyFloat_FromDouble(both - doubles(model, CONSTANTS)[THRESHOLD]));
}

/* Of each topic the sentence that speaks for it most, what each pooled number adds, and its logit. */
static PyObject *
topics_of(const Model *model, const Seen *seen, double logit)
{
    Py_ssize_t topics = model->topics;
    double *scores = PyMem_Calloc(topics * (seen->sentences + 1) + seen->sentences, sizeof(double)), pooled[POOLED];
    PyObject *lists[3] = {PyList_New(0), PyList_New(0), PyList_New(0)}, *found = NULL;
    if (scores == NULL)
        PyErr_NoMemory();
    int done = scores != NULL && lists[0] != NULL && lists[1] != NULL && lists[2] != NULL ? 0 : -1;
    if (done == 0) {
        double *whole = &scores[topics * seen->sentences];
        add_scores(model, seen, scores, whole, whole + topics);
        for (Py_ssize_t topic = 0; done == 0 && topic < topics; topic++) {
            Py_ssize_t at = pool(model, seen, topic, scores, whole[topic], pooled);
            done = append_topic(model, logit, topic, at, pooled, lists);
        }
    }
    if (done == 0)
        found = PyTuple_Pack(3, lists[0], lists[1], lists[2]);
    PyMem_Free(scores);
    for (int n = 0; n < 3; n++)
        Py_XDECREF(lists[n]);
    return found;
}

/* ---- Both ----------------------------------------------------------------------------------------------------------- */

/* What there is to say of relevance, and of the topics where the article is relevant. */
static PyObject *
weighed_of(const Model *model, const Seen *seen, PyObject *numbers)
{
    Py_ssize_t count = model->count[MEAN];
    double *row = PyMem_Calloc(2 * count + 1, sizeof(double)), *parts = row + count;
    PyObject *found = NULL;
    if (row == NULL)
        return PyErr_NoMemory();
    if (numbers_from(numbers, model, seen, row) == 0) {
        add_parts(model, row, parts);
        double said = said_of_relevance(model, seen), logit = doubles(model, CONSTANTS)[OF_RELEVANCE] + said;
        for (Py_ssize_t n = 0; n < count; n++)
            logit += parts[n];
        PyObject *topics = logit > 0 ? topics_of(model, seen, logit) : Py_NewRef(Py_None);
        PyObject *list = topics != NULL ? list_of(parts, count) : NULL;
        if (list != NULL)
            found = Py_BuildValue("dOdO", logit, list, said, topics);
        Py_XDECREF(topics);
        Py_XDECREF(list);
    }
    PyMem_Free(row);
    return found;
}

static PyObject *
places_weighed(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *tables, *hits, *given, *numbers, *found = NULL;
    Py_buffer at, near;
    Model model = {.held = 0};
    Seen seen = {0};
    if (!PyArg_ParseTuple(args, "OO!y*ny*OO!", &tables, &PyList_Type, &hits, &at, &seen.sentences, &near, &given,
                          &PyList_Type, &numbers))
        return NULL;
    PyObject *counted = PySequence_Tuple(given); /* whatever is done to a list meanwhile */
    seen.near = near.buf;
    if (seen.sentences < 1 || near.len < seen.sentences / 8 + 1 || (at.itemsize != 1 && at.itemsize != sizeof(int)))
        PyErr_SetString(PyExc_ValueError, "no sentences, or not as they are told");
    else if (counted != NULL && model_from(tables, &model) == 0 &&
             see_grams(hits, &at, model.count[IDF], &seen) == 0 && see_rules(counted, &model, &seen) == 0)
        found = weighed_of(&model, &seen, numbers);
    forget(&seen);
    release_model(&model);
    Py_XDECREF(counted);
    PyBuffer_Release(&at);
    PyBuffer_Release(&near);
    return found;
}

#endif
