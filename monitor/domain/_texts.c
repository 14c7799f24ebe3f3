/* How an article's text is cut (monitor/domain/text.py), for interpreters that can have it compiled.
 *
 * Everything here has a twin in text.py, which says what is meant, as regular expressions; tests/unit/domain/test_texts.py
 * holds both to the same answers. Offsets count characters.
 */
#include "_frames.h"
#include "_blocks.h"

typedef struct {
    int kind; /* of Python's strings: bytes a character */
    const void *data;
    Py_ssize_t length;
} Text;

static int
text_of(PyObject *given, Text *text)
{
    if (!PyUnicode_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "a text is a string");
        return -1;
    }
    if (PyUnicode_READY(given) < 0)
        return -1;
    text->kind = PyUnicode_KIND(given);
    text->data = PyUnicode_DATA(given);
    text->length = PyUnicode_GET_LENGTH(given);
    return 0;
}

/* The character at an offset; 0 outside the text. */
static inline Py_UCS4
at(const Text *text, Py_ssize_t offset)
{
    return offset >= 0 && offset < text->length ? PyUnicode_READ(text->kind, text->data, offset) : 0;
}

static inline int
is_stop(Py_UCS4 c)
{
    return c == '.' || c == '!' || c == '?' || c == 0x2026;
}

static inline int
is_closing(Py_UCS4 c)
{
    return c == '"' || c == 0xbb || c == 0x201d || c == 0x2019 || c == ')' || c == ']';
}

static inline int
is_opening(Py_UCS4 c)
{
    return c == '"' || c == 0xab || c == 0x201c || c == '(' || c == '[' || c == 0x2013 || c == 0x2014 || c == '-';
}

static inline int
is_blank(Py_UCS4 c)
{
    return c == ' ' || c == 0xa0 || c == 0x202f;
}

static inline int
is_capital_or_digit(Py_UCS4 c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || c == 0x152;
}

static inline int
is_of_word(Py_UCS4 c)
{
    return c == '_' || Py_UNICODE_ISALNUM(c);
}

/* Looks for a character of which `wanted` holds, with a loop for each width of characters. */
#define SEARCH(text, from, wanted)                                                                                     \
    do {                                                                                                               \
        if ((text)->kind == PyUnicode_1BYTE_KIND)                                                                      \
            SEARCH_IN(Py_UCS1, text, from, wanted)                                                                     \
        else if ((text)->kind == PyUnicode_2BYTE_KIND)                                                                 \
            SEARCH_IN(Py_UCS2, text, from, wanted)                                                                     \
        else                                                                                                           \
            SEARCH_IN(Py_UCS4, text, from, wanted)                                                                     \
    } while (0)
#define SEARCH_IN(type, text, from, wanted)                                                                            \
    for (const type *chars = (text)->data; from < (text)->length && !wanted(chars[from]); from++)                      \
        ;

/* With no leap that hangs on the character: what comes next in a text cannot be foreseen. */
static inline int
is_stop_or_break(Py_UCS4 c)
{
    const uint64_t low = UINT64_C(1) << '.' | UINT64_C(1) << '!' | UINT64_C(1) << '?' | UINT64_C(1) << '\n';
    return (int)(low >> (c & 63) & (c < 64)) | (c == 0x2026);
}

static inline int
is_break(Py_UCS4 c)
{
    return c == '\n';
}

/* Where a sentence ends whose stop stands at `stop`: behind further stops, closing marks and white space, before an
 * opening mark, a capital or a digit. -1 where none ends. */
static Py_ssize_t
end_behind(const Text *text, Py_ssize_t stop)
{
    Py_ssize_t end = stop + 1;
    while (is_stop(at(text, end)))
        end++;
    while (is_closing(at(text, end)))
        end++;
    if (is_blank(at(text, end)) && at(text, end + 1) == 0xbb)
        end += 2;
    Py_ssize_t blanks = end;
    while (is_blank(at(text, end)) || at(text, end) == '\n')
        end++;
    if (end == blanks)
        return -1;
    Py_ssize_t first = end;
    if (is_opening(at(text, first)) && is_blank(at(text, ++first)))
        first++;
    return is_capital_or_digit(at(text, first)) ? end : -1;
}

