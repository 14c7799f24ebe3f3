/* What is compared of a page's texts (monitor/fetch/pages/linked_data.py), for interpreters that can have it compiled.
 *
 * The twin in Python says what is meant; tests/unit/fetch/pages/test_squash.py holds both to the same answers.
 */
#include "../../domain/_frames.h"

#define KNOWN 0x250   /* Latin letters lie below: each is one letter in lower case, but for one */
#define TWO_LETTERS 0x130
#define SIGNS 0x2000  /* dashes, quotes, blanks: none is a letter or a digit */
#define END_OF_SIGNS 0x2070

/* Of each letter or digit its lower case; 0 of what is neither. Filled at the first call. */
static Py_UCS2 lower[KNOWN];

static void
know(void)
{
    for (Py_UCS4 c = 0; c < KNOWN; c++)
        lower[c] = Py_UNICODE_ISALNUM(c) ? (Py_UCS2)Py_UNICODE_TOLOWER(c) : 0;
}

/* Writes what is kept of `length` characters and gives how many that are; -1 where one is not known here. */
#define KEEP(type, written)                                                                                            \
    static Py_ssize_t kept_of_##type(const type *chars, Py_ssize_t length, written *to)                                \
    {                                                                                                                  \
        Py_ssize_t count = 0;                                                                                          \
        for (const type *end = chars + length; chars < end; chars++) {                                                 \
            Py_UCS4 c = *chars;                                                                                        \
            if (c < KNOWN && c != TWO_LETTERS) {                                                                       \
                to[count] = (written)lower[c];                                                                         \
                count += lower[c] != 0;                                                                                \
            } else if (c < SIGNS || c >= END_OF_SIGNS)                                                                 \
                return -1;                                                                                             \
        }                                                                                                              \
        return count;                                                                                                  \
    }
KEEP(Py_UCS1, Py_UCS1)
KEEP(Py_UCS2, Py_UCS2)

static PyObject *
letters_squash(PyObject *Py_UNUSED(module), PyObject *text)
{
    if (!PyUnicode_Check(text))
        return PyErr_Format(PyExc_TypeError, "a text is a string");
    if (PyUnicode_READY(text) < 0)
        return NULL;
    if (lower['a'] == 0)
        know();
    int kind = PyUnicode_KIND(text);
    if (kind == PyUnicode_4BYTE_KIND)
        Py_RETURN_NONE;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    void *to = PyMem_Malloc((size_t)(length * kind));
    if (to == NULL)
        return PyErr_NoMemory();
    Py_ssize_t count = kind == PyUnicode_1BYTE_KIND ? kept_of_Py_UCS1(PyUnicode_1BYTE_DATA(text), length, to)
                                                    : kept_of_Py_UCS2(PyUnicode_2BYTE_DATA(text), length, to);
    PyObject *made = count < 0 ? Py_NewRef(Py_None) : PyUnicode_FromKindAndData(kind, to, count);
    PyMem_Free(to);
    return made;
}

static PyMethodDef functions[] = {
    {"squash", letters_squash, METH_O, "Letters and digits in lower case; None of a text with characters unknown here."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_letters, "What is compared of a page's texts, compiled.", functions, NULL)
