"""Questions about an element's own tag and attributes, each combination asked once.

trafilatura names what it drops and where articles stand by XPath with regular expressions, which lxml evaluates in
Python for every element: a quarter of an extraction. The answers depend on a few attributes, and a site's pages repeat
the same ones.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree, html

_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_ATTRIBUTE = re.compile(r"@([\w-]+)")
_TAG = re.compile(r"(?:self::|\.//)([a-z][a-z0-9]*)")
# The first test of its only step: the tags that it can find.
_ONLY_TAGS = re.compile(r"\s*\(?\.//\*\[((?:\s*(?:or )?self::[a-z][a-z0-9]*)+)\s*\]\[")
_OF_MORE = re.compile(
    r"\b(?:text|node|last|position|count|string|normalize-space|name|id|lang)\s*\(|\[\s*\d*[2-9]\d*\s*\]"
)
_MOST = 20_000  # answers kept
_LONGEST = 500  # characters of attributes above which an answer is not kept

_Key = tuple[str, tuple[tuple[str, str], ...]]


class AskedOnce:
    """Gives what `expression` gives for a tree, or only the first of it; for expressions that `is_own` accepts."""

    def __init__(self, expression: etree.XPath, *, first: bool = False) -> None:
        self.expression, self._first = expression, first
        path = _LITERAL.sub("''", expression.path)
        self._names, self._tags = frozenset(_ATTRIBUTE.findall(path)), frozenset(_TAG.findall(path))
        only = _ONLY_TAGS.match(path) if path.count(".//") == 1 else None
        self._looked_at = _TAG.findall(only[1]) if only else ["*"]
        self._answers: dict[_Key, bool] = {}

    def __call__(self, tree: html.HtmlElement) -> list[html.HtmlElement]:
        """The elements under `tree` that the expression finds, in document order."""
        found = []
        try:
            for element in tree.iterdescendants(*self._looked_at):
                if self._answer(str(element.tag), element.items()):
                    found.append(element)
                    if self._first:
                        break
        except ValueError:  # a name or a value that lxml reads and does not write
            return list(self.expression(tree))
        return found

    def _answer(self, tag: str, attributes: list[tuple[str, str]]) -> bool:
        kept = tuple([pair for pair in attributes if pair[0] in self._names]) if attributes else ()
        key = (tag if tag in self._tags else "x", kept)
        known = self._answers.get(key)
        return self._ask(key) if known is None else known

    def _ask(self, key: _Key) -> bool:
        box = etree.Element("x")
        etree.SubElement(box, key[0], dict(key[1]))
        answer = bool(self.expression(box))
        if sum(len(value) for _, value in key[1]) <= _LONGEST:
            if len(self._answers) >= _MOST:
                self._answers.clear()
            self._answers[key] = answer
        return answer


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
