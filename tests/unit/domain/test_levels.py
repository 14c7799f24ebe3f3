"""What sentences count, compiled, is what the twin in Python says; so are lines of arithmetic asked for again."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import places, sums
from monitor.domain.model import Contribution, Document
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from tests.libraries import library_or_skip
from tests.unit.domain.test_sums import _item, _masks


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_places")


words = st.sampled_from(["", "Un mot.", "Deux mots. Là.", "a\u0301 !"])
bodies = st.tuples(words, st.sampled_from([0, 1, 9, 62, 63, 64, 130, 300])).map(lambda two: " ".join([two[0]] * two[1]))
boosts = st.tuples(*[st.sampled_from([0.0, 1.0, 1.5, -1.0, 0.3, 2])] * 3)
shares = st.lists(st.floats(0, 1), max_size=6)


@settings(max_examples=400, deadline=None)
@given(words, words, bodies, boosts, st.none() | shares, st.sampled_from([0.0, 0.3, 1.0, -0.5, 1]))
def test_both_say_what_sentences_count(
    library: ModuleType,
    title: str,
    lead: str,
    body: str,
    factors: tuple[float, float, float],
    anchored: list[float] | None,
    elsewhere: float,
) -> None:
    reading = Reading(Document(title, lead, body))
    starts = None if anchored is None else [int(share * reading.end) for share in anchored]
    anchors: list[Pair] | None = None if starts is None else [(start, start + 1) for start in starts]
    expected = sums.levels(reading, factors, anchors, elsewhere)
    assert library.levels(reading, factors, anchors, elsewhere) == expected
    everywhere, zoned = expected
    if anchors is None:
        assert zoned is everywhere
    for level in expected:
        assert sum(mask for _, mask in level) == (1 << max(1, len(reading.starts))) - 1  # each sentence once


def test_what_has_no_levels_is_an_error_and_no_crash(library: ModuleType) -> None:
    reading, three = Reading(Document("Un.", "Deux.", "Trois.")), (1.0, 1.0, 1.0)
    asked: list[tuple[Any, ...]] = [
        (),
        (reading, three, None),
        (reading, [1.0, 1.0, 1.0], None, 0.5),
        (reading, (1.0, 1.0), None, 0.5),
        (reading, (1.0, 1.0, "1"), None, 0.5),
        (reading, three, None, "1"),
        (reading, three, 1, 0.5),
        (reading, three, [1], 0.5),
        (reading, three, [(1 << 40, 1)], 0.5),
        (reading, three, [(900, 901)], 0.5),
        (1, three, None, 0.5),
    ]
    fields = {"title": (0, 3), "lead": (9, 9), "body": (5, 9)}
    for starts, said in (([0, 7], fields), ((0, 7), reading.fields), (["0", 5], reading.fields), ([0], {})):
        asked.append((SimpleNamespace(starts=starts, fields=said), three, None, 0.5))
    for one in asked:
        with pytest.raises((TypeError, ValueError, IndexError, OverflowError, AttributeError)):
            library.levels(*one)


values = st.lists(st.tuples(st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, -0.1, 1.0 / 3]), st.integers(1, 15)), min_size=1)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(values, st.sampled_from(["", "rule: "]), st.booleans()), min_size=1, max_size=6))
def test_lines_that_are_asked_for_again_are_what_the_twin_makes(
    library: ModuleType, articles: list[tuple[list[tuple[float, int]], str, bool]]
) -> None:
    """The same items weigh otherwise in another article."""
    labels = ["a", "b", "c"]

    def upper(label: str, value: float, count: int) -> Contribution:
        return Contribution(label.upper(), value, count)

    held = {"mask": 1}
    found: list[list[tuple[Contribution, ...]]] = [[], []]
    for side, (kind, tables) in enumerate(((sums, places), (library, library))):
        items = [(_item(label), (), lambda _: held["mask"]) for label in labels]
        ledger = kind.Ledger({}, items)
        for said, mark, small in articles:
            for factor, mask in said:
                held["mask"] = mask
                counted = ledger.held(_masks(tables, {0: [0]}, {}, 64), Reading(Document()))
                lines = kind.Tallies(counted, [], [(factor, (1 << 64) - 1)]).lines(0)
                found[side].append(kind.contributions(lines, 6, mark, Contribution if small else upper))
    assert repr(found[0]) == repr(found[1])  # 0.0 and -0.0 are equal, and are not the same


def test_a_line_is_made_once_of_an_item_for_many_articles(library: ModuleType) -> None:
    made = list[str]()

    def make(label: str, value: float, count: int) -> Contribution:
        made.append(label)
        return Contribution(label, value, count)

    ledger = library.Ledger({}, [(_item("a"), (), lambda _: 5)])
    for _ in range(3):
        counted = ledger.held(_masks(library, {0: [0]}, {}, 64), Reading(Document()))
        lines = library.Tallies(counted, [], [(0.5, 7)]).lines(0)
        assert library.contributions(lines, 6, "", make) == (Contribution("a", 0.5, 2),)
    assert made == ["a"]
