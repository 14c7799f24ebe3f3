/* What is asked of every element of a page (monitor/fetch/pages/trees.py), for interpreters that can have it compiled.
 *
 * lxml makes an object of each element that Python touches, which costs more than what is asked of most. Here they are
 * looked at where libxml2 has them, and lxml is asked for objects of those only that are handed back. It reads; it never
 * changes a tree. What it needs of lxml is lxml's public C interface (`etreepublic.pxd`), of libxml2 the public head of
 * its nodes; both are looked at before the first use, and what is not as expected leaves all to the twins in Python.
 * tests/unit/fetch/pages/test_trees.py holds both to the same answers.
 */
#include "../domain/_frames.h"

#define ELEMENT 1
#define TEXT 3
#define CDATA 4

typedef struct Node {
    void *private;
    int type;
    const char *name;
    struct Node *children, *last, *parent, *next, *prev;
    void *doc;
    void *ns;
    const char *content;
    struct Attribute *properties; /* of elements only: short texts lie in it */
} Node;

typedef struct Attribute {
    void *private;
    int type;
    const char *name;
    Node *children, *last, *parent;
    struct Attribute *next, *prev;
    void *doc;
    void *ns;
} Attribute;

typedef struct {
    PyObject_HEAD
    PyObject *doc;
    Node *node;
    PyObject *tag;
} Element;

static PyTypeObject *element_type;
static Element *(*made_element)(PyObject *doc, Node *node);

/* Text as `str.split` and `join` leave it: white space as one space, none at the ends. */
typedef struct {
    char *start; /* NULL: only counted */
    size_t size, room;
    Py_ssize_t count; /* characters */
    int gap, failed;
} Line;

static Node *
node_of(PyObject *given)
{
    if (element_type == NULL || !PyObject_TypeCheck(given, element_type) || ((Element *)given)->node == NULL) {
        PyErr_SetString(PyExc_TypeError, "no element of lxml");
        return NULL;
    }
    return ((Element *)given)->node;
}

static PyObject *
element_at(PyObject *root, Node *node)
{
    return (PyObject *)made_element(((Element *)root)->doc, node);
}

static inline int
is_text(const Node *node)
{
    return (node->type == TEXT || node->type == CDATA) && node->content != NULL;
}

/* The node after `node` within `root`, in the document's order; NULL behind the last. */
static Node *
following(Node *root, Node *node)
{
    if (node->type == ELEMENT && node->children != NULL)
        return node->children;
    while (node != root) {
        if (node->next != NULL)
            return node->next;
        node = node->parent;
    }
    return NULL;
}

static inline int
is_called(const Node *node, const char *name)
{
    return node->type == ELEMENT && node->ns == NULL && strcmp(node->name, name) == 0;
}

/* Bytes of the white space at `p`, as `str.isspace` has it; 0 for none. */
static inline int
space_at(const unsigned char *p)
{
    if (*p < 0x80)
        return *p == ' ' || (*p >= 9 && *p <= 13) || (*p >= 0x1c && *p <= 0x1f);
    if (p[0] == 0xc2)
        return p[1] == 0x85 || p[1] == 0xa0 ? 2 : 0;
    if (p[0] == 0xe1)
        return p[1] == 0x9a && p[2] == 0x80 ? 3 : 0;
    if (p[0] == 0xe2 && p[1] == 0x80)
        return (p[2] >= 0x80 && p[2] <= 0x8a) || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf ? 3 : 0;
    if (p[0] == 0xe2)
        return p[1] == 0x81 && p[2] == 0x9f ? 3 : 0;
    return p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;
}

static int
has_room(Line *line, size_t more)
{
    if (line->size + more <= line->room)
        return 1;
    size_t room = 2 * line->room + more;
    char *grown = PyMem_Realloc(line->start, room);
    if (grown == NULL) {
        line->failed = 1;
        return 0;
    }
    line->start = grown;
    line->room = room;
    return 1;
}

static void
squeeze_in(Line *line, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    if (line->start != NULL && !has_room(line, strlen(text) + 1))
        return;
    while (*p != '\0') {
        int blank = space_at(p);
        if (blank) {
            line->gap = line->count > 0;
            p += blank;
            continue;
        }
        if (line->gap) {
            line->gap = 0;
            line->count++;
            if (line->start != NULL)
                line->start[line->size++] = ' ';
        }
        line->count++;
        do {
            if (line->start != NULL)
                line->start[line->size++] = (char)*p;
            p++;
        } while ((*p & 0xc0) == 0x80);
    }
}

