/* In which sentences an expression holds (monitor/domain/masks.py, which says what is meant), a part of _places.c.
 *
 * What tells it is called as its twin is, with a reading, and gives a whole number. One asks another without making any:
 * sentences are bits, 64 to a word, of as many words as the masks of the article have. A part may be any function of
 * Python's that does the same.
 */
#ifndef VEILLE_MASKS_H
#define VEILLE_MASKS_H

enum Telling { OF_TERM, OF_KEPT, OF_FIELD, OF_ALL, OF_ANY };

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    enum Telling kind;
    int32_t number;  /* of a group, or under which it is kept */
    PyObject *unit;  /* title, lead or body */
    PyObject *parts; /* a tuple */
} Masked;

static PyTypeObject MaskedType;

/* An article whose sentences are told; what operations look into is opened once one is asked. */
typedef struct {
    PyObject *reading;
    Masks *masks;
    Article article;
    int is_open;
} Told;

static void
close_told(Told *in)
{
    if (in->is_open)
        close_article(&in->article);
}

static int tell(PyObject *part, Told *in, uint64_t *words);

/* ---- Each kind ------------------------------------------------------------------------------------------------- */

static int
add_sentences(const Told *in, const Places *places, uint64_t *words)
{
    static PyObject *name;
    PyObject *numbers = attribute_of(in->reading, &name, "sentence_at");
    Py_buffer sentence_at;
    if (numbers == NULL || PyObject_GetBuffer(numbers, &sentence_at, PyBUF_SIMPLE) < 0) {
        Py_XDECREF(numbers);
        return -1;
    }
    int done = check_numbers(&sentence_at);
    for (Py_ssize_t n = 0; done == 0 && n < places->count; n++)
        done = set_sentence(words, in->masks->width, &sentence_at, places->all[n].start);
    PyBuffer_Release(&sentence_at);
    Py_DECREF(numbers);
    return done;
}

/* Of an operation, the first sentence for what is true without a place. */
static int
tell_found(PyObject *part, Told *in, uint64_t *words)
{
    Places places = {0};
    if (!in->is_open) {
        in->is_open = 1; /* to be closed, whatever comes of it */
        if (open_article(in->reading, &in->article) < 0)
            return -1;
    }
    int done = run_whole(part, &in->article, &places);
    memset(words, 0, in->masks->width * sizeof(uint64_t));
    if (done > 0 && places.count > 0)
        done = add_sentences(in, &places, words);
    else if (done > 0)
        words[0] = 1;
    PyMem_Free(places.all);
    return done < 0 ? -1 : 0;
}

static int
tell_kept(const Masked *self, Told *in, uint64_t *words)
{
    const size_t size = in->masks->width * sizeof(uint64_t);
    const uint64_t *known = words_under(in->masks, self->number);
    if (known != NULL) {
        memcpy(words, known, size);
        return 0;
    }
    if (tell(PyTuple_GET_ITEM(self->parts, 0), in, words) < 0)
        return -1;
    uint64_t *kept = told_under(in->masks, self->number);
    if (kept == NULL)
        return -1;
    memcpy(kept, words, size);
    return 0;
}

static int
tell_field(const Masked *self, Told *in, uint64_t *words, uint64_t *room)
{
    static PyObject *name;
    PyObject *fields = attribute_of(in->reading, &name, "field_masks");
    PyObject *field = fields != NULL ? PyObject_GetItem(fields, self->unit) : NULL;
    int done = field != NULL ? words_from(field, room, in->masks->width) : -1;
    Py_XDECREF(fields);
    Py_XDECREF(field);
    if (done == 0)
        done = tell(PyTuple_GET_ITEM(self->parts, 0), in, words);
    for (Py_ssize_t n = 0; done == 0 && n < in->masks->width; n++)
        words[n] &= room[n];
    return done;
}

/* What the parts have in common, of which none is asked once nothing is left. */
static int
tell_all(const Masked *self, Told *in, uint64_t *words, uint64_t *room)
{
    const Py_ssize_t width = in->masks->width;
    uint64_t left = 1;
    memset(words, 0xff, width * sizeof(uint64_t));
    for (Py_ssize_t part = 0; left && part < PyTuple_GET_SIZE(self->parts); part++) {
        if (tell(PyTuple_GET_ITEM(self->parts, part), in, room) < 0)
            return -1;
        left = 0;
        for (Py_ssize_t n = 0; n < width; n++)
            left |= words[n] &= room[n];
    }
    return 0;
}

static int
tell_any(const Masked *self, Told *in, uint64_t *words, uint64_t *room)
{
    const Py_ssize_t width = in->masks->width;
    memset(words, 0, width * sizeof(uint64_t));
    for (Py_ssize_t part = 0; part < PyTuple_GET_SIZE(self->parts); part++) {
        if (tell(PyTuple_GET_ITEM(self->parts, part), in, room) < 0)
            return -1;
        for (Py_ssize_t n = 0; n < width; n++)
            words[n] |= room[n];
    }
    return 0;
}

static int
tell_masked(const Masked *self, Told *in, uint64_t *words, uint64_t *room)
{
    const size_t size = in->masks->width * sizeof(uint64_t);
    const uint64_t *known;
    switch (self->kind) {
    case OF_TERM:
        known = words_under(in->masks, self->number);
        if (known != NULL)
            memcpy(words, known, size);
        else
            memset(words, 0, size);
        return 0;
    case OF_KEPT:
        return tell_kept(self, in, words);
    case OF_FIELD:
        return tell_field(self, in, words, room);
    case OF_ALL:
        return tell_all(self, in, words, room);
    case OF_ANY:
        return tell_any(self, in, words, room);
    }
    Py_UNREACHABLE();
}

