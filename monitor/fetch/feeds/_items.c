/* What the usual item of a regular feed says (monitor/fetch/feeds/regular.py), for interpreters that can have it compiled.
 *
 * It reads what nearly every item has: elements with text or with one CDATA section, in the order that they come. Anything
 * else makes it give way to the pattern in Python, which says what is meant; tests/unit/fetch/test_feed_items.py holds both
 * to the same answers. An item is valid UTF-8 without carriage returns and control characters.
 */
#include "../../domain/_frames.h"

/* Of elements, as regular.py numbers them. */
enum { TEXT, SKIPPED, EMPTY, LINK, PERSON };

#define LONGEST_TAG 900
#define MOST_ATTRIBUTES 8

typedef struct {
    const char *at, *end;
    char *room; /* for a text whose references are resolved: as long as the item */
} Item;

typedef struct {
    const char *start, *end;
} Span;

static inline int
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static inline int
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline int
is_of_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == ':' || c == '.' || c == '-';
}

static inline const char *
after_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

static inline const char *
after_name(const char *p, const char *end)
{
    if (p < end && is_letter(*p))
        while (p < end && is_of_name(*p))
            p++;
    return p;
}

static inline const char *
find(const char *p, const char *end, char c)
{
    return p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
}

static inline int
begins(const char *p, const char *end, const char *with, Py_ssize_t length)
{
    return end - p >= length && memcmp(p, with, (size_t)length) == 0;
}

/* Where the first `]]>` stands. */
static const char *
section_end(const char *p, const char *end)
{
    while ((p = find(p, end, ']')) != NULL && !begins(p, end, "]]>", 3))
        p++;
    return p;
}

/* Whether no normal form and no cleaning changes a character by its number: domain.cleaning.is_plain, from U+0100 on. */
static int
is_plain(Py_UCS4 c)
{
    return (c >= 0x100 && c <= 0x2ff) || (c >= 0x2010 && c <= 0x2027) || (c >= 0x202f && c <= 0x205e) ||
           (c >= 0x20a0 && c <= 0x20bf) || c == 0x2122 || (c >= 0x1f300 && c <= 0x1f6ff) ||
           (c >= 0x1f900 && c <= 0x1f9ff);
}

static char *
put(char *out, Py_UCS4 c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xe0 | c >> 12);
        } else {
            *out++ = (char)(0xf0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

/* The character of a reference between `&#` and `;`; 0 for one that Python should look at. */
static Py_UCS4
numbered(const char *p, const char *end)
{
    int base = 10;
    Py_UCS4 code = 0;
    if (p < end && *p == 'x') {
        base = 16;
        p++;
    }
    if (p == end || end - p > 6)
        return 0;
    for (; p < end; p++) {
        int digit = *p >= '0' && *p <= '9'                 ? *p - '0'
                    : base == 16 && *p >= 'a' && *p <= 'f' ? *p - 'a' + 10
                    : base == 16 && *p >= 'A' && *p <= 'F' ? *p - 'A' + 10
                                                           : -1;
        if (digit < 0)
            return 0;
        code = code * (Py_UCS4)base + (Py_UCS4)digit;
    }
    return (code >= 0x20 && code < 0x7f) || is_plain(code) ? code : 0;
}

/* A text with its references resolved, into `out` (of its length); the end of that, or NULL where there is doubt. */
static char *
resolved(Span text, char *out, int numbers)
{
    static const struct {
        const char *name;
        Py_ssize_t length;
        char character;
    } known[] = {{"&amp;", 5, '&'}, {"&lt;", 4, '<'}, {"&gt;", 4, '>'}, {"&quot;", 6, '"'}, {"&apos;", 6, '\''}};
    const char *p = text.start, *mark;
    while ((mark = find(p, text.end, '&')) != NULL) {
        memcpy(out, p, (size_t)(mark - p));
        out += mark - p;
        p = mark;
        for (size_t n = 0; n < sizeof known / sizeof *known && p == mark; n++)
            if (begins(p, text.end, known[n].name, known[n].length)) {
                *out++ = known[n].character;
                p += known[n].length;
            }
        if (p == mark) {
            const char *end = find(mark, text.end, ';');
            Py_UCS4 code = numbers && end != NULL && mark[1] == '#' ? numbered(mark + 2, end) : 0;
            if (code == 0)
                return NULL;
            out = put(out, code);
            p = end + 1;
        }
    }
    memcpy(out, p, (size_t)(text.end - p));
    return out + (text.end - p);
}

/* UTF-8 as a string, stripped as `str.strip` does; NULL with an error. */
static PyObject *
stripped(Span text)
{
    while (text.start < text.end && is_blank(*text.start))
        text.start++;
    while (text.start < text.end && is_blank(text.end[-1]))
        text.end--;
    PyObject *made = PyUnicode_DecodeUTF8(text.start, text.end - text.start, NULL);
    if (made == NULL || PyUnicode_IS_ASCII(made))
        return made; /* controls apart, which are not there, ASCII has no other blanks */
    Py_ssize_t first = 0, last = PyUnicode_GET_LENGTH(made);
    while (first < last && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(made, first)))
        first++;
    while (first < last && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(made, last - 1)))
        last--;
    if (last - first == PyUnicode_GET_LENGTH(made))
        return made;
    PyObject *part = PyUnicode_Substring(made, first, last);
    Py_DECREF(made);
    return part;
}

