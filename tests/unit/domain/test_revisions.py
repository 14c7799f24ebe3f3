from monitor.domain.revisions import changed_sentences, sentences

BEFORE = "Le groupe annonce 140 emplois. M. Wendling s’inquiète pour la nappe.\n\nLa préfecture tranchera en mars."


def test_sentences_end_at_stops_and_lines_but_not_after_titles() -> None:
    assert sentences(BEFORE) == [
        "Le groupe annonce 140 emplois.",
        "M. Wendling s’inquiète pour la nappe.",
        "La préfecture tranchera en mars.",
    ]


def test_a_quotation_closes_its_sentence() -> None:
    assert sentences("« C’est signé. » Le maire sourit.") == ["« C’est signé. »", "Le maire sourit."]


def test_the_same_text_in_other_typography_is_unchanged() -> None:
    assert changed_sentences(BEFORE, BEFORE.replace("’", "'").replace(" emplois", "\u00a0emplois")) == []


def test_a_new_sentence_is_told() -> None:
    assert changed_sentences(BEFORE, BEFORE + " Huawei fournira les serveurs.") == ["Huawei fournira les serveurs."]


def test_another_figure_is_a_change() -> None:
    assert changed_sentences(BEFORE, BEFORE.replace("140", "90")) == ["Le groupe annonce 90 emplois."]


def test_one_corrected_word_in_a_long_sentence_is_none() -> None:
    old = "La région maintient sa contribution de 80 millions si les travaux commencent avant la fin de l’année."
    assert changed_sentences(old, old.replace("maintient", "maintien")) == []


def test_a_sentence_that_moved_is_unchanged() -> None:
    first, second, third = sentences(BEFORE)
    assert changed_sentences(BEFORE, f"{third} {first}\n{second}") == []
