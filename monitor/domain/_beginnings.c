/* Words, and beginnings of words, in a text with its tags (monitor/domain/beginnings.py), for interpreters that can have it
 * compiled.
 *
 * Its twin in beginnings.py says what is meant; tests/unit/domain/test_beginnings.py holds both to the same answers. Four
 * bytes at a time are asked whether a piece may begin there, by masks and without leaps: what comes next in a page cannot
 * be foreseen, and most of it is left.
 */
#include "_frames.h"

enum { BREAK = 1, CONTROL = 2, BLANK = ' ' }; /* as marks */
enum { NO_PIECE = -1 };
enum { LOOK = 4, WAYS = 31 }; /* bytes of one look: what parts words, and three of a piece */

typedef struct {
    int32_t open, closed, broken; /* numbers of pieces that end here: at once, before a blank, before a break */
} Ends;

typedef struct {
    PyObject_HEAD
    unsigned char marks[256];
    unsigned char columns[256]; /* of bytes whose mark stands in a piece: its column, from 1 */
    uint64_t masks[LOOK][256];  /* by place and byte, in which ways a piece may stand there: see `fill_masks` */
    int width;
    Py_ssize_t count, room;
    uint32_t *next; /* a row a node, a column a mark; 0 for none */
    Ends *ends;     /* of each node; the first is where words begin */
} Beginnings;

/* ---- Making ------------------------------------------------------------------------------------------------- */

static int
add_node(Beginnings *self)
{
    if (self->count == self->room) {
        Py_ssize_t room = 2 * self->room + 64;
        if (room > PY_SSIZE_T_MAX / 1024 || room > UINT32_MAX) {
            PyErr_SetString(PyExc_OverflowError, "too many pieces");
            return -1;
        }
        uint32_t *next = PyMem_Realloc(self->next, room * self->width * sizeof(uint32_t));
        if (next != NULL)
            self->next = next;
        Ends *ends = next != NULL ? PyMem_Realloc(self->ends, room * sizeof(Ends)) : NULL;
        if (ends == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        self->ends = ends;
        self->room = room;
    }
    memset(self->next + self->count * self->width, 0, self->width * sizeof(uint32_t));
    self->ends[self->count++] = (Ends){NO_PIECE, NO_PIECE, NO_PIECE};
    return 0;
}

/* The node of the first `length` bytes of a piece, made where there is none; -1 with an error. */
static Py_ssize_t
node_of(Beginnings *self, const unsigned char *piece, Py_ssize_t length, const unsigned char *column_of)
{
    Py_ssize_t node = 0;
    for (Py_ssize_t n = 0; n < length; n++) {
        Py_ssize_t cell = node * self->width + column_of[piece[n]];
        if (self->next[cell] == 0) {
            if (add_node(self) < 0)
                return -1;
            self->next[cell] = (uint32_t)(self->count - 1);
        }
        node = self->next[cell];
    }
    return node;
}

static int
add_piece(Beginnings *self, PyObject *piece, int broken, int32_t number, const unsigned char *column_of)
{
    const unsigned char *bytes = (const unsigned char *)PyBytes_AS_STRING(piece);
    Py_ssize_t length = PyBytes_GET_SIZE(piece);
    int closed = !broken && bytes[length - 1] == BLANK;
    if (length == closed) {
        PyErr_SetString(PyExc_ValueError, "a piece without a letter");
        return -1;
    }
    Py_ssize_t node = node_of(self, bytes, length - closed, column_of);
    if (node < 0)
        return -1;
    Ends *ends = &self->ends[node];
    int32_t *end = broken ? &ends->broken : closed ? &ends->closed : &ends->open;
    if (*end != NO_PIECE) {
        PyErr_SetString(PyExc_ValueError, "two pieces are spelt alike");
        return -1;
    }
    *end = number;
    return 0;
}

/* Gives each mark that stands in a piece a column. */
static int
number_columns(PyObject *pieces, unsigned char *column_of, int *width)
{
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(pieces); n++) {
        PyObject *piece = PyList_GET_ITEM(pieces, n);
        if (!PyBytes_Check(piece) || PyBytes_GET_SIZE(piece) == 0) {
            PyErr_SetString(PyBytes_Check(piece) ? PyExc_ValueError : PyExc_TypeError, "a piece is some bytes");
            return -1;
        }
        const unsigned char *bytes = (const unsigned char *)PyBytes_AS_STRING(piece);
        for (Py_ssize_t at = 0; at < PyBytes_GET_SIZE(piece); at++) {
            if (bytes[at] == BREAK || bytes[at] == CONTROL || *width > 255) {
                PyErr_SetString(PyExc_ValueError, "a break or a control in a piece, or too many marks");
                return -1;
            }
            if (column_of[bytes[at]] == 0)
                column_of[bytes[at]] = (unsigned char)(*width)++;
        }
    }
    return 0;
}

