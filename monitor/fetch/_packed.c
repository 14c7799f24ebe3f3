/* A feed's entries as one text and out of it (monitor/fetch/packing.py), for interpreters that can have it compiled.
 *
 * The twin in Python says what is meant; tests/unit/fetch/test_packing.py holds both to the same answers.
 */
#include "../domain/_frames.h"

#include <datetime.h>

#define BETWEEN '\x1e'
#define WITHIN '\x1f'
#define COLUMNS 10 /* as they are packed */
#define FIRST_ROOM 8192

enum { IDENTITY, LINK, GUID, LANGUAGE, PUBLISHED, UPDATED, TITLE, SUMMARY, CONTENT, AUTHORS };

/* The order in which an entry is made of them. */
static const int given[COLUMNS] = {IDENTITY, TITLE, LINK, GUID, SUMMARY, CONTENT, PUBLISHED, UPDATED, AUTHORS, LANGUAGE};

static const char *const attributes[COLUMNS] = {"identity",   "link",  "guid",    "language", "published_at",
                                                "updated_at", "title", "summary", "content",  "authors"};
static PyObject *attribute_names[COLUMNS];

typedef struct {
    const char *first;
    Py_ssize_t length;
} Piece;

typedef struct {
    char *first;
    Py_ssize_t length, room;
} Written;

/* Room for so many bytes behind what is written; NULL with an exception where there is none. */
static char *
room_for(Written *written, Py_ssize_t length)
{
    if (written->first == NULL || written->length + length > written->room) {
        const Py_ssize_t room = 2 * (written->length + length) + FIRST_ROOM;
        char *first = PyMem_Realloc(written->first, (size_t)room);
        if (first == NULL)
            return (char *)PyErr_NoMemory();
        written->first = first;
        written->room = room;
    }
    return written->first + written->length;
}

static int
write_sign(Written *written, char sign)
{
    char *to = room_for(written, 1);
    if (to == NULL)
        return -1;
    *to = sign;
    written->length++;
    return 0;
}

static int
write_text(Written *written, PyObject *text)
{
    Py_ssize_t length;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text is a string");
        return -1;
    }
    const char *first = PyUnicode_AsUTF8AndSize(text, &length);
    char *to = first != NULL ? room_for(written, length) : NULL;
    if (to == NULL)
        return -1;
    memcpy(to, first, (size_t)length);
    written->length += length;
    return 0;
}

/* So many digits of a number, and a sign behind them; gives where that ends. */
static char *
put_number(char *to, int number, int digits, char sign)
{
    for (int at = digits - 1; at >= 0; at--, number /= 10)
        to[at] = (char)('0' + number % 10);
    to[digits] = sign;
    return to + digits + 1;
}

/* As `isoformat` writes it. */
static int
write_instant(Written *written, PyObject *instant)
{
    if (!PyDateTime_CheckExact(instant) || PyDateTime_DATE_GET_TZINFO(instant) != PyDateTime_TimeZone_UTC) {
        PyObject *text = PyObject_CallMethod(instant, "isoformat", NULL);
        const int done = text != NULL ? write_text(written, text) : -1;
        Py_XDECREF(text);
        return done;
    }
    char *to = room_for(written, 32);
    if (to == NULL)
        return -1;
    char *at = put_number(to, PyDateTime_GET_YEAR(instant), 4, '-');
    at = put_number(at, PyDateTime_GET_MONTH(instant), 2, '-');
    at = put_number(at, PyDateTime_GET_DAY(instant), 2, 'T');
    at = put_number(at, PyDateTime_DATE_GET_HOUR(instant), 2, ':');
    at = put_number(at, PyDateTime_DATE_GET_MINUTE(instant), 2, ':');
    const int micros = PyDateTime_DATE_GET_MICROSECOND(instant);
    at = put_number(at, PyDateTime_DATE_GET_SECOND(instant), 2, micros != 0 ? '.' : '+');
    if (micros != 0)
        at = put_number(at, micros, 6, '+');
    memcpy(at, "00:00", 5);
    written->length += at + 5 - to;
    return 0;
}

