/* What every compiled library begins and ends with, and what they share. `digest` (compiling.py) covers it. */
#ifndef VEILLE_FRAMES_H
#define VEILLE_FRAMES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef SOURCE /* the digest, which setup.py gives */
#define SOURCE ""
#endif

/* An attribute by its name, of which the string is made once: one made anew is hashed, and compared letter by letter. */
static inline PyObject *
attribute_of(PyObject *object, PyObject **name, const char *text)
{
    if (*name == NULL && (*name = PyUnicode_InternFromString(text)) == NULL)
        return NULL;
    return PyObject_GetAttr(object, *name);
}

static inline PyObject *
made_library(struct PyModuleDef *definition, PyTypeObject **types)
{
    PyObject *made = PyModule_Create(definition);
    if (made != NULL && PyModule_AddStringConstant(made, "SOURCE", SOURCE) < 0)
        Py_CLEAR(made);
    for (; made != NULL && *types != NULL; types++)
        if (PyModule_AddType(made, *types) < 0)
            Py_CLEAR(made);
    return made;
}

/* The library `name` with these functions and types; NULL for none. */
#define LIBRARY(name, doc, functions, ...)                                                                             \
    static struct PyModuleDef module = {                                                                               \
        PyModuleDef_HEAD_INIT,                                                                                         \
        .m_name = #name,                                                                                               \
        .m_doc = doc,                                                                                                  \
        .m_size = -1,                                                                                                  \
        .m_methods = functions,                                                                                        \
    };                                                                                                                 \
    PyMODINIT_FUNC PyInit_##name(void) { return made_library(&module, (PyTypeObject *[]){__VA_ARGS__, NULL}); }

#endif
