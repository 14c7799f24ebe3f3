"""What counted in one article for a topic, or for relevance: the sum, its arithmetic and its evidence."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from monitor.domain import sums
from monitor.domain.kernel import Tallies, contributions, evidence
from monitor.domain.model import RULE, Contribution, Span
from monitor.domain.operations import Compiled
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from monitor.domain.sums import Line

MOST_EVIDENCE, MOST_LINES, MOST_SPANS = 6, 12, 3
MOST_HELD = 6


class Item(NamedTuple):
    """One expression of a rule. `number` is its place among all rules of the dossier.

    A term has its `group`, any other expression a function to `find` it: most items are terms, and ask for none.
    A tuple, for the compiled `sums` to read (`_sums.h` knows the order of the fields).
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


class Tally(NamedTuple):
    """What one topic (or relevance) gathered: the raw score, and each item with its value and sentences."""

    raw: float
    lines: list[Line]


def tally_of(tallies: Tallies, owner: int) -> Tally:
    """What one owner gathers."""
    return Tally(tallies.raw(owner), tallies.lines(owner))


def squash(raw: float, threshold: float) -> float:
    """0.5 at the threshold, towards 1 above it."""
    return 0.0 if raw <= 0.0 else round(1.0 - float(0.5 ** (raw / max(threshold, 1e-9))), 4)


def evidence_of(reading: Reading, tally: Tally, also: list[Pair], best: int | None = None) -> tuple[Span, ...]:
    """The sentence that weighs most (or `best`), then the words that counted in it, then others."""
    return (evidence if reading.is_plain else sums.evidence)(reading, tally.lines, also, best, MOST_EVIDENCE)


def held_of(reading: Reading, tally: Tally) -> tuple[Contribution, ...]:
    """The rules that held, for an arithmetic that is a model's: what they are worth by themselves."""
    return arithmetic(reading, tally, most=MOST_HELD, mark=RULE)


def arithmetic(
    reading: Reading, tally: Tally, *, spans: bool = False, most: int = MOST_LINES, mark: str = ""
) -> tuple[Contribution, ...]:
    """The lines of a tally that weigh most; with their `spans` for `explain`, which costs more than the verdict.

    `mark` stands before each label.
    """
    if spans:
        lines = sums.weightiest(tally.lines, most)
        return tuple([_line(mark + item.label, value, mask, _spans(reading, item)) for item, value, mask in lines])
    return contributions(tally.lines, most, mark, _plain_line)


def _line(label: str, value: float, mask: int, spans: tuple[Span, ...]) -> Contribution:
    return Contribution(label, round(value, 4), mask.bit_count(), spans)


@lru_cache(4096)  # rules are few, and so is what they add: most lines were made for an article before
def _plain_line(label: str, value: float, count: int) -> Contribution:
    return Contribution(label, round(value, 4) or 0.0, count)


def _spans(reading: Reading, item: Item) -> tuple[Span, ...]:
    return tuple(reading.span(*pair) for pair in item.places(reading)[:MOST_SPANS])
