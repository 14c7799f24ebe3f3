"""NOT NEAR and NOT INSIDE leave out what comparing every pair of places would leave out; what is compiled of operations
says what their twins in Python say.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import operations, patterns
from monitor.domain import places as places_in_python
from monitor.domain.model import Document
from monitor.domain.operations import Compiled, Names, without
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from tests.libraries import library_or_skip

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


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_places")


# Four words and what they stand for; group 4 is two of them, group 5 counts only where a check says so.
LETTERS = b" a \n b \n c \n d \n c d "
GROUPS = [(0, 4), (1,), (2, 4), (3,), (1, 6)]
UNTIL = (1, None, date(2020, 1, 1))
SINCE = (4, date(2019, 1, 1), None)
ENTITIES = [
    Names([(0, None, None)], 1, 2, 3),
    Names([UNTIL, SINCE], 2, 0, -1),
    Names([(6, None, None), (3, None, None)], 4, -1, 1),
]

leaves = st.one_of(
    st.integers(0, 7).map(lambda number: ("standing", number)),
    st.integers(0, 2).map(lambda number: ("mentioned", f"it{number}", ENTITIES[number])),
)


def _deeper(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=1, max_size=3)
    placed = st.lists(parts | st.integers(0, 7), min_size=1, max_size=3)
    return st.one_of(
        st.tuples(st.just("at_least"), several, st.integers(0, 3)),
        st.tuples(st.just("negated"), parts),
        st.tuples(st.just("near"), parts, parts, st.integers(1, 4), st.booleans()),
        st.tuples(st.just("together"), st.sampled_from(["sentence", "paragraph"]), placed),
        st.tuples(st.just("in_field"), st.sampled_from(["title", "lead", "body"]), parts),
        st.tuples(st.just("in_first"), parts, st.integers(1, 6)),
        st.tuples(st.just("often"), parts, st.integers(1, 3)),
        st.tuples(st.just("without"), parts, parts, st.none() | st.integers(1, 3)),
        st.tuples(st.just("within"), st.sampled_from(["sentence", "paragraph"]), parts),
    )


def _made(kind: Any, tree: Any) -> Any:
    """An expression of the operations of `kind`; those that it lacks are Python's."""
    if isinstance(tree, list):
        return [_made(kind, part) for part in tree]
    if not isinstance(tree, tuple) or isinstance(tree, Names):
        return tree
    make = getattr(kind, tree[0], None) or getattr(operations, tree[0])
    if tree[0] == "near":
        return make(_made(kind, tree[1]), _made(kind, tree[2]), tree[3], ordered=tree[4])
    return make(*[_made(kind, part) for part in tree[1:]])


def _read(kind: Any, document: Document) -> Reading:
    reading = Reading(document)
    row_of = list(range(len(GROUPS)))
    hits = patterns.Patterns(LETTERS).hits(reading.haystack)
    found = reading.places = kind.Table(row_of, GROUPS, [0]).found(hits)
    for row in found.checked():
        found.add(row, 5, [pair for pair in found.places(row) if pair[0] % 2])
    return reading


expressions = st.recursive(leaves, _deeper, max_leaves=6)
words = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "F", "d.", "G", "\n\n"]), max_size=30).map(" ".join)
bounds = st.lists(st.integers(0, 90), min_size=2, max_size=2).map(sorted)


@settings(max_examples=600, deadline=None)
@given(expressions, words, words, words, st.sampled_from([None, 2018, 2020, 2026]), bounds)
def test_both_say_the_same_of_an_expression(
    library: ModuleType, tree: Any, title: str, lead: str, body: str, year: int | None, bounds: list[int]
) -> None:
    day = None if year is None else datetime(year, 6, 1, tzinfo=UTC)
    document = Document(title, lead, body, published_at=day)
    one, other = _read(places_in_python, document), _read(library, document)
    first, second = _made(operations, tree), _made(library, tree)
    low, high = min(bounds[0], one.end), min(bounds[1], one.end)
    assert second(other, low, high) == first(one, low, high)
    assert library.found_mask(second)(other) == operations.found_mask(first)(one)
    for _ in "once more, of what is kept now":
        assert second(other, 0, other.end) == first(one, 0, one.end)
    assert library.found_mask(second)(other) == operations.found_mask(first)(one)
    assert second(other, low, high) == first(one, low, high)


