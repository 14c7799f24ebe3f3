"""Words, and beginnings of words before what may vanish, in a text with its tags: all at once, by their first letters.

`_beginnings.c` is a twin in C; `kernel` takes it where it is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daachorse import DoubleArrayAhoCorasick

# What a byte of the text is, beside folded letters and digits: a break may vanish within a word (a tag's beginning,
# "\\", a soft hyphen); a control makes the text another.
BLANK, BREAK, CONTROL = b" ", b"\x01", b"\x02"
# Where a word begins: after a blank, a break, or what JSON writes as a letter after a backslash.
_STARTS = (BLANK, BREAK, *(BREAK + bytes([letter]) for letter in b"nrtbf"))
# Not what a script compares: a tag has blanks, a slash or its end behind its name, or odd marks and then its end.
_TAG = re.compile(
    rb"<(?:[!?/]|[a-z][a-z0-9:-]*(?:[ \t\n\r\x85\xa0/>\"'<]|[^<>\"']*>))",
    re.IGNORECASE,
)
# The end of a word for certain, after what closes inline: most of what a beginning of a word is followed by.
_PARTING = re.compile(
    rb"(?:</(?:a|b|em|span|strong|time)>)*</?(?:article|div|h[0-9]|li|p|td|ul)[ \t\n\r>]", re.IGNORECASE
)


class Beginnings:
    """Looks for `whole` pieces, and for `broken` ones before a break, at the beginnings of words.

    Both are spelt in `marks`: what each byte of a text is, one of 256. A whole piece may end in a blank, which a break
    and the text's end are too. At most one piece of each kind is spelt alike.
    """

    def __init__(self, whole: Sequence[bytes], broken: Sequence[bytes], marks: bytes) -> None:
        self._whole, self._broken, self._marks = list(whole), list(broken), marks
        if len(marks) != 256 or {b"", BLANK}.intersection([*whole, *broken]):
            raise ValueError("a mark for each byte, and no piece without a letter")
        if len({*whole}) < len(whole) or len({*broken}) < len(broken):
            raise ValueError("two pieces are spelt alike")

    def found(self, text: bytes) -> list[tuple[int, int]] | None:
        """Where each piece ends, and its number (those of broken ones go on from the whole ones'); None for a control.

        Places are in the order of what begins there; the break of a broken piece counts as its end. Left out are broken
        pieces before a `<` that begins no tag, or before a tag that parts words for certain.
        """
        marked = b" %b " % text.translate(self._marks)
        if CONTROL in marked:
            return None
        hits = []
        for start, end, found in self._machine.find_overlapping(marked):
            skipped, number = self._meanings[found]
            if number < len(self._whole) or _may_vanish(text, end - 2):
                hits.append((start + skipped, end - 2, number))
        return [(at, number) for _, at, number in sorted(hits)]

    @cached_property
    def _pieces(self) -> list[tuple[bytes, int, int]]:
        """What the automaton looks for: with what it begins after, the length of that, and the number."""
        ends = [(piece.removesuffix(BLANK) + end, number)
                for number, piece in enumerate(self._whole)
                for end in ((BLANK, BREAK) if piece.endswith(BLANK) else (b"",))]  # fmt: skip
        ends += [(piece + BREAK, number) for number, piece in enumerate(self._broken, len(self._whole))]
        return [(start + piece, len(start), number) for start, (piece, number) in product(_STARTS, ends)]

    @cached_property
    def _meanings(self) -> list[tuple[int, int]]:
        return [(skipped, number) for _, skipped, number in self._pieces]

    @cached_property
    def _machine(self) -> DoubleArrayAhoCorasick:
        from daachorse import DoubleArrayAhoCorasick  # here: where this is compiled nobody needs it

        return DoubleArrayAhoCorasick([piece for piece, _, _ in self._pieces])


def _may_vanish(text: bytes, at: int) -> bool:
    return text[at : at + 1] != b"<" or (_TAG.match(text, at) is not None and _PARTING.match(text, at) is None)
