/* A page's bytes without what nothing reads (monitor/fetch/trimming.py), before libxml2 makes nodes of it.
 *
 * It follows tags as libxml2 and browsers do, but only regular ones; from the first that is not on, all stays as it is.
 * tests/unit/fetch/test_trimming.py holds it to what libxml2 makes of the whole.
 */
#include "../domain/_frames.h"

#define LONGEST_NAME 24 /* of a name that is looked up, and its end */
#define MOST_OF_NAME 40 /* characters behind a tag's first that are taken for its name */

/* Attributes that are dropped, sorted; those that begin with `on`, `aria-` and `data-` are too, but for the kept. */
static const char *const DROPPED[] = {
    "allow", "allowfullscreen", "alt", "async", "autocomplete", "clip-rule", "crossorigin", "cx", "cy", "d", "decoding",
    "defer", "fetchpriority", "fill", "fill-rule", "frameborder", "gradienttransform", "gradientunits", "height",
    "integrity", "loading", "media", "nonce", "offset", "placeholder", "points", "preserveaspectratio", "r", "rx", "ry",
    "sizes", "srcset", "stop-color", "stroke", "stroke-linecap", "stroke-linejoin", "stroke-width", "tabindex",
    "target", "transform", "viewbox", "width", "x", "x1", "x2", "xlink:href", "xmlns", "xmlns:xlink", "y", "y1", "y2",
};
static const char *const KEPT[] = {
    "aria-hidden", "data-component", "data-lp-replacement-content", "data-preloaded", "data-testid",
};
/* Tags whose attributes all stay, and those that may stand before a page's body. */
static const char *const WHOLE[] = {"base", "graphic", "html", "link", "meta"};
static const char *const OF_HEAD[] = {"base", "head", "html", "link", "meta", "noscript", "script", "style", "title"};
/* Tags behind which all is text up to their own end. */
static const char *const OF_TEXT[] = {"iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"};

typedef struct {
    const char *at, *end, *done; /* where it reads, where the page ends, up to where all was written or dropped */
    char *out;
    int bare; /* nothing but what may stand before a page's body came yet */
} Page;

typedef struct {
    char name[LONGEST_NAME]; /* in lower case; empty for a longer one */
    int regular, closed;     /* closed: by itself */
} Tag;

enum { BLANK = 1, ENDS_NAME = 2, ENDS_VALUE = 4, ODD_IN_NAME = 8, ODD_IN_VALUE = 16, OF_TAG = 32 };

/* What each character is where tags are read. */
static const unsigned char KINDS[256] = {
    [' '] = BLANK | ENDS_NAME | ENDS_VALUE,
    ['\n'] = BLANK | ENDS_NAME | ENDS_VALUE,
    ['\t'] = BLANK | ENDS_NAME | ENDS_VALUE,
    ['\r'] = BLANK | ENDS_NAME | ENDS_VALUE,
    ['>'] = ENDS_NAME | ENDS_VALUE,
    ['/'] = ENDS_NAME,
    ['='] = ENDS_NAME | ODD_IN_VALUE,
    ['"'] = ODD_IN_NAME | ODD_IN_VALUE,
    ['\''] = ODD_IN_NAME | ODD_IN_VALUE,
    ['<'] = ODD_IN_NAME | ODD_IN_VALUE,
    ['`'] = ODD_IN_VALUE,
    ['A' ... 'Z'] = OF_TAG,
    ['a' ... 'z'] = OF_TAG,
    ['0' ... '9'] = OF_TAG,
    [':'] = OF_TAG,
    ['-'] = OF_TAG,
};

static inline int
is(char c, int kind)
{
    return KINDS[(unsigned char)c] & kind;
}

static inline int
is_blank(char c)
{
    return is(c, BLANK);
}

static inline int
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void
named(char *name, const char *start, const char *end)
{
    Py_ssize_t length = end - start < LONGEST_NAME ? end - start : 0;
    for (Py_ssize_t at = 0; at < length; at++)
        name[at] = lower(start[at]);
    name[length] = '\0';
}

static int
is_listed(const char *name, const char *const *list, size_t count)
{
    for (size_t low = 0, high = count; low < high;) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, list[middle]);
        if (order == 0)
            return 1;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}