@given(places())
def test_both_merge_the_same(library: ModuleType, pairs: list[Pair]) -> None:
    assert library.merged(pairs) == operations.merged(pairs)


def test_what_is_kept_of_one_text_says_nothing_of_another(library: ModuleType) -> None:
    """What stands for a text in which nothing was found is shared."""
    nothing = library.Table([], [], []).found([])
    find = library.negated(library.standing(0))
    for body in ("", "a b"):
        reading = Reading(Document(body=body))
        reading.places = nothing
        assert library.found_mask(find)(reading) == 1
        assert library.in_field("body", find)(reading, 0, reading.end) == ([] if body else None)


def test_what_is_no_operation_is_an_error_and_no_crash(library: ModuleType) -> None:
    for make in (library.negated, library.standing):
        for part in (None, "a", -1):
            with pytest.raises((TypeError, ValueError)):
                make(part)
    for make in (library.often, library.in_first, library.at_least, library.together, library.in_field):
        with pytest.raises(TypeError):
            make(None, [7])
    with pytest.raises(TypeError):
        library.near(library.standing(0), 1, 2, ordered=True)


def test_what_is_no_reading_is_an_error_and_no_crash(library: ModuleType) -> None:
    find = library.near(library.standing(0), library.standing(1), 2, ordered=False)
    reading = _read(library, Document(body="a b"))
    for low, high in ((-1, 3), (0, "3"), (0, 1 << 40)):
        with pytest.raises((TypeError, ValueError)):
            find(reading, low, high)
    with pytest.raises(TypeError):
        find(reading)
    shorter = SimpleNamespace(places=reading.places, haystack=b"    ")
    with pytest.raises(ValueError, match="outside the text"):
        find(shorter, 0, 2)
    for places_, haystack in ((None, b"    "), (reading.places, b" "), (reading.places, "    ")):
        with pytest.raises((TypeError, ValueError)):
            find(SimpleNamespace(places=places_, haystack=haystack), 0, 2)
    mask = library.found_mask(library.standing(0))
    for numbers in (None, b"", b"\0"):
        with pytest.raises((TypeError, ValueError)):
            mask(SimpleNamespace(places=reading.places, haystack=reading.haystack, sentence_at=numbers))
    for bounds_ in (None, 7, ([0],), ([0], ["1"]), ([-1], [3])):
        odd = SimpleNamespace(places=reading.places, haystack=reading.haystack, bounds=lambda _, given=bounds_: given)
        with pytest.raises((TypeError, ValueError)):
            library.together("sentence", [0])(odd, 0, reading.end)
    for fields in (None, {}, {"title": 1}, {"title": (0, "1")}):
        odd = SimpleNamespace(places=reading.places, haystack=reading.haystack, fields=fields)
        with pytest.raises((TypeError, ValueError, KeyError)):
            library.in_field("title", library.standing(0))(odd, 0, reading.end)
    for function in (lambda *_: 7, lambda *_: [(1,)], lambda *_: [(0, -1)], list):
        with pytest.raises((TypeError, ValueError)):
            library.negated(function)(reading, 0, reading.end)
    for names in ((), (1, 2, 3, 4), ([1], 0, 0, 0), ([(0, None)], 0, 0, 0)):
        with pytest.raises(TypeError):
            library.mentioned("it", names)(reading, 0, reading.end)


def test_an_expression_deeper_than_python_goes_is_an_error_and_no_crash(library: ModuleType) -> None:
    find = library.standing(0)
    for _ in range(20_000):
        find = library.negated(find)
    with pytest.raises(RecursionError):
        find(_read(library, Document(body="a b")), 0, 3)
