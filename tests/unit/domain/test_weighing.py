"""What a model makes of an article, compiled, is what its twin says, but for the order in which numbers are added."""

from __future__ import annotations

from array import array
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import weighing
from monitor.domain.places import near_bits
from monitor.domain.sightings import rules_held, sighted, unpacked
from monitor.domain.tallies import Item
from monitor.domain.weights import DEPTH, INNER, NODES, POOLED, Tables
from tests.libraries import library_or_skip

GRAMS, TOPICS, RULES, NUMBERS, TREES = 6, 3, 5, 4, 3
LENGTH = 40  # of a text


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_places")


def _tables(seed: int) -> Tables:
    """A model of anything; of some rules it knows nothing, and nobody owns them."""
    rng = np.random.default_rng(seed)

    def doubles(count: int) -> array[float]:
        return array("d", rng.normal(size=count).tolist())

    def halves(count: int, least: float = -2.0) -> memoryview:
        numbers = rng.uniform(least, 2, count) * rng.choice([1, 1e-6, 0], count)
        return memoryview(numbers.astype("<f2").tobytes()).cast("H")

    def wholes(count: int, end: int, low: int = -1) -> array[int]:
        return array("i", rng.integers(low, end, count).tolist())

    weights, slopes = (GRAMS + RULES) * TOPICS, doubles(NUMBERS)
    scale, stack_scale = (array("d", [0.5 + abs(one) for one in doubles(count)]) for count in (NUMBERS, len(POOLED)))
    return Tables(
        *(halves(GRAMS, 0.0), halves(weights), doubles(TOPICS), halves(weights), doubles(TOPICS), halves(GRAMS)),
        *(doubles(NUMBERS), scale, slopes),
        *(wholes(INNER * TREES, NUMBERS, 0), doubles(INNER * TREES), doubles(NODES * TREES)),
        *(doubles(len(POOLED)), stack_scale, doubles(len(POOLED)), doubles(TOPICS)),
        *(wholes(RULES, GRAMS + RULES), wholes(RULES, NUMBERS), wholes(RULES, TOPICS), doubles(5)),
    )


def _item(number: int) -> Item:
    return Item(0, number, "", 1.0, 1, False)


sentences = st.sampled_from([1, 2, 3, 9, 64, 65, 300])
hits = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(0, GRAMS - 1)), max_size=30)
counted = st.lists(st.tuples(st.integers(0, RULES - 1), st.integers(0, 2**300 - 1) | st.integers(0, 7)), max_size=9)
numbers = st.lists(st.floats(-3, 3) | st.booleans() | st.integers(0, 9), max_size=NUMBERS)


def _asked(seed: int, count: int, found: Any, held: Any, near: int, given_: list[float]) -> tuple[Any, ...]:
    at = [n % count for n in range(LENGTH)]
    return (
        _tables(seed),
        [(start, start + 3, gram) for start, gram in found],
        bytes(at) if count <= 256 else array("I", [*at[:-1], count - 1]),
        count,
        near_bits(near, count),
        [(_item(number), mask & (1 << count) - 1) for number, mask in held],
        given_,
    )


@settings(max_examples=300, deadline=None)
@given(st.tuples(st.integers(0, 99), sentences, hits, counted, st.integers(0, 2**300 - 1) | st.just(0), numbers))
def test_both_make_the_same_of_an_article(library: ModuleType, given_: tuple[Any, ...]) -> None:
    asked = _asked(*given_)
    (logit, parts, said, topics), (logit_, parts_, said_, topics_) = (
        made.weighed(*asked) for made in (library, weighing)
    )
    assert (logit, said, parts) == (near_to(logit_), near_to(said_), near_to(parts_))
    if topics is None or topics_ is None:
        assert topics is topics_ or abs(logit) < 1e-9
        return
    assert np.allclose(topics[1], topics_[1], rtol=1e-6, atol=1e-8)
    assert np.allclose(topics[2], topics_[2], rtol=1e-6, atol=1e-8)
    scores = _scores(*asked)  # of sentences that say the same, numpy takes any
    for topic, sentences_ in enumerate(zip(topics[0], topics_[0], strict=True)):
        assert scores[sentences_[0], topic] == near_to(scores[sentences_[1], topic])


