"""A tree as the blocks of text that a reader sees, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree, html

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


def all_text(element: html.HtmlElement) -> str:
    """What `text_content` gives, which asks an XPath of each element: most hold text and nothing else."""
    return str(element.text_content()) if len(element) else element.text or ""


def blocks_of(root: html.HtmlElement) -> Iterator[Block]:
    """The blocks under `root`, in document order; a `br` does not end one. `root` may be inline.

    An iteration, since recursion over a hostile page's depth would end the process. There are no comments in a tree
    that `markup` made.
    """
    parts: list[str] = []
    linked, links, owner = 0, 0, root
    owners = [root]
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag, opening = element.tag, event == "start"
        if tag not in INLINE:
            if parts and (joined := squeeze("".join(parts))):
                yield Block(owner, joined, min(linked, len(joined)))
            parts, linked = [], 0
            owner = element if opening else owners[-2 if len(owners) > 1 else -1]
        if opening:
            owners.append(element)
            links += tag == "a"
            text = " " if tag == "br" else element.text
        else:
            owners.pop()
            links -= tag == "a"
            text = element.tail if element is not root else None
        if text:
            parts.append(text)
            linked += len(text.strip()) if links else 0
    if joined := squeeze("".join(parts)):
        yield Block(owner, joined, min(linked, len(joined)))