static void
squeeze_all(Line *line, Node *root)
{
    for (Node *node = root; node != NULL; node = following(root, node))
        if (is_text(node))
            squeeze_in(line, node->content);
}

/* Characters of all text in `root`, squeezed. */
static Py_ssize_t
squeezed_size(Node *root)
{
    Line line = {0};
    squeeze_all(&line, root);
    return line.count;
}

static Py_ssize_t
characters(const char *text)
{
    Py_ssize_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static Py_ssize_t
text_size(Node *root)
{
    Py_ssize_t count = 0;
    for (Node *node = root; node != NULL; node = following(root, node))
        if (is_text(node))
            count += characters(node->content);
    return count;
}

static PyObject *
made_text(Line *line)
{
    if (line->failed)
        return PyErr_NoMemory();
    return PyUnicode_DecodeUTF8(line->start, (Py_ssize_t)line->size, NULL);
}

static PyObject *
trees_squeezed(PyObject *Py_UNUSED(module), PyObject *given)
{
    Node *root = node_of(given);
    if (root == NULL)
        return NULL;
    Line line = {.start = PyMem_Malloc(256), .room = 256};
    if (line.start == NULL)
        return PyErr_NoMemory();
    squeeze_all(&line, root);
    PyObject *made = made_text(&line);
    PyMem_Free(line.start);
    return made;
}

static PyObject *
trees_all_text(PyObject *Py_UNUSED(module), PyObject *given)
{
    Node *root = node_of(given);
    if (root == NULL)
        return NULL;
    size_t size = 0;
    for (Node *node = root; node != NULL; node = following(root, node))
        size += is_text(node) ? strlen(node->content) : 0;
    char *text = PyMem_Malloc(size + 1), *to = text;
    if (text == NULL)
        return PyErr_NoMemory();
    for (Node *node = root; node != NULL; node = following(root, node))
        if (is_text(node)) {
            size_t length = strlen(node->content);
            memcpy(to, node->content, length);
            to += length;
        }
    PyObject *made = PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, NULL);
    PyMem_Free(text);
    return made;
}

static PyObject *
trees_size(PyObject *Py_UNUSED(module), PyObject *given)
{
    Node *root = node_of(given);
    return root == NULL ? NULL : PyLong_FromSsize_t(squeezed_size(root));
}

/* Appends what is `made`, if it is. */
static int
appended(PyObject *list, PyObject *made)
{
    int done = made != NULL && PyList_Append(list, made) == 0;
    Py_XDECREF(made);
    return done;
}

static PyObject *
sizes(PyObject *args, Py_ssize_t (*asked)(Node *))
{
    PyObject *given;
    const char *tag;
    if (!PyArg_ParseTuple(args, "Os", &given, &tag))
        return NULL;
    Node *root = node_of(given);
    PyObject *found = root == NULL ? NULL : PyList_New(0);
    for (Node *node = root; found != NULL && node != NULL; node = following(root, node))
        if (is_called(node, tag) && !appended(found, PyLong_FromSsize_t(asked(node))))
            Py_CLEAR(found);
    return found;
}

static PyObject *
trees_sizes(PyObject *Py_UNUSED(module), PyObject *args)
{
    return sizes(args, squeezed_size);
}

static PyObject *
trees_lengths(PyObject *Py_UNUSED(module), PyObject *args)
{
    return sizes(args, text_size);
}

/* Characters of a paragraph that is prose: long, and less than half of it in links; 0 for another. */
static Py_ssize_t
prose_size(Node *paragraph, Py_ssize_t shortest)
{
    Py_ssize_t size = squeezed_size(paragraph), linked = 0;
    if (size < shortest)
        return 0;
    for (Node *node = paragraph; node != NULL; node = following(paragraph, node))
        if (is_called(node, "a"))
            linked += text_size(node);
    return (double)linked < (double)size / 2 ? size : 0;
}