static int
write_names(Written *written, PyObject *names)
{
    PyObject *all = PySequence_Fast(names, "names are a sequence");
    int done = all != NULL ? 0 : -1;
    for (Py_ssize_t at = 0; done == 0 && at < PySequence_Fast_GET_SIZE(all); at++) {
        if (at > 0)
            done = write_sign(written, WITHIN);
        if (done == 0)
            done = write_text(written, PySequence_Fast_GET_ITEM(all, at));
    }
    Py_XDECREF(all);
    return done;
}

/* What stands in a column of an entry. */
static int
write_value(Written *written, PyObject *entry, int column)
{
    PyObject *value = attribute_of(entry, &attribute_names[column], attributes[column]);
    if (value == NULL)
        return -1;
    int done = -1;
    if (column == AUTHORS)
        done = write_names(written, value);
    else if (column == UPDATED) {
        PyObject *published = attribute_of(entry, &attribute_names[PUBLISHED], attributes[PUBLISHED]);
        if (published != NULL && value == published)
            done = write_sign(written, '=');
        else if (published != NULL)
            done = value != Py_None ? write_instant(written, value) : 0;
        Py_XDECREF(published);
    } else if (column < TITLE && value == Py_None)
        done = 0;
    else
        done = column == PUBLISHED ? write_instant(written, value) : write_text(written, value);
    Py_DECREF(value);
    return done;
}

/* Whether the datetime's functions are at hand; they are asked for once. */
static int
has_datetime(void)
{
    if (PyDateTimeAPI == NULL)
        PyDateTime_IMPORT;
    return PyDateTimeAPI != NULL;
}

static PyObject *
packed_joined(PyObject *Py_UNUSED(module), PyObject *entries)
{
    if (!PyTuple_Check(entries))
        return PyErr_Format(PyExc_TypeError, "entries are a tuple");
    if (!has_datetime())
        return NULL;
    Written written = {NULL, 0, 0};
    int done = 0;
    for (int column = 0; done == 0 && column < COLUMNS; column++)
        for (Py_ssize_t row = 0; done == 0 && row < PyTuple_GET_SIZE(entries); row++) {
            if (column + row > 0)
                done = write_sign(&written, BETWEEN);
            if (done == 0)
                done = write_value(&written, PyTuple_GET_ITEM(entries, row), column);
        }
    PyObject *joined = done == 0 ? PyBytes_FromStringAndSize(written.first, written.length) : NULL;
    PyMem_Free(written.first);
    return joined;
}

/* The number that `count` digits at an offset of a piece say; -1 where others stand there. */
static int
number_at(const Piece *piece, Py_ssize_t offset, int count)
{
    int number = 0;
    for (int at = 0; at < count; at++) {
        const char digit = piece->first[offset + at];
        if (digit < '0' || digit > '9')
            return -1;
        number = number * 10 + (digit - '0');
    }
    return number;
}

/* Whether it is written as `isoformat` writes an instant in UTC, with or without microseconds. */
static int
is_usual(const Piece *piece)
{
    const Py_ssize_t length = piece->length;
    const char *first = piece->first;
    return (length == 25 || (length == 32 && first[19] == '.')) && first[4] == '-' && first[7] == '-' &&
           first[10] == 'T' && first[13] == ':' && first[16] == ':' && memcmp(first + length - 6, "+00:00", 6) == 0;
}

static PyObject *
text_of(const Piece *piece)
{
    return PyUnicode_DecodeUTF8(piece->first, piece->length, NULL);
}

/* What `function` makes of the text. */
static PyObject *
made_of(const Piece *piece, PyObject *function)
{
    PyObject *text = text_of(piece), *made = text != NULL ? PyObject_CallOneArg(function, text) : NULL;
    Py_XDECREF(text);
    return made;
}

