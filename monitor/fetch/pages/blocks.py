"""A tree as the blocks of text that a reader sees, in order."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from lxml import html

from monitor.fetch.pages.trees import all_text, blocks, names, squeeze

__all__ = ["INLINE", "INLINE_NAMES", "Block", "all_text", "blocks_of", "squeeze"]

INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn", "em", "font", "i"}
    | {"ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt"}
    | {"u", "var", "wbr"}
)
INLINE_NAMES = names(sorted(INLINE))


@dataclass(slots=True)
class Block:
    """A stretch of text between two block boundaries; `linked` of its characters stand in links."""

    element: html.HtmlElement
    text: str
    linked: int

    @property
    def link_share(self) -> float:
        return self.linked / len(self.text) if self.text else 0.0


def blocks_of(root: html.HtmlElement, most: int = sys.maxsize) -> list[Block]:
    """The first `most` blocks under `root`, in document order; a `br` does not end one. `root` may be inline.

    There are no comments in a tree that `markup` made.
    """
    return [Block(*found) for found in blocks(root, INLINE_NAMES, most)]
