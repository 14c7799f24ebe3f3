"""Sentences in which an expression holds, compiled, are those that the twin in Python tells."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import masks as in_python
from monitor.domain import operations, places, sums
from monitor.domain.model import Document
from monitor.domain.reading import Reading
from tests.libraries import library_or_skip

SENTENCE = "Mot."
GROUPS = 6
lengths = st.sampled_from([1, 2, 63, 64, 65, 130, 300])
stand = st.dictionaries(st.integers(0, GROUPS - 1), st.lists(st.integers(0, 299), min_size=1, max_size=4))
told = st.integers(0, 7) | st.integers(0, 2**300 - 1)


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_places")


leaves = st.one_of(
    st.integers(0, GROUPS + 1).map(lambda number: ("term_mask", number)),
    st.tuples(st.just("found_mask"), st.integers(0, GROUPS) | st.just("always") | st.just("never")),
    told.map(lambda mask: ("by function", mask)),
)


def _deeper(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        st.tuples(st.just("kept_mask"), st.integers(-5, -1), parts),
        st.tuples(st.just("in_field_mask"), st.sampled_from(["title", "lead", "body"]), parts),
        st.tuples(st.just("joined_by_and"), several),
        st.tuples(st.just("joined_by_or"), several),
    )


trees = st.recursive(leaves, _deeper, max_leaves=6)


def _made(masks: Any, kind: Any, tree: Any, known: int) -> Any:
    """What tells the sentences of a tree, made by a library or by the twins `masks` and `kind`."""
    name, *parts = tree
    if name == "by function":
        return lambda _: parts[0] & known
    if name == "found_mask":
        constant: dict[object, Any] = {"always": lambda *_: [], "never": lambda *_: None}
        return kind.found_mask(constant.get(parts[0]) or kind.standing(parts[0]))
    if name in ("joined_by_and", "joined_by_or"):
        return getattr(masks, name)([_made(masks, kind, part, known) for part in parts[0]])
    if name == "term_mask":
        return masks.term_mask(*parts)
    return getattr(masks, name)(parts[0], _made(masks, kind, parts[1], known))


def _read(tables: Any, found: dict[int, list[int]], sentences: int) -> Reading:
    """An article of so many sentences, as a library or its twin reads it, with groups in some of them."""
    body = max(0, sentences - 2)
    reading = Reading(Document(SENTENCE, SENTENCE if sentences > 1 else "", " ".join([SENTENCE] * body)))
    starts = reading.starts
    assert len(starts) == sentences
    stands = sorted(
        [(starts[at % sentences], starts[at % sentences] + 5, row) for row, many in found.items() for at in many]
    )
    hits: Any = stands
    reading.places = tables.Table(list(range(GROUPS)), [(group,) for group in range(GROUPS)], []).found(hits)
    return reading


@settings(max_examples=500, deadline=None)
@given(st.lists(trees, min_size=1, max_size=4), st.lists(trees, max_size=2), stand, lengths)
def test_both_tell_the_same_sentences(
    library: ModuleType, asked: list[Any], derived: list[Any], found: dict[int, list[int]], sentences: int
) -> None:
    known, said = (1 << sentences) - 1, []
    for masks, kind, ledger, tables in (
        (in_python, operations, sums, places),
        (library, library, library, library),
    ):
        reading = _read(tables, found, sentences)
        tell = [_made(masks, kind, tree, known) for tree in asked]
        first = [_made(masks, kind, ("kept_mask", -9 + n, tree), known) for n, tree in enumerate(derived)]
        evaluated: Any = [(_item(str(n)), (), one) for n, one in enumerate(tell)]
        evaluated += [(_item("derived"), (-9 + n,), None) for n in range(len(first))]
        held = list(ledger.Ledger({}, evaluated, first).held(reading.masks, reading))
        said.append((held, [one(reading) for one in tell], sorted(reading.masks.items())))
    assert said[0] == said[1]


def _item(label: str) -> Any:
    """An item of a ledger."""
    return (0, 0, label, 1.0, 1, False, -1, None)


def test_functions_and_what_is_compiled_are_parts_of_one_another(library: ModuleType) -> None:
    reading = _read(library, {0: [0, 2], 1: [2, 3]}, 5)
    both = library.joined_by_and([library.term_mask(0), in_python.kept_mask(-1, library.term_mask(1))])
    assert (both(reading), reading.masks[-1]) == (0b100, 0b1100)
    assert in_python.joined_by_or([both, library.term_mask(0)])(reading) == 0b101  # type: ignore[misc]


def test_what_a_sentence_cannot_tell_joins_nothing(library: ModuleType) -> None:
    for masks in (in_python, library):
        for join in (masks.joined_by_and, masks.joined_by_or):
            one = masks.term_mask(0)
            assert (join([one, None]), join([one])) == (None, one)


def test_what_is_no_mask_is_an_error_and_no_crash(library: ModuleType) -> None:
    one, reading = library.term_mask(0), _read(library, {0: [0]}, 3)
    for make, asked in (
        (library.term_mask, ("1",)),
        (library.term_mask, (1 << 70,)),
        (library.kept_mask, (-1, 1)),
        (library.kept_mask, ("1", one)),
        (library.kept_mask, (-1,)),
        (library.in_field_mask, (1, one)),
        (library.in_field_mask, ("title", 1)),
        (library.joined_by_and, ((one,),)),
        (library.joined_by_or, ([one, 1],)),
    ):
        with pytest.raises((TypeError, ValueError)):
            make(*asked)
    wrong_calls: tuple[tuple[object, ...], ...] = ((), (reading, 1), (1,), (SimpleNamespace(masks={}),))
    for called in wrong_calls:
        with pytest.raises((TypeError, AttributeError)):
            one(*called)
    for wrong in (lambda _: "1", lambda _: -1, lambda _: 1 << 64, lambda: 1):
        for tell in (library.kept_mask(-1, wrong), library.joined_by_or([one, wrong])):
            with pytest.raises((TypeError, OverflowError)):
                tell(reading)
    for number in (1, -(1 << 30)):
        with pytest.raises(ValueError, match="below zero"):
            library.kept_mask(number, lambda _: 1)(reading)
    with pytest.raises(KeyError):
        library.in_field_mask("foot", one)(reading)
    for derived in ((one,), 1):
        with pytest.raises(TypeError):
            library.Ledger({}, [], derived)
    with pytest.raises(TypeError):
        library.Ledger({}, [], [1]).held(reading.masks, reading)


def test_masks_deeper_than_python_goes_are_an_error_and_no_crash(library: ModuleType) -> None:
    tell = library.term_mask(0)
    for _ in range(5000):
        tell = library.kept_mask(-1, tell)
    with pytest.raises(RecursionError):
        tell(_read(library, {}, 1))