static const uint64_t OTHER_WAYS = UINT64_C(3) << (2 * WAYS); /* controls, and what may begin behind an escape */

/* What JSON writes after a backslash for a line's end and such. */
static inline int
is_escape(unsigned char mark)
{
    return mark == 'n' || mark == 'r' || mark == 't' || mark == 'b' || mark == 'f';
}

static inline int
may_end(const Ends *ends, unsigned char mark)
{
    return ends->open != NO_PIECE || (ends->closed != NO_PIECE && (mark == BLANK || mark == BREAK)) ||
           (ends->broken != NO_PIECE && mark == BREAK);
}

/* Whether one of the nodes behind `node` goes on with, or ends before, a byte. */
static int
may_be_third(const Beginnings *self, uint32_t node, int byte)
{
    for (int column = 1; column < self->width; column++) {
        uint32_t second = self->next[(size_t)node * self->width + column];
        if (second != 0 && (may_end(&self->ends[second], self->marks[byte]) ||
                            self->next[(size_t)second * self->width + self->columns[byte]] != 0))
            return 1;
    }
    return 0;
}

/* A way for each first mark of a piece (some share one): one where a second and a third follow, one where it ends there. */
static void
fill_masks(Beginnings *self)
{
    const uint64_t ends = ((UINT64_C(1) << WAYS) - 1) << WAYS;
    memset(self->masks, 0, sizeof self->masks);
    for (int byte = 0; byte < 256; byte++) {
        unsigned char mark = self->marks[byte];
        int parts = mark == BLANK || mark == BREAK || mark == CONTROL;
        self->masks[0][byte] = parts ? ~OTHER_WAYS : 0;
        if (mark == BREAK)
            self->masks[0][byte] |= UINT64_C(1) << (2 * WAYS);
        if (mark == CONTROL)
            self->masks[0][byte] |= UINT64_C(2) << (2 * WAYS);
        self->masks[1][byte] = UINT64_C(2) << (2 * WAYS);
        if (is_escape(mark))
            self->masks[1][byte] |= UINT64_C(1) << (2 * WAYS);
        self->masks[2][byte] = OTHER_WAYS;
        self->masks[3][byte] = OTHER_WAYS | ends;
    }
    for (int column = 1; column < self->width; column++) {
        uint32_t first = self->next[column];
        if (first == 0)
            continue;
        uint64_t goes_on = UINT64_C(1) << (column % WAYS), ends_here = goes_on << WAYS;
        for (int byte = 0; byte < 256; byte++) {
            if (self->columns[byte] == column)
                self->masks[1][byte] |= goes_on | ends_here;
            if (self->next[(size_t)first * self->width + self->columns[byte]] != 0)
                self->masks[2][byte] |= goes_on;
            if (may_end(&self->ends[first], self->marks[byte]))
                self->masks[2][byte] |= ends_here;
            if (may_be_third(self, first, byte))
                self->masks[3][byte] |= goes_on;
        }
    }
}

