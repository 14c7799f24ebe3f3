"""What compiled expressions do: functions over the places of terms in one article.

Each is called with (reading, low, high) and gives the pairs that make it true between these offsets, in order; an empty
list when it is true without a place (NOT, conditions on the article); None when false.

`_operations.h` has a twin in C of those that `kernel` names, which takes these where they are compiled. Either may be a
part of the other. Nothing but speed depends on it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from monitor.domain.places import Pair, bits, near_pairs

if TYPE_CHECKING:
    from monitor.domain.dossier import About as AboutLimits
    from monitor.domain.masks import Masked
    from monitor.domain.reading import Reading

Found = list[Pair] | None
Compiled = Callable[["Reading", int, int], Found]
Named = tuple[int, date | None, date | None]


class Names(NamedTuple):
    """The term numbers of an entity; -1 is no terms."""

    names: list[Named]
    phrases: int
    rivals: int
    alone: int


def _between(pairs: list[Pair], low: int, high: int) -> Found:
    return [pair for pair in pairs if pair[0] >= low and pair[1] <= high] or None


def standing(number: int) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        pairs = reading.pairs(number)
        if not pairs or (low == 0 and high == reading.end):
            return pairs or None
        return _between(pairs, low, high)

    return run


def mentioned(key: str, names: Names) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        pairs = reading.entities.get(key)
        if pairs is None:
            pairs = reading.entities[key] = _mentions_of(reading, names)
        if low == 0 and high == reading.end:
            return pairs or None
        return _between(pairs, low, high)

    return run


def _mentions_of(reading: Reading, entity: Names) -> list[Pair]:
    named: list[Pair] = []
    for number, since, until in entity.names:
        if _in_force(reading.day, since, until):
            named.extend(reading.pairs(number))
    rivals = reading.pairs(entity.rivals)
    if not named:
        return [] if rivals else merged(sorted(reading.pairs(entity.alone)))
    named.sort()
    own, others = [start for start, _ in named], sorted([start for start, _ in rivals])
    claimed = [pair for pair in reading.pairs(entity.phrases) if _stands_for(pair[0], own, others)]
    return merged(sorted(named + claimed))


def _in_force(day: date | None, since: date | None, until: date | None) -> bool:
    """An article without a date is taken for one of today: what has an end is over."""
    if day is None:
        return until is None
    return (since is None or day >= since) and (until is None or day <= until)


def _stands_for(start: int, named: list[int], rivals: list[int]) -> bool:
    """A periphrasis stands for whom was named last before it; before any name, for whom comes first after it.

    Names are told by where they start, in order; there is one at least.
    """
    own, other = bisect_right(named, start), bisect_right(rivals, start)
    if own or other:
        return (named[own - 1] if own else -1) > (rivals[other - 1] if other else -1)
    return not rivals or named[0] <= rivals[0]


def merged(pairs: list[Pair]) -> list[Pair]:
    """Sorted pairs with those that overlap made one."""
    found: list[Pair] = []
    for start, end in pairs:
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def at_least(parts: list[Compiled], count: int) -> Compiled:
    """So many of the parts: all of them, one or the other, or some."""

    def run(reading: Reading, low: int, high: int) -> Found:
        results = [found for part in parts if (found := part(reading, low, high)) is not None]
        return sorted(pair for found in results for pair in found) if len(results) >= count else None

    return run


def negated(part: Compiled) -> Compiled:
    return lambda reading, low, high: [] if part(reading, low, high) is None else None


def near(left: Compiled, right: Compiled, distance: int, *, ordered: bool) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        ones = left(reading, low, high)
        others = right(reading, low, high) if ones else None
        if not ones or not others:
            return None
        if len(ones) <= len(others):  # words are counted around the rarer of the two
            return near_pairs(reading, ones, others, distance, not ordered, True) or None
        return near_pairs(reading, others, ones, distance, True, not ordered) or None

    return run


def without(left: Compiled, right: Compiled, distance: int | None) -> Compiled:
    """What `left` finds that has none of `right` within `distance` words; None: that does not lie inside one."""

    def run(reading: Reading, low: int, high: int) -> Found:
        ones = left(reading, low, high)
        if not ones:
            return ones
        others = right(reading, 0, reading.end)
        if not others:
            return ones
        starts, ends = [start for start, _ in others], list(accumulate((end for _, end in others), max))
        if distance is None:
            return [one for one in ones if not _is_inside(one, starts, ends)] or None
        return [one for one in ones if not _is_beside(reading, one, others, ends, distance)] or None

    return run


def _is_inside(one: Pair, starts: list[int], ends: list[int]) -> bool:
    """`ends` are the furthest so far, in the order of `starts`."""
    before = bisect_right(starts, one[0])
    return before > 0 and one[1] <= ends[before - 1]


def _is_beside(reading: Reading, one: Pair, others: list[Pair], ends: list[int], distance: int) -> bool:
    """Of those before the one that reaches furthest is nearest, of those after it the first."""
    at = bisect_right(others, one)
    if at and max(0, reading.word_at(one[0]) - reading.word_at(ends[at - 1])) < distance:
        return True
    return at < len(others) and max(0, reading.word_at(others[at][0]) - reading.word_at(one[1])) < distance


def in_sentences(mask: Masked, part: Compiled) -> Compiled:
    """The same for sentences that bits can tell: only those where it holds are looked into."""

    def run(reading: Reading, low: int, high: int) -> Found:
        chosen = mask(reading)
        if not chosen:
            return None
        spans = map(reading.sentence, bits(chosen))
        inside = [(max(start, low), min(end, high)) for start, end in spans if end > low and start < high]
        results = [found for start, end in inside if (found := part(reading, start, end)) is not None]
        return sorted(pair for found in results for pair in found) if results else None

    return run


def together(unit: str, parts: list[int | Compiled]) -> Compiled:
    """All the places of the parts, groups or else, that stand in a sentence or paragraph where each part has one."""

    def run(reading: Reading, low: int, high: int) -> Found:
        whole = low == 0 and high == reading.end
        found = [part if whole and isinstance(part, int) else _found(part, reading, low, high) for part in parts]
        return reading.places.together(found, *reading.bounds(unit)) or None

    return run


def _found(part: int | Compiled, reading: Reading, low: int, high: int) -> list[Pair]:
    run = standing(part) if isinstance(part, int) else part
    return run(reading, low, high) or []


def within(unit: str, part: Compiled) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        results = [
            found for start, end in reading.units(unit, low, high) if (found := part(reading, start, end)) is not None
        ]
        return sorted(pair for found in results for pair in found) if results else None

    return run


def _holds_one(starts: list[int], unit: Pair) -> bool:
    return bisect_left(starts, unit[0]) < bisect_left(starts, unit[1])


def in_field(unit: str, part: Compiled) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        start, end = reading.fields[unit]
        if end <= low or start >= high:
            return None
        found = part(reading, max(start, low), min(end, high))
        return None if found is None else sorted(found)

    return run


def in_first(part: Compiled, count: int) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        start, end = reading.first_words(count)
        return part(reading, max(low, start), min(high, end))

    return run


def often(part: Compiled, count: int) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        found = merged(part(reading, low, high) or [])
        return found if len(found) >= count else None

    return run


def about(part: Compiled, limits: AboutLimits) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        found = merged(part(reading, low, high) or [])
        return found if found and is_about(reading, found, limits) else None

    return run


def is_about(reading: Reading, pairs: list[Pair], limits: AboutLimits) -> bool:
    """Named in the title, or often enough in enough paragraphs, or in half of the paragraphs of a short text."""
    if pairs and pairs[0][1] <= reading.fields["title"][1]:
        return True
    starts = [start for start, _ in pairs]
    held = sum(_holds_one(starts, pair) for pair in reading.paragraphs)
    whole = max(1, len(reading.paragraphs))
    return (len(pairs) >= limits.mentions and held >= limits.paragraphs) or 2 * held >= whole


def found_mask(part: Compiled) -> Masked:
    """What tells the sentences in which a part holds, the first for what is true without a place."""

    def run(reading: Reading) -> int:
        found = part(reading, 0, reading.end)
        if found is None:
            return 0
        reading.found[part] = found
        return reading.mask_of(found) or 1

    return run


def condition(kind: str, value: str | date | int) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:  # noqa: ARG001 - the article's, wherever it is asked
        return [] if _holds(reading, kind, value) else None

    return run


def _holds(reading: Reading, kind: str, value: str | date | int) -> bool:
    if isinstance(value, int):
        return reading.words >= value
    if isinstance(value, date):
        day = reading.day
        return day is not None and (day >= value if kind == "after" else day < value)
    said = (reading.document.source if kind == "source" else reading.document.language) or ""
    return said.lower() == value
