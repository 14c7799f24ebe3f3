"""Where many byte patterns stand in a text at once.

`_patterns.c` has a twin in C; `kernel` takes that where there is one. Nothing but speed depends on it.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from monitor.domain.text import word_starts

if TYPE_CHECKING:
    from daachorse import DoubleArrayAhoCorasick

BOTH = 3  # sides
Hit = tuple[int, int, int]  # where a pattern begins, where it ends, its number


class Patterns:
    """Patterns by number, in one string with a line each, none empty and none twice; `packed` is what `pack` gave."""

    def __init__(self, joined: bytes, packed: bytes = b"") -> None:
        from daachorse import DoubleArrayAhoCorasick  # here: where this is compiled nobody needs it

        self._machine: DoubleArrayAhoCorasick | None = None
        if packed:
            self._machine = DoubleArrayAhoCorasick.deserialize(packed)
        elif joined:
            self._machine = DoubleArrayAhoCorasick(joined.split(b"\n"))

    def pack(self) -> bytes:
        """What makes the same patterns faster than they were made; empty where that is nothing (in the twin)."""
        return bytes(self._machine.serialize()) if self._machine else b""

    def any(self, haystack: bytes) -> bool:
        """Whether one of them stands there."""
        return self._machine is not None and bool(self._machine.find(haystack))

    def hits(self, haystack: bytes) -> list[Hit]:
        """Where they stand, in order of their ends, of these in order; as bytes, four a number, where compiled."""
        return self._machine.find_overlapping(haystack) if self._machine else []

    def near(self, haystack: bytes, sides: bytes, distance: int) -> bool:
        """Whether patterns of two sides have less than `distance` words between them, in either order; 1 or more.

        `sides` has for each pattern 1 or 2, 0 for none, 3 for both: such a one is near, wherever it stands.
        """
        starts, ends = word_starts(haystack), [0, 0]
        for start, stop, pattern in self.hits(haystack):
            side = sides[pattern]
            if side == BOTH:
                return True
            if not side:
                continue
            first = max(haystack.rfind(b" ", 0, start + 1), 0)  # of its word
            end = ends[2 - side]
            if end and bisect_left(starts, first) - bisect_left(starts, end - 1) < distance:
                return True
            ends[side - 1] = stop
        return False