static const char *const ABBREVIATIONS[] = {"M",   "MM",  "Mme", "Mmes", "Mlle", "Me", "Dr",  "Pr",   "St",  "Ste", "Mgr", "cf", "art",
                                            "etc", "env", "av",  "n",    "no",   "vol", "p",  "Inc", "Corp", "Ltd", "Jr",  "vs"};
enum { LONGEST = 4 };

/* Whether the point at `point` stands behind an abbreviation, or a single capital. */
static int
is_abbreviation(const Text *text, Py_ssize_t point)
{
    char word[LONGEST + 1] = "";
    Py_ssize_t start = point;
    while (point - start <= LONGEST && is_of_word(at(text, start - 1)))
        start--;
    if (start == point || point - start > LONGEST)
        return 0;
    for (Py_ssize_t n = start; n < point; n++) {
        Py_UCS4 c = at(text, n);
        if (c > 127)
            return 0;
        word[n - start] = (char)c;
    }
    if (point - start == 1 && word[0] >= 'A' && word[0] <= 'Z')
        return 1;
    for (size_t n = 0; n < sizeof ABBREVIATIONS / sizeof *ABBREVIATIONS; n++)
        if (strcmp(word, ABBREVIATIONS[n]) == 0)
            return 1;
    return 0;
}

static int
has_line_break(const Text *text, Py_ssize_t from, Py_ssize_t end)
{
    for (; from < end; from++)
        if (at(text, from) == '\n')
            return 1;
    return 0;
}

/* Where the search for ends goes on behind a stop or line break; `*cuts`: whether a sentence ends there. */
static Py_ssize_t
pass(const Text *text, Py_ssize_t stop, int *cuts)
{
    Py_ssize_t end = stop + 1;
    *cuts = 1;
    if (at(text, stop) == '\n') {
        while (at(text, end) == '\n')
            end++;
        return end;
    }
    end = end_behind(text, stop);
    *cuts = end >= 0;
    if (end < 0) { /* nor behind the stops that follow: a text of stops alone is passed once */
        for (end = stop + 1; is_stop(at(text, end));)
            end++;
        return end;
    }
    if (at(text, stop) == '.' && is_abbreviation(text, stop) && !has_line_break(text, stop, end))
        *cuts = 0;
    return end;
}

static int
append_number(PyObject *list, Py_ssize_t number)
{
    PyObject *made = PyLong_FromSsize_t(number);
    int done = made != NULL ? PyList_Append(list, made) : -1;
    Py_XDECREF(made);
    return done;
}

/* Appends where the sentence between two cuts begins: at its first letter; not at all where it is white space. */
static int
append_begun(PyObject *starts, const Text *text, Py_ssize_t cut, Py_ssize_t end)
{
    while (cut < end && Py_UNICODE_ISSPACE(at(text, cut)))
        cut++;
    return cut < end ? append_number(starts, cut) : 0;
}

static PyObject *
texts_sentence_starts(PyObject *Py_UNUSED(module), PyObject *given)
{
    Text text;
    if (text_of(given, &text) < 0)
        return NULL;
    PyObject *starts = PyList_New(0);
    Py_ssize_t cut = 0, from = 0;
    while (starts != NULL) {
        int cuts = 1;
        Py_ssize_t stop = from;
        SEARCH(&text, stop, is_stop_or_break);
        from = stop < text.length ? pass(&text, stop, &cuts) : text.length;
        if (cuts) {
            if (append_begun(starts, &text, cut, from) < 0)
                Py_CLEAR(starts);
            cut = from;
        }
        if (stop == text.length)
            break;
    }
    return starts;
}