/* The text up to `</name>`, read to behind that: 1, or 0 where there is doubt. `section`: it was all of a CDATA section. */
static int
content(Item *item, Span name, Span *text, int *section)
{
    const char *p = item->at;
    *section = begins(p, item->end, "<![CDATA[", 9);
    text->start = *section ? p + 9 : p;
    text->end = *section ? section_end(text->start, item->end) : find(p, item->end, '<');
    if (text->end == NULL)
        return 0;
    p = *section ? text->end + 3 : text->end;
    if (!begins(p, item->end, "</", 2) || !begins(p + 2, item->end, name.start, name.end - name.start))
        return 0;
    p += 2 + (name.end - name.start);
    if (p == item->end || *p != '>')
        return 0;
    item->at = p + 1;
    return *section || section_end(text->start, text->end) == NULL;
}

/* The text of an element, to behind its end: a string, None where there is doubt, NULL with an error. */
static PyObject *
text_of(Item *item, Span name)
{
    Span text;
    int section;
    if (!content(item, name, &text, &section))
        Py_RETURN_NONE;
    if (!section && find(text.start, text.end, '&') != NULL) {
        char *end = resolved(text, item->room, 1);
        if (end == NULL)
            Py_RETURN_NONE;
        text.start = item->room;
        text.end = end;
    }
    return stripped(text);
}

/* Past an element without a bearing: 1, or 0 where there is doubt. */
static int
skipped(Item *item, Span name, int blank)
{
    Span text;
    int section;
    if (!content(item, name, &text, &section))
        return 0;
    if (blank)
        return !section && after_blanks(text.start, text.end) == text.end;
    return section || find(text.start, text.end, '&') == NULL || resolved(text, item->room, 1) != NULL;
}

static const char *const SAID[] = {"rel", "href", "type"};

/* Whether a tag's attributes are well-formed beyond doubt: 1, 0, or -1 with an error. What a link says goes into `link`. */
static int
attributes(Item *item, Span written, PyObject *link)
{
    Span seen[MOST_ATTRIBUTES];
    int count = 0;
    const char *p = written.start;
    while (after_blanks(p, written.end) < written.end) {
        Span name, value;
        name.start = after_blanks(p, written.end);
        name.end = after_name(name.start, written.end);
        if (name.start == p || name.end == name.start || written.end - name.end < 2 || *name.end != '=')
            return 0;
        char quote = name.end[1];
        value.start = name.end + 2;
        value.end = quote == '"' || quote == '\'' ? find(value.start, written.end, quote) : NULL;
        if (value.end == NULL || find(value.start, value.end, '\t') || find(value.start, value.end, '\n'))
            return 0;
        if (count == MOST_ATTRIBUTES || find(name.start, name.end, ':') || begins(name.start, name.end, "xmlns", 5))
            return 0;
        for (int n = 0; n < count; n++)
            if (seen[n].end - seen[n].start == name.end - name.start &&
                memcmp(seen[n].start, name.start, (size_t)(name.end - name.start)) == 0)
                return 0;
        seen[count++] = name;
        char *end = resolved(value, item->room, 0);
        if (end == NULL)
            return 0;
        for (size_t n = 0; link != NULL && n < sizeof SAID / sizeof *SAID; n++) {
            if ((size_t)(name.end - name.start) != strlen(SAID[n]) || memcmp(name.start, SAID[n], strlen(SAID[n])) != 0)
                continue;
            PyObject *said = PyUnicode_DecodeUTF8(item->room, end - item->room, NULL);
            int failed = said == NULL || PyDict_SetItemString(link, SAID[n], said) < 0;
            Py_XDECREF(said);
            if (failed)
                return -1;
        }
        p = value.end + 1;
    }
    return 1;
}

