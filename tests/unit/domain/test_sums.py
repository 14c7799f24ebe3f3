"""What counts in an article, compiled, is what its twin in Python says."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import kernel, places, sums
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


def _masks(kind: ModuleType, stand: dict[int, list[int]], below: dict[int, int], sentences: int) -> dict[int, int]:
    """The sentences of groups, as a library or its twin tells them from the hits: a character a sentence."""
    hits = sorted(
        [(at % sentences, at % sentences + 3, row) for row, places in enumerate(stand.values()) for at in places]
    )
    found = kind.Table(list(range(len(stand))), [(group,) for group in stand], []).found(hits)
    told: dict[int, int] = found.masks(bytes(range(sentences)), sentences)
    for number, mask in below.items():
        told[number] = mask & ((1 << sentences) - 1)
    return told


def _lines(kind: ModuleType, said: list[tuple[Item, int]], sentences: int = 64) -> list[sums.Line]:
    """Lines of these items, each with its sentences and what these count once, as a library or its twin makes them."""
    tables: ModuleType = places if kind is sums else kind
    evaluated = [(item, (), lambda _, mask=mask: mask) for item, mask in said]
    held = kind.Ledger({}, evaluated).held(_masks(tables, {0: [0]}, {}, sentences), Reading(Document()))
    made: list[sums.Line] = kind.Tallies(held, [], [(1.0, (1 << sentences) - 1)]).lines(0)
    return made


sentence_numbers = st.lists(st.integers(0, 199), min_size=1, max_size=4)
groups = st.dictionaries(st.integers(0, 8), sentence_numbers, max_size=6)
lengths = st.sampled_from([1, 3, 63, 64, 65, 128, 130, 200])
sentences_told = st.integers(0, 7) | st.integers(0, 2**200 - 1)


@settings(max_examples=300, deadline=None)
@given(
    groups,
    st.dictionaries(st.integers(-9, -1), sentences_told, max_size=4),
    st.dictionaries(st.integers(0, 9), st.integers(1, 3)),
    st.lists(st.tuples(st.lists(st.integers(-10, 9), max_size=3), st.none() | sentences_told)),
    lengths,
)
def test_both_hold_the_same_items(
    library: ModuleType,
    stand: dict[int, list[int]],
    below: dict[int, int],
    terms: dict[int, int],
    others: list[tuple[list[int], int | None]],
    sentences: int,
) -> None:
    indexed = {number: [_item(f"{number}/{n}") for n in range(count)] for number, count in terms.items()}
    known = (1 << sentences) - 1
    evaluated: list[sums.Evaluated] = [
        (_item(str(n)), tuple(asked), None if said is None else lambda _, said=said: said & known)
        for n, (asked, said) in enumerate(others)
        if asked or said is not None
    ]
    reading, (one, other) = Reading(Document()), (_masks(kind, stand, below, sentences) for kind in (places, library))
    assert sorted(one.items()) == sorted(other.items())
    assert [one.get(n, "none") for n in range(-10, 12)] == [other.get(n, "none") for n in range(-10, 12)]  # type: ignore[call-overload]
    expected = sums.Ledger(indexed, evaluated).held(one, reading)
    found = library.Ledger(indexed, evaluated).held(other, reading)
    assert (list(found), len(found)) == (expected, len(expected))


def test_masks_that_are_none_are_an_error_and_no_crash(library: ModuleType) -> None:
    for sentences in (3, 65):
        told = _masks(library, {2: [0]}, {-1: 3}, sentences)
        assert (told[2], told[-1], told.get(1), told.get(-2)) == (1, 3, None, None)
        for number in (1, -2, -1000):
            with pytest.raises(KeyError):
                told[number]
        for key, mask in ((2, 1), (-1, -1), (-1, 1 << 128), (-1, "1"), ("1", 1), (-(1 << 30), 1), (1 << 70, 1)):
            with pytest.raises((TypeError, ValueError, OverflowError)):
                told[key] = mask  # type: ignore[index, assignment]
        with pytest.raises(ValueError, match="below zero"):
            del told[-1]
        for asked in ((), (1, 2, 3), ("1",), (1 << 70,)):
            with pytest.raises((TypeError, ValueError)):
                told.get(*asked)  # type: ignore[call-overload]


weights = st.sampled_from([0.1, 0.2, 0.3, -0.1, 0.7, 1.0 / 3])


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """Of some sentences or many, in title and lead as well, with numbers and signs of any width."""
    words = st.sampled_from(["Un mot.", "Deux 1 000 mots là.", "Le 5 000e !", "É’ \U0001f600 : 3,5 €. ", "Rien."])
    title, lead = draw(words), draw(st.just("") | words)
    return Reading(
        Document(title, lead, " ".join(draw(st.lists(words, max_size=9)) * draw(st.sampled_from([1, 4, 11]))))
    )


caps = st.integers(1, 5) | st.sampled_from([-1, 0, 99, 1 << 70])
items = st.builds(
    Item, st.integers(-1, 3), st.just(0), st.just(""), weights, caps, st.booleans(), st.just(-1), st.none()
)
levels = st.lists(st.tuples(st.sampled_from([1.0, 1.5, 1.2, 0.3]), sentences_told), max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(items, sentences_told)), levels, levels, lengths)
def test_both_add_up_the_same(
    library: ModuleType,
    said: list[tuple[Item, int]],
    everywhere: list[sums.Level],
    zoned: list[sums.Level],
    sentences: int,
) -> None:
    known, reading, found = (1 << sentences) - 1, Reading(Document()), []
    asked = [[(factor, mask & known) for factor, mask in level] for level in (everywhere, zoned)]
    for kind, tables in ((sums, places), (library, library)):
        ledger = kind.Ledger({}, [(item, (), lambda _, mask=mask & known: mask) for item, mask in said])
        tallies = kind.Tallies(ledger.held(_masks(tables, {0: [0]}, {}, sentences), reading), *asked)
        found.append([(tallies.raw(owner), list(tallies.lines(owner))) for owner in range(-2, 6)])
    assert found[0] == found[1]


BODY = "Un mot ici. Deux mots là. Trois mots encore. Rien."
stretches = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9)), max_size=9)  # where of a text, and how long


def _pairs(reading: Reading, chosen: list[tuple[float, int]]) -> list[Pair]:
    starts = [(int(share * (reading.end - 1)), length) for share, length in chosen]
    return sorted([(start, min(start + length, reading.end)) for start, length in starts])


@settings(max_examples=300, deadline=None)
@given(
    readings(),
    st.lists(st.tuples(weights, st.integers(1, 15) | st.integers(1, 2**90 - 1), stretches)),
    stretches,
    st.none() | st.integers(0, 90),
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
    sentences = len(reading.starts)
    told = [
        (_standing(_pairs(reading, chosen))._replace(weight=value, cap=99), mask & ((1 << sentences) - 1) or 1)
        for value, mask, chosen in said
    ]
    one, other = (_lines(kind, told, sentences) for kind in (sums, library))
    assert list(other) == one
    asked = (_pairs(reading, also), None if best is None else best % sentences, most)
    reading.places = library.Table([0], [()], []).found([(0, 3, 0)])  # what is found in it is kept with this
    for _ in range(2):
        assert library.evidence(reading, other, *asked) == sums.evidence(reading, one, *asked)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(weights, st.integers(1, 15) | st.integers(1, 2**64 - 1) | st.just(1 << 63))))
def test_both_take_the_same_sentence_for_the_heaviest(library: ModuleType, said: list[tuple[float, int]]) -> None:
    reading = Reading(Document(body="Un mot. " * 64))
    told = [(_standing([])._replace(weight=value, cap=99), mask) for value, mask in said]
    one, other = (_lines(kind, told) for kind in (sums, library))
    number = sums.heaviest(one)
    shown = () if number is None else (reading.span(*reading.sentence(number)),)
    assert library.evidence(reading, other, [], None, 6) == sums.evidence(reading, one, [], None, 6) == shown


def test_the_best_sentence_is_shown_first_then_its_words_then_others() -> None:
    reading = Reading(Document(body=BODY))
    first, second = reading.sentences[:2]
    told = [(_standing([(second[0], second[0] + 4), (first[0], first[0] + 2)]), 0b11)]
    expected = [second, (second[0], second[0] + 4), (first[0], first[0] + 2)]
    assert sums.words_of(reading, _lines(sums, told), [], 1, 6) == expected
    lines = _lines(sums if kernel.in_python() else library_or_skip("_places"), told)
    assert kernel.evidence(reading, lines, [], 1, 6) == tuple([reading.span(*pair) for pair in expected])


def test_terms_stand_where_their_group_was_found(library: ModuleType) -> None:
    reading = Reading(Document(body=BODY))
    reading.places = library.Table([0, 0], [(3,)], []).found([(4, 10, 0), (15, 21, 1)])
    lines = _lines(library, [(_item("")._replace(group=3), 0b11), (_item("")._replace(group=4), 0b1)])
    shown = library.evidence(reading, lines, [(4, 8)], 0, 6)
    assert [(span.start, span.end) for span in shown] == [(0, 11), (0, 4), (11, 15)]


def test_a_place_outside_the_text_is_an_error_and_no_crash(library: ModuleType) -> None:
    reading = Reading(Document(body="abc"))
    for pair in ((4, 8), (-1, 1), (5, 5), (2, 1), (1,), 1, ("0", 1), (1 << 40, 1 << 41)):
        for said, also in (([], [pair]), ([(_standing([pair]), 1)], [])):  # type: ignore[list-item]
            with pytest.raises((TypeError, ValueError, IndexError)):
                library.evidence(reading, _lines(library, said), also, 0, 6)


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
        library.evidence(reading, _lines(library, []), [(4, 5)], 0, 6)


def test_what_is_no_reading_is_an_error_and_no_crash(library: ModuleType) -> None:
    reading = Reading(Document(body="1"))
    reading.text = b"abc"  # type: ignore[assignment]
    for wrong, error in ((reading, TypeError), (None, AttributeError), ("abc", AttributeError)):
        with pytest.raises(error):
            library.evidence(wrong, _lines(library, []), [], 0, 6)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(weights, st.integers(1, 2**70 - 1))), st.integers(0, 9), st.sampled_from(["", "rule: "]))
def test_both_make_the_same_of_the_lines_that_weigh_most(
    library: ModuleType, said: list[tuple[float, int]], most: int, mark: str
) -> None:
    told = [(_item(f"é{n}")._replace(weight=value, cap=n % 4 + 1), mask) for n, (value, mask) in enumerate(said)]
    one, other = (_lines(kind, told, 70) for kind in (sums, library))
    assert library.contributions(other, most, mark, Contribution) == sums.contributions(one, most, mark, Contribution)


def test_what_is_no_item_is_an_error_and_no_crash(library: ModuleType) -> None:
    item = _item("")
    fields = (
        ("label", 1),
        ("find", 1),
        ("weight", "1"),
        ("cap", "1"),
        ("owner", -2),
        ("owner", 1 << 30),
    )
    for wrong in (1, (1,), *(item._replace(**{name: value}) for name, value in fields)):  # type: ignore[arg-type]
        for indexed, evaluated in (({0: [wrong]}, []), ({}, [(wrong, (1,), None)])):
            with pytest.raises((TypeError, ValueError)):
                library.Ledger(indexed, evaluated)
    for indexed, evaluated in (
        ({-1: [item]}, []),
        ({"1": [item]}, []),
        ({1: item}, []),
        ({}, [1]),
        ({}, [(item, (1,))]),
        ({}, [(item, [1], None)]),
        ({}, [(item, (1,), 1)]),
        ({}, [(item, ("1",), None)]),
        ({}, [(item, (), None)]),
        ([], []),
    ):
        with pytest.raises((TypeError, ValueError)):
            library.Ledger(indexed, evaluated)


def test_what_is_no_line_is_an_error_and_no_crash(library: ModuleType) -> None:
    reading, told, lines = Reading(Document(body=BODY)), _masks(library, {0: [0]}, {}, 3), _lines(library, [])
    for wrong in (1, -1, 1 << 64, "1", None):
        ledger = library.Ledger({}, [(_item(""), (), lambda _, wrong=wrong: wrong)])
        if wrong != 1:
            with pytest.raises((TypeError, OverflowError)):
                ledger.held(told, reading)
    for level in (1, (1.0,), ("1", 1), (1.0, -1), (1.0, "1")):
        with pytest.raises((TypeError, OverflowError)):
            library.Tallies(lines, [level], [])
    for asked in (([], [], []), (lines, (), []), (lines, [], None), ()):
        with pytest.raises(TypeError):
            library.Tallies(*asked)
    with pytest.raises(TypeError):
        library.Ledger({}, []).held({}, reading)
    tallies = library.Tallies(lines, [], [])
    for owner in ("0", None, 1 << 70):
        for ask in (tallies.raw, tallies.lines):
            with pytest.raises((TypeError, ValueError)):
                ask(owner)
    for best, also in ((64, []), (-1, []), (0, [1]), (0, [(1,)]), (9, []), ("1", [])):
        with pytest.raises((TypeError, ValueError, IndexError)):
            library.evidence(reading, lines, also, best, 6)
    for asked in ((), ([], 6, "", int), (lines, "6", "", int), (lines, 6, b"", int)):
        with pytest.raises(TypeError):
            library.contributions(*asked)
    with pytest.raises(IndexError):
        lines[0]


def test_what_a_function_raises_comes_through(library: ModuleType) -> None:
    def broken(*_: object) -> int:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        library.Ledger({}, [(_item(""), (), broken)]).held(_masks(library, {}, {}, 1), Reading(Document()))
    with pytest.raises(KeyError, match="broken"):
        library.contributions(_lines(library, [(_item(""), 1)]), 6, "", broken)
