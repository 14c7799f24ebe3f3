"""The evidence sentence: whole, short, marked where it should be."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.excerpts import edited_sentences, quotations, sentences
from monitor.domain.model import Field, Span

BODY = "Le marché recule. M. Dupont, chez Huawei, dément : « Rien n’est signé. » Berlin attend.\n\nHuawei vend en 2026."


def span(text: str, word: str, field: Field = Field.BODY, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = text.index(word, start + 1)
    return Span(field, start, start + len(word), word)


def marked(quotation: tuple[str, tuple[tuple[int, int], ...]]) -> list[str]:
    text, marks = quotation
    return [text[start:end] for start, end in marks]


def test_sentences_end_at_marks_and_paragraphs_not_at_abbreviations():
    assert [BODY[a:b] for a, b in sentences(BODY)] == [
        "Le marché recule.",
        "M. Dupont, chez Huawei, dément : « Rien n’est signé. »",
        "Berlin attend.",
        "Huawei vend en 2026.",
    ]


def test_the_sentence_of_the_best_span_comes_first_with_all_its_marks():
    found = quotations({Field.BODY: BODY}, [span(BODY, "Huawei"), span(BODY, "Dupont"), span(BODY, "Huawei", nth=1)])
    assert [text for text, _ in found] == [
        "M. Dupont, chez Huawei, dément : « Rien n’est signé. »",
        "Huawei vend en 2026.",
    ]
    assert marked(found[0]) == ["Dupont", "Huawei"]


def test_a_span_of_the_whole_sentence_chooses_it_and_marks_only_the_words_within():
    whole = span(BODY, "M. Dupont, chez Huawei, dément : « Rien n’est signé. »")
    found = quotations({Field.BODY: BODY}, [whole, span(BODY, "Huawei"), span(BODY, "Huawei, dément")])
    assert marked(found[0]) == ["Huawei, dément"]
    found = quotations({Field.BODY: BODY}, [whole, span(BODY, "chez"), span(BODY, "Huawei")])
    assert marked(found[0]) == ["chez Huawei"]
    assert marked(quotations({Field.BODY: BODY}, [span(BODY, "upont")])[0]) == ["Dupont"]
    assert marked(quotations({Field.BODY: BODY}, [whole])[0]) == []


def test_small_words_are_marked_only_where_there_are_no_others():
    text = "Nous resterons en Europe, mais sans antennes."
    spans = [span(text, word) for word in ("Nous", "Europe", "sans")]
    assert marked(quotations({Field.BODY: text}, spans)[0]) == ["Europe"]
    assert marked(quotations({Field.BODY: text}, [spans[0]])[0]) == ["Nous"]


def test_the_title_is_quoted_only_when_there_is_nothing_else():
    texts = {Field.TITLE: "Huawei en Espagne", Field.BODY: BODY}
    title = span(texts[Field.TITLE], "Huawei", Field.TITLE)
    assert quotations(texts, [title, span(BODY, "Berlin")])[0][0] == "Berlin attend."
    assert quotations(texts, [title])[0][0] == "Huawei en Espagne"


def test_a_long_sentence_is_cut_at_blanks_around_the_matched_words():
    text = "mot " * 200 + "Huawei " + "mot " * 200
    (found,) = quotations({Field.BODY: text}, [span(text, "Huawei")])
    assert len(found[0]) <= 282
    assert marked(found) == ["Huawei"]
    assert found[0].startswith("…mot")
    assert found[0].endswith("mot…")


def test_spans_of_an_earlier_text_do_no_harm():
    assert quotations({Field.BODY: "Court."}, [Span(Field.BODY, 40, 46, "Huawei")]) == []


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="abÉ .!?\n«»…", max_size=200), st.integers(0, 200), st.integers(1, 20), st.integers(20, 60))
def test_every_quotation_is_short_and_marks_the_words_that_matched(text, start, length, width):
    one = Span(Field.BODY, start, start + length, text[start : start + length])
    for quotation in quotations({Field.BODY: text}, [one], width=width):
        assert len(quotation[0]) <= width + max(2, length) + 1
        assert all(word and word in text for word in marked(quotation))


def test_an_edit_is_told_by_the_sentence_that_came_and_the_one_that_went():
    before = "Il signe. Les données sont à Pékin. Fin."
    after = "Il signe. Les données sont à Madrid. Fin."
    assert edited_sentences(before, after) == ("Les données sont à Madrid.", "Les données sont à Pékin.")
    assert edited_sentences(before, before) == ("", "")
    assert edited_sentences("", "x" * 999)[0].endswith("…")
