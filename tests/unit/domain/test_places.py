"""The compiled inner loops of matching say what their twins in Python say, and an older library is not taken."""

from __future__ import annotations

from array import array
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import kernel, patterns, places
from monitor.domain.model import Document
from monitor.domain.reading import Reading
from tests.libraries import library_or_skip

ROWS, GROUPS, LENGTH = 6, 8, 40
rows_of = st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=12)
groups = st.lists(
    st.lists(st.integers(0, GROUPS - 1), unique=True, max_size=4).map(tuple), min_size=ROWS, max_size=ROWS
)
spots = st.lists(st.tuples(st.integers(1, LENGTH), st.integers(0, 4), st.integers(0, 11)), max_size=25)


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_places")


def _hits(chosen: list[tuple[int, int, int]], count: int) -> list[patterns.Hit]:
    found = {(start, start + length + 3, pattern % count) for start, length, pattern in chosen}
    return sorted(found, key=lambda hit: (hit[1], hit[0]))


@settings(max_examples=200, deadline=None)
@given(rows_of, groups, spots, st.lists(st.integers(0, ROWS - 1), unique=True), st.sampled_from([1, 3, 64, 65, 300]))
def test_both_find_the_same_places_and_sentences(
    library: ModuleType,
    row_of: list[int],
    plain: list[tuple[int, ...]],
    chosen: list[tuple[int, int, int]],
    apart: list[int],
    sentences: int,
) -> None:
    hits = _hits(chosen, len(row_of))
    one, other = (kind.Table(row_of, plain, apart).found(hits) for kind in (places, library))
    assert one.checked() == other.checked()
    assert [one.pairs(n) for n in range(-1, GROUPS + 1)] == [other.pairs(n) for n in range(-1, GROUPS + 1)]
    assert [one.places(row) for row in range(ROWS)] == [other.places(row) for row in range(ROWS)]
    numbers = [at * sentences // (LENGTH + 1) for at in range(LENGTH + 1)]
    sentence_at = bytes(numbers) if sentences <= 256 else array("I", numbers)
    for row in one.checked()[::2]:
        for found in (one, other):
            found.add(row, row % GROUPS, [(3, 5), (1, 5)])
            found.add(row, GROUPS + 3, [(LENGTH, LENGTH)])
    assert [one.pairs(n) for n in range(GROUPS + 5)] == [other.pairs(n) for n in range(GROUPS + 5)]
    expected = one.masks(sentence_at, sentences)
    assert list(other.masks(sentence_at, sentences).items()) == list(expected.items())


pairs = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 4)).map(lambda pair: (pair[0], sum(pair))))
units = st.lists(st.integers(0, LENGTH), unique=True, max_size=8).map(sorted)


@settings(max_examples=300, deadline=None)
@given(rows_of, groups, spots, st.lists(st.integers(-1, GROUPS) | pairs, max_size=3), units, st.integers(0, 2))
def test_both_find_the_same_together(
    library: ModuleType,
    row_of: list[int],
    plain: list[tuple[int, ...]],
    chosen: list[tuple[int, int, int]],
    parts: list[int | list[places.Pair]],
    starts: list[int],
    gap: int,
) -> None:
    hits = _hits(chosen, len(row_of))
    one, other = (kind.Table(row_of, plain, []).found(hits) for kind in (places, library))
    ends = [max(0, end - gap) for end in [*starts[1:], LENGTH + 1]][: len(starts)]
    assert one.together(parts, starts, ends) == other.together(parts, starts, ends)


