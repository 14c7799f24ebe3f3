"""Which items of a dossier hold in one article, what they add up to, and the words that are evidence of it.

`_sums.c` has a twin of each in C; `kernel` takes that where there is one. Nothing but speed depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from monitor.domain.places import Pair

if TYPE_CHECKING:
    from monitor.domain.model import Field, Span
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
    """The sentence that weighs most, the first of equals; None when none counted. The compiled twin knows 64."""
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
    `most`; `also` counts with them. Both kinds come in order, no more than twice as many in all. The compiled twin
    knows 64 sentences.
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


def spans_of(
    make: type[Span],
    fields: tuple[Field, Field, Field],
    text: str,
    pairs: list[Pair],
    lead: int,
    body: int,
    most: int,
    whole: Callable[[Pair], tuple[Pair, Span]],
) -> tuple[Span, ...]:
    """The spans that `make` makes of pairs, each once, until there are `most`.

    A pair that begins or ends with a digit may be part of a number: `whole` tells that number and its span. `fields`
    are title, lead and body; the last two begin at `lead` and `body` of `text`.
    """
    spans: dict[Pair, Span] = {}
    for start, end in pairs:
        if len(spans) >= most:
            break
        if text[start].isdigit() or text[end - 1].isdigit():
            shown, span = whole((start, end))
            spans[shown] = span
        else:
            field, base = (2, body) if start >= body else (1, lead) if start >= lead else (0, 0)
            spans[start, end] = make(fields[field], start - base, end - base, text[start:end])
    return tuple(spans.values())
