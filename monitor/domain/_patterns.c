/* Where byte patterns stand (monitor/domain/patterns.py), for interpreters that can have it compiled.
 *
 * Its twin in patterns.py says what is meant; tests/unit/domain/test_patterns.py holds both to the same answers.
 *
 * Nearly all patterns are words between two spaces. These are a tree whose ways are eight letters long, or what is left
 * of a word. Most words of a text begin no pattern, and are passed by a bit for their first letters, with no leap that
 * hangs on them: what comes next in a text cannot be foreseen. The other patterns are a tree of bytes. No hit is a
 * Python object.
 */
#include "_frames.h"
#include "_blocks.h"

/* The way from one node to another, by letters of a word or by a byte. */
typedef struct {
    uint64_t letters;
    uint32_t from, to; /* `to` is 0 where nothing is kept */
} Way;

typedef struct {
    int32_t pattern; /* that ends there, of words behind the space that follows; -1 for none */
    uint32_t leads;  /* a bit for each hash of the letters of the ways that go on from here: most words lead on nowhere, */
} Node;              /* which is told so without a look at the ways, that are too many for the nearest cache */

enum { LETTERS = 8, MOST_NODES = 1 << 30, WORDS = 0, BYTES = 1 }; /* the last two are the roots of both trees */
enum { FIRSTS = 4 };
enum { LEAST_SIEVE = 12, LARGEST_SIEVE = 18, BITS_A_PATTERN = 64 }; /* the first two are logarithms */

typedef struct {
    PyObject_HEAD
    Way *ways; /* by hash, half of them kept at most */
    uint32_t mask;
    int shift; /* of a hash, so that what is left of it is the number of a way: the highest bits hang on all letters */
    Node *nodes;
    uint32_t node_count, node_room;
    uint64_t *sieve;   /* a bit for each hash of the letters that words begin with */
    int sieve_shift;   /* of such a hash */
    char begins[256];  /* of each byte, whether a pattern of bytes begins with it */
    char marks[256];   /* of each byte, the same, or whether it is a space */
    int32_t count;
    int has_bytes;     /* whether there is a pattern of bytes */
    int first_count;   /* of `firsts`; more than fit where words begin with more letters */
    unsigned char firsts[FIRSTS]; /* the letters that words begin with; behind them the last one again */
} Patterns;

typedef struct {
    int32_t start, stop, pattern;
} Hit;

typedef struct {
    Hit *all;
    Py_ssize_t count, room;
} Hits;

static inline uint64_t
hash_of(uint64_t letters)
{
    return letters * UINT64_C(0x9e3779b97f4a7c15);
}

/* The place of a way among those kept: where it is, or where it would be. */
static inline Way *
way_of(const Patterns *self, uint32_t from, uint64_t letters)
{
    uint32_t at = (uint32_t)(hash_of(letters ^ (uint64_t)from << 8) >> self->shift);
    while (self->ways[at].to != 0 && (self->ways[at].letters != letters || self->ways[at].from != from))
        at = (at + 1) & self->mask;
    return &self->ways[at];
}

/* The bit of a node's `leads` for these letters. */
static inline uint32_t
lead_of(uint64_t letters)
{
    return UINT32_C(1) << (hash_of(letters) >> 59);
}

static inline int
is_sieved(const Patterns *self, uint64_t letters)
{
    uint64_t hash = hash_of(letters) >> self->sieve_shift;
    return (int)(self->sieve[hash >> 6] >> (hash & 63) & 1);
}

#define BLANKS UINT64_C(0x2020202020202020)

/* Eight bytes, the first the lowest; blanks behind the end. */
static inline uint64_t
eight_of(const unsigned char *bytes, Py_ssize_t left)
{
    uint64_t eight = BLANKS;
    if (left >= LETTERS)
        return load_eight(bytes);
    while (left-- > 0)
        eight = eight << 8 | bytes[left];
    return eight;
}

/* Ones over the bytes before the first blank: the borrow of a subtraction finds it. */
static inline uint64_t
before_blank(uint64_t eight)
{
    uint64_t none = eight ^ BLANKS;
    none = (none - UINT64_C(0x0101010101010101)) & ~none & UINT64_C(0x8080808080808080);
    return ((none & (0 - none)) >> 7) - 1;
}

/* The bytes before the first blank, then blanks. */
static inline uint64_t
letters_of(uint64_t eight)
{
    uint64_t before = before_blank(eight);
    return (eight & before) | (BLANKS & ~before);
}

