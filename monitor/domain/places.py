"""Where terms stand in one article.

`_places.c` has a twin of each in C; `kernel` takes that where there is one. Nothing but speed depends on it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.domain.reading import Reading

Pair = tuple[int, int]
Hit = tuple[int, int, int]  # where a pattern begins, where it ends but for the two spaces around, its number


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


def near_pairs(
    reading: Reading, ones: list[Pair], others: list[Pair], distance: int, before: bool, after: bool
) -> list[Pair]:
    """Those of `ones` and `others` that lie less than `distance` words from one another, in order: the others `before`
    the one, `after` it, or both. `distance` is 1 or more.

    The words around each one are counted off once, so that the others are told by their offsets.
    """
    starts, pairs = reading.word_starts, set[Pair]()
    for one in ones:
        close = list[Pair]()
        if after:
            last = bisect_left(starts, one[1])
            behind = starts[last - 1] if last else -1
            farthest = starts[last + distance - 1] if last + distance <= len(starts) else reading.end
            close += [other for other in others if behind < other[0] <= farthest]
        if before:
            first = bisect_left(starts, one[0])
            ahead = starts[first] if first < len(starts) else reading.end
            farthest = starts[first - distance] if first >= distance else -1
            close += [other for other in others if farthest < other[1] <= ahead]
        if close:
            pairs.add(one)
            pairs.update(close)
    return sorted(pairs)
