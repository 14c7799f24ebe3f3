"""Inflection measured on word families of the press: every form is reached from its headword."""

from pathlib import Path

import pytest

from monitor.domain.french import expand
from monitor.domain.text import fold

FAMILIES = Path(__file__).parents[2] / "data/french/families.txt"


def _families() -> dict[str, tuple[list[str], list[str]]]:
    lines = [line for line in FAMILIES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    found = {}
    for line in lines:
        head, _, rest = line.partition(": ")
        forms, _, others = rest.partition("~")
        found[head] = (forms.split(), others.split())
    return found


@pytest.fixture(scope="module")
def reached() -> dict[str, frozenset[str]]:
    return expand(_families())


def test_there_are_more_than_120_families() -> None:
    assert len(_families()) >= 120


def test_99_percent_of_inflected_forms_are_reached(reached: dict[str, frozenset[str]]) -> None:
    wanted = [(head, form) for head, (forms, _) in _families().items() for form in forms]
    missed = [(head, form) for head, form in wanted if form not in reached[head]]
    assert len(missed) <= len(wanted) * 0.01, missed


def test_95_percent_are_reached_in_accentless_capitals(reached: dict[str, frozenset[str]]) -> None:
    wanted = [(head, fold(form)) for head, (forms, _) in _families().items() for form in forms]
    missed = [pair for pair in wanted if pair[1] not in {fold(form) for form in reached[pair[0]]}]
    assert len(missed) <= len(wanted) * 0.05, missed


def test_words_of_other_families_are_not_reached(reached: dict[str, frozenset[str]]) -> None:
    wrong = [(head, word) for head, (_, others) in _families().items() for word in others if word in reached[head]]
    assert wrong == []


def test_a_headword_without_its_accents_finds_the_same_forms() -> None:
    assert "équipementiers" in expand(["equipementier"])["equipementier"]


def test_an_inflected_headword_stands_for_its_lemma() -> None:
    assert "sanction" in expand(["sanctions"])["sanctions"]


def test_an_unknown_word_stands_for_itself() -> None:
    assert expand(["huawei"])["huawei"] == {"huawei"}
