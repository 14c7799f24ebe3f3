"""What counted in one article for a topic, or for relevance: the sum, its arithmetic and its evidence."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from monitor.domain import places
from monitor.domain.kernel import heaviest
from monitor.domain.model import RULE, Contribution, Span
from monitor.domain.operations import Compiled
from monitor.domain.places import Pair
from monitor.domain.reading import Reading

MOST_EVIDENCE, MOST_LINES, MOST_SPANS = 6, 12, 3
MOST_HELD = 6


@dataclass(eq=False)
class Item:
    """One expression of a rule. `number` is its place among all rules of the dossier.

    A term has its `group`, any other expression a function to `find` it: most items are terms, and ask for none.
    """

    owner: int
    number: int
    label: str
    weight: float
    cap: int
    anywhere: bool
    group: int = -1
    find: Compiled | None = None

    def places(self, reading: Reading) -> list[Pair]:
        """Where it stands."""
        if self.find is None:
            return reading.pairs(self.group)
        found = reading.found.get(self.find)
        return self.find(reading, 0, reading.end) or [] if found is None else found


class Tally:
    """What one topic (or relevance) gathered: the raw score, and each item with its value and sentences."""

    __slots__ = ("lines", "raw")

    def __init__(self) -> None:
        self.raw = 0.0
        self.lines: list[tuple[Item, float, int]] = []


Level = tuple[float, int]  # what a sentence counts, and the sentences that count so


def fields_of(reading: Reading, boosts: tuple[float, ...]) -> list[Level]:
    """The sentences of each field with its boost (of title, lead and body), what counts most first."""
    starts, fields = reading.starts, reading.fields
    lead, body, end = bisect_left(starts, fields["lead"][0]), bisect_left(starts, fields["body"][0]), len(starts)
    levels = [(boosts[2], (1 << max(end, 1)) - (1 << body))]
    if body > lead:
        levels.append((boosts[1], (1 << body) - (1 << lead)))
    if lead:
        levels.append((boosts[0], (1 << lead) - 1))
    levels.sort(reverse=True)
    return levels


def counts_of(mask: int, levels: list[Level], cap: int) -> float:
    """What the sentences of a mask count together: the `cap` that count most."""
    values: list[float] = []
    for factor, held in levels:
        there = held & mask
        if there:
            values += [factor] * there.bit_count()
            if len(values) >= cap:
                return sum(values[:cap])
    return sum(values)


def squash(raw: float, threshold: float) -> float:
    """0.5 at the threshold, towards 1 above it."""
    return round(1.0 - float(0.5 ** (max(raw, 0.0) / max(threshold, 1e-9))), 4)


def evidence_of(reading: Reading, tally: Tally, also: list[Pair], best: int | None = None) -> tuple[Span, ...]:
    """The sentence that weighs most (or `best`), then the words that counted in it, then others."""
    if best is None:
        best = heaviest(tally.lines) if len(reading.starts) <= 64 else places.heaviest(tally.lines)
        if best is None:
            if not also:
                return ()
            best = reading.sentence_of(also[0][0])
    low, high = reading.sentence(best)
    inside, outside = list[Pair](), list[Pair]()
    for pair in _words(reading, tally, best).union(also):
        (inside if low <= pair[0] < high else outside).append(pair)
    inside.sort()
    if len(inside) < 2 * MOST_EVIDENCE:
        outside.sort()
    spans: dict[Pair, Span] = {}
    for start, end in [(low, high), *inside, *outside][: 2 * MOST_EVIDENCE]:
        shown = reading.whole(start, end)
        if shown not in spans:
            spans[shown] = reading.span_of(*shown)
            if len(spans) == MOST_EVIDENCE:
                break
    return tuple(spans.values())


def held_of(reading: Reading, tally: Tally) -> tuple[Contribution, ...]:
    """The rules that held, for an arithmetic that is a model's: what they are worth by themselves."""
    return arithmetic(reading, tally, most=MOST_HELD, mark=RULE)


def _words(reading: Reading, tally: Tally, best: int) -> set[Pair]:
    """The words that counted: those of the best sentence first, others until there are enough."""
    words: set[Pair] = set()
    lines = [(not mask >> best & 1, -value, item) for item, value, mask in tally.lines if value > 0]
    lines.sort(key=_first_two)
    for _, _, item in lines:
        words.update(item.places(reading))
        if len(words) >= MOST_EVIDENCE:
            break
    return words


_first_two = itemgetter(0, 1)


def arithmetic(
    reading: Reading, tally: Tally, *, spans: bool = False, most: int = MOST_LINES, mark: str = ""
) -> tuple[Contribution, ...]:
    """The lines of a tally that weigh most; with their `spans` for `explain`, which costs more than the verdict.

    `mark` stands before each label.
    """
    lines = sorted(tally.lines, key=_heaviness)[:most] if len(tally.lines) > 1 else tally.lines
    if spans:
        return tuple([_line(mark + item.label, value, mask, _spans(reading, item)) for item, value, mask in lines])
    return tuple([_plain_line(mark + item.label, value, mask.bit_count()) for item, value, mask in lines])


def _line(label: str, value: float, mask: int, spans: tuple[Span, ...]) -> Contribution:
    return Contribution(label, round(value, 4), mask.bit_count(), spans)


@lru_cache(4096)  # rules are few, and so is what they add: most lines were made for an article before
def _plain_line(label: str, value: float, count: int) -> Contribution:
    return Contribution(label, round(value, 4) or 0.0, count)


def _heaviness(line: tuple[Item, float, int]) -> float:
    return -abs(line[1])


def _spans(reading: Reading, item: Item) -> tuple[Span, ...]:
    return tuple(reading.span(*pair) for pair in item.places(reading)[:MOST_SPANS])