#define IS_ONE_OF(name, list) is_listed(name, list, sizeof(list) / sizeof *(list))

/* Whether a name begins with one of the `letters` that those of a list begin with: most do not. */
static inline int
may_be_listed(const char *name, const char *letters)
{
    return name[0] == '\0' || strchr(letters, name[0]) != NULL;
}

static int
is_dropped(const char *start, const char *end)
{
    char name[LONGEST_NAME + 8];
    Py_ssize_t length = end - start;
    char first = lower(*start), second = length > 1 ? lower(start[1]) : '\0';
    /* the most frequent, known by two letters: class, href, id, rel, itemprop, style, type, content, property */
    if ((first == 'c' && (second == 'l' || second == 'o') && length < 8) || (first == 'h' && second == 'r') ||
        (first == 'i' && second != 'n') || (first == 's' && second == 't' && length == 5))
        return 0;
    if (first == 'o' && second == 'n')
        return length > 2;
    if (length >= (Py_ssize_t)sizeof name)
        length = (Py_ssize_t)sizeof name - 1; /* longer than all that are listed, of which it may begin as one of two kinds */
    for (Py_ssize_t at = 0; at < length; at++)
        name[at] = lower(start[at]);
    name[length] = '\0';
    if (strncmp(name, "data-", 5) == 0 || strncmp(name, "aria-", 5) == 0)
        return !IS_ONE_OF(name, KEPT);
    return IS_ONE_OF(name, DROPPED);
}

static void
keep_until(Page *page, const char *until)
{
    Py_ssize_t length = until - page->done;
    memcpy(page->out, page->done, (size_t)length);
    page->out += length;
    page->done = until;
}

/* The end of an attribute whose name begins at `start`, at `*name_end`; NULL for one that is not regular. */
static const char *
after_attribute(const char *start, const char *end, const char **name_end)
{
    const char *at = start;
    while (at < end && !is(*at, ENDS_NAME | ODD_IN_NAME))
        at++;
    if (at < end && is(*at, ODD_IN_NAME))
        return NULL;
    *name_end = at;
    const char *value = at;
    while (value < end && is_blank(*value))
        value++;
    if (at == start || value >= end)
        return NULL;
    if (*value != '=')
        return at;
    for (value++; value < end && is_blank(*value); value++)
        ;
    if (value >= end)
        return NULL;
    if (*value == '"' || *value == '\'') {
        const char *close = memchr(value + 1, *value, (size_t)(end - value - 1));
        return close == NULL ? NULL : close + 1;
    }
    for (at = value; at < end && !is(*at, ENDS_VALUE | ODD_IN_VALUE); at++)
        ;
    return at == value || at >= end || is(*at, ODD_IN_VALUE) ? NULL : at;
}

/* Reads a tag whose name is at `page->at`, drops of its attributes; what is not regular stays as it was. */
static Tag
start_tag(Page *page)
{
    Tag tag = {.regular = 0};
    Page before = *page;
    const char *at = page->at, *end = page->end;
    while (at < end && is(*at, OF_TAG))
        at++;
    named(tag.name, page->at, at);
    int whole = may_be_listed(tag.name, "bghlm") && (tag.name[0] == '\0' || IS_ONE_OF(tag.name, WHOLE));
    while (at < end) {
        const char *blanks = at, *name_end;
        while (at < end && is_blank(*at))
            at++;
        if (at < end && *at == '/' && at + 1 < end && at[1] == '>') {
            tag.closed = 1;
            at++;
        }
        if (at < end && *at == '>') {
            page->at = at + 1;
            tag.regular = 1;
            return tag;
        }
        const char *name = at;
        if (at == blanks || at >= end || (at = after_attribute(name, end, &name_end)) == NULL)
            break;
        if (!whole && is_dropped(name, name_end)) {
            /* a blank stays before `/>`: libxml2 would take the slash for the end of a value without quotes */
            keep_until(page, blanks + (at < end && *at == '/'));
            page->done = at;
        }
    }
    *page = before;
    return tag;
}