static int
added(PyObject *sums, PyObject *key, Py_ssize_t size)
{
    PyObject *before = key == NULL ? NULL : PyDict_GetItemWithError(sums, key);
    if (key == NULL || (before == NULL && PyErr_Occurred()))
        return 0;
    PyObject *sum = PyLong_FromSsize_t(size + (before == NULL ? 0 : PyLong_AsSsize_t(before)));
    int done = sum != NULL && PyDict_SetItem(sums, key, sum) == 0;
    Py_XDECREF(sum);
    return done;
}

static PyObject *
trees_prose(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given;
    Py_ssize_t shortest;
    if (!PyArg_ParseTuple(args, "On", &given, &shortest))
        return NULL;
    Node *root = node_of(given);
    PyObject *sums = root == NULL ? NULL : PyDict_New();
    for (Node *node = root; sums != NULL && node != NULL; node = following(root, node)) {
        Py_ssize_t size = is_called(node, "p") ? prose_size(node, shortest) : 0;
        for (Node *around = node; sums != NULL && size > 0; around = around->parent) {
            PyObject *key = element_at(given, around);
            if (!added(sums, key, size))
                Py_CLEAR(sums);
            Py_XDECREF(key);
            if (around == root)
                break;
        }
    }
    return sums;
}

static PyObject *
trees_prose_size(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given;
    Py_ssize_t shortest, sum = 0;
    if (!PyArg_ParseTuple(args, "On", &given, &shortest))
        return NULL;
    Node *root = node_of(given);
    if (root == NULL)
        return NULL;
    for (Node *node = root; node != NULL; node = following(root, node))
        sum += is_called(node, "p") ? prose_size(node, shortest) : 0;
    return PyLong_FromSsize_t(sum);
}

static int
is_one_of(const char *name, PyObject *names)
{
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(names); at++)
        if (strcmp(name, PyBytes_AS_STRING(PyTuple_GET_ITEM(names, at))) == 0)
            return 1;
    return 0;
}

/* Whether `node` is an element that is called as one of the `names`, a tuple of bytes. */
static int
is_among(const Node *node, PyObject *names)
{
    return node->type == ELEMENT && node->ns == NULL && is_one_of(node->name, names);
}

static int
are_names(PyObject *names)
{
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(names); at++)
        if (!PyBytes_Check(PyTuple_GET_ITEM(names, at))) {
            PyErr_SetString(PyExc_TypeError, "names are bytes");
            return 0;
        }
    return 1;
}

/* Characters of the text that begins at `node`, a run of text nodes, without white space around it. */
static Py_ssize_t
stripped_size(const Node *node)
{
    Py_ssize_t count = 0, last = 0;
    for (; node != NULL && is_text(node); node = node->next) {
        const unsigned char *p = (const unsigned char *)node->content;
        while (*p != '\0') {
            int blank = space_at(p);
            if (blank) {
                count += count > 0;
                p += blank;
                continue;
            }
            last = ++count;
            do
                p++;
            while ((*p & 0xc0) == 0x80);
        }
    }
    return last;
}

/* What of a block is read: its owner, its text and how many of its characters stand in links. */
typedef struct {
    PyObject *root, *found, *inline_names;
    Node *owner;
    Line line;
    Py_ssize_t linked, links, most;
} Blocks;

static int
closed_block(Blocks *blocks)
{
    Line *line = &blocks->line;
    int done = 1;
    if (line->count > 0 && PyList_GET_SIZE(blocks->found) < blocks->most) {
        PyObject *owner = element_at(blocks->root, blocks->owner), *text = made_text(line);
        Py_ssize_t linked = blocks->linked < line->count ? blocks->linked : line->count;
        done = owner != NULL && text != NULL && appended(blocks->found, Py_BuildValue("OOn", owner, text, linked));
        Py_XDECREF(owner);
        Py_XDECREF(text);
    }
    line->size = 0, line->count = 0, line->gap = 0, blocks->linked = 0;
    return done;
}

static void
read_run(Blocks *blocks, const Node *node)
{
    if (blocks->links && node != NULL && is_text(node))
        blocks->linked += stripped_size(node);
    for (; node != NULL && is_text(node); node = node->next)
        squeeze_in(&blocks->line, node->content);
}

static int
opened(Blocks *blocks, Node *node)
{
    if (!is_among(node, blocks->inline_names)) {
        if (!closed_block(blocks))
            return 0;
        blocks->owner = node;
    }
    blocks->links += is_called(node, "a");
    if (is_called(node, "br"))
        squeeze_in(&blocks->line, " ");
    else
        read_run(blocks, node->children);
    return 1;
}