near_to = partial(pytest.approx, rel=1e-9, abs=1e-9)


def _scores(tables: Tables, found: Any, at: Any, count: int, near: bytes, held: Any, _: Any) -> weighing.Array:
    model, (rules, counts) = weighing.arrays(tables), rules_held(held, count)
    seen = sighted(found, at, unpacked(near, count))
    return weighing.scored(model, rules, weighing.known(model, rules, counts), seen)[0]


def test_halves_are_read_as_numpy_reads_them(library: ModuleType) -> None:
    """The bias of the first topic is nothing, its weight the half: it shows in the score of the only sentence."""
    words = [*range(0, 0x7C00, 37), *range(0x8000, 0xFC00, 41), 0, 1, 0x3FF, 0x400, 0x7BFF, 0x8000]
    expected = np.array(words, np.uint16).view(np.float16).astype(float)
    empty, one = array("d"), array("d", [1.0])
    ones, zeros = array("d", [1.0] * len(POOLED)), array("d", [0.0] * len(POOLED))
    rarity = memoryview(np.array([1.0], "<f2").tobytes()).cast("H")
    for word, value in zip(words, expected, strict=True):
        weight = memoryview(np.array([word], "<u2").tobytes()).cast("H")
        tables = Tables(
            *(rarity, weight, array("d", [0.0]), rarity, one, rarity, empty, empty, empty),
            *(array("i"), empty, empty, zeros, ones, ones, one, array("i"), array("i"), array("i")),
            array("d", [9.0, 0.0, 0.0, 0.0, 0.0]),
        )
        _, _, _, topics = library.weighed(tables, [(0, 1, 0)], b"\0", 1, near_bits(1, 1), [], [])
        assert topics[1][0][0] == value


def test_tables_that_do_not_fit_are_an_error_and_no_crash(library: ModuleType) -> None:
    whole = _asked(1, 2, [(0, 0)], [(0, 1)], 1, [1.0])
    tables = whole[0]
    for name, table in tables._asdict().items():
        kind = type(table)
        for wrong in (table[:-1], b"", None, array("b", [1])):
            with pytest.raises((TypeError, ValueError, BufferError)):
                library.weighed(tables._replace(**{name: wrong}), *whole[1:])
        if kind is array and table.typecode == "i":
            for outside in (-2, 99):
                with pytest.raises(ValueError, match="do not fit"):
                    library.weighed(tables._replace(**{name: array("i", [outside, *table[1:]])}), *whole[1:])
    for wrong in ((), list(tables), (*tables, tables[0])):
        with pytest.raises(TypeError):
            library.weighed(wrong, *whole[1:])


def test_what_is_no_article_is_an_error_and_no_crash(library: ModuleType) -> None:
    tables, *whole = _asked(1, 2, [(0, 0)], [(0, 1)], 1, [1.0])
    for place, wrongs in enumerate(
        (
            ([(LENGTH, 1, 0)], [(-1, 1, 0)], [(0, 1, GRAMS)], [(0, 1, -1)], [(0, 1)], [1], ["abc"], None),
            (b"", b"\x09" * LENGTH, array("H", [0] * LENGTH), None),
            (0, -1, 9, None),
            (b"", None),
            ([(_item(RULES), 1)], [(_item(-1), 1)], [(_item(0), 4096)], [(_item(0), -1)], [(_item(0), "1")], [1], None),
            (["1"], [None], [0.0] * (NUMBERS + 1), None),
        )
    ):
        for wrong in wrongs:
            with pytest.raises((TypeError, ValueError, IndexError, OverflowError, AttributeError)):
                library.weighed(tables, *whole[:place], wrong, *whole[place + 1 :])


def test_a_tree_is_as_deep_as_the_tables_say() -> None:
    assert (DEPTH, INNER, NODES, len(POOLED)) == (3, 7, 15, 9)  # as `_weighing.h` has them
