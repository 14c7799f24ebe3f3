from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.text import fold, paragraphs, sentences, skeleton


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_fold_and_skeleton_keep_length(text: str) -> None:
    assert len(fold(text)) == len(skeleton(text)) == len(text)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(max_codepoint=0x2100)))
def test_each_character_folds_by_itself(text: str) -> None:
    assert fold(text) == "".join(fold(char) for char in text)


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_sentences_are_in_order_and_do_not_overlap(text: str) -> None:
    spans = sentences(text)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert "".join("".join(text[a:b] for a, b in spans).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("written", "folded"),
    [("L’ÉQUIPEMENTIER", "l'equipementier"), ("États‑Unis", "etats-unis"), ("5\u202fG", "5 g"), ("Vučić", "vucic")],
)
def test_typography_and_accents_fold_away(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    text = "M. Dupont a parlé. Mme Durand s’est tue… « Rien », dit-elle."
    assert next(text[a:b] for a, b in sentences(text)) == "M. Dupont a parlé."
    assert len(sentences(text)) == 3


def test_a_line_break_ends_sentence_and_paragraph() -> None:
    assert len(sentences("Un titre\n\nUn corps")) == 2
    assert paragraphs("a b\n\nc\n") == [(0, 3), (5, 6)]


def test_an_abbreviation_ends_no_sentence_but_a_paragraph_does() -> None:
    text = "La 5 G. Et M. Dupont, etc.\n\nA Bruxelles"
    assert [text[a:b] for a, b in sentences(text)] == ["La 5 G. Et M. Dupont, etc.", "A Bruxelles"]
