"""Reasons in a reader's words."""

from __future__ import annotations

import re

import pytest

from monitor.domain import reasons
from monitor.domain.reasons import missing_in_words, number_in_words
from monitor.domain.topics import load_dossier
from monitor.domain.weigher import load_weigher
from tests.unit.domain.test_explaining import SHIPPED


@pytest.mark.parametrize(
    ("name", "english", "french"),
    [
        ("here near", "the watched area, near the subject", "zone suivie, près du sujet"),
        ("bourse a mention", "bourse, for each mention of the subject", "bourse, par mention du sujet"),
        ("near: devices/montre", "a rule near the subject: montre", "règle, près du sujet : montre"),
        ("in the title", "the subject in the title", "sujet dans le titre"),
        ("far in the title", "elsewhere, in the title", "ailleurs, dans le titre"),
        ("nothing here", "the watched area is not named", "zone suivie jamais nommée"),
    ],
)
def test_a_number_is_told_by_what_was_counted_and_where(name: str, english: str, french: str) -> None:
    assert (number_in_words(name, "en"), number_in_words(name, "fr")) == (english, french)


def test_every_number_of_the_shipped_model_has_french_words() -> None:
    names = load_weigher(load_dossier(SHIPPED)).model.relevance.names
    english = [name for name in names if number_in_words(name, "fr") == name]
    assert english == []


def test_what_lacked_is_told_in_french() -> None:
    assert missing_in_words("its rules fall 0.27 short", "fr") == "il manque 0,27 à ses règles"
    constants = [value for name, value in vars(reasons).items() if re.fullmatch(r"[A-Z][A-Z_]+", name)]
    assert len(constants) == 7
    assert all(missing_in_words(said, "fr") != said == missing_in_words(said, "en") for said in constants)
