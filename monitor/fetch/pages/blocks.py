"""A tree as the blocks of text that a reader sees, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html

INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn", "em", "font", "i"}
    | {"ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt"}
    | {"u", "var", "wbr"}
)


@dataclass(slots=True)
class Block:
    """A stretch of text between two block boundaries; `linked` of its characters stand in links."""

    element: html.HtmlElement
    text: str
    linked: int

    @property
    def link_share(self) -> float:
        return self.linked / len(self.text) if self.text else 0.0


def squeeze(text: str) -> str:
    """White space runs as one space, none at the ends."""
    return " ".join(text.split())


def blocks_of(root: html.HtmlElement) -> Iterator[Block]:
    """The blocks under `root`, in document order; a `br` does not end one. `root` may be inline."""
    parts: list[str] = []
    linked, owner = 0, root
    for element, text, in_link in _walk(root):
        if text is not None:
            parts.append(text)
            linked += len(text.strip()) if in_link else 0
            continue
        if joined := squeeze("".join(parts)):
            yield Block(owner, joined, min(linked, len(joined)))
        parts, linked, owner = [], 0, element
    if joined := squeeze("".join(parts)):
        yield Block(owner, joined, min(linked, len(joined)))


def _walk(root: html.HtmlElement) -> Iterator[tuple[html.HtmlElement, str | None, bool]]:
    """Texts, and None at each block boundary with the element that what follows belongs to.

    Iterative: recursion over a hostile page's depth would end the process.
    """
    stack: list[tuple[html.HtmlElement, html.HtmlElement, bool, bool]] = [(root, root, False, False)]
    while stack:
        element, parent, in_link, leaving = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        if leaving:
            if tag not in INLINE:
                yield parent, None, in_link
            if element.tail and element is not root:
                yield parent, element.tail, in_link
            continue
        if tag not in INLINE:
            yield element, None, in_link
        inner = in_link or tag == "a"
        if tag == "br":
            yield element, " ", inner
        elif element.text and tag:
            yield element, element.text, inner
        stack.append((element, parent, in_link, True))
        stack.extend((child, element, inner, False) for child in reversed(element))
