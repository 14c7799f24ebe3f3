"""Where terms stand in one article.

`_places.c` has a twin of each in C; `kernel` takes that where there is one. Nothing but speed depends on it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.domain.patterns import Hit
    from monitor.domain.reading import Reading

Pair = tuple[int, int]


class Table:
    """What each pattern of an automaton stands for: its row, and the groups of each row. Rows of `checked` have groups
    besides that count only where the original says so."""

    def __init__(self, row_of: list[int], plain: list[tuple[int, ...]], checked: list[int]) -> None:
        self.row_of, self.plain, self.apart = row_of, plain, frozenset(checked)

    def found(self, hits: list[Hit]) -> Found:
        """What the hits of one article stand for (`Patterns.hits`), in its text between two spaces."""
        return Found(self, hits)


class Found:
    """What was found in one article."""

    def __init__(self, table: Table, hits: list[Hit]) -> None:
        self._table, self._hits = table, hits
        self._rows: defaultdict[int, list[Hit]] = defaultdict(list)
        for hit in hits:
            self._rows[table.row_of[hit[2]]].append(hit)
        self._passed: defaultdict[int, list[tuple[int, Pair]]] = defaultdict(list)

    def checked(self) -> list[int]:
        """The rows found that have checked groups, in order of their first place."""
        return [row for row in self._rows if row in self._table.apart]

    def places(self, row: int) -> list[Pair]:
        """Where a row stands, in order."""
        return [(start, stop - 2) for start, stop, _ in self._rows.get(row, ())]

    def add(self, row: int, number: int, pairs: list[Pair]) -> None:
        """Adds places of a row that was found: those that passed the check of a group."""
        self._passed[row] += [(number, pair) for pair in pairs]

    def pairs(self, number: int) -> list[Pair]:
        """Where a group stands, in order of the ends; empty where it does not."""
        rows = {row for row in self._rows if number in self._table.plain[row]}
        row_of = self._table.row_of
        found = [(start, stop - 2) for start, stop, pattern in self._hits if row_of[pattern] in rows]
        passed = [pair for row in self._passed.values() for known, pair in row if known == number]
        return sorted(found + passed, key=_by_end) if passed else found

    def masks(self, sentence_at: bytes | array[int], sentences: int) -> dict[int, int]:
        """The sentences of each group, bit n for sentence n, in order of the groups' first places.

        `sentence_at` has the number of its sentence for each character.
        """
        plain, masks = self._table.plain, dict[int, int]()
        bits = [1 << number for number in range(max(1, sentences))]
        for row, hits in self._rows.items():
            mask = 0
            for start, _, _ in hits:
                mask |= bits[sentence_at[start]]
            for number in plain[row]:
                masks[number] = masks[number] | mask if number in masks else mask
            for number, (start, _) in self._passed.get(row, ()):
                masks[number] = masks.get(number, 0) | bits[sentence_at[start]]
        return masks

    def together(self, parts: list[int | list[Pair]], starts: list[int], ends: list[int]) -> list[Pair]:
        """What stands whole in one of these units, sentences or paragraphs, where each part has something, in order.

        A part is a group or places; a unit reaches up to where the next one starts, but for what lies behind its end.
        """
        chosen, placed = set(range(len(starts))), list[tuple[int, Pair]]()
        for part in parts:
            held = set[int]()
            for pair in self.pairs(part) if isinstance(part, int) else part:
                unit = bisect_right(starts, pair[0]) - 1
                if unit in chosen and pair[1] <= ends[unit]:
                    held.add(unit)
                    placed.append((unit, pair))
            chosen &= held
        return sorted([pair for unit, pair in placed if unit in chosen])


_by_end = itemgetter(1, 0)


def mask_of(sentence_at: bytes | array[int], pairs: Iterable[Pair]) -> int:
    """The sentences that hold these pairs, by where they start."""
    found = 0
    for start, _ in pairs:
        found |= 1 << sentence_at[start]
    return found


def first_words(haystack: bytes, count: int) -> int:
    """Where the word behind the first `count` ones begins, in a text between two spaces; 1 or more."""
    pieces = haystack.split(None, count)  # what is behind them comes last, whole
    return len(haystack) - 2 if len(pieces) <= count else len(haystack) - len(pieces[-1]) - 1


def near_pairs(
    reading: Reading, ones: list[Pair], others: list[Pair], distance: int, before: bool, after: bool
) -> list[Pair]:
    """Those of `ones` and `others` that lie less than `distance` words from one another, in order: the others `before`
    the one, `after` it, or both. `distance` is 1 or more.

    The words around each one are counted off once, so that the others are told by their offsets, in order: a long text
    may have thousands of both.
    """
    starts, pairs = reading.word_starts, set[Pair]()
    by_start, by_end = sorted(others), sorted(others, key=_by_end)
    firsts, lasts = [first for first, _ in by_start], [last for _, last in by_end]
    for one in ones:
        close = list[Pair]()
        if after:
            last = bisect_left(starts, one[1])
            behind = starts[last - 1] if last else -1
            farthest = starts[last + distance - 1] if last + distance <= len(starts) else reading.end
            close += by_start[bisect_right(firsts, behind) : bisect_right(firsts, farthest)]
        if before:
            first = bisect_left(starts, one[0])
            ahead = starts[first] if first < len(starts) else reading.end
            farthest = starts[first - distance] if first >= distance else -1
            close += by_end[bisect_right(lasts, farthest) : bisect_right(lasts, ahead)]
        if close:
            pairs.add(one)
            pairs.update(close)
    return sorted(pairs)


def near_bits(mask: int, sentences: int) -> bytes:
    """The sentences of a mask and those beside one: a bit each, from the first byte's lowest, and a byte's room."""
    near = mask | mask << 1 | mask >> 1
    return (near & ((1 << sentences) - 1)).to_bytes(sentences // 8 + 1, "little")


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
