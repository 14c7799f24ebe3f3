"""Definite descriptions are found by their nouns: the same that the whole pattern finds everywhere."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.descriptions import Descriptions
from monitor.domain.model import Document
from monitor.domain.reading import Reading

PATTERN = r"\b(?:l[ea’']|du|de l[’'])[ \u00a0]?(?:même )?(?:%s)\b(?! (?:de|d[’'])\b)"
FOUND = Descriptions(PATTERN, "groupe géant nouveau_venu équipementier")
ORACLE = re.compile(PATTERN % "groupe|géant|nouveau venu|équipementier", re.IGNORECASE)
PIECES = (
    "le ", "la", "l’", "l'", "du\u00a0", "de l'", "même ", "groupe", "géant", "GÉANT", "nouveau venu", "équipementier",
    "geant", " de ", " d'", "s", "_", "\n", ". ", "œ", "Ж", "\u00ad",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_nouns_first_finds_what_the_pattern_finds(text: str) -> None:
    reading = Reading(Document(body=text))
    assert FOUND.spans(reading) == [match.span() for match in ORACLE.finditer(reading.text)]


def test_a_noun_with_what_it_belongs_to_is_no_description_of_the_last_named() -> None:
    reading = Reading(Document(body="Le groupe recule. Le groupe de Pékin avance, dit l’équipementier."))
    assert [reading.text[start:end] for start, end in FOUND.spans(reading)] == ["Le groupe", "l’équipementier"]