/* Where `with` (in lower case) stands first, whatever its case; NULL for nowhere. */
static const char *
found(const char *at, const char *end, const char *with)
{
    Py_ssize_t length = (Py_ssize_t)strlen(with);
    for (; end - at >= length && (at = memchr(at, *with, (size_t)(end - at - length + 1))) != NULL; at++) {
        Py_ssize_t same = 1;
        while (same < length && lower(at[same]) == with[same])
            same++;
        if (same == length)
            return at;
    }
    return NULL;
}

/* The end of the text behind a tag that holds nothing else; NULL where it has none. */
static const char *
end_of_text(const char *at, const char *end, const char *name)
{
    char closing[LONGEST_NAME + 2] = "</";
    strcat(closing, name);
    Py_ssize_t length = (Py_ssize_t)strlen(closing);
    for (; (at = found(at, end, closing)) != NULL; at++)
        if (end - at > length && (is_blank(at[length]) || at[length] == '/' || at[length] == '>'))
            return at;
    return NULL;
}

/* Goes behind a tag and, where it holds text, to its end; 0 where it cannot be told how it goes on. */
static int
pass_tag(Page *page)
{
    const char *start = page->at;
    Tag tag = start_tag(page);
    if (!tag.regular || strcmp(tag.name, "plaintext") == 0)
        return 0;
    page->bare = page->bare && IS_ONE_OF(tag.name, OF_HEAD);
    if (tag.name[0] == '\0' || !may_be_listed(tag.name, "instx") || !IS_ONE_OF(tag.name, OF_TEXT))
        return 1;
    const char *text = page->at, *end = tag.closed ? NULL : end_of_text(text, page->end, tag.name);
    if (end == NULL)
        return 0;
    page->at = end;
    if (found(text, end, "<!--") != NULL)
        return found(text, end, "<script") == NULL;
    int unread = strcmp(tag.name, "script") == 0 || strcmp(tag.name, "style") == 0;
    if (unread && page->bare && found(start, text, "json") == NULL && memchr(start, '&', (size_t)(text - start)) == NULL) {
        keep_until(page, text);
        page->done = end;
    }
    return 1;
}

static int
pass_comment(Page *page)
{
    const char *start = page->at + 3, *at = start; /* behind `!--` */
    if (at >= page->end || *at == '>' || (*at == '-' && at + 1 < page->end && at[1] == '>'))
        return 0;
    for (; (at = memchr(at, '>', (size_t)(page->end - at))) != NULL; at++) {
        if (at - start >= 3 && at[-1] == '!' && at[-2] == '-' && at[-3] == '-')
            return 0;
        if (at - start >= 2 && at[-1] == '-' && at[-2] == '-') {
            page->at = at + 1;
            return 1;
        }
    }
    return 0;
}

/* The end of a tag, a declaration or an instruction. */
static int
pass_other(Page *page)
{
    int ending = *page->at == '/', quotes = 0;
    const char *name = page->at + 1, *at = name;
    if (ending && (at >= page->end || !is_letter(*at)))
        return 0;
    for (; at < page->end && *at != '>'; at++) {
        if (*at == '<')
            return 0;
        quotes += *at == '"' || *at == '\'';
    }
    if (at >= page->end || quotes % 2 != 0 || (ending && quotes))
        return 0;
    if (ending) {
        char said[LONGEST_NAME];
        named(said, name, at);
        page->bare = page->bare && IS_ONE_OF(said, OF_HEAD);
    }
    page->at = at + 1;
    return 1;
}

static void
trim(Page *page)
{
    const char *open;
    while (page->at < page->end && (open = memchr(page->at, '<', (size_t)(page->end - page->at))) != NULL) {
        for (const char *at = page->at; page->bare && at < open; at++)
            page->bare = is_blank(*at);
        page->at = open + 1;
        if (page->at >= page->end)
            break;
        int passed = 1;
        if (is_letter(*page->at))
            passed = pass_tag(page);
        else if (page->end - page->at > 3 && memcmp(page->at, "!--", 3) == 0)
            passed = pass_comment(page);
        else if (*page->at == '/' || *page->at == '!' || *page->at == '?')
            passed = pass_other(page);
        else
            page->bare = 0;
        if (!passed)
            break;
    }
    keep_until(page, page->end);
}