static int
ended(Blocks *blocks, Node *node, Node *root)
{
    if (!is_among(node, blocks->inline_names)) {
        if (!closed_block(blocks))
            return 0;
        blocks->owner = node == root ? root : node->parent;
    }
    blocks->links -= is_called(node, "a");
    if (node != root)
        read_run(blocks, node->next);
    return 1;
}

static PyObject *
trees_blocks(PyObject *Py_UNUSED(module), PyObject *args)
{
    Blocks blocks = {0};
    if (!PyArg_ParseTuple(args, "OO!n", &blocks.root, &PyTuple_Type, &blocks.inline_names, &blocks.most))
        return NULL;
    Node *root = node_of(blocks.root);
    if (root == NULL || !are_names(blocks.inline_names) || (blocks.found = PyList_New(0)) == NULL)
        return NULL;
    blocks.owner = root;
    blocks.line = (Line){.start = PyMem_Malloc(1024), .room = 1024};
    int sure = blocks.line.start != NULL && opened(&blocks, root);
    for (Node *node = root; sure && PyList_GET_SIZE(blocks.found) < blocks.most;) {
        Node *inner = node->children;
        while (inner != NULL && inner->type != ELEMENT)
            inner = inner->next;
        while (sure && inner == NULL) {
            sure = ended(&blocks, node, root);
            if (node == root)
                break;
            for (inner = node->next; inner != NULL && inner->type != ELEMENT; inner = inner->next)
                ;
            node = node->parent;
        }
        if (inner == NULL)
            break;
        node = inner;
        sure = sure && opened(&blocks, node);
    }
    sure = sure && closed_block(&blocks) && !blocks.line.failed;
    PyMem_Free(blocks.line.start);
    if (!sure && !PyErr_Occurred())
        PyErr_NoMemory();
    if (!sure)
        Py_CLEAR(blocks.found);
    return blocks.found;
}

/* Whether `node` may stand over a box: it has a few words and a few elements, none of which is a block. */
static int
may_be_heading(Node *node, PyObject *inline_names, Py_ssize_t longest)
{
    Py_ssize_t first = 0, inside = 0;
    int words = 0;
    Node *part = node->children;
    for (; part != NULL && is_text(part); part = part->next) {
        first += characters(part->content);
        for (const unsigned char *p = (const unsigned char *)part->content; !words && *p != '\0';) {
            int blank = space_at(p);
            words = !blank;
            p += blank;
        }
    }
    if (first > 2 * longest)
        return 0;
    for (; part != NULL; part = part->next)
        if (part->type == ELEMENT && (++inside > 4 || !is_among(part, inline_names)))
            return 0;
    return words || inside > 0;
}

/* Behind the end of a piece of text the next one, if that is text too. */
static const unsigned char *
text_from(Node **part, const unsigned char *p)
{
    while (*p == '\0' && (*part)->next != NULL && is_text((*part)->next)) {
        *part = (*part)->next;
        p = (const unsigned char *)(*part)->content;
    }
    return p;
}

/* Whether `node`'s own text may begin as `with` does: a `.` is any character; what is not ASCII may be any. */
static int
may_begin(Node *node, const char *with)
{
    Node *part = node->children;
    if (part == NULL || !is_text(part))
        return 0;
    const unsigned char *p = text_from(&part, (const unsigned char *)part->content);
    for (int blank; (blank = space_at(p)) > 0;)
        p = text_from(&part, p + blank);
    for (; *with != '\0'; with++, p = text_from(&part, p + 1)) {
        if (*p >= 0x80)
            return 1;
        unsigned char lower = *p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p;
        if (lower == '\0' || (*with != '.' && lower != (unsigned char)*with))
            return 0;
    }
    return 1;
}

static int
may_begin_as_one_of(Node *node, PyObject *beginnings)
{
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(beginnings); at++)
        if (may_begin(node, PyBytes_AS_STRING(PyTuple_GET_ITEM(beginnings, at))))
            return 1;
    return 0;
}