static int
tell_by_function(PyObject *part, Told *in, uint64_t *words)
{
    PyObject *mask = PyObject_CallOneArg(part, in->reading);
    int done = mask != NULL ? words_from(mask, words, in->masks->width) : -1;
    Py_XDECREF(mask);
    return done;
}

/* The sentences that a part tells; -1 with an error. */
static int
tell(PyObject *part, Told *in, uint64_t *words)
{
    enum { FEW = 4 };
    uint64_t few[FEW], *room = few;
    int done = -1;
    if (PyCFunction_Check(part) && PyCFunction_GET_FUNCTION(part) == sentences_held)
        return tell_found(PyCFunction_GET_SELF(part), in, words);
    if (!Py_IS_TYPE(part, &MaskedType))
        return tell_by_function(part, in, words);
    if (Py_EnterRecursiveCall(" in an expression") != 0)
        return -1;
    if (in->masks->width > FEW && (room = PyMem_Malloc(in->masks->width * sizeof(uint64_t))) == NULL)
        PyErr_NoMemory();
    else
        done = tell_masked((const Masked *)part, in, words, room);
    if (room != few)
        PyMem_Free(room);
    Py_LeaveRecursiveCall();
    return done;
}

/* ---- As Python sees them ----------------------------------------------------------------------------------------- */

static PyObject *
masked_call(PyObject *self, PyObject *const *args, size_t given, PyObject *names)
{
    if (PyVectorcall_NARGS(given) != 1 || (names != NULL && PyTuple_GET_SIZE(names) > 0)) {
        PyErr_SetString(PyExc_TypeError, "sentences are told of a reading");
        return NULL;
    }
    static PyObject *name;
    PyObject *masks = attribute_of(args[0], &name, "masks"), *mask = NULL;
    if (masks == NULL)
        return NULL;
    if (!Py_IS_TYPE(masks, &MasksType)) {
        PyErr_SetString(PyExc_TypeError, "what was found was not found by this library");
        Py_DECREF(masks);
        return NULL;
    }
    Told in = {.reading = args[0], .masks = (Masks *)masks};
    uint64_t *words = PyMem_Malloc(in.masks->width * sizeof(uint64_t));
    if (words == NULL)
        PyErr_NoMemory();
    else if (tell(self, &in, words) == 0)
        mask = number_of(words, in.masks->width);
    PyMem_Free(words);
    close_told(&in);
    Py_DECREF(masks);
    return mask;
}

static void
masked_dealloc(Masked *self)
{
    Py_XDECREF(self->unit);
    Py_XDECREF(self->parts);
    PyObject_Free(self);
}

static PyTypeObject MaskedType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._places.Masked",
    .tp_basicsize = sizeof(Masked),
    .tp_dealloc = (destructor)masked_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Masked, call),
    .tp_call = PyVectorcall_Call,
};

/* What tells sentences by its parts, whose reference it takes; NULL with an error where they are NULL or no parts. */
static PyObject *
masked(enum Telling kind, PyObject *parts, int32_t number, PyObject *unit)
{
    for (Py_ssize_t n = 0; parts != NULL && n < PyTuple_GET_SIZE(parts); n++)
        if (!PyCallable_Check(PyTuple_GET_ITEM(parts, n))) {
            PyErr_SetString(PyExc_TypeError, "a part is a function");
            Py_CLEAR(parts);
        }
    Masked *made = parts != NULL ? PyObject_New(Masked, &MaskedType) : NULL;
    if (made == NULL) {
        Py_XDECREF(parts);
        return NULL;
    }
    made->call = masked_call;
    made->kind = kind;
    made->number = number;
    made->unit = Py_XNewRef(unit);
    made->parts = parts;
    return (PyObject *)made;
}

static PyObject *
make_term_mask(PyObject *Py_UNUSED(module), PyObject *given)
{
    int32_t number;
    return number_from(given, &number) < 0 ? NULL : masked(OF_TERM, PyTuple_New(0), number, NULL);
}

static PyObject *
make_kept_mask(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *part;
    int32_t number;
    if (!PyArg_ParseTuple(args, "OO", &given, &part) || number_from(given, &number) < 0)
        return NULL;
    return masked(OF_KEPT, PyTuple_Pack(1, part), number, NULL);
}

static PyObject *
make_field_mask(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *unit, *part;
    if (!PyArg_ParseTuple(args, "UO", &unit, &part))
        return NULL;
    return masked(OF_FIELD, PyTuple_Pack(1, part), 0, unit);
}

/* None where a part is None, which its sentences cannot tell. */
static PyObject *
joined(enum Telling kind, PyObject *parts)
{
    if (!PyList_Check(parts)) {
        PyErr_SetString(PyExc_TypeError, "the parts are a list");
        return NULL;
    }
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(parts); n++)
        if (PyList_GET_ITEM(parts, n) == Py_None)
            Py_RETURN_NONE;
    if (PyList_GET_SIZE(parts) == 1)
        return Py_NewRef(PyList_GET_ITEM(parts, 0));
    return masked(kind, PyList_AsTuple(parts), 0, NULL);
}

static PyObject *
make_joined_by_and(PyObject *Py_UNUSED(module), PyObject *parts)
{
    return joined(OF_ALL, parts);
}

static PyObject *
make_joined_by_or(PyObject *Py_UNUSED(module), PyObject *parts)
{
    return joined(OF_ANY, parts);
}

#endif