static PyObject *
texts_paragraphs(PyObject *Py_UNUSED(module), PyObject *given)
{
    Text text;
    if (text_of(given, &text) < 0)
        return NULL;
    PyObject *found = PyList_New(0);
    for (Py_ssize_t start = 0, end; found != NULL && start < text.length; start = end + 1) {
        Py_ssize_t first = start;
        end = start;
        SEARCH(&text, end, is_break);
        while (first < end && Py_UNICODE_ISSPACE(at(&text, first)))
            first++;
        if (first == end)
            continue;
        PyObject *pair = Py_BuildValue("nn", start, end);
        if (pair == NULL || PyList_Append(found, pair) < 0)
            Py_CLEAR(found);
        Py_XDECREF(pair);
    }
    return found;
}

static PyObject *
texts_numbered(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *starts;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "O!n", &PyList_Type, &starts, &length))
        return NULL;
    Py_ssize_t count = PyList_GET_SIZE(starts);
    if (count > 256 || length < 0) {
        PyErr_SetString(PyExc_ValueError, "a byte numbers 256 sentences at most");
        return NULL;
    }
    PyObject *numbers = PyBytes_FromStringAndSize(NULL, length);
    if (numbers == NULL)
        return NULL;
    char *bytes = PyBytes_AS_STRING(numbers);
    Py_ssize_t before = 0;
    for (Py_ssize_t n = 1; n == 1 || n <= count; n++) {
        Py_ssize_t start = n < count ? PyLong_AsSsize_t(PyList_GET_ITEM(starts, n)) : length;
        if (start < before || start > length) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "a sentence begins outside the text");
            Py_DECREF(numbers);
            return NULL;
        }
        memset(bytes + before, (int)n - 1, start - before);
        before = start;
    }
    return numbers;
}

/* The byte of a character of ASCII: small letters, digits and % themselves, all else a space. */
static inline unsigned char
plain_byte(unsigned char c)
{
    const unsigned char small = c | 0x20;
    const int is_letter = (unsigned char)(small - 'a') < 26, is_digit = (unsigned char)(c - '0') < 10;
    return is_letter ? small : is_digit | (c == '%') ? c : ' ';
}

/* Whether a table by codes says the same of these. */
static int
is_plain(const unsigned char *table, Py_UCS4 size)
{
    int plain = size >= 128;
    for (int c = 0; plain && c < 128; c++)
        plain = table[c] == plain_byte((unsigned char)c);
    return plain;
}

/* Sets a byte for each character from a table by codes; 0 if there is one that the table does not know.
 *
 * Nearly all are of ASCII, which takes no look into the table: compilers make a few instructions of a block of them. */
#define TRANSLATE(type)                                                                                                \
    static int translate_##type(const type *chars, Py_ssize_t length, const unsigned char *table, Py_UCS4 size,        \
                                unsigned char *bytes)                                                                  \
    {                                                                                                                  \
        int known = 1;                                                                                                 \
        Py_ssize_t n = 0;                                                                                              \
        for (const int plain = is_plain(table, size); plain && length - n >= BLOCK; n += BLOCK) {                      \
            unsigned char beyond[BLOCK];                                                                               \
            for (int at = 0; at < BLOCK; at++) {                                                                       \
                bytes[n + at] = plain_byte((unsigned char)chars[n + at]);                                              \
                beyond[at] = chars[n + at] > 127;                                                                      \
            }                                                                                                          \
            for (uint64_t bits = bits_of(beyond); bits; bits &= bits - 1) {                                            \
                const Py_ssize_t at = n + lowest_of(bits);                                                             \
                bytes[at] = chars[at] < size ? table[chars[at]] : 0;                                                   \
                known &= bytes[at] != 0;                                                                               \
            }                                                                                                          \
        }                                                                                                              \
        for (; n < length; n++) {                                                                                      \
            bytes[n] = chars[n] < size ? table[chars[n]] : 0;                                                          \
            known &= bytes[n] != 0;                                                                                    \
        }                                                                                                              \
        return known;                                                                                                  \
    }
