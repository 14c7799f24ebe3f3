"""Why a document was judged as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.domain import words_weighed
from monitor.domain.automaton import Vocabulary, compile_vocabulary
from monitor.domain.dossier import Dossier
from monitor.domain.explaining import explanation
from monitor.domain.model import Document
from monitor.domain.reading import Reading
from monitor.domain.scoring import CompiledDossier
from monitor.domain.suggesting import suggest_terms
from monitor.domain.topics import load_dossier, parse_dossier
from monitor.domain.weigher import Weigher, load_weigher
from monitor.domain.words_weighed import words_for_relevance
from tests.dossiers import ESSAI

SHIPPED = Path(__file__).parents[3] / "config" / "dossiers" / "huawei-europe.toml"
BANNED = Document(
    body="Le gouvernement suédois interdit les équipements de Huawei dans les réseaux 5G. Les opérateurs ont deux ans "
    "pour démonter leurs antennes.\n\nL’équipementier chinois conteste la décision et veut rester en Europe."
)

DOSSIER = parse_dossier(
    ESSAI
    + """
[[topics]]
slug = "usine"
title = "Usine"
threshold = 1.5
rules = [{ any = ["usine"] }, { find = "sentence(usine AND emploi)", label = "usine et emploi" }]
""",
    "essai.toml",
)


def test_a_topic_that_fired_tells_its_arithmetic() -> None:
    found = explanation(DOSSIER, Document(body="L’usine de Huawei créera des emplois."))
    assert found.topics[0].fired
    assert sum(line.value for line in found.topics[0].arithmetic) == found.topics[0].raw == 2.0


def test_a_topic_that_fell_short_tells_by_how_much() -> None:
    found = explanation(DOSSIER, Document(body="L’usine de Huawei."))
    assert (found.topics[0].fired, found.topics[0].missing) == (False, "its rules fall 0.50 short")


def test_an_article_without_the_anchor_says_so() -> None:
    assert explanation(DOSSIER, Document(body="Une usine.")).missing == "the anchor is not named"


def test_terms_of_one_side_are_proposed_and_known_ones_are_not() -> None:
    inside = ["la raffinerie de Huawei et son usine", "une raffinerie, une usine"]
    found = suggest_terms(inside, ["la pluie de Huawei", "le vent"] * 5, known=["usine"])
    assert found[0].term == "raffinerie"
    assert "usine" not in {one.term for one in found}


def _shipped() -> tuple[Dossier, Weigher]:
    dossier = load_dossier(SHIPPED)
    return dossier, load_weigher(dossier)


def _seen(dossier: Dossier, document: Document) -> tuple[CompiledDossier, Reading]:
    vocabulary = Vocabulary()
    compiled = CompiledDossier(dossier, vocabulary)
    reading = Reading(document)
    compile_vocabulary(vocabulary).scan(reading)
    return compiled, reading


def test_words_add_up_to_what_the_model_counted_for_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_weighed, "MOST_WORDS", 10_000)
    monkeypatch.setattr(words_weighed, "LEAST", 0.0)
    dossier, weigher = _shipped()
    compiled, reading = _seen(dossier, BANNED)
    anchors = compiled.anchors(reading)
    assert anchors
    lines = {line.label: line.value for line in compiled.verdict(reading).arithmetic}
    words = words_for_relevance(weigher, reading, anchors)
    assert sum(word.value for word in words) + weigher.model.gram_bias * weigher.model.gram_share == pytest.approx(
        lines["its words"], abs=0.02
    )


def test_a_weighed_topic_shows_its_best_passage_and_the_words_in_it() -> None:
    found = explanation(_shipped()[0], BANNED)
    topic = next(topic for topic in found.topics if topic.topic == "5g-restrictions")
    assert topic.fired
    assert topic.passage is not None
    spans = [span for word in topic.passage.words for span in word.spans]
    assert spans
    assert all(span.text == BANNED.body[span.start : span.end] and span.text.isalnum() for span in spans)
    assert topic.passage.sentence.text == BANNED.body[topic.passage.sentence.start : topic.passage.sentence.end]


def test_without_a_model_there_are_no_weighed_words() -> None:
    found = explanation(DOSSIER, Document(body="L’usine de Huawei."))
    assert (found.words, found.topics[0].passage) == ((), None)
