"""What counts in an article, compiled, is what its twin in Python says."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import kernel, sums
from monitor.domain.model import Document, Field, Span
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from monitor.domain.tallies import Item
from tests.libraries import library_or_skip


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_sums")


def _item(label: str, find: object = None) -> Item:
    return Item(0, 0, label, 1.0, 1, False, find=find)  # type: ignore[arg-type]


numbers = st.integers(-2, 8)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(numbers, st.integers(0, 7) | st.just(1 << 70)),
    st.dictionaries(numbers, st.integers(1, 3)),
    st.lists(st.tuples(st.lists(numbers, max_size=3), st.sampled_from([None, 0, 5]))),
)
def test_both_hold_the_same_items(
    library: ModuleType,
    masks: dict[int, int],
    terms: dict[int, int],
    others: list[tuple[list[int], int | None]],
) -> None:
    indexed = {number: [_item(f"{number}/{n}") for n in range(count)] for number, count in terms.items()}
    evaluated: list[sums.Evaluated] = [
        (_item(str(n)), tuple(asked), None if said is None else lambda _, said=said: said)
        for n, (asked, said) in enumerate(others)
        if asked or said is not None
    ]
    reading = Reading(Document())
    assert library.held(indexed, evaluated, masks, reading) == sums.held(indexed, evaluated, masks, reading)


weights = st.sampled_from([0.1, 0.2, 0.3, -0.1, 0.7, 1.0 / 3])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(weights, st.integers(1, 15) | st.integers(1, 2**64 - 1) | st.just(1 << 63))))
def test_both_take_the_same_sentence_for_the_heaviest(library: ModuleType, said: list[tuple[float, int]]) -> None:
    lines = [(_item(""), value, mask) for value, mask in said]
    assert library.heaviest(lines) == sums.heaviest(lines)


items = st.builds(
    Item, st.integers(-1, 3), st.just(0), st.just(""), weights, st.integers(1, 5) | st.just(99), st.booleans()
)
masks = st.integers(1, 2**64 - 1) | st.integers(1, 15)
levels = st.lists(st.tuples(st.sampled_from([1.0, 1.5, 1.2, 0.3]), st.integers(0, 2**64 - 1) | st.integers(0, 15)))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(items, masks)), st.lists(st.integers(-1, 4), unique=True), levels, levels)
def test_both_add_up_the_same(
    library: ModuleType,
    counted: list[tuple[Item, int]],
    owners: list[int],
    everywhere: list[sums.Level],
    zoned: list[sums.Level],
) -> None:
    asked = (counted, owners, everywhere, zoned)
    assert library.tallied(*asked) == sums.tallied(*asked)


BODY = "Un mot ici. Deux mots là. Trois mots encore. Rien."
pairs = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda pair: (pair[0], pair[0] + pair[1])))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(weights, st.integers(1, 15), pairs)), pairs, st.integers(0, 3), st.integers(1, 6))
def test_both_show_the_same_words(
    library: ModuleType, said: list[tuple[float, int, list[Pair]]], also: list[Pair], best: int, most: int
) -> None:
    reading = Reading(Document(body=BODY))
    lines = [(_item("", lambda *_, found=found: found), value, mask) for value, mask, found in said]
    asked = (reading, lines, also, best, most)
    assert library.words_of(*asked) == sums.words_of(*asked)


def test_the_best_sentence_is_shown_first_then_its_words_then_others() -> None:
    reading = Reading(Document(body=BODY))
    first, second = reading.sentences[:2]
    lines = [(_item("", lambda *_: [(second[0], second[0] + 4), (first[0], first[0] + 2)]), 1.0, 0b11)]
    assert kernel.words_of(reading, lines, [], 1, 6) == [second, (second[0], second[0] + 4), (first[0], first[0] + 2)]


FIELDS = (Field.TITLE, Field.LEAD, Field.BODY)


@settings(max_examples=300, deadline=None)
@given(
    st.text("a1² é’\U0001f600", min_size=1, max_size=9),
    st.lists(st.tuples(st.integers(0, 8), st.integers(1, 9)), max_size=6),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 4),
)
def test_both_make_the_same_spans(
    library: ModuleType, text: str, chosen: list[Pair], lead: int, more: int, most: int
) -> None:
    starts = [(min(start, len(text) - 1), length) for start, length in chosen]
    pairs = [(start, min(start + length, len(text))) for start, length in starts]

    def whole(pair: Pair) -> tuple[Pair, Span]:
        return (pair[0], len(text)), Span(Field.BODY, pair[0], len(text), text[pair[0] :])

    asked = (Span, FIELDS, text, pairs, lead, lead + more, most, whole)
    assert library.spans_of(*asked) == sums.spans_of(*asked)


def test_a_span_outside_the_text_is_an_error_and_no_crash(library: ModuleType) -> None:
    for pair in ((0, 4), (-1, 1), (3, 3), (2, 1), (1,), 1, ("0", 1)):
        with pytest.raises((TypeError, IndexError)):
            library.spans_of(Span, FIELDS, "abc", [pair], 0, 0, 1, int)
    for asked in (
        (),
        (Span, FIELDS, b"abc", [(0, 1)], 0, 0, 1, int),
        (Span, (), "abc", [(0, 1)], 0, 0, 1, int),
        (1, FIELDS, "abc", [(0, 1)], 0, 0, 1, int),
        (Span, FIELDS, "1", [(0, 1)], 0, 0, 1, lambda _: 1),
        (Span, FIELDS, "1", [(0, 1)], 0, 0, 1, lambda _: ([], 1)),
    ):
        with pytest.raises(TypeError):
            library.spans_of(*asked)


def test_what_is_no_line_is_an_error_and_no_crash(library: ModuleType) -> None:
    reading, item = Reading(Document(body=BODY)), _item("")
    for line in (1, (item, 1.0), (item, "1", 1), (item, 1.0, 1 << 64), (item, 1.0, -1)):
        with pytest.raises((TypeError, OverflowError)):
            library.heaviest([line])
        with pytest.raises((TypeError, OverflowError)):
            library.words_of(reading, [line], [], 0, 6)
    for counted in (1, (item,), (1, 1), (item, -1), (item, "1"), ((0, 0), 1), (item._replace(weight="1"), 1)):
        with pytest.raises((TypeError, OverflowError)):
            library.tallied([counted], [0], [], [])
    for level in (1, (1.0,), ("1", 1), (1.0, -1)):
        with pytest.raises((TypeError, OverflowError)):
            library.tallied([], [0], [level], [])
    with pytest.raises(TypeError):
        library.tallied([], ["0"], [], [])
    for best, also in ((64, []), (-1, []), (0, [1]), (0, [(1,)]), (9, [])):
        with pytest.raises((TypeError, ValueError, IndexError)):
            library.words_of(reading, [], also, best, 6)


def test_what_a_function_raises_comes_through(library: ModuleType) -> None:
    def broken(_: Reading) -> int:
        raise KeyError("broken")

    asked = (_item(""), (), broken)
    with pytest.raises(KeyError, match="broken"):
        library.held({}, [asked], {}, Reading(Document()))