/* How many they are. */
static inline int
count_of(uint64_t letters)
{
    return (int)((before_blank(letters) & UINT64_C(0x0101010101010101)) * UINT64_C(0x0101010101010101) >> 56);
}

static void
patterns_dealloc(Patterns *self)
{
    PyMem_Free(self->ways);
    PyMem_Free(self->nodes);
    PyMem_Free(self->sieve);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

/* ---- What is added ------------------------------------------------------------------------------------------- */

/* Room for twice as many ways and nodes. */
static int
grow(Patterns *self)
{
    if (self->node_room >= MOST_NODES) {
        PyErr_SetString(PyExc_OverflowError, "too many patterns");
        return -1;
    }
    uint32_t room = self->node_room ? 2 * self->node_room : 64, before = self->ways != NULL ? self->mask + 1 : 0;
    Node *nodes = PyMem_Realloc(self->nodes, room * sizeof(Node));
    Way *ways = PyMem_Calloc(2 * (size_t)room, sizeof(Way)), *old = self->ways;
    if (nodes != NULL)
        self->nodes = nodes;
    if (nodes == NULL || ways == NULL) {
        PyMem_Free(ways);
        PyErr_NoMemory();
        return -1;
    }
    self->ways = ways;
    self->mask = 2 * room - 1;
    self->shift = self->shift ? self->shift - 1 : 64 - 7;
    self->node_room = room;
    for (uint32_t n = 0; n < before; n++)
        if (old[n].to != 0)
            *way_of(self, old[n].from, old[n].letters) = old[n];
    PyMem_Free(old);
    return 0;
}

/* A new node; 0 with an error, but for the first. */
static uint32_t
add_node(Patterns *self)
{
    if (self->node_count == self->node_room && grow(self) < 0)
        return 0;
    self->nodes[self->node_count] = (Node){-1, 0};
    return self->node_count++;
}

/* The node that a way leads to, made where there is none; 0 with an error. */
static uint32_t
lead(Patterns *self, uint32_t from, uint64_t letters)
{
    uint32_t node = way_of(self, from, letters)->to;
    if (node == 0 && (node = add_node(self)) != 0) {
        *way_of(self, from, letters) = (Way){letters, from, node};
        self->nodes[from].leads |= lead_of(letters);
    }
    return node;
}

static void
add_first(Patterns *self, unsigned char letter)
{
    if (self->first_count > FIRSTS || (self->first_count > 0 && memchr(self->firsts, letter, self->first_count) != NULL))
        return;
    for (int n = self->first_count; n < FIRSTS; n++)
        self->firsts[n] = letter;
    self->first_count++;
}

/* The node of a pattern of words, behind whose last one a space stands. */
static uint32_t
lead_words(Patterns *self, const unsigned char *pattern, Py_ssize_t length)
{
    uint64_t letters = letters_of(eight_of(pattern + 1, length - 1)), hash = hash_of(letters) >> self->sieve_shift;
    uint32_t node = WORDS;
    add_first(self, pattern[1]);
    self->sieve[hash >> 6] |= UINT64_C(1) << (hash & 63);
    for (Py_ssize_t at = 1; at < length;) {
        letters = letters_of(eight_of(pattern + at, length - at));
        if ((node = lead(self, node, letters)) == 0)
            return 0;
        int count = count_of(letters);
        at += count + (count < LETTERS);
    }
    return node;
}

static uint32_t
lead_bytes(Patterns *self, const unsigned char *pattern, Py_ssize_t length)
{
    uint32_t node = BYTES;
    self->begins[pattern[0]] = self->marks[pattern[0]] = 1;
    self->has_bytes = 1;
    for (Py_ssize_t n = 0; n < length; n++)
        if ((node = lead(self, node, pattern[n])) == 0)
            return 0;
    return node;
}

static int
add_pattern(Patterns *self, const unsigned char *pattern, Py_ssize_t length)
{
    int is_words = length > 1 && pattern[0] == ' ' && pattern[length - 1] == ' ';
    uint32_t node = is_words ? lead_words(self, pattern, length) : lead_bytes(self, pattern, length);
    if (node == 0)
        return -1;
    if (self->nodes[node].pattern >= 0) {
        PyErr_SetString(PyExc_ValueError, "a pattern is there twice");
        return -1;
    }
    self->nodes[node].pattern = self->count++;
    return 0;
}


static int
add_lines(Patterns *self, const char *joined, Py_ssize_t length)
{
    for (Py_ssize_t start = 0, end; length > 0 && start <= length; start = end + 1) {
        const char *found = memchr(joined + start, '\n', length - start);
        end = found != NULL ? found - joined : length;
        if (end == start || self->count == INT32_MAX) {
            PyErr_SetString(PyExc_ValueError, "a pattern is empty, or there are too many");
            return -1;
        }
        if (add_pattern(self, (const unsigned char *)joined + start, end - start) < 0)
            return -1;
    }
    return 0;
}

/* How large a sieve these lines want, as a logarithm: that of few patterns stays in the nearest cache. */
static int
sieve_for(const char *joined, Py_ssize_t length)
{
    size_t wanted = BITS_A_PATTERN;
    int size = LEAST_SIEVE;
    for (Py_ssize_t n = 0; n < length; n++)
        wanted += joined[n] == '\n' ? BITS_A_PATTERN : 0;
    while (size < LARGEST_SIEVE && (size_t)1 << size < wanted)
        size++;
    return size;
}

static PyObject *
patterns_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    const char *joined, *packed; /* `packed` is for the twin */
    Py_ssize_t length, unused;
    if ((kwargs != NULL && PyDict_GET_SIZE(kwargs)) || !PyArg_ParseTuple(args, "y#|y#", &joined, &length, &packed, &unused)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "Patterns takes no keywords");
        return NULL;
    }
    Patterns *self = (Patterns *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    int size = sieve_for(joined, length);
    self->sieve_shift = 64 - size;
    self->sieve = PyMem_Calloc(((size_t)1 << size) / 64, sizeof(uint64_t));
    self->marks[' '] = 1;
    if (self->sieve == NULL)
        PyErr_NoMemory();
    if (self->sieve == NULL || add_node(self) != WORDS || add_node(self) != BYTES || add_lines(self, joined, length) < 0)
        Py_CLEAR(self);
    return (PyObject *)self;
}