static int
fill(Beginnings *self, PyObject *whole, PyObject *broken, const unsigned char *marks)
{
    unsigned char column_of[256] = {0};
    self->width = 1;
    if (PyList_GET_SIZE(whole) > INT32_MAX / 2 || PyList_GET_SIZE(broken) > INT32_MAX / 2) {
        PyErr_SetString(PyExc_OverflowError, "too many pieces");
        return -1;
    }
    if (number_columns(whole, column_of, &self->width) < 0 || number_columns(broken, column_of, &self->width) < 0)
        return -1;
    for (int byte = 0; byte < 256; byte++) {
        self->marks[byte] = marks[byte];
        self->columns[byte] = column_of[marks[byte]];
    }
    if (add_node(self) < 0)
        return -1;
    Py_ssize_t first = PyList_GET_SIZE(whole);
    for (Py_ssize_t n = 0; n < first; n++)
        if (add_piece(self, PyList_GET_ITEM(whole, n), 0, (int32_t)n, column_of) < 0)
            return -1;
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(broken); n++)
        if (add_piece(self, PyList_GET_ITEM(broken, n), 1, (int32_t)(first + n), column_of) < 0)
            return -1;
    fill_masks(self);
    return 0;
}

static void
beginnings_dealloc(Beginnings *self)
{
    PyMem_Free(self->next);
    PyMem_Free(self->ends);
    PyObject_Free(self);
}

static PyObject *
beginnings_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(names))
{
    PyObject *whole, *broken, *marks;
    if (!PyArg_ParseTuple(args, "O!O!O!", &PyList_Type, &whole, &PyList_Type, &broken, &PyBytes_Type, &marks))
        return NULL;
    if (PyBytes_GET_SIZE(marks) != 256) {
        PyErr_SetString(PyExc_ValueError, "a mark for each byte");
        return NULL;
    }
    Beginnings *self = PyObject_New(Beginnings, type);
    if (self == NULL)
        return NULL;
    self->next = NULL;
    self->ends = NULL;
    self->count = self->room = 0;
    if (fill(self, whole, broken, (const unsigned char *)PyBytes_AS_STRING(marks)) < 0)
        Py_CLEAR(self);
    return (PyObject *)self;
}

/* ---- Tags --------------------------------------------------------------------------------------------------- */

typedef struct {
    const unsigned char *bytes;
    Py_ssize_t length;
} Text;

/* The byte at an offset; 0, which no tag has, behind the end. */
static inline unsigned char
at(const Text *text, Py_ssize_t offset)
{
    return offset < text->length ? text->bytes[offset] : 0;
}