TRANSLATE(Py_UCS1)
TRANSLATE(Py_UCS2)
TRANSLATE(Py_UCS4)
#undef TRANSLATE

static int
translate(const Text *text, const unsigned char *table, Py_UCS4 size, unsigned char *bytes)
{
    if (text->kind == PyUnicode_1BYTE_KIND)
        return translate_Py_UCS1(text->data, text->length, table, size, bytes);
    if (text->kind == PyUnicode_2BYTE_KIND)
        return translate_Py_UCS2(text->data, text->length, table, size, bytes);
    return translate_Py_UCS4(text->data, text->length, table, size, bytes);
}

static PyObject *
texts_haystack_of(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    Text text;
    if (count != 2 || !PyBytes_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "a haystack is made of a text and a table of bytes");
        return NULL;
    }
    if (text_of(args[0], &text) < 0)
        return NULL;
    PyObject *table = args[1];
    if (text.length > PY_SSIZE_T_MAX - 2 || PyBytes_GET_SIZE(table) > 0x110000) {
        PyErr_SetString(PyExc_OverflowError, "too long a text or table");
        return NULL;
    }
    PyObject *haystack = PyBytes_FromStringAndSize(NULL, text.length + 2);
    if (haystack == NULL)
        return NULL;
    unsigned char *bytes = (unsigned char *)PyBytes_AS_STRING(haystack);
    bytes[0] = bytes[text.length + 1] = ' ';
    if (translate(&text, (unsigned char *)PyBytes_AS_STRING(table), (Py_UCS4)PyBytes_GET_SIZE(table), bytes + 1))
        return haystack;
    Py_DECREF(haystack);
    Py_RETURN_NONE;
}

/* ---- One byte a character ---------------------------------------------------------------------------------------- */

enum { REMEMBERED = 256, AT_ONCE = 16 };

typedef struct {
    PyObject *rare;
    Py_UCS4 codes[REMEMBERED]; /* asked before, by their last bits; 0, which is of Latin-1, where none was */
    unsigned char bytes[REMEMBERED];
} Rare;

/* The byte that `rare` gives for a character; -1 with an error. */
static int
byte_of(Rare *self, Py_UCS4 code)
{
    const size_t place = code % REMEMBERED;
    if (self->codes[place] == code)
        return self->bytes[place];
    PyObject *character = PyUnicode_FromOrdinal((int)code);
    PyObject *given = character != NULL ? PyObject_CallOneArg(self->rare, character) : NULL;
    Py_XDECREF(character);
    if (given == NULL)
        return -1;
    int fits = PyUnicode_Check(given) && PyUnicode_GET_LENGTH(given) == 1 && PyUnicode_READ_CHAR(given, 0) < 256;
    if (fits) {
        self->codes[place] = code;
        self->bytes[place] = (unsigned char)PyUnicode_READ_CHAR(given, 0);
    }
    else
        PyErr_SetString(PyExc_ValueError, "a rare character stands for one of Latin-1");
    Py_DECREF(given);
    return fits ? self->bytes[place] : -1;
}

/* Sixteen at a time where none is rare: compilers make a few instructions of that. */
#define NARROW(type)                                                                                                   \
    static int narrow_##type(const type *chars, Py_ssize_t length, unsigned char *bytes, Rare *rare)                   \
    {                                                                                                                  \
        for (Py_ssize_t n = 0; n < length;) {                                                                          \
            const Py_ssize_t end = length - n < AT_ONCE ? length : n + AT_ONCE;                                        \
            type all = 0;                                                                                              \
            for (Py_ssize_t at = n; at < end; at++)                                                                    \
                all |= chars[at];                                                                                      \
            if (all < 256) {                                                                                           \
                for (; n < end; n++)                                                                                   \
                    bytes[n] = (unsigned char)chars[n];                                                                \
                continue;                                                                                              \
            }                                                                                                          \
            for (; n < end; n++) {                                                                                     \
                int byte = chars[n] < 256 ? (int)chars[n] : byte_of(rare, chars[n]);                                   \
                if (byte < 0)                                                                                          \
                    return -1;                                                                                         \
                bytes[n] = (unsigned char)byte;                                                                        \
            }                                                                                                          \
        }                                                                                                              \
        return 0;                                                                                                      \
    }