/* ---- What is found ------------------------------------------------------------------------------------------- */

/* Adds a hit where it belongs: they come in order of their ends, of these in order of their starts. */
static int
add_hit(Hits *hits, Hit hit)
{
    if (hits->count == hits->room) {
        Py_ssize_t room = 2 * hits->room + 64;
        Hit *grown = PyMem_Realloc(hits->all, room * sizeof(Hit));
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        hits->all = grown;
        hits->room = room;
    }
    Py_ssize_t at = hits->count++;
    for (; at > 0 && hits->all[at - 1].stop > hit.stop; at--) /* as far as patterns are long, no farther */
        hits->all[at] = hits->all[at - 1];
    hits->all[at] = hit;
    return 0;
}

typedef struct {
    const unsigned char *bytes;
    int32_t length;
} Haystack;

static int
walk_words(const Patterns *self, const Haystack *text, int32_t start, Hits *hits)
{
    uint32_t node = WORDS;
    int32_t at = start + 1;
    while (self->nodes[node].leads) {
        uint64_t letters = letters_of(eight_of(text->bytes + at, text->length - at));
        int count = count_of(letters);
        if ((self->nodes[node].leads & lead_of(letters)) == 0)
            return 0;
        node = way_of(self, node, letters)->to;
        at += count;
        if (node == 0 || at >= text->length) /* the end is taken for a space, but it is none */
            return 0;
        if (count == LETTERS)
            continue;
        at++;
        if (self->nodes[node].pattern >= 0 && add_hit(hits, (Hit){start, at, self->nodes[node].pattern}) < 0)
            return -1;
    }
    return 0;
}

static int
walk_bytes(const Patterns *self, const Haystack *text, int32_t start, Hits *hits)
{
    uint32_t node = BYTES;
    for (int32_t at = start; at < text->length;) {
        node = way_of(self, node, text->bytes[at++])->to;
        if (node == 0)
            return 0;
        if (self->nodes[node].pattern >= 0 && add_hit(hits, (Hit){start, at, self->nodes[node].pattern}) < 0)
            return -1;
    }
    return 0;
}

