"""Which items of a dossier hold in one article, what they add up to, and the words that are evidence of it.

`_sums.h` and `_evidence.h` have a twin in C of what others ask for; `kernel` takes that where there is one. Nothing but
speed depends on it. Lists of what holds, and of lines, are sequences there that make their tuples when asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import TYPE_CHECKING

from monitor.domain.places import Pair

if TYPE_CHECKING:
    from monitor.domain.model import Contribution, Span
    from monitor.domain.reading import Reading
    from monitor.domain.tallies import Item

Evaluated = tuple["Item", tuple[int, ...], "Callable[[Reading], int] | None"]
"""An item that is no term: it holds in the sentences that its numbers have in common, or, with a function, in those
that the function tells once its numbers are all there."""
Level = tuple[float, int]  # what a sentence counts, and the sentences that count so
Held = tuple["Item", int]  # an item, and its sentences
Line = tuple["Item", float, int]  # the same with what it adds between them
Weighed = tuple[float, list[float], float, tuple[list[int], list[list[float]], list[float]] | None]
"""Of a weighed article the logit of relevance, what each number adds to it, and its n-grams; where it is relevant, of
each topic the sentence that speaks for it most, what each pooled number adds, and its logit."""


class Ledger:
    """The items of a dossier: those of terms by group, and the others.

    What is `derived` puts its sentences among the masks first, for others to ask for by their number.
    """

    def __init__(
        self,
        indexed: dict[int, list[Item]],
        evaluated: list[Evaluated],
        derived: Iterable[Callable[[Reading], int]] = (),
    ) -> None:
        self._indexed, self._evaluated, self._derived = indexed, evaluated, tuple(derived)

    def held(self, masks: dict[int, int], reading: Reading) -> list[Held]:
        """The items that hold somewhere, each with its sentences: those of terms, then the others."""
        found: list[Held] = []
        for derive in self._derived:
            derive(reading)
        for number, mask in masks.items():
            if number in self._indexed:
                found += [(item, mask) for item in self._indexed[number]]
        for item, numbers, holds in self._evaluated:
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


class Tallies:
    """What each owner gathers of `counted`.

    The levels hold a sentence once each, what counts most first; those of items that do not count `anywhere` are
    `zoned`.
    """

    def __init__(self, counted: list[Held], everywhere: list[Level], zoned: list[Level]) -> None:
        levels = (zoned, everywhere)
        self._lines = [
            (item, item.weight * counts_of(mask, levels[item.anywhere], item.cap), mask) for item, mask in counted
        ]

    def raw(self, owner: int) -> float:
        """What its items add up to."""
        found = 0.0
        for item, value, _ in self._lines:  # not `sum`, which adds in a way of its own from Python 3.12 on
            if item.owner == owner:
                found += value
        return found

    def lines(self, owner: int) -> list[Line]:
        """Its items that hold, in the order of what counted, what each adds, and their sentences."""
        return [line for line in self._lines if line[0].owner == owner]


def levels(
    reading: Reading, boosts: tuple[float, ...], anchors: list[Pair] | None, elsewhere: float
) -> tuple[list[Level], list[Level]]:
    """What sentences count by their field (boosts of title, lead and body); and the same, `elsewhere` times that where
    no anchor is in the sentence or beside it. What counts most comes first. Without anchors both are the same."""
    everywhere = list(zip(boosts, reading.field_masks.values(), strict=True))
    everywhere.sort(reverse=True)
    if anchors is None:
        return everywhere, everywhere
    mask, zoned = reading.mask_of(anchors), list[Level]()
    near = mask | mask << 1 | mask >> 1
    for factor, held in everywhere:
        zoned += (factor, held & near), (factor * elsewhere, held & ~near)
    zoned.sort(reverse=True)
    return everywhere, zoned


def counts_of(mask: int, levels: list[Level], cap: int) -> float:
    """What the sentences of a mask count together: the `cap` that count most."""
    counts = 0.0
    for factor, there in levels:
        sentences = min((there & mask).bit_count(), cap)
        for _ in range(sentences):
            counts += factor
        cap -= sentences
    return counts


def heaviest(lines: list[Line]) -> int | None:
    """The sentence that weighs most, the first of equals; None when none counted."""
    weights: dict[int, float] = {}  # by the sentence's bit
    for _, value, mask in lines:
        share = value / mask.bit_count()
        while mask:
            bit = mask & -mask
            weights[bit] = weights.get(bit, 0.0) + share
            mask ^= bit  # noqa: PLW2901 - what is left of it
    if not weights:
        return None
    most = max(weights.values())
    return min([bit for bit, weight in weights.items() if weight == most]).bit_length() - 1


def words_of(reading: Reading, lines: list[Line], also: Iterable[Pair], best: int, most: int) -> list[Pair]:
    """Where the evidence of what `lines` add up to stands: the sentence `best`, the words in it, then those elsewhere.

    Words are of the items that hold in that sentence, what weighs most first, then of the others, until there are
    `most`; `also` counts with them. Both kinds come in order, no more than twice as many in all.
    """
    words: set[Pair] = set()
    ranked = [(not mask >> best & 1, -value, item) for item, value, mask in lines if value > 0]
    for _, _, item in sorted(ranked, key=_rank):
        words.update(item.places(reading))
        if len(words) >= most:
            break
    low, high = reading.sentence(best)
    ordered = sorted(words.union(also))
    inside = [pair for pair in ordered if low <= pair[0] < high]
    outside = [pair for pair in ordered if not low <= pair[0] < high]
    return [(low, high), *inside, *outside][: 2 * most]


_rank = itemgetter(0, 1)


def evidence(reading: Reading, lines: list[Line], also: list[Pair], best: int | None, most: int) -> tuple[Span, ...]:
    """The spans that show what `lines` add up to, `most` of them: of the sentence `best` (of the heaviest where none is
    given, of `also` where none weighs), and of the words in it and elsewhere. None of these: no spans.

    The compiled twin knows texts in which each character is one of the article's.
    """
    if best is None:
        best = heaviest(lines)
        if best is None:
            if not also:
                return ()
            best = reading.sentence_of(also[0][0])
    return tuple(dict(map(reading.shown, words_of(reading, lines, also, best, most))).values())[:most]


def contributions(
    lines: list[Line], most: int, mark: str, make: Callable[[str, float, int], Contribution]
) -> tuple[Contribution, ...]:
    """What `make` makes of the `weightiest`: of the label behind `mark`, the value, and how many sentences count."""
    return tuple([make(mark + item.label, value, mask.bit_count()) for item, value, mask in weightiest(lines, most)])


def weightiest(lines: list[Line], most: int) -> list[Line]:
    """The lines that weigh most, of equals the first."""
    return sorted(lines, key=_heaviness)[:most]


def _heaviness(line: Line) -> float:
    return -abs(line[1])