NARROW(Py_UCS2)
NARROW(Py_UCS4)
#undef NARROW

static PyObject *
texts_narrowed_by(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given;
    Text text;
    Rare rare = {0};
    if (!PyArg_ParseTuple(args, "OO", &given, &rare.rare) || text_of(given, &text) < 0)
        return NULL;
    PyObject *narrow = PyBytes_FromStringAndSize(text.kind == PyUnicode_1BYTE_KIND ? text.data : NULL, text.length);
    if (narrow == NULL || text.kind == PyUnicode_1BYTE_KIND)
        return narrow;
    unsigned char *bytes = (unsigned char *)PyBytes_AS_STRING(narrow);
    int done = text.kind == PyUnicode_2BYTE_KIND ? narrow_Py_UCS2(text.data, text.length, bytes, &rare)
                                                 : narrow_Py_UCS4(text.data, text.length, bytes, &rare);
    if (done < 0)
        Py_CLEAR(narrow);
    return narrow;
}

/* ---- Words, and their hashes (hashes.py) ------------------------------------------------------------------------- */

static PyObject *
texts_word_starts(PyObject *Py_UNUSED(module), PyObject *haystack)
{
    if (!PyBytes_Check(haystack)) {
        PyErr_SetString(PyExc_TypeError, "a haystack is of bytes");
        return NULL;
    }
    const char *bytes = PyBytes_AS_STRING(haystack);
    PyObject *found = PyList_New(0);
    for (Py_ssize_t n = 1; found != NULL && n < PyBytes_GET_SIZE(haystack); n++) {
        if (bytes[n - 1] != ' ' || bytes[n] == ' ')
            continue;
        PyObject *start = PyLong_FromSsize_t(n - 1);
        if (start == NULL || PyList_Append(found, start) < 0)
            Py_CLEAR(found);
        Py_XDECREF(start);
    }
    return found;
}

enum { GRAM = 4 };
static const uint64_t MIX[GRAM] = {
    UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F), UINT64_C(0x165667B19E3779F9), UINT64_C(0xD6E8FEB86659FD93)};

static inline uint64_t
stirred(uint64_t hash, int factor)
{
    return (hash ^ hash >> 29) * MIX[factor];
}

static inline uint64_t
hash_at(const char *hashes, Py_ssize_t n)
{
    uint64_t hash;
    memcpy(&hash, hashes + n * sizeof(hash), sizeof(hash));
    return hash;
}

static inline void
set_hash(char *hashes, Py_ssize_t n, uint64_t hash)
{
    memcpy(hashes + n * sizeof(hash), &hash, sizeof(hash));
}

/* Hashes of four words in a row, as words come. */
typedef struct {
    char *to;
    Py_ssize_t words;
    uint64_t last[GRAM];
} Grams;

static inline void
add_word(Grams *grams, uint64_t word)
{
    Py_ssize_t n = grams->words++;
    grams->last[n % GRAM] = word;
    if (n < GRAM - 1)
        return;
    uint64_t sum = 0;
    for (int at = 0; at < GRAM; at++)
        sum += (grams->last[(n + 1 + at) % GRAM] ^ MIX[at]) * MIX[at];
    set_hash(grams->to, n - GRAM + 1, stirred(sum, 0));
}

static inline Py_ssize_t
grams_among(Py_ssize_t words)
{
    return words < GRAM ? 0 : words - GRAM + 1;
}