/* The name in a person's elements, read to behind `</name>`: a string, None where there is doubt, NULL with an error. */
static PyObject *
person(Item *item, Span name)
{
    static const struct {
        const char *name;
        Py_ssize_t length;
    } parts[] = {{"name", 4}, {"uri", 3}, {"email", 5}};
    PyObject *found[] = {NULL, NULL, NULL};
    PyObject *said = NULL;
    int doubt = 0;
    while (!doubt) {
        item->at = after_blanks(item->at, item->end);
        if (begins(item->at, item->end, "</", 2))
            break;
        Span tag = {item->at + 1, NULL};
        if (item->at == item->end || *item->at != '<')
            goto done;
        tag.end = after_name(tag.start, item->end);
        doubt = 1;
        for (int n = 0; n < 3; n++) {
            if (tag.end - tag.start != parts[n].length || memcmp(tag.start, parts[n].name, (size_t)parts[n].length) != 0)
                continue;
            if (found[n] != NULL || tag.end == item->end || *tag.end != '>')
                goto done;
            item->at = tag.end + 1;
            if (begins(item->at, item->end, "<", 1) && !begins(item->at, item->end, "</", 2))
                goto done; /* a CDATA section */
            if ((found[n] = text_of(item, tag)) == NULL)
                goto failed;
            /* only the name is looked at again by who asks */
            doubt = found[n] == Py_None || (n > 0 && !PyUnicode_IS_ASCII(found[n]));
        }
    }
    Span text;
    int section;
    if (!doubt && found[0] != NULL && PyUnicode_GET_LENGTH(found[0]) > 0 && content(item, name, &text, &section) &&
        !section && text.start == text.end)
        said = Py_NewRef(found[0]);
done:
    if (said == NULL)
        said = Py_NewRef(Py_None);
failed:
    for (int n = 0; n < 3; n++)
        Py_XDECREF(found[n]);
    return said;
}

/* Put into the list called `field`; takes the reference to `value` over. 1, or -1 with an error. */
static int
append(PyObject *values, PyObject *field, PyObject *value)
{
    if (value == NULL)
        return -1;
    PyObject *list = PyDict_GetItemWithError(values, field);
    int failed = list == NULL && PyErr_Occurred();
    if (!failed && list == NULL) {
        list = PyList_New(0);
        failed = list == NULL || PyDict_SetItem(values, field, list) < 0;
        Py_XDECREF(list); /* the dictionary holds it */
    }
    if (!failed && !PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "a field of lists is one of texts as well");
        failed = 1;
    }
    failed = failed || PyList_Append(list, value) < 0;
    Py_DECREF(value);
    return failed ? -1 : 1;
}

