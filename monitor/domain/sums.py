"""Which items of a dossier hold in one article, what they add up to, and the words that are evidence of it.

`_sums.h` and `_evidence.h` have a twin in C of what others ask for; `kernel` takes that where there is one. Nothing but
speed depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
Line = tuple["Item", float, int]  # an item, what it adds, and its sentences


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


def tallied(
    counted: list[tuple[Item, int]], owners: Sequence[int], everywhere: list[Level], zoned: list[Level]
) -> list[tuple[float, list[Line]]]:
    """What each of these owners gathers: a sum, and the lines that make it, in the order of what `counted`.

    The levels hold a sentence once each, what counts most first; those of items that do not count `anywhere` are
    `zoned`. The compiled twin knows 64 sentences.
    """
    sums, lines = dict.fromkeys(owners, 0.0), {owner: list[Line]() for owner in owners}
    for item, mask in counted:
        if item.owner in sums:
            value = item.weight * counts_of(mask, everywhere if item.anywhere else zoned, item.cap)
            sums[item.owner] += value
            lines[item.owner].append((item, value, mask))
    return [(sums[owner], lines[owner]) for owner in owners]


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

    The compiled twin knows 64 sentences, and texts in which each character is one of the article's.
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
    """What `make` makes of the `weightiest`: of the label behind `mark`, the value, and how many sentences count.

    The compiled twin knows 64 sentences.
    """
    return tuple([make(mark + item.label, value, mask.bit_count()) for item, value, mask in weightiest(lines, most)])


def weightiest(lines: list[Line], most: int) -> list[Line]:
    """The lines that weigh most, of equals the first."""
    return sorted(lines, key=_heaviness)[:most]


def _heaviness(line: Line) -> float:
    return -abs(line[1])
