"""Inflection measured on word families of the press: every form is reached from its headword."""

from pathlib import Path

import pytest

from monitor.domain.automaton import Vocabulary, compile_vocabulary
from monitor.domain.expressions import Term
from monitor.domain.french import expand
from monitor.domain.model import Document
from monitor.domain.reading import Reading
from monitor.domain.text import fold

HOMOGRAPHS = {("enquêter", "enquêtes"), ("juger", "juges")}  # tu enquêtes, les enquêtes; tu juges, les juges
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


def test_95_percent_are_found_in_accentless_capitals() -> None:
    """By the engine, in a text: EXCLUES, NUMERISE."""
    vocabulary, families = Vocabulary(), _families()
    numbers = {head: vocabulary.number(Term(head)) for head in families}
    automaton = compile_vocabulary(vocabulary)
    wanted = [(head, fold(form).upper()) for head, (forms, _) in families.items() for form in forms]
    missed = []
    for head, form in wanted:
        reading = Reading(Document(body=f"VOICI {form} ICI"))
        automaton.scan(reading)
        if not reading.pairs(numbers[head]):
            missed.append((head, form))
    assert len(missed) <= len(wanted) * 0.05, missed


def test_forms_of_one_family_reach_another_only_where_both_are_written_so(reached: dict[str, frozenset[str]]) -> None:
    forms = {head: {head, *found} for head, (found, _) in _families().items()}
    wrong = {
        (head, form)
        for head in forms
        for other in forms
        if other != head
        for form in forms[other] - forms[head]
        if form in reached[head]
    }
    assert wrong == HOMOGRAPHS


def test_words_of_other_families_are_not_reached(reached: dict[str, frozenset[str]]) -> None:
    wrong = [(head, word) for head, (_, others) in _families().items() for word in others if word in reached[head]]
    assert wrong == []


def test_a_headword_without_its_accents_finds_the_same_forms() -> None:
    assert "équipementiers" in expand(["equipementier"])["equipementier"]


def test_an_inflected_headword_stands_for_its_lemma() -> None:
    assert "sanction" in expand(["sanctions"])["sanctions"]


def test_an_unknown_word_stands_for_itself() -> None:
    assert expand(["huawei"])["huawei"] == {"huawei"}