static PyObject *
trees_headings(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *names, *inline_names, *large, *beginnings, *found = NULL;
    Py_ssize_t enough, longest, read = 0;
    if (!PyArg_ParseTuple(args, "OO!O!nnO!O!", &given, &PyTuple_Type, &names, &PyTuple_Type, &inline_names, &enough,
                          &longest, &PyTuple_Type, &large, &PyTuple_Type, &beginnings))
        return NULL;
    Node *root = node_of(given);
    if (root == NULL || !are_names(names) || !are_names(inline_names) || !are_names(large) || !are_names(beginnings) ||
        (found = PyList_New(0)) == NULL)
        return NULL;
    for (Node *node = root; found != NULL && node != NULL; node = following(root, node)) {
        if (!is_among(node, names))
            continue;
        if (read < enough) {
            read += is_called(node, "p") ? text_size(node) : 0;
            continue;
        }
        if (!may_be_heading(node, inline_names, longest))
            continue;
        if (!is_among(node, large) && !may_begin_as_one_of(node, beginnings))
            continue;
        Py_ssize_t size = squeezed_size(node);
        if (size > 3 && size <= longest && !appended(found, element_at(given, node)))
            Py_CLEAR(found);
    }
    return found;
}

/* What links in `node` say: how many have words, how long these are, and how many are short. */
typedef struct {
    Py_ssize_t count, spoken, length, shorter, first;
    int pictured, listed;
} Links;

static Links
links_in(Node *root)
{
    Links links = {.listed = 1};
    for (Node *node = following(root, root); node != NULL; node = following(root, node)) {
        links.pictured |= is_called(node, "graphic");
        if (!is_called(node, "ref"))
            continue;
        Py_ssize_t size = squeezed_size(node), beside = 0;
        links.first = links.count++ == 0 ? size : links.first;
        links.spoken += size > 0;
        links.shorter += size > 0 && size < 10;
        links.length += size;
        Node *around = node->parent;
        if (links.listed && around != NULL && is_called(around, "p"))
            for (Node *part = following(around, around); part != NULL && beside < 2; part = following(around, part))
                beside += is_called(part, "ref");
        links.listed = links.listed && beside == 1;
    }
    return links;
}

/* trafilatura's `link_density_test`, and what `delete_by_link_density` adds where it goes `back`. */
static int
is_made_of_links(Node *node, int back, double most)
{
    Links links = links_in(node);
    if (links.count == 0 || links.pictured)
        return 0;
    Py_ssize_t size = squeezed_size(node), children = 0;
    if (links.count == 1 && links.first > 100 && (double)links.first > (double)size * 0.9)
        return 1;
    Node *next = node->next;
    while (next != NULL && next->type != ELEMENT)
        next = next->next;
    if (size < (is_called(node, "p") ? (next == NULL ? 60 : 30) : (next == NULL ? 300 : 100))) {
        if (links.spoken == 0 || (double)links.length > (double)size * 0.8 ||
            (links.spoken > 1 && (double)links.shorter / (double)links.spoken > 0.8))
            return 1;
        for (Node *part = node->children; part != NULL; part = part->next)
            children += part->type == ELEMENT;
        return back && children >= 3 && size < 100;
    }
    return links.count > 4 && (double)links.length > (double)size * most && links.length < 100 * links.spoken &&
           !links.listed;
}

static PyObject *
trees_made_of_links(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given;
    const char *tag;
    int back;
    double most;
    if (!PyArg_ParseTuple(args, "Ospd", &given, &tag, &back, &most))
        return NULL;
    Node *root = node_of(given);
    PyObject *found = root == NULL ? NULL : PyList_New(0);
    int paragraphs = strcmp(tag, "p") == 0;
    for (Node *node = root; found != NULL && node != NULL; node = following(root, node)) {
        if (!is_called(node, tag) || !is_made_of_links(node, back, most))
            continue;
        Node *around = node->parent;
        if (paragraphs && around != NULL &&
            (is_called(around, "item") || is_called(around, "td") || is_called(around, "th")))
            continue;
        if (!appended(found, element_at(given, node)))
            Py_CLEAR(found);
    }
    return found;
}

static int
put(Line *key, char before, const char *text)
{
    size_t length = strlen(text);
    if (!has_room(key, length + 1))
        return 0;
    key->start[key->size++] = before;
    memcpy(key->start + key->size, text, length);
    key->size += length;
    return 1;
}