@given(pairs, st.sampled_from([1, 3, 64, 65, 300]))
def test_both_find_the_same_sentences_of_places(library: ModuleType, asked: list[places.Pair], sentences: int) -> None:
    numbers = [at * sentences // (LENGTH + 1) for at in range(LENGTH + 1)]
    sentence_at = bytes(numbers) if sentences <= 256 else array("I", numbers)
    assert library.mask_of(sentence_at, asked) == places.mask_of(sentence_at, asked)


texts = st.text("ab ’.\n", max_size=LENGTH)
spans = st.lists(st.tuples(st.integers(0, LENGTH), st.integers(0, 9)), max_size=8)


@settings(max_examples=300, deadline=None)
@given(texts, spans, spans, st.integers(1, 6), st.booleans(), st.booleans())
def test_both_find_the_same_within_few_words(
    library: ModuleType,
    text: str,
    first: list[tuple[int, int]],
    second: list[tuple[int, int]],
    distance: int,
    before: bool,
    after: bool,
) -> None:
    reading = Reading(Document(body=text))
    ones, others = (
        [(min(at, reading.end), min(at + length, reading.end)) for at, length in chosen] for chosen in (first, second)
    )
    asked = (reading, ones, others, distance, before, after)
    assert library.near_pairs(*asked) == places.near_pairs(*asked)


def test_thousands_of_names_in_one_sentence_are_each_looked_at_once() -> None:
    """Were each held against all the others it would take minutes."""
    reading = Reading(Document(body="a b c d " * 40_000))
    ones, others = ([(at, at + 1) for at in range(first, reading.end, 8)] for first in (4, 8))
    both = sorted(ones + others)
    found = kernel.compiled("_places")
    for near_pairs in (places.near_pairs, *([found.near_pairs] if found else [])):
        assert near_pairs(reading, ones, others, 2, True, True) == both
        assert near_pairs(reading, ones, others, 1, True, False) == []


@given(texts, st.integers(1, 9))
def test_the_first_words_end_where_the_next_begins(text: str, count: int) -> None:
    reading = Reading(Document(title=text, body=text))
    starts = reading.word_starts
    expected = starts[count] if len(starts) > count else reading.end
    assert reading.first_words(count) == (0, expected)
    assert places.first_words(reading.haystack, count) == expected


def test_what_is_no_place_is_an_error_and_no_crash(library: ModuleType) -> None:
    reading = Reading(Document(body="a b"))
    for pair in ((0, 99), (-1, 1), (1,), 7, ("0", 1)):
        with pytest.raises((TypeError, ValueError)):
            library.near_pairs(reading, [(0, 1)], [pair], 2, True, True)
        with pytest.raises((TypeError, ValueError)):
            library.near_pairs(reading, [pair], [(0, 1)], 2, True, True)
    for haystack, count in ((b" ", 1), (b"  ", 0)):
        with pytest.raises(ValueError, match="no text, or no words"):
            library.first_words(haystack, count)
    with pytest.raises(ValueError, match="distance"):
        library.near_pairs(reading, [(0, 1)], [(0, 1)], 0, True, True)


def test_what_is_no_hit_is_an_error_and_no_crash(library: ModuleType) -> None:
    table = library.Table([0], [(1,)], [])
    for hits in ([(1, 4)], [(1, 4, 1)], [(-1, 4, 0)], [(1, 4, "0")]):
        with pytest.raises((TypeError, ValueError)):
            table.found(hits)
    with pytest.raises(ValueError, match="no sentence"):
        table.found([(9, 12, 0)]).masks(b"\0\0", 1)
    with pytest.raises(ValueError, match="no sentence"):
        library.mask_of(b"\0\0", [(2, 3)])
    with pytest.raises(ValueError, match="no such row"):
        table.found([]).add(0, 1, [(1, 2)])
    for pair in (1, (1,), (-1, 2), (1, "2")):
        with pytest.raises((TypeError, ValueError)):
            library.mask_of(b"\0\0\0", [pair])
        with pytest.raises((TypeError, ValueError)):
            table.found([(0, 3, 0)]).add(0, 1, [pair])
        with pytest.raises((TypeError, ValueError)):
            table.found([(0, 3, 0)]).together([[pair]], [0], [9])
    for starts, ends in (([0], []), ([-1], [3]), (["0"], [3])):
        with pytest.raises((TypeError, ValueError)):
            table.found([(0, 3, 0)]).together([1], starts, ends)
    with pytest.raises(ValueError, match="bounds"):
        library.Table([1], [(1,)], [])


def test_a_library_of_another_source_is_not_taken(library: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "_places.c"
    source.write_text("/* changed since */", encoding="utf-8")
    assert kernel.compiled("_places", tmp_path) is None
    source.unlink()
    assert kernel.compiled("_places", tmp_path) is library