/* Of eight bytes, a bit for each space. */
static inline uint64_t
spaces_of(uint64_t eight)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f), other = eight ^ BLANKS;
    const uint64_t spaces = ~(((other & low) + low) | other | low);
    return (spaces >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* Of the `BLOCK` bytes from here on, a bit for each space before one of a few letters: loops of which compilers make a
 * few instructions. */
static inline uint64_t
firsts_of(const Patterns *self, const unsigned char *bytes)
{
    const unsigned char one = self->firsts[0], two = self->firsts[1], three = self->firsts[2], four = self->firsts[3];
    unsigned char flags[BLOCK];
    for (int n = 0; n < BLOCK; n++) {
        const unsigned char next = bytes[n + 1];
        flags[n] = (bytes[n] == ' ') & ((next == one) | (next == two) | (next == three) | (next == four));
    }
    return bits_of(flags);
}

/* Of the `BLOCK` bytes from `at` on, or what is left of them, a bit for each with which a pattern may begin: bit by bit
 * in a number, since what a loop does for each byte by a leap cannot be foreseen. */
static inline uint64_t
marks_of(const Patterns *self, const Haystack *text, int32_t at)
{
    const unsigned char *bytes = text->bytes + at;
    const int count = text->length - at < BLOCK ? text->length - at : BLOCK;
    uint64_t marks = 0;
    if (!self->has_bytes && self->first_count <= FIRSTS && text->length - at > BLOCK)
        return firsts_of(self, bytes);
    if (!self->has_bytes && count == BLOCK) {
        for (int n = 0; n < BLOCK; n += LETTERS)
            marks |= spaces_of(eight_of(bytes + n, LETTERS)) << n;
    } else if (count == BLOCK) {
        for (int n = 0; n < BLOCK; n++)
            marks |= (uint64_t)self->marks[bytes[n]] << n;
    } else {
        for (int n = 0; n < count; n++)
            marks |= (uint64_t)self->marks[bytes[n]] << n;
    }
    return marks;
}

/* Whether a pattern may begin at a place that is marked: what the letters behind it say, or the byte itself. */
static inline int
may_begin(const Patterns *self, const Haystack *text, int32_t at)
{
    const uint64_t letters = letters_of(eight_of(text->bytes + at + 1, text->length - at - 1));
    return self->begins[text->bytes[at]] | is_sieved(self, letters);
}

/* The places where a pattern may begin, in order: spaces before the letters that one has, and what patterns of bytes
 * begin with. */
static Py_ssize_t
sift(const Patterns *self, const Haystack *text, int32_t *places)
{
    Py_ssize_t kept = 0;
    for (int32_t block = 0; block < text->length; block += BLOCK)
        for (uint64_t marks = marks_of(self, text, block); marks; marks &= marks - 1) {
            const int32_t at = block + lowest_of(marks);
            places[kept] = at;
            kept += may_begin(self, text, at);
        }
    return kept;
}

/* Adds the hits that begin at a place. */
static inline int
walk(const Patterns *self, const Haystack *text, int32_t at, Hits *hits)
{
    const unsigned char byte = text->bytes[at];
    if (byte == ' ' && walk_words(self, text, at, hits) < 0)
        return -1;
    return self->begins[byte] ? walk_bytes(self, text, at, hits) : 0;
}

/* The bytes that are searched; -1 with an error. */
static int
open_haystack(PyObject *given, Haystack *text)
{
    if (!PyBytes_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "a haystack is bytes");
        return -1;
    }
    if (PyBytes_GET_SIZE(given) > INT32_MAX - BLOCK) {
        PyErr_SetString(PyExc_OverflowError, "too long a text");
        return -1;
    }
    *text = (Haystack){(const unsigned char *)PyBytes_AS_STRING(given), (int32_t)PyBytes_GET_SIZE(given)};
    return 0;
}