static PyObject *
texts_grams_of(PyObject *Py_UNUSED(module), PyObject *words)
{
    if (!PyList_Check(words)) {
        PyErr_SetString(PyExc_TypeError, "words are a list of hashes");
        return NULL;
    }
    Py_ssize_t count = grams_among(PyList_GET_SIZE(words));
    PyObject *made = PyBytes_FromStringAndSize(NULL, count * sizeof(uint64_t));
    if (made == NULL)
        return NULL;
    Grams grams = {.to = PyBytes_AS_STRING(made)};
    for (Py_ssize_t n = 0; count > 0 && n < count + GRAM - 1; n++) {
        uint64_t word = PyLong_AsUnsignedLongLong(PyList_GET_ITEM(words, n));
        if (word == (uint64_t)-1 && PyErr_Occurred()) {
            Py_DECREF(made);
            return NULL;
        }
        add_word(&grams, word);
    }
    return made;
}

#if defined(__SIZEOF_INT128__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { SHORTEST_LONG = 17 }; /* bytes of a word that is left to the library, which is slower to ask than to hash */

static inline uint64_t
eight_at(const unsigned char *p)
{
    uint64_t eight;
    memcpy(&eight, p, sizeof eight);
    return eight;
}

static inline uint64_t
four_at(const unsigned char *p)
{
    uint32_t four;
    memcpy(&four, p, sizeof four);
    return four;
}

static inline uint64_t
turned(uint64_t hash, int bits)
{
    return hash << bits | hash >> (64 - bits);
}

/* XXH3, 64 bit, of 1 to 16 bytes: what the library gives (https://github.com/Cyan4973/xxHash, its specification). */
static uint64_t
short_hash(const unsigned char *word, Py_ssize_t length)
{
    static const unsigned char secret[] = {
        0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4, 0x6d,
        0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0,
        0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21, 0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e,
    };
    const uint64_t size = (uint64_t)length;
    uint64_t hash;
    if (length > 8) {
        uint64_t low = eight_at(word) ^ eight_at(secret + 24) ^ eight_at(secret + 32);
        uint64_t high = eight_at(word + length - 8) ^ eight_at(secret + 40) ^ eight_at(secret + 48);
        unsigned __int128 product = (unsigned __int128)low * high;
        hash = size + __builtin_bswap64(low) + high + ((uint64_t)product ^ (uint64_t)(product >> 64));
        hash = (hash ^ hash >> 37) * UINT64_C(0x165667919E3779F9);
        return hash ^ hash >> 32;
    }
    if (length > 3) {
        hash = (four_at(word + length - 4) + (four_at(word) << 32)) ^ eight_at(secret + 8) ^ eight_at(secret + 16);
        hash = (hash ^ turned(hash, 49) ^ turned(hash, 24)) * UINT64_C(0x9FB21C651E98DF25);
        hash = (hash ^ ((hash >> 35) + size)) * UINT64_C(0x9FB21C651E98DF25);
        return hash ^ hash >> 28;
    }
    hash = (uint64_t)word[0] << 16 | (uint64_t)word[length >> 1] << 24 | word[length - 1] | size << 8;
    hash ^= four_at(secret) ^ four_at(secret + 4);
    hash = (hash ^ hash >> 33) * UINT64_C(0xC2B2AE3D27D4EB4F);
    hash = (hash ^ hash >> 29) * UINT64_C(0x165667B19E3779F9);
    return hash ^ hash >> 32;
}
#else
enum { SHORTEST_LONG = 1 };

static uint64_t
short_hash(const unsigned char *Py_UNUSED(word), Py_ssize_t Py_UNUSED(length))
{
    return 0;
}
#endif

/* Adds a word in UTF-8; 0 for an exception. `digest` gives the library's hash of bytes. */
static int
hashed(Grams *grams, const unsigned char *word, Py_ssize_t length, PyObject *digest)
{
    if (length < SHORTEST_LONG) {
        add_word(grams, short_hash(word, length));
        return 1;
    }
    PyObject *made = PyObject_CallFunction(digest, "y#", (const char *)word, length);
    uint64_t hash = made == NULL ? 0 : PyLong_AsUnsignedLongLong(made);
    Py_XDECREF(made);
    if (PyErr_Occurred())
        return 0;
    add_word(grams, hash);
    return 1;
}