static PyObject *
trimmed_trimmed(PyObject *Py_UNUSED(module), PyObject *body)
{
    if (!PyBytes_Check(body))
        return PyErr_Format(PyExc_TypeError, "bytes are trimmed");
    const char *start = PyBytes_AS_STRING(body);
    Py_ssize_t length = PyBytes_GET_SIZE(body);
    PyObject *made = PyBytes_FromStringAndSize(NULL, length);
    if (made == NULL)
        return NULL;
    Page page = {.at = start, .end = start + length, .done = start, .out = PyBytes_AS_STRING(made), .bare = 1};
    trim(&page);
    Py_ssize_t left = page.out - PyBytes_AS_STRING(made);
    if (left == length) {
        Py_DECREF(made);
        return Py_NewRef(body);
    }
    _PyBytes_Resize(&made, left);
    return made;
}

/* The first `</` of which both characters stand between `at` and `end`; NULL for none. */
static const char *
end_tag(const char *at, const char *end)
{
    for (; end - at >= 2 && (at = memchr(at, '<', (size_t)(end - at - 1))) != NULL; at++)
        if (at[1] == '/')
            return at;
    return NULL;
}

/* The end of the name of a tag that begins at `at`, a slash before it or not; NULL where none begins. */
static const char *
end_of_name(const char *at, const char *end)
{
    const char *first = at + 1 + (end - at > 1 && at[1] == '/');
    if (first >= end || !is_letter(*first))
        return NULL;
    for (at = first + 1; at < end && at - first <= MOST_OF_NAME && is(*at, OF_TAG); at++)
        ;
    return at;
}

/* Behind the `>` of a tag, quotes respected; NULL for one that is never closed. */
static const char *
end_of_tag(const char *at, const char *end)
{
    for (; at < end && *at != '>'; at++)
        if ((*at == '"' || *at == '\'') && (at = memchr(at + 1, *at, (size_t)(end - at - 1))) == NULL)
            return NULL;
    return at < end ? at + 1 : NULL;
}

/* Where markup goes on behind a tag called so: the text of scripts and styles is none. */
static const char *
behind_content(const char *name, const char *name_end, const char *at, const char *end)
{
    char closing[LONGEST_NAME + 2] = "</";
    named(closing + 2, name, name_end);
    if (strcmp(closing + 2, "script") != 0 && strcmp(closing + 2, "style") != 0)
        return at;
    size_t length = strlen(closing);
    for (const char *found = at; (found = end_tag(found, end)) != NULL; found++)
        if ((size_t)(end - found) >= length && memcmp(found, closing, length) == 0)
            return found;
    return at;
}

/* As `cut_long_tags` (pages/markup.py) goes along a page, up to the first tag that it would cut. */
static int
has_long_tag(const char *start, const char *end, Py_ssize_t most)
{
    const char *at = start;
    Py_ssize_t step = most / 2;
    for (Py_ssize_t offset = 0; offset < end - start; offset += step) {
        const char *window = start + offset, *limit = end - window > step ? window + step : end;
        if (end_tag(window, limit) != NULL)
            continue;
        for (const char *back = window; back - at > 2; back--)
            if (back[-2] == '<' && back[-1] == '/') {
                at = back - 2;
                break;
            }
        while (at < limit && (at = memchr(at, '<', (size_t)(end - at))) != NULL && at < limit) {
            const char *name_end = end_of_name(at, end);
            if (name_end == NULL) {
                at++;
                continue;
            }
            const char *rest = end_of_tag(name_end, end);
            if (rest == NULL || rest - at > most)
                return 1;
            at = behind_content(at + 1, name_end, rest, end);
        }
        if (at == NULL)
            break;
    }
    return 0;
}

static PyObject *
trimmed_has_long_tag(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *body;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "Sn", &body, &most))
        return NULL;
    if (most < 2)
        return PyErr_Format(PyExc_ValueError, "each tag has two bytes and more");
    const char *start = PyBytes_AS_STRING(body);
    return PyBool_FromLong(has_long_tag(start, start + PyBytes_GET_SIZE(body), most));
}

