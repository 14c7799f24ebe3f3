"""What counts in an article, compiled, is what its twin in Python says."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import kernel, sums
from monitor.domain.model import Contribution, Document
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from monitor.domain.tallies import Item
from tests.libraries import library_or_skip


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_places")


def _item(label: str, find: object = None) -> Item:
    return Item(0, 0, label, 1.0, 1, False, find=find)  # type: ignore[arg-type]


def _standing(found: list[Pair]) -> Item:
    return _item("", lambda *_: found)


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


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """Of 64 sentences at most, some of them in title and lead, some with numbers."""
    words = st.sampled_from(["Un mot.", "Deux 1 000 mots là.", "Le 5 000e !", "É’ \U0001f600 : 3,5 €. ", "Rien."])
    title, lead = draw(words), draw(st.just("") | words)
    return Reading(Document(title, lead, " ".join(draw(st.lists(words, max_size=60)))))


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
stretches = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9)), max_size=9)  # where of a text, and how long


def _pairs(reading: Reading, chosen: list[tuple[float, int]]) -> list[Pair]:
    starts = [(int(share * (reading.end - 1)), length) for share, length in chosen]
    return sorted([(start, min(start + length, reading.end)) for start, length in starts])


@settings(max_examples=300, deadline=None)
@given(
    readings(),
    st.lists(st.tuples(weights, st.integers(1, 2**64 - 1) | st.integers(1, 15) | st.just(1 << 63), stretches)),
    stretches,
    st.none() | st.integers(0, 60),
    st.integers(0, 7),
)
def test_both_show_the_same_evidence(
    library: ModuleType,
    reading: Reading,
    said: list[tuple[float, int, list[tuple[float, int]]]],
    also: list[tuple[float, int]],
    best: int | None,
    most: int,
) -> None:
    there = (1 << len(reading.starts)) - 1
    lines = [(_standing(_pairs(reading, chosen)), value, mask & there or 1) for value, mask, chosen in said]
    number = None if best is None else best % len(reading.starts)
    asked = (reading, lines, _pairs(reading, also), number, most)
    reading.places = library.Table([0], [()], []).found([(0, 3, 0)])  # what is found in it is kept with this
    for _ in range(2):
        assert library.evidence(*asked) == sums.evidence(*asked)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(weights, st.integers(1, 15) | st.integers(1, 2**64 - 1) | st.just(1 << 63))))
def test_both_take_the_same_sentence_for_the_heaviest(library: ModuleType, said: list[tuple[float, int]]) -> None:
    reading = Reading(Document(body="Un mot. " * 64))
    lines = [(_item("", lambda *_: []), value, mask) for value, mask in said]
    number = sums.heaviest(lines)
    shown = () if number is None else (reading.span(*reading.sentence(number)),)
    assert library.evidence(reading, lines, [], None, 6) == sums.evidence(reading, lines, [], None, 6) == shown


def test_the_best_sentence_is_shown_first_then_its_words_then_others() -> None:
    reading = Reading(Document(body=BODY))
    first, second = reading.sentences[:2]
    lines = [(_item("", lambda *_: [(second[0], second[0] + 4), (first[0], first[0] + 2)]), 1.0, 0b11)]
    expected = [second, (second[0], second[0] + 4), (first[0], first[0] + 2)]
    assert sums.words_of(reading, lines, [], 1, 6) == expected
    assert kernel.evidence(reading, lines, [], 1, 6) == tuple([reading.span(*pair) for pair in expected])


def test_terms_stand_where_their_group_was_found(library: ModuleType) -> None:
    reading = Reading(Document(body=BODY))
    reading.places = library.Table([0, 0], [(3,)], []).found([(4, 10, 0), (15, 21, 1)])  # type: ignore[assignment]
    lines = [(_item("")._replace(group=3), 1.0, 0b11), (_item("")._replace(group=4), 1.0, 0b1)]
    shown = library.evidence(reading, lines, [(4, 8)], 0, 6)
    assert [(span.start, span.end) for span in shown] == [(0, 11), (0, 4), (11, 15)]


def test_a_place_outside_the_text_is_an_error_and_no_crash(library: ModuleType) -> None:
    reading = Reading(Document(body="abc"))
    for pair in ((4, 8), (-1, 1), (5, 5), (2, 1), (1,), 1, ("0", 1), (1 << 40, 1 << 41)):
        for asked in (([], [pair]), ([(_item("", lambda *_, pair=pair: [pair]), 1.0, 1)], [])):
            with pytest.raises((TypeError, ValueError, IndexError)):
                library.evidence(reading, *asked, 0, 6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("starts", value) for value in (None, [], [1 << 40], ["a"], [9])),
        *(("fields", value) for value in (None, {}, {"lead": 1, "body": (4, 5)}, {"lead": (2, 2), "body": ("4", 5)})),
        *(("shown", lambda *_, said=said: said) for said in (None, 1, (1, 2), ([], 1), ((1, 2, 3), 1))),
    ],
)
def test_a_reading_that_says_anything_is_an_error_and_no_crash(library: ModuleType, name: str, value: object) -> None:
    reading = type("Strange", (Reading,), {name: value})(Document(body="1"))
    with pytest.raises((TypeError, ValueError, IndexError)):
        library.evidence(reading, [], [(4, 5)], 0, 6)


def test_what_is_no_reading_is_an_error_and_no_crash(library: ModuleType) -> None:
    reading = Reading(Document(body="1"))
    reading.text = b"abc"  # type: ignore[assignment]
    for wrong, error in ((reading, TypeError), (None, AttributeError), ("abc", AttributeError)):
        with pytest.raises(error):
            library.evidence(wrong, [], [], 0, 6)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(weights, st.integers(0, 2**64 - 1))), st.integers(0, 9), st.sampled_from(["", "rule: "]))
def test_both_make_the_same_of_the_lines_that_weigh_most(
    library: ModuleType, said: list[tuple[float, int]], most: int, mark: str
) -> None:
    lines = [(_item(f"é{n}"), value, mask) for n, (value, mask) in enumerate(said)]
    asked = (lines, most, mark, Contribution)
    assert library.contributions(*asked) == sums.contributions(*asked)


def test_what_is_no_line_is_an_error_and_no_crash(library: ModuleType) -> None:
    reading, item = Reading(Document(body=BODY)), _item("")
    for line in (1, (item, 1.0), (item, "1", 1), (item, 1.0, 1 << 64), (item, 1.0, -1), ((1,), 1.0, 1)):
        with pytest.raises((TypeError, OverflowError)):
            library.contributions([line], 6, "", Contribution)
        with pytest.raises((TypeError, OverflowError)):
            library.evidence(reading, [line], [], 0, 6)
    for wrong in (item._replace(group="1"), item._replace(group=-2), item._replace(find=1), item._replace(label=1)):
        with pytest.raises((TypeError, ValueError)):
            library.evidence(reading, [(wrong, 1.0, 1)], [], 0, 6), library.contributions([(wrong, 1.0, 1)], 6, "", int)
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
            library.evidence(reading, [], also, best, 6)


def test_what_a_function_raises_comes_through(library: ModuleType) -> None:
    def broken(_: Reading) -> int:
        raise KeyError("broken")

    asked = (_item(""), (), broken)
    with pytest.raises(KeyError, match="broken"):
        library.held({}, [asked], {}, Reading(Document()))
    with pytest.raises(KeyError, match="broken"):
        library.contributions([(_item(""), 1.0, 1)], 6, "", lambda *_: broken(Reading(Document())))