static inline int
is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline int
is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static inline int
is_white(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline int
is_of_markup(unsigned char c)
{
    return c == '<' || c == '>' || c == '"' || c == '\'';
}

/* Whether the `<` at an offset begins a tag: not what a script compares. */
static int
begins_tag(const Text *text, Py_ssize_t offset)
{
    unsigned char c = at(text, ++offset);
    if (c == '!' || c == '?' || c == '/')
        return 1;
    if (!is_letter(c))
        return 0;
    while (is_letter(c) || is_digit(c) || c == ':' || c == '-')
        c = at(text, ++offset);
    if (is_white(c) || c == 0x85 || c == 0xa0 || c == '/' || is_of_markup(c))
        return 1;
    while (offset < text->length && !is_of_markup(text->bytes[offset]))
        offset++;
    return at(text, offset) == '>';
}

enum { LONGEST = 7 };
static const char *const INLINE[] = {"a", "b", "em", "span", "strong", "time", NULL};
static const char *const PARTING[] = {"article", "div", "li", "p", "td", "ul", NULL};

static int
is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

/* Whether the `<` at an offset parts words for certain: a block's tag, after what closes inline. */
static int
parts_words(const Text *text, Py_ssize_t offset)
{
    while (at(text, offset) == '<') {
        int closes = at(text, offset + 1) == '/', length = 0;
        char name[LONGEST + 1] = "";
        unsigned char c;
        for (offset += 1 + closes; c = at(text, offset), is_letter(c) || is_digit(c); offset++) {
            if (length == LONGEST)
                return 0;
            name[length++] = (char)(is_letter(c) ? c | 0x20 : c);
        }
        name[length] = 0;
        if ((is_white(c) || c == '>') && ((length == 2 && name[0] == 'h' && is_digit(name[1])) || is_one_of(name, PARTING)))
            return 1;
        if (!closes || c != '>' || !is_one_of(name, INLINE))
            return 0;
        offset++;
    }
    return 0;
}

static int
may_vanish(const Text *text, Py_ssize_t offset)
{
    return text->bytes[offset] != '<' || (begins_tag(text, offset) && !parts_words(text, offset));
}

/* ---- Looking ------------------------------------------------------------------------------------------------ */

static int
append_hit(PyObject *hits, Py_ssize_t offset, int32_t number)
{
    PyObject *hit = Py_BuildValue("ni", offset, (int)number);
    int done = hit != NULL ? PyList_Append(hits, hit) : -1;
    Py_XDECREF(hit);
    return done;
}

/* Appends the pieces that begin at an offset. */
static int
append_from(const Beginnings *self, const Text *text, Py_ssize_t offset, PyObject *hits)
{
    uint32_t node = 0;
    while (offset < text->length && (node = self->next[(size_t)node * self->width + self->columns[text->bytes[offset]]]) != 0) {
        const Ends *ends = &self->ends[node];
        if (ends->open != NO_PIECE && append_hit(hits, offset, ends->open) < 0)
            return -1;
        unsigned char mark = ++offset < text->length ? self->marks[text->bytes[offset]] : BLANK;
        if (mark != BLANK && mark != BREAK)
            continue;
        if (ends->closed != NO_PIECE && append_hit(hits, offset, ends->closed) < 0)
            return -1;
        if (mark == BREAK && ends->broken != NO_PIECE && may_vanish(text, offset) &&
            append_hit(hits, offset, ends->broken) < 0)
            return -1;
    }
    return 0;
}

/* What begins behind the byte at an offset, -1 for what is before the text; 1 for a control. */
static int
append_behind(const Beginnings *self, const Text *text, Py_ssize_t offset, PyObject *hits)
{
    unsigned char mark = offset < 0 ? BLANK : self->marks[text->bytes[offset]];
    if (mark == CONTROL)
        return 1;
    if (mark != BLANK && mark != BREAK)
        return 0;
    if (append_from(self, text, offset + 1, hits) < 0)
        return -1;
    int escapes = mark == BREAK && offset + 1 < text->length && is_escape(self->marks[text->bytes[offset + 1]]);
    return escapes ? append_from(self, text, offset + 2, hits) : 0;
}

/* The next offset, from one on, behind which a piece may begin, or where a control stands; the last few always are. */
static Py_ssize_t
look(const Beginnings *self, const Text *text, Py_ssize_t offset)
{
    if (offset + LOOK > text->length)
        return offset;
    const unsigned char *bytes = text->bytes;
    /* what may have begun three, two and one bytes before the next */
    uint64_t third = self->masks[0][bytes[offset]] & self->masks[1][bytes[offset + 1]] & self->masks[2][bytes[offset + 2]];
    uint64_t second = self->masks[0][bytes[offset + 1]] & self->masks[1][bytes[offset + 2]];
    uint64_t first = self->masks[0][bytes[offset + 2]];
    for (Py_ssize_t last = text->length - LOOK; offset <= last; offset++) {
        unsigned char byte = bytes[offset + 3];
        if ((third & self->masks[3][byte]) != 0)
            break;
        third = second & self->masks[2][byte];
        second = first & self->masks[1][byte];
        first = self->masks[0][byte];
    }
    return offset;
}

static PyObject *
beginnings_found(Beginnings *self, PyObject *given)
{
    if (!PyBytes_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "a text is bytes here");
        return NULL;
    }
    const Text text = {(const unsigned char *)PyBytes_AS_STRING(given), PyBytes_GET_SIZE(given)};
    PyObject *hits = PyList_New(0);
    for (Py_ssize_t offset = -1; hits != NULL && offset < text.length; offset = look(self, &text, offset + 1)) {
        int control = append_behind(self, &text, offset, hits);
        if (control > 0) {
            Py_DECREF(hits);
            Py_RETURN_NONE;
        }
        if (control < 0)
            Py_CLEAR(hits);
    }
    return hits;
}

static PyMethodDef beginnings_methods[] = {
    {"found", (PyCFunction)beginnings_found, METH_O, "Where each piece ends, and its number."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject BeginningsType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._beginnings.Beginnings",
    .tp_basicsize = sizeof(Beginnings),
    .tp_dealloc = (destructor)beginnings_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = beginnings_methods,
    .tp_new = beginnings_new,
};

LIBRARY(_beginnings, "Beginnings of words, compiled.", NULL, &BeginningsType)