/* The tag, if it is one of the `tags`, and the attributes of `node` that are called as one of the `names`.
 * 0: out of memory, or (without an exception) an attribute that is not one text. */
static int
put_attributes(Line *key, Node *node, PyObject *tags, PyObject *names)
{
    key->size = 0;
    if (!put(key, '<', is_among(node, tags) ? node->name : ""))
        return 0;
    for (Attribute *each = node->properties; each != NULL; each = each->next) {
        if (each->ns != NULL || !is_one_of(each->name, names))
            continue;
        const Node *value = each->children;
        if (value != NULL && (!is_text(value) || value->next != NULL))
            return 0;
        if (!put(key, 1, each->name) || !put(key, 2, value == NULL ? "" : value->content))
            return 0;
    }
    return 1;
}

/* What `ask` says of `node`; -1 with an exception. */
static int
asked_of(PyObject *root, Node *node, PyObject *ask)
{
    PyObject *element = element_at(root, node);
    PyObject *answer = element == NULL ? NULL : PyObject_CallOneArg(ask, element);
    int truth = answer == NULL ? -1 : PyObject_IsTrue(answer);
    Py_XDECREF(element);
    Py_XDECREF(answer);
    return truth;
}

/* The answer for what stands in `key`, from `answers` or by asking; -1 with an exception. */
static int
answer_of(PyObject *root, Node *node, Line *key, PyObject *answers, PyObject *ask, Py_ssize_t longest)
{
    PyObject *name = PyBytes_FromStringAndSize(key->start, (Py_ssize_t)key->size);
    PyObject *known = name == NULL ? NULL : PyDict_GetItemWithError(answers, name);
    int truth = -1;
    if (known != NULL)
        truth = known == Py_True;
    else if (name != NULL && !PyErr_Occurred())
        truth = asked_of(root, node, ask);
    if (known == NULL && truth >= 0 && (Py_ssize_t)key->size <= longest &&
        PyDict_SetItem(answers, name, truth ? Py_True : Py_False) < 0)
        truth = -1;
    Py_XDECREF(name);
    return truth;
}

static PyObject *
trees_asked(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *looked_at, *tags, *names, *answers, *ask, *found = NULL;
    int first;
    Py_ssize_t longest;
    if (!PyArg_ParseTuple(args, "OO!O!O!O!Opn", &given, &PyTuple_Type, &looked_at, &PyTuple_Type, &tags, &PyTuple_Type,
                          &names, &PyDict_Type, &answers, &ask, &first, &longest))
        return NULL;
    Node *root = node_of(given);
    Line key = {.start = PyMem_Malloc(256), .room = 256};
    if (key.start == NULL)
        return PyErr_NoMemory();
    if (root != NULL && are_names(looked_at) && are_names(tags) && are_names(names))
        found = PyList_New(0);
    int all = PyTuple_GET_SIZE(looked_at) == 0;
    for (Node *node = found == NULL ? NULL : following(root, root); node != NULL; node = following(root, node)) {
        if (node->type != ELEMENT || !(all || is_among(node, looked_at)))
            continue;
        int known = put_attributes(&key, node, tags, names);
        int truth = known ? answer_of(given, node, &key, answers, ask, longest)
                          : (key.failed ? -1 : asked_of(given, node, ask));
        if (key.failed)
            PyErr_NoMemory();
        if (truth < 0 || (truth && !appended(found, element_at(given, node)))) {
            Py_CLEAR(found);
            break;
        }
        if (truth && first)
            break;
    }
    PyMem_Free(key.start);
    return found;
}

static PyObject *
trees_texts(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *names, *found = NULL;
    if (!PyArg_ParseTuple(args, "OO!", &given, &PyTuple_Type, &names))
        return NULL;
    Node *root = node_of(given);
    if (root == NULL || !are_names(names))
        return NULL;
    Line line = {.start = PyMem_Malloc(256), .room = 256};
    if (line.start == NULL)
        return PyErr_NoMemory();
    found = PyList_New(0);
    for (Node *node = root; found != NULL && node != NULL; node = following(root, node)) {
        if (!is_among(node, names))
            continue;
        line.size = 0, line.count = 0, line.gap = 0;
        squeeze_all(&line, node);
        if (!appended(found, made_text(&line)))
            Py_CLEAR(found);
    }
    PyMem_Free(line.start);
    return found;
}

