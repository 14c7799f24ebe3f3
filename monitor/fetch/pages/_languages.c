/* What each language says of a text (monitor/fetch/pages/language.py), for interpreters that can have it compiled.
 *
 * Its twin is py3langid's own class, on numpy, which says what is meant; tests/unit/fetch/test_language.py holds both to
 * the same answers, but for the order in which numbers are added up. Without numpy a parsing child takes 15 MiB less.
 */
#include "../../domain/_frames.h"

/* The model's arrays, by their places: what each feature says for each class, how common each class is, where a state
 * goes with each byte, where its row of these begins, and its feature, or less than 0. */
enum { WEIGHTS, PRIORS, NEXT, BASES, FEATURES, ARRAYS };
static const char KINDS[] = "HfIIi"; /* halves are read as what they are made of */

typedef struct {
    Py_buffer views[ARRAYS];
    int held; /* views */
    Py_ssize_t count[ARRAYS], classes;
} Model;

static void
release(Model *model)
{
    while (model->held > 0)
        PyBuffer_Release(&model->views[--model->held]);
}

/* To be released, also after an error. */
static int
model_from(PyObject *arrays, Model *model)
{
    if (PyTuple_GET_SIZE(arrays) != ARRAYS) {
        PyErr_SetString(PyExc_ValueError, "a model is a tuple of five arrays");
        return -1;
    }
    for (int n = 0; n < ARRAYS; n++) {
        Py_buffer *view = &model->views[n];
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(arrays, n), view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
            return -1;
        model->held++;
        if (view->format == NULL || view->format[0] != KINDS[n] || view->format[1] != '\0') {
            PyErr_Format(PyExc_TypeError, "array %d is not of the kind %c", n, KINDS[n]);
            return -1;
        }
        model->count[n] = view->len / view->itemsize;
    }
    model->classes = model->count[PRIORS];
    if (model->classes > 0 && model->count[BASES] == model->count[FEATURES])
        return 0;
    PyErr_SetString(PyExc_ValueError, "the arrays do not fit each other");
    return -1;
}

/* Without a leap: of infinities, which no model holds, it makes large numbers. */
static inline double
half(uint16_t bits)
{
    const uint64_t sign = bits >> 15, exponent = bits >> 10 & 31, normal = exponent > 0;
    const uint64_t scale = sign << 63 | (exponent + !normal + 998) << 52;
    const int fraction = (int)(normal << 10) | (bits & 1023);
    double unit;
    memcpy(&unit, &scale, sizeof(unit));
    return fraction * unit;
}

/* The features that the automaton passes on its way through a text, at most one a byte; their count, -1 with an error. */
static Py_ssize_t
visit(const Model *model, const Py_buffer *text, int *visited)
{
    const uint32_t *next = model->views[NEXT].buf, *bases = model->views[BASES].buf;
    const int *features = model->views[FEATURES].buf;
    const Py_ssize_t most = model->count[WEIGHTS] / model->classes;
    Py_ssize_t state = 0, found = 0;
    for (Py_ssize_t n = 0; n < text->len; n++) {
        Py_ssize_t place = state < model->count[BASES] ? bases[state] + ((const uint8_t *)text->buf)[n] : -1;
        state = place >= 0 && place < model->count[NEXT] ? next[place] : model->count[FEATURES];
        if (state >= model->count[FEATURES] || features[state] >= most) {
            PyErr_SetString(PyExc_ValueError, "the arrays do not fit each other");
            return -1;
        }
        if (features[state] >= 0)
            visited[found++] = features[state];
    }
    return found;
}

static int
by_number(const void *one, const void *other)
{
    const int a = *(const int *)one, b = *(const int *)other;
    return (a > b) - (a < b);
}

/* Adds to each class what the features say for it, each by how often it was passed. */
static void
add_up(const Model *model, int *visited, Py_ssize_t count, double *scores)
{
    qsort(visited, (size_t)count, sizeof(*visited), by_number);
    for (Py_ssize_t n = 0, end; n < count; n = end) {
        for (end = n + 1; end < count && visited[end] == visited[n];)
            end++;
        const uint16_t *row = (const uint16_t *)model->views[WEIGHTS].buf + visited[n] * model->classes;
        const double times = log1pf((float)(end - n));
        for (Py_ssize_t k = 0; k < model->classes; k++)
            scores[k] += times * half(row[k]);
    }
}

static PyObject *
list_of(const double *numbers, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t n = 0; list != NULL && n < count; n++) {
        PyObject *number = PyFloat_FromDouble(numbers[n]);
        if (number == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, n, number);
    }
    return list;
}

static PyObject *
scores_of(const Model *model, const Py_buffer *text)
{
    int *visited = PyMem_Malloc((text->len + 1) * sizeof(*visited));
    double *scores = PyMem_Malloc(model->classes * sizeof(*scores));
    PyObject *made = NULL;
    if (visited == NULL || scores == NULL) {
        PyErr_NoMemory();
    } else {
        Py_ssize_t found = visit(model, text, visited);
        for (Py_ssize_t k = 0; k < model->classes; k++)
            scores[k] = ((const float *)model->views[PRIORS].buf)[k];
        if (found > 0)
            add_up(model, visited, found, scores);
        made = found > 0 ? list_of(scores, model->classes) : found == 0 ? PyList_New(0) : NULL;
    }
    PyMem_Free(scores);
    PyMem_Free(visited);
    return made;
}

static PyObject *
languages_scores(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *arrays, *made = NULL;
    Py_buffer text;
    Model model = {.held = 0};
    if (!PyArg_ParseTuple(args, "y*O!", &text, &PyTuple_Type, &arrays))
        return NULL;
    if (model_from(arrays, &model) == 0)
        made = scores_of(&model, &text);
    release(&model);
    PyBuffer_Release(&text);
    return made;
}

static PyMethodDef functions[] = {
    {"scores", languages_scores, METH_VARARGS, "What a text (UTF-8) says for each class; empty if it says nothing."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_languages, "What each language says of a text, compiled.", functions, NULL)