/* One element, its tag read up to its name: 1, 0 where there is doubt, -1 with an error. */
static int
element(Item *item, Span name, PyObject *field, long kind, PyObject *usual, PyObject *values)
{
    Span written = {name.end, find(name.end, item->end, '>')};
    if (written.end == NULL || find(written.start, written.end, '<') || written.end - written.start > LONGEST_TAG)
        return 0;
    item->at = written.end + 1;
    int closed = written.end[-1] == '/';
    if (kind == TEXT || kind == PERSON) {
        int known = written.start == written.end;
        for (Py_ssize_t n = 0; !known && kind == TEXT && n < PyTuple_GET_SIZE(usual); n++) {
            PyObject *said = PyTuple_GET_ITEM(usual, n);
            known = PyBytes_Check(said) && PyBytes_GET_SIZE(said) == written.end - written.start &&
                    memcmp(PyBytes_AS_STRING(said), written.start, (size_t)PyBytes_GET_SIZE(said)) == 0;
        }
        int there = PyDict_Contains(values, field);
        if (!known || closed || (kind == TEXT && there))
            return there < 0 ? -1 : 0;
        PyObject *said = kind == TEXT ? text_of(item, name) : person(item, name);
        if (said == Py_None) {
            Py_DECREF(said);
            return 0;
        }
        if (kind == PERSON)
            return append(values, field, said);
        int failed = said == NULL || PyDict_SetItem(values, field, said) < 0;
        Py_XDECREF(said);
        return failed ? -1 : 1;
    }
    written.end -= closed;
    PyObject *link = kind == LINK ? PyDict_New() : NULL;
    int sound = kind == LINK && link == NULL ? -1 : attributes(item, written, link);
    if (sound == 1 && !closed)
        sound = skipped(item, name, kind != SKIPPED);
    if (sound == 1 && link != NULL)
        return append(values, field, link);
    Py_XDECREF(link);
    return sound;
}

/* The line of `names` for this name; NULL where there is none, or one that is none, with an error. */
static PyObject *
line_of(PyObject *names, Span name)
{
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(names); n++) {
        PyObject *line = PyTuple_GET_ITEM(names, n);
        if (!PyTuple_Check(line) || PyTuple_GET_SIZE(line) != 4 || !PyBytes_Check(PyTuple_GET_ITEM(line, 0)) ||
            !PyUnicode_Check(PyTuple_GET_ITEM(line, 1)) || !PyLong_Check(PyTuple_GET_ITEM(line, 2)) ||
            !PyTuple_Check(PyTuple_GET_ITEM(line, 3))) {
            PyErr_SetString(PyExc_TypeError, "a name is given as (bytes, field, kind, usual attributes)");
            return NULL;
        }
        PyObject *known = PyTuple_GET_ITEM(line, 0);
        if (PyBytes_GET_SIZE(known) == name.end - name.start &&
            memcmp(PyBytes_AS_STRING(known), name.start, (size_t)PyBytes_GET_SIZE(known)) == 0)
            return line;
    }
    return NULL;
}

/* All elements into `values`: 1, 0 where there is doubt, -1 with an error. */
static int
elements(Item *item, PyObject *names, PyObject *values)
{
    while ((item->at = after_blanks(item->at, item->end)) < item->end) {
        if (*item->at != '<')
            return 0;
        Span name = {item->at + 1, after_name(item->at + 1, item->end)};
        PyObject *line = name.start < name.end ? line_of(names, name) : NULL;
        if (line == NULL)
            return PyErr_Occurred() ? -1 : 0;
        if (name.end == item->end || !(*name.end == '>' || *name.end == '/' || is_blank(*name.end)))
            return 0;
        long kind = PyLong_AsLong(PyTuple_GET_ITEM(line, 2));
        if (kind < TEXT || kind > PERSON) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "no such kind of element");
            return -1;
        }
        int read = element(item, name, PyTuple_GET_ITEM(line, 1), kind, PyTuple_GET_ITEM(line, 3), values);
        if (read != 1)
            return read;
    }
    return 1;
}

static PyObject *
items_fields(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *names;
    Py_ssize_t start, end;
    if (!PyArg_ParseTuple(args, "SnnO!", &given, &start, &end, &PyTuple_Type, &names))
        return NULL;
    if (start < 0 || start > end || end > PyBytes_GET_SIZE(given)) {
        PyErr_SetString(PyExc_ValueError, "an item lies within its bytes");
        return NULL;
    }
    const char *bytes = PyBytes_AS_STRING(given);
    Item item = {bytes + start, bytes + end, PyMem_Malloc((size_t)(end - start) + 1)};
    PyObject *values = PyDict_New();
    int read = item.room == NULL || values == NULL ? -1 : elements(&item, names, values);
    if (item.room == NULL)
        PyErr_NoMemory();
    PyMem_Free(item.room);
    if (read == 1)
        return values;
    Py_XDECREF(values);
    return read < 0 ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef functions[] = {
    {"fields", items_fields, METH_VARARGS, "What the elements of an item say, by field; None where there is doubt."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_items, "What the usual item of a regular feed says, compiled.", functions, NULL)
