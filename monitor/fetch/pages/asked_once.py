"""Questions about an element's own tag and attributes, each combination asked once.

trafilatura names what it drops and where articles stand by XPath with regular expressions, which lxml evaluates in
Python for every element: a quarter of an extraction. The answers depend on a few attributes, and a site's pages repeat
the same ones.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree, html

from monitor.fetch.pages.trees import Question

_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_ATTRIBUTE = re.compile(r"@([\w-]+)")
_TAG = re.compile(r"(?:self::|\.//)([a-z][a-z0-9]*)")
# The first test of its only step: the tags that it can find.
_ONLY_TAGS = re.compile(r"\s*\(?\.//\*\[((?:\s*(?:or )?self::[a-z][a-z0-9]*)+)\s*\]\[")
_OF_MORE = re.compile(
    r"\b(?:text|node|last|position|count|string|normalize-space|name|id|lang)\s*\(|\[\s*\d*[2-9]\d*\s*\]"
)


class AskedOnce:
    """Gives what `expression` gives for a tree, or only the first of it; for expressions that `is_own` accepts."""

    def __init__(self, expression: etree.XPath, *, first: bool = False) -> None:
        self.expression, self._first = expression, first
        path = _LITERAL.sub("''", expression.path)
        self._names, self._tags = frozenset(_ATTRIBUTE.findall(path)), frozenset(_TAG.findall(path))
        found = _ONLY_TAGS.match(path) if path.count(".//") == 1 else None
        only = _TAG.findall(found[1]) if found else ()
        self._asked = Question(self._ask, self._names, self._tags, only)

    def __call__(self, tree: html.HtmlElement) -> list[html.HtmlElement]:
        """The elements under `tree` that the expression finds, in document order."""
        try:
            return self._asked(tree, first=self._first)
        except ValueError:  # a name or a value that lxml reads and does not write
            return list(self.expression(tree))

    def _ask(self, element: html.HtmlElement) -> bool:
        box = etree.Element("x")
        tag = str(element.tag) if element.tag in self._tags else "x"
        etree.SubElement(box, tag, {name: value for name, value in element.items() if name in self._names})
        return bool(self.expression(box))


def is_own(expression: object, *, first: bool = False) -> bool:
    """Whether `expression` looks at each descendant's own tag and attributes and nothing else of the tree.

    `first`: it may ask for the first of them.
    """
    if not isinstance(expression, etree.XPath) or ("[1]" in expression.path and not first):
        return False
    path = _LITERAL.sub("''", expression.path)
    steps = path.count(".//")
    return (
        steps == path.count("|(") + 1
        and path.count("/") == 2 * steps
        and path.count("::") == path.count("self::")
        and "@*" not in path
        and not _OF_MORE.search(path)
    )


def ask_once(expressions: list[Any], *, first: bool = False) -> None:
    """Put into `expressions`, in place, quick ones for those that can be quick; `first`: only the first is wanted."""
    expressions[:] = [AskedOnce(each, first=first) if is_own(each, first=first) else each for each in expressions]