/* What a digit says; 16 for what is none. */
static inline int
figure_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Whether a reference by number may be to a control or a surrogate: one that is has to be looked at, not one in many. */
static int
has_odd_reference(const char *at, const char *end)
{
    for (; at < end && (at = memchr(at, '&', (size_t)(end - at))) != NULL; at++) {
        if (end - at < 3 || at[1] != '#')
            continue;
        int base = at[2] == 'x' || at[2] == 'X' ? 16 : 10;
        const char *first = at + (base == 16 ? 3 : 2), *figure = first;
        long number = 0;
        for (; figure < end && figure_of(*figure) < base; figure++)
            number = number < 0x10000 ? base * number + figure_of(*figure) : number;
        int plain = number >= 32 ? number < 0xD800 || number > 0xDFFF : number == 9 || number == 10 || number == 13;
        if (figure > first && !plain)
            return 1;
    }
    return 0;
}

/* Whether U+FFFE or U+FFFF stand in UTF-8. */
static int
has_noncharacter(const char *at, const char *end)
{
    for (; end - at > 2 && (at = memchr(at, 0xEF, (size_t)(end - at - 2))) != NULL; at++)
        if (at[1] == '\xBF' && (at[2] == '\xBE' || at[2] == '\xBF'))
            return 1;
    return 0;
}

static PyObject *
told_of(PyObject *body, int (*asked)(const char *, const char *))
{
    if (!PyBytes_Check(body))
        return PyErr_Format(PyExc_TypeError, "bytes are looked at");
    const char *start = PyBytes_AS_STRING(body);
    return PyBool_FromLong(asked(start, start + PyBytes_GET_SIZE(body)));
}

static PyObject *
trimmed_has_odd_reference(PyObject *Py_UNUSED(module), PyObject *body)
{
    return told_of(body, has_odd_reference);
}

static PyObject *
trimmed_has_noncharacter(PyObject *Py_UNUSED(module), PyObject *body)
{
    return told_of(body, has_noncharacter);
}

/* As Python's decoder: nothing written longer than need be, no surrogates, nothing above U+10FFFF. */
static int
is_utf8(const unsigned char *at, const unsigned char *end)
{
    while (at < end) {
        uint64_t eight;
        if (end - at >= 8 && (memcpy(&eight, at, 8), (eight & 0x8080808080808080u) == 0)) {
            at += 8;
            continue;
        }
        unsigned char first = *at++;
        if (first < 0x80)
            continue;
        int more = first >= 0xC2 && first <= 0xDF ? 1 : first >= 0xE0 && first <= 0xEF ? 2 : first >= 0xF0 && first <= 0xF4 ? 3 : 0;
        if (more == 0 || end - at < more)
            return 0;
        unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        if (*at < least || *at > most)
            return 0;
        for (at++; --more > 0; at++)
            if (*at < 0x80 || *at > 0xBF)
                return 0;
    }
    return 1;
}

static PyObject *
trimmed_is_utf8(PyObject *Py_UNUSED(module), PyObject *body)
{
    if (!PyBytes_Check(body))
        return PyErr_Format(PyExc_TypeError, "bytes are looked at");
    const unsigned char *start = (const unsigned char *)PyBytes_AS_STRING(body);
    return PyBool_FromLong(is_utf8(start, start + PyBytes_GET_SIZE(body)));
}

static PyMethodDef functions[] = {
    {"has_long_tag", trimmed_has_long_tag, METH_VARARGS, "Whether a tag has more bytes than so many, or no end."},
    {"has_odd_reference", trimmed_has_odd_reference, METH_O, "Whether one may be to a control or a surrogate."},
    {"has_noncharacter", trimmed_has_noncharacter, METH_O, "Whether there is one in UTF-8."},
    {"is_utf8", trimmed_is_utf8, METH_O, "Whether bytes are valid UTF-8, without the text that decoding makes of them."},
    {"trimmed", trimmed_trimmed, METH_O, "A page's bytes without what nothing reads; the same where there is none."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_trimmed, "Pages without what nothing reads, compiled.", functions, NULL)