static PyObject *
trees_signs(PyObject *Py_UNUSED(module), PyObject *given)
{
    if (!PyBytes_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "a page is bytes");
        return NULL;
    }
    const unsigned char *p = (const unsigned char *)PyBytes_AS_STRING(given), *end = p + PyBytes_GET_SIZE(given);
    Py_ssize_t tags = 0;
    while (p < end) {
        /* Short stretches, whose sums fit into a byte: so a compiler adds up many bytes at once. */
        const unsigned char *stop = end - p > 255 ? p + 255 : end;
        unsigned char some = 0;
        for (; p < stop; p++)
            some += *p == '<';
        tags += some;
    }
    unsigned char controls = 0;
    for (p = (const unsigned char *)PyBytes_AS_STRING(given); p < end; p++)
        controls |= (*p < ' ') & (*p != '\t') & (*p != '\n') & (*p != '\r');
    return Py_BuildValue("nO", tags, controls ? Py_True : Py_False);
}

/* Has lxml's public interface, and looks at `probe`, `<p class="a">b<i>c</i></p>`. False: it is not as expected. */
static PyObject *
trees_attach(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *type, *api, *probe;
    if (!PyArg_ParseTuple(args, "O!OO", &PyType_Type, &type, &api, &probe))
        return NULL;
    if (!PyObject_TypeCheck(probe, (PyTypeObject *)type) || ((PyTypeObject *)type)->tp_basicsize != sizeof(Element))
        Py_RETURN_FALSE;
    Node *node = ((Element *)probe)->node;
    if (node == NULL || node->type != ELEMENT || strcmp(node->name, "p") != 0 || node->ns != NULL)
        Py_RETURN_FALSE;
    Node *text = node->children, *inner = text == NULL ? NULL : text->next;
    if (text == NULL || !is_text(text) || strcmp(text->content, "b") != 0 || text->parent != node || inner == NULL ||
        inner != node->last || inner->prev != text || inner->next != NULL || !is_called(inner, "i"))
        Py_RETURN_FALSE;
    Attribute *attribute = node->properties;
    if (attribute == NULL || strcmp(attribute->name, "class") != 0 || attribute->next != NULL ||
        attribute->ns != NULL || attribute->children == NULL || strcmp(attribute->children->content, "a") != 0)
        Py_RETURN_FALSE;
    void *found = PyCapsule_GetPointer(api, "struct LxmlElement *(struct LxmlDocument *, xmlNode *)");
    if (found == NULL) {
        PyErr_Clear();
        Py_RETURN_FALSE;
    }
    made_element = (Element * (*)(PyObject *, Node *)) found;
    element_type = (PyTypeObject *)Py_NewRef(type);
    Py_RETURN_TRUE;
}

static PyMethodDef functions[] = {
    {"attach", trees_attach, METH_VARARGS, "Whether lxml is as expected: asked once, before all else."},
    {"signs", trees_signs, METH_O, "How many tags a page may have, and whether it has controls."},
    {"all_text", trees_all_text, METH_O, "All text of an element."},
    {"squeezed", trees_squeezed, METH_O, "All text of an element, squeezed."},
    {"size", trees_size, METH_O, "Its characters."},
    {"sizes", trees_sizes, METH_VARARGS, "The same of each element of a tag, the root with them."},
    {"lengths", trees_lengths, METH_VARARGS, "Characters of their texts as they stand."},
    {"texts", trees_texts, METH_VARARGS, "Texts of the elements of some tags, squeezed."},
    {"prose", trees_prose, METH_VARARGS, "Characters of prose in each element that has some."},
    {"prose_size", trees_prose_size, METH_VARARGS, "Characters of prose."},
    {"blocks", trees_blocks, METH_VARARGS, "Owners, texts and linked characters of the first blocks."},
    {"headings", trees_headings, METH_VARARGS, "Elements of a few words behind so many characters of paragraphs."},
    {"made_of_links", trees_made_of_links, METH_VARARGS, "Elements of a tag that are little else than links."},
    {"asked", trees_asked, METH_VARARGS, "Elements for whose tag and attributes the answer is yes."},
    {NULL, NULL, 0, NULL},
};

LIBRARY(_trees, "What is asked of every element of a page, compiled.", functions, NULL)