static PyObject *
instant_of(const Piece *piece, PyObject *read)
{
    if (piece->length == 0)
        Py_RETURN_NONE;
    if (!is_usual(piece))
        return made_of(piece, read);
    const int year = number_at(piece, 0, 4), month = number_at(piece, 5, 2), day = number_at(piece, 8, 2);
    const int hour = number_at(piece, 11, 2), minute = number_at(piece, 14, 2), second = number_at(piece, 17, 2);
    const int micros = piece->length == 32 ? number_at(piece, 20, 6) : 0;
    /* what is no time, the reader says; at 24 o'clock it depends on its version */
    if (year < 1 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || second < 0 || micros < 0)
        return made_of(piece, read);
    return PyDateTimeAPI->DateTime_FromDateAndTime(year, month, day, hour, minute, second, micros,
                                                   PyDateTime_TimeZone_UTC, PyDateTimeAPI->DateTimeType);
}

/* The value of a piece in a column; `before` is what was made of the column before it. */
static PyObject *
value_of(const Piece *piece, int column, PyObject *before, PyObject *read, PyObject *names)
{
    switch (column) {
    case LINK:
    case GUID:
    case LANGUAGE:
        if (piece->length == 0)
            Py_RETURN_NONE;
        return text_of(piece);
    case PUBLISHED:
        return instant_of(piece, read);
    case UPDATED:
        return piece->length == 1 && *piece->first == '=' ? Py_NewRef(before) : instant_of(piece, read);
    case AUTHORS:
        return made_of(piece, names);
    default:
        return text_of(piece);
    }
}

/* A tuple of the columns, each a list. */
static PyObject *
columns_of(const Piece *pieces, Py_ssize_t count, PyObject *read, PyObject *names)
{
    PyObject *columns = PyTuple_New(COLUMNS), *published = NULL;
    for (int at = 0; columns != NULL && at < COLUMNS; at++) {
        const int column = given[at];
        PyObject *values = PyList_New(count);
        if (values == NULL) {
            Py_CLEAR(columns);
            break;
        }
        PyTuple_SET_ITEM(columns, at, values);
        for (Py_ssize_t row = 0; row < count; row++) {
            PyObject *before = column == UPDATED ? PyList_GET_ITEM(published, row) : NULL;
            PyObject *value = value_of(pieces + column * count + row, column, before, read, names);
            if (value == NULL) {
                Py_DECREF(columns);
                return NULL;
            }
            PyList_SET_ITEM(values, row, value);
        }
        if (column == PUBLISHED)
            published = values;
    }
    return columns;
}

static PyObject *
packed_columns(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 3 || !PyBytes_Check(arguments[0]))
        return PyErr_Format(PyExc_TypeError, "bytes, what reads an instant, what parts names");
    if (!has_datetime())
        return NULL;
    const char *at = PyBytes_AS_STRING(arguments[0]), *end = at + PyBytes_GET_SIZE(arguments[0]);
    Py_ssize_t found = 1;
    for (const char *next = at; (next = memchr(next, BETWEEN, (size_t)(end - next))) != NULL; next++)
        found++;
    if (found % COLUMNS != 0)
        return PyErr_Format(PyExc_ValueError, "%zd values are no rows", found);
    Piece *pieces = PyMem_New(Piece, found);
    if (pieces == NULL)
        return PyErr_NoMemory();
    for (Py_ssize_t piece = 0; piece < found; piece++) {
        const char *next = memchr(at, BETWEEN, (size_t)(end - at));
        pieces[piece] = (Piece){at, (next != NULL ? next : end) - at};
        at = next != NULL ? next + 1 : end;
    }
    PyObject *columns = columns_of(pieces, found / COLUMNS, arguments[1], arguments[2]);
    PyMem_Free(pieces);
    return columns;
}

static PyMethodDef functions[] = {
    {"columns", (PyCFunction)(void (*)(void))packed_columns, METH_FASTCALL, "A feed's entries by column."},
    {"joined", packed_joined, METH_O, "Entries as one text."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_packed, "Entries of a feed as one text and out of it, compiled.", functions, NULL)
