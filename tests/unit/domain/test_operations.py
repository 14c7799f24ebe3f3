"""NOT NEAR and NOT INSIDE leave out what comparing every pair of places would leave out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.model import Document
from monitor.domain.operations import Compiled, without
from monitor.domain.places import Pair
from monitor.domain.reading import Reading

WORDS = 24
TEXT = " ".join(["mot"] * WORDS)
STARTS = [4 * number for number in range(WORDS)]


@st.composite
def places(draw: st.DrawFn) -> list[Pair]:
    """Stretches of one word or more, in order; they may overlap, as those of phrases do."""
    found = draw(st.lists(st.tuples(st.integers(0, WORDS - 1), st.integers(1, 4)), max_size=8, unique=True))
    return sorted((STARTS[first], STARTS[min(first + length, WORDS) - 1] + 3) for first, length in found)


def _given(pairs: list[Pair]) -> Compiled:
    return lambda reading, low, high: list(pairs) or None


def _distance(reading: Reading, a: Pair, b: Pair) -> int:
    first, second = (a, b) if a <= b else (b, a)
    return max(0, reading.word_at(second[0]) - reading.word_at(first[1]))


@given(places(), places(), st.integers(1, 6))
def test_not_near(ones: list[Pair], others: list[Pair], distance: int) -> None:
    reading = Reading(Document(body=TEXT))
    far = [one for one in ones if all(_distance(reading, one, other) >= distance for other in others)]
    assert (without(_given(ones), _given(others), distance)(reading, 0, reading.end) or []) == far


@given(places(), places())
def test_not_inside(ones: list[Pair], others: list[Pair]) -> None:
    reading = Reading(Document(body=TEXT))
    alone = [one for one in ones if not any(o[0] <= one[0] and one[1] <= o[1] for o in others)]
    assert (without(_given(ones), _given(others), None)(reading, 0, reading.end) or []) == alone


def test_what_is_true_without_a_place_stays_so() -> None:
    reading = Reading(Document(body=TEXT))
    assert without(lambda *_: [], _given([(0, 3)]), None)(reading, 0, reading.end) == []