/* Hashes each word of a text; 1, 0 where a character is unknown, -1 for an exception. `room` holds any word. */
static int
hash_words(Grams *grams, const Text *text, PyObject *letters, PyObject *digest, unsigned char *room)
{
    const Py_ssize_t known = PyBytes_GET_SIZE(letters) / (Py_ssize_t)sizeof(uint16_t);
    Py_ssize_t used = 0;
    for (Py_ssize_t n = 0; n <= text->length; n++) {
        uint16_t c = ' ';
        if (n < text->length) {
            Py_UCS4 code = at(text, n);
            if (code >= (Py_UCS4)known)
                return 0;
            memcpy(&c, PyBytes_AS_STRING(letters) + code * sizeof c, sizeof c);
        }
        if (c == 0)
            return 0;
        if (c == ' ') {
            if (used > 0 && !hashed(grams, room, used, digest))
                return -1;
            used = 0;
        } else if (c < 0x80) {
            room[used++] = (unsigned char)c;
        } else if (c < 0x800) {
            room[used++] = (unsigned char)(0xc0 | c >> 6);
            room[used++] = (unsigned char)(0x80 | (c & 0x3f));
        } else {
            return 0;
        }
    }
    return 1;
}

static PyObject *
texts_word_grams(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *letters, *digest;
    Text text;
    if (!PyArg_ParseTuple(args, "OSO", &given, &letters, &digest) || text_of(given, &text) < 0)
        return NULL;
    unsigned char *room = PyMem_Malloc((size_t)(2 * text.length + 1));
    PyObject *made = PyBytes_FromStringAndSize(NULL, (text.length / 2 + 1) * (Py_ssize_t)sizeof(uint64_t));
    int done = -1;
    if (room == NULL)
        PyErr_NoMemory();
    if (room != NULL && made != NULL) {
        Grams grams = {.to = PyBytes_AS_STRING(made)};
        done = hash_words(&grams, &text, letters, digest, room);
        if (done > 0)
            _PyBytes_Resize(&made, grams_among(grams.words) * (Py_ssize_t)sizeof(uint64_t));
    }
    PyMem_Free(room);
    if (done > 0)
        return made;
    Py_XDECREF(made);
    return done < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
texts_rows_of(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *grams;
    Py_ssize_t size, in_a_row;
    if (!PyArg_ParseTuple(args, "y#n", &grams, &size, &in_a_row))
        return NULL;
    if (in_a_row < 1 || in_a_row > GRAM) {
        PyErr_SetString(PyExc_ValueError, "one to four in a row");
        return NULL;
    }
    Py_ssize_t count = size / (Py_ssize_t)sizeof(uint64_t) - GRAM * (in_a_row - 1);
    PyObject *rows = PyBytes_FromStringAndSize(NULL, count > 0 ? count * sizeof(uint64_t) : 0);
    for (Py_ssize_t n = 0; rows != NULL && n < count; n++) {
        uint64_t sum = hash_at(grams, n);
        for (Py_ssize_t number = 1; number < in_a_row; number++)
            sum += hash_at(grams, n + GRAM * number) * MIX[number];
        set_hash(PyBytes_AS_STRING(rows), n, stirred(sum, 2));
    }
    return rows;
}

static int
by_value(const void *one, const void *other)
{
    const int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

/* The distinct ones of ordered hashes: `fewest` of them, and up to `most` of those below the limit. `enough` tells
 * whether more hashes would change nothing. */
static PyObject *
chosen_of(const int64_t *ordered, Py_ssize_t count, Py_ssize_t fewest, Py_ssize_t most, uint64_t share, int *enough)
{
    const uint64_t limit = share > 1 ? (UINT64_MAX - share + 1) / share + 1 : 0; /* 2^64 / share, from the lowest on */
    PyObject *found = PyList_New(0);
    *enough = 0;
    for (Py_ssize_t n = 0; found != NULL && n < count; n++) {
        if (n > 0 && ordered[n] == ordered[n - 1])
            continue;
        int below = share < 2 || (uint64_t)ordered[n] + (UINT64_C(1) << 63) < limit;
        *enough = PyList_GET_SIZE(found) >= (below && most > fewest ? most : fewest);
        if (*enough)
            break;
        PyObject *hash = PyLong_FromLongLong(ordered[n]);
        if (hash == NULL || PyList_Append(found, hash) < 0)
            Py_CLEAR(found);
        Py_XDECREF(hash);
    }
    PyObject *tuple = found != NULL ? PyList_AsTuple(found) : NULL;
    Py_XDECREF(found);
    return tuple;
}

/* Copies the hashes below a limit under which half more than `wanted` lie, as hashes are spread; none of a few hashes. */
static Py_ssize_t
low_ones(const char *hashes, Py_ssize_t count, Py_ssize_t wanted, int64_t *to)
{
    const Py_ssize_t some = wanted < 0 || wanted > count ? count : wanted + wanted / 2 + 16;
    if (count <= 2 * some)
        return 0;
    const int64_t limit = (int64_t)((UINT64_MAX / (uint64_t)count * (uint64_t)some) ^ UINT64_C(1) << 63);
    Py_ssize_t found = 0;
    for (Py_ssize_t n = 0; n < count; n++) {
        to[found] = (int64_t)hash_at(hashes, n);
        found += to[found] < limit;
    }
    return found;
}

static PyObject *
texts_smallest_of(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *hashes;
    Py_ssize_t size, fewest, most;
    unsigned long long share;
    if (!PyArg_ParseTuple(args, "y#nnK", &hashes, &size, &fewest, &most, &share))
        return NULL;
    Py_ssize_t count = size / (Py_ssize_t)sizeof(int64_t);
    int64_t *ordered = PyMem_Malloc(size + 1);
    if (ordered == NULL)
        return PyErr_NoMemory();
    int enough = 0;
    Py_ssize_t low = low_ones(hashes, count, most > fewest ? most : fewest, ordered);
    PyObject *found = NULL;
    if (low > 0) { /* to put a few in order, not all */
        qsort(ordered, low, sizeof(int64_t), by_value);
        found = chosen_of(ordered, low, fewest, most, share, &enough);
    }
    if (!enough && !PyErr_Occurred()) {
        Py_XDECREF(found);
        memcpy(ordered, hashes, count * sizeof(int64_t));
        qsort(ordered, count, sizeof(int64_t), by_value);
        found = chosen_of(ordered, count, fewest, most, share, &enough);
    }
    PyMem_Free(ordered);
    return found;
}

static PyMethodDef functions[] = {
    {"haystack_of", (PyCFunction)(void (*)(void))texts_haystack_of, METH_FASTCALL, "The skeleton between two spaces."},
    {"narrowed_by", texts_narrowed_by, METH_VARARGS, "One byte a character."},
    {"sentence_starts", texts_sentence_starts, METH_O, "Where sentences begin."},
    {"paragraphs", texts_paragraphs, METH_O, "Stretches without a line break."},
    {"numbered", texts_numbered, METH_VARARGS, "Of each offset the number of its sentence."},
    {"word_starts", texts_word_starts, METH_O, "Where words begin."},
    {"word_grams", texts_word_grams, METH_VARARGS, "The same of a text whose characters are all known."},
    {"grams_of", texts_grams_of, METH_O, "The hash of each four words."},
    {"rows_of", texts_rows_of, METH_VARARGS, "The hash of so many of these in a row."},
    {"smallest_of", texts_smallest_of, METH_VARARGS, "The smallest hashes."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_texts, "How an article's text is cut, compiled.", functions, NULL)
