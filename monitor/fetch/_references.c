/* Where references stand in a text (monitor/fetch/references.py), for interpreters that can have it compiled.
 *
 * The twin in Python says what is meant; tests/unit/fetch/test_references.py holds both to the same answers.
 */
#include "../domain/_frames.h"

#include <string.h>

#define LONGEST 32 /* characters of a name */

typedef struct {
    int kind;
    const void *chars;
    Py_ssize_t length;
} Text;

/* The character at an offset, 0 behind the last. */
static Py_UCS4
at(const Text *text, Py_ssize_t offset)
{
    return offset < text->length ? PyUnicode_READ(text->kind, text->chars, offset) : 0;
}

static int
is_digit(Py_UCS4 c)
{
    return c >= '0' && c <= '9';
}

static int
is_letter(Py_UCS4 c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
is_hex(Py_UCS4 c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The next ampersand from an offset on, or the length. Its byte is looked for: memchr is made for that. */
static Py_ssize_t
next_ampersand(const Text *text, Py_ssize_t offset)
{
    const char *first = text->chars;
    while (offset < text->length) {
        const char *found = memchr(first + offset * text->kind, '&', (size_t)((text->length - offset) * text->kind));
        if (found == NULL)
            break;
        offset = (found - first) / text->kind;
        if (at(text, offset) == '&')
            return offset;
        offset++; /* a byte of another character */
    }
    return text->length;
}

/* Where a name or number ends that begins at an offset, a semicolon behind it included; 0 where none does. */
static Py_ssize_t
end_of_name(const Text *text, Py_ssize_t offset)
{
    Py_ssize_t first = offset;
    if (at(text, offset) == '#') {
        int (*is_part)(Py_UCS4) = is_digit;
        if ((at(text, ++offset) | 0x20) == 'x') {
            is_part = is_hex;
            offset++;
        }
        first = offset;
        while (is_part(at(text, offset)))
            offset++;
        if (offset == first)
            return 0;
    } else if (is_letter(at(text, offset))) {
        while (offset - first < LONGEST && (is_letter(at(text, offset)) || is_digit(at(text, offset))))
            offset++;
        if (offset - first < 2)
            return 0;
    } else
        return 0;
    return offset + (at(text, offset) == ';');
}

/* The same of a reference, whose ampersand may be written as one. */
static Py_ssize_t
end_of_reference(const Text *text, Py_ssize_t offset)
{
    Py_ssize_t end = 0;
    if (at(text, offset + 1) == 'a' && at(text, offset + 2) == 'm' && at(text, offset + 3) == 'p' && at(text, offset + 4) == ';')
        end = end_of_name(text, offset + 5);
    return end != 0 ? end : end_of_name(text, offset + 1);
}

static int
append_offset(PyObject *bounds, Py_ssize_t offset)
{
    PyObject *number = PyLong_FromSsize_t(offset);
    int done = number != NULL ? PyList_Append(bounds, number) : -1;
    Py_XDECREF(number);
    return done;
}

static PyObject *
references_bounds(PyObject *Py_UNUSED(module), PyObject *given)
{
    if (!PyUnicode_Check(given))
        return PyErr_Format(PyExc_TypeError, "a text is a string");
    if (PyUnicode_READY(given) < 0)
        return NULL;
    const Text text = {PyUnicode_KIND(given), PyUnicode_DATA(given), PyUnicode_GET_LENGTH(given)};
    PyObject *bounds = PyList_New(0);
    for (Py_ssize_t offset = next_ampersand(&text, 0); bounds != NULL && offset < text.length;) {
        Py_ssize_t end = end_of_reference(&text, offset);
        if (end != 0 && (append_offset(bounds, offset) < 0 || append_offset(bounds, end) < 0))
            Py_CLEAR(bounds);
        offset = next_ampersand(&text, end != 0 ? end : offset + 1);
    }
    return bounds;
}

static PyMethodDef functions[] = {
    {"bounds", references_bounds, METH_O, "Where each reference of a text begins and ends, one after the other."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_references, "Where references stand in a text, compiled.", functions, NULL)
