"""Where terms stand in one article, and which items hold: the inner loops of matching.

`_places.c` has a twin of each in C; `kernel` takes that where there is one. Nothing but speed depends on it.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.domain.reading import Reading
    from monitor.domain.tallies import Item

Pair = tuple[int, int]
Hit = tuple[int, int, int]  # where a pattern begins, where it ends but for the two spaces around, its number
Evaluated = tuple["Item", tuple[int, ...], "Callable[[Reading], int] | None"]
"""An item that is no term: it holds in the sentences that its numbers have in common, or, with a function, in those
that the function tells once its numbers are all there."""


class Table:
    """What each pattern of an automaton stands for: its row, and the groups of each row. Rows of `checked` have groups
    besides that count only where the original says so."""

    def __init__(self, row_of: list[int], plain: list[tuple[int, ...]], checked: list[int]) -> None:
        self.row_of, self.plain, self.apart = row_of, plain, frozenset(checked)

    def found(self, hits: list[Hit]) -> Found:
        """What the hits of one article stand for; they come in order of their ends, of these in order."""
        return Found(self, hits)


class Found:
    """What was found in one article."""

    def __init__(self, table: Table, hits: list[Hit]) -> None:
        self._table, self._hits = table, hits
        self._rows: defaultdict[int, list[Hit]] = defaultdict(list)
        for hit in hits:
            self._rows[table.row_of[hit[2]]].append(hit)

    def pairs(self, number: int) -> list[Pair]:
        """Where a group stands, its checked places apart, in order."""
        rows = {row for row in self._rows if number in self._table.plain[row]}
        row_of = self._table.row_of
        return [(start, stop - 2) for start, stop, pattern in self._hits if row_of[pattern] in rows]

    def places(self, row: int) -> list[Pair]:
        """Where a row stands, in order."""
        return [(start, stop - 2) for start, stop, _ in self._rows.get(row, ())]

    def checked(self) -> list[int]:
        """The rows found that have checked groups, in order of their first place."""
        return [row for row in self._rows if row in self._table.apart]

    def masks(self, sentence_at: bytes | array[int], sentences: int, checked: dict[int, list[Pair]]) -> dict[int, int]:
        """The sentences of each group, bit n for sentence n, in order of the groups' first places.

        `sentence_at` has the number of its sentence for each character; `checked` has (group, sentences) of the groups
        that passed their check, by row.
        """
        plain, masks = self._table.plain, dict[int, int]()
        bits = [1 << number for number in range(max(1, sentences))]
        for row, hits in self._rows.items():
            mask = 0
            for start, _, _ in hits:
                mask |= bits[sentence_at[start]]
            for number in plain[row]:
                masks[number] = masks[number] | mask if number in masks else mask
            for number, passed in checked.get(row, ()):
                masks[number] = masks.get(number, 0) | passed
        return masks


def held(
    indexed: dict[int, list[Item]], evaluated: list[Evaluated], masks: dict[int, int], reading: Reading
) -> list[tuple[Item, int]]:
    """The items that hold somewhere, each with its sentences: those of terms (`indexed` by group), then the others."""
    found: list[tuple[Item, int]] = []
    for number, mask in masks.items():
        if number in indexed:
            found += [(item, mask) for item in indexed[number]]
    for item, numbers, holds in evaluated:
        for number in numbers:
            if number not in masks:
                break
        else:
            if holds is None:
                mask = -1
                for number in numbers:
                    mask &= masks[number]
            else:
                mask = holds(reading)
            if mask:
                found.append((item, mask))
    return found