/* All hits of a text; -1 with an error. */
static int
find_hits(const Patterns *self, const Haystack *text, Hits *hits)
{
    int32_t *places = PyMem_Malloc(((size_t)text->length + 1) * sizeof(int32_t));
    if (places == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    Py_ssize_t count = sift(self, text, places);
    int done = 0;
    for (Py_ssize_t n = 0; done == 0 && n < count; n++)
        done = walk(self, text, places[n], hits);
    PyMem_Free(places);
    return done;
}

static PyObject *
patterns_hits(Patterns *self, PyObject *haystack)
{
    Haystack text;
    Hits hits = {NULL, 0, 0};
    if (open_haystack(haystack, &text) < 0)
        return NULL;
    int done = find_hits(self, &text, &hits);
    PyObject *found = done == 0 ? PyBytes_FromStringAndSize((const char *)hits.all, hits.count * sizeof(Hit)) : NULL;
    PyMem_Free(hits.all);
    return found;
}

/* How far a hit of the other side may begin behind the last one of a side. */
typedef struct {
    int32_t stop, limit; /* `stop` is 0 before the first; `limit` is -1 until somebody asks */
} Last;

/* The space before the `distance`th word that begins from `at` on, or the end. */
static int32_t
limit_of(const Haystack *text, int32_t at, Py_ssize_t distance)
{
    for (; at + 1 < text->length; at++)
        if (text->bytes[at] == ' ' && text->bytes[at + 1] != ' ' && --distance == 0)
            return at;
    return text->length;
}

/* Whether a hit begins so near behind the last one of the other side. */
static inline int
is_near(const Haystack *text, int32_t start, Last *other, Py_ssize_t distance)
{
    if (other->stop == 0)
        return 0;
    if (other->limit < 0) /* once for each: what is too far from one is no farther looked at from the next */
        other->limit = limit_of(text, other->stop - 1, distance);
    return start <= other->limit;
}

static int
has_near(const Haystack *text, const Hits *hits, const char *sides, Py_ssize_t distance)
{
    Last last[2] = {{0, -1}, {0, -1}};
    for (Py_ssize_t n = 0; n < hits->count; n++) {
        const Hit *hit = &hits->all[n];
        const int side = sides[hit->pattern] & 3;
        if (side == 0)
            continue;
        int32_t start = hit->start; /* of its word: a pattern of bytes may begin amid one */
        while (start > 0 && text->bytes[start] != ' ')
            start--;
        if (side == 3 || is_near(text, start, &last[2 - side], distance))
            return 1;
        last[side - 1] = (Last){hit->stop, -1};
    }
    return 0;
}

static PyObject *
patterns_near(Patterns *self, PyObject *const *args, Py_ssize_t count)
{
    Haystack text;
    Hits hits = {NULL, 0, 0};
    if (count != 3 || !PyBytes_Check(args[1]) || !PyLong_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "near takes a haystack, a side for each pattern, and a distance");
        return NULL;
    }
    const Py_ssize_t distance = PyLong_AsSsize_t(args[2]);
    if ((distance == -1 && PyErr_Occurred()) || open_haystack(args[0], &text) < 0)
        return NULL;
    if (PyBytes_GET_SIZE(args[1]) != self->count || distance < 1) {
        PyErr_SetString(PyExc_ValueError, "a side for each pattern, and a distance of 1 or more");
        return NULL;
    }
    int done = find_hits(self, &text, &hits);
    int near = done == 0 && has_near(&text, &hits, PyBytes_AS_STRING(args[1]), distance);
    PyMem_Free(hits.all);
    return done == 0 ? PyBool_FromLong(near) : NULL;
}

/* The same, but only whether there is one, and no farther than that. */
static PyObject *
patterns_any(Patterns *self, PyObject *haystack)
{
    Haystack text;
    Hits hits = {NULL, 0, 0};
    int done = open_haystack(haystack, &text);
    for (int32_t block = 0; done == 0 && hits.count == 0 && block < text.length; block += BLOCK)
        for (uint64_t marks = marks_of(self, &text, block); done == 0 && hits.count == 0 && marks; marks &= marks - 1) {
            const int32_t at = block + lowest_of(marks);
            if (may_begin(self, &text, at))
                done = walk(self, &text, at, &hits);
        }
    PyMem_Free(hits.all);
    return done == 0 ? PyBool_FromLong(hits.count > 0) : NULL;
}

/* Nothing: they are made in a few milliseconds. */
static PyObject *
patterns_pack(Patterns *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    return PyBytes_FromStringAndSize(NULL, 0);
}

static PyMethodDef patterns_methods[] = {
    {"pack", (PyCFunction)patterns_pack, METH_NOARGS, "Nothing: what its twin makes them of."},
    {"any", (PyCFunction)patterns_any, METH_O, "Whether one of the patterns stands there."},
    {"hits", (PyCFunction)patterns_hits, METH_O, "Where the patterns stand: three numbers a hit, of four bytes each."},
    {"near", (PyCFunction)(void (*)(void))patterns_near, METH_FASTCALL, "Whether patterns of two sides stand near one another."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject PatternsType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "monitor.domain._patterns.Patterns",
    .tp_basicsize = sizeof(Patterns),
    .tp_dealloc = (destructor)patterns_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = patterns_methods,
    .tp_new = patterns_new,
};

LIBRARY(_patterns, "Where byte patterns stand, compiled.", NULL, &PatternsType)
