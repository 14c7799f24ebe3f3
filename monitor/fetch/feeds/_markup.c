/* What most summaries in feeds are (monitor/fetch/feeds/text.py), made text, for interpreters that can have it compiled.
 *
 * It knows paragraphs without attributes and references; anything else is left to its twin in Python, which says what is
 * meant: `to_text` of plain characters. tests/unit/fetch/test_feed_text.py holds both to the same answers.
 */
#include "../../domain/_frames.h"

#define LONGEST_REFERENCE 9 /* between `&` and `;` */

typedef struct {
    Py_UCS4 *start;
    Py_ssize_t length;
} Text;

static inline int
is_letter(Py_UCS4 c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline int
is_digit(Py_UCS4 c)
{
    return c >= '0' && c <= '9';
}

static inline int
is_hexadecimal(Py_UCS4 c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether `with` stands at `p`. */
static int
begins(Text text, Py_ssize_t p, const char *with)
{
    for (; *with != '\0'; p++, with++)
        if (p >= text.length || text.start[p] != (Py_UCS4)*with)
            return 0;
    return 1;
}

static int
holds_tag(Text text)
{
    for (Py_ssize_t p = 0; p + 1 < text.length; p++)
        if (text.start[p] == '<' && (is_letter(text.start[p + 1]) || text.start[p + 1] == '/' || text.start[p + 1] == '!'))
            return 1;
    return 0;
}

/* Whether what a reference looks like begins behind the `&` at `p`. */
static int
is_escaped(Text text, Py_ssize_t p)
{
    Py_ssize_t first = p + 1, most = 32, least = 2;
    int (*fits)(Py_UCS4) = NULL;
    if (begins(text, first, "#x") || begins(text, first, "#X")) {
        first += 2, least = 1, most = 6, fits = is_hexadecimal;
    } else if (begins(text, first, "#")) {
        first += 1, least = 1, most = 7, fits = is_digit;
    } else if (first >= text.length || !is_letter(text.start[first])) {
        return 0;
    }
    Py_ssize_t end = first;
    while (end < text.length && end - first <= most &&
           (fits != NULL ? fits(text.start[end]) : is_letter(text.start[end]) || is_digit(text.start[end])))
        end++;
    return end - first >= least && end - first <= most && end < text.length && text.start[end] == ';';
}

static int
holds_reference(Text text)
{
    for (Py_ssize_t p = 0; p < text.length; p++)
        if (text.start[p] == '&' && is_escaped(text, p))
            return 1;
    return 0;
}

/* The character of the reference at `*p`, which moves behind it: 0 where there is doubt, or an error. */
static Py_UCS4
referred(Text text, Py_ssize_t *p, PyObject *character)
{
    Py_ssize_t end = *p + 1;
    while (end < text.length && end - *p <= LONGEST_REFERENCE &&
           (text.start[end] == '#' || is_letter(text.start[end]) || is_digit(text.start[end])))
        end++;
    if (end - *p < 3 || end == text.length || text.start[end] != ';')
        return 0;
    static const struct {
        const char *reference;
        char character;
    } known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&#x27;", '\''}};
    Py_UCS4 found = 0;
    for (size_t n = 0; n < sizeof known / sizeof *known && found == 0; n++)
        if (begins(text, *p, known[n].reference))
            found = (Py_UCS4)known[n].character;
    if (found == 0) {
        PyObject *name = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, text.start + *p, end + 1 - *p);
        PyObject *said = name == NULL ? NULL : PyObject_CallOneArg(character, name);
        Py_XDECREF(name);
        if (said != NULL && PyUnicode_Check(said) && PyUnicode_GET_LENGTH(said) == 1)
            found = PyUnicode_READ_CHAR(said, 0);
        Py_XDECREF(said);
    }
    *p = end + 1;
    return found;
}

/* One reading: paragraphs (where `tags`) become blank lines, references characters. 1, 0 where there is doubt, or an error. */
static int
once(Text *text, int tags, PyObject *character)
{
    Py_ssize_t written = 0, p = 0;
    int may_close = 0;
    while (p < text->length) {
        Py_UCS4 c = text->start[p];
        if (c == '&') {
            if ((c = referred(*text, &p, character)) == 0)
                return 0;
            text->start[written++] = c;
        } else if (tags && c == '<') {
            int opens = begins(*text, p, "<p>");
            if (!opens && !(may_close && begins(*text, p, "</p>")))
                return 0;
            may_close = opens;
            p += opens ? 3 : 4;
            text->start[written++] = '\n';
            text->start[written++] = '\n';
        } else {
            text->start[written++] = c;
            p++;
        }
    }
    text->length = written;
    return 1;
}

/* Lines joined up to a blank one, each trimmed and with single spaces; a blank line between paragraphs. */
static void
set_in_paragraphs(Text *text)
{
    Py_ssize_t written = 0, end;
    int apart = 0;
    for (Py_ssize_t start = 0; start < text->length; start = end + 1) {
        end = start;
        while (end < text->length && text->start[end] != '\n')
            end++;
        Py_ssize_t first = start, last = end;
        while (first < last && Py_UNICODE_ISSPACE(text->start[first]))
            first++;
        while (first < last && Py_UNICODE_ISSPACE(text->start[last - 1]))
            last--;
        if (first == last) {
            apart = 1;
            continue;
        }
        /* what stands before in the text left room for it */
        if (written > 0 && apart)
            text->start[written++] = '\n';
        if (written > 0)
            text->start[written++] = apart ? '\n' : ' ';
        apart = 0;
        for (; first < last; first++) {
            Py_UCS4 c = text->start[first];
            if (c == '\t')
                c = ' ';
            if (c != ' ' || written == 0 || text->start[written - 1] != ' ')
                text->start[written++] = c;
        }
    }
    text->length = written;
}

static PyObject *
markup_paragraphs(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *character;
    Py_ssize_t limit;
    if (!PyArg_ParseTuple(args, "UnO", &given, &limit, &character))
        return NULL;
    Text text = {PyUnicode_AsUCS4Copy(given), PyUnicode_GET_LENGTH(given)};
    if (text.start == NULL)
        return NULL;
    int sure = 1;
    for (int reading = 0; sure && reading < 2; reading++) {
        int tags = holds_tag(text);
        if (!tags && !holds_reference(text))
            break;
        sure = once(&text, tags, character);
    }
    PyObject *made = NULL;
    if (sure) {
        set_in_paragraphs(&text);
        if (text.length > limit)
            text.length = limit < 0 ? 0 : limit;
        while (text.length > 0 && Py_UNICODE_ISSPACE(text.start[text.length - 1]))
            text.length--;
        made = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, text.start, text.length);
    } else if (!PyErr_Occurred()) {
        made = Py_NewRef(Py_None);
    }
    PyMem_Free(text.start);
    return made;
}

static PyMethodDef functions[] = {
    {"paragraphs", markup_paragraphs, METH_VARARGS, "The text of simple markup; None where there is doubt."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_markup, "What most summaries in feeds are, made text, compiled.", functions, NULL)
