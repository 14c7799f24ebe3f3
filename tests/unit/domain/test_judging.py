"""A query on one article: what is true, where, and which words it cannot do without."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.expressions import parse_expression
from monitor.domain.judging import Judge, make_judge
from monitor.domain.model import Document
from monitor.domain.topics import parse_dossier
from monitor.domain.words import But, Every, Some, Word, Words, index_words
from monitor.errors import QueryError

ARTICLE = Document(
    title="La Suède exclut l’équipementier",
    body="Les opérateurs suédois écartent Huawei de la 5G.\n\nAu cœur du dossier, des équipements numériques.",
)


def judge(text: str) -> Judge:
    return Judge(parse_expression(text))


def holds(words: Words | None, document: Document) -> bool:
    """What a search index does with the words."""
    there = set(index_words(document))
    match words:
        case None:
            return True
        case Word(text, True):
            return any(word.startswith(text) for word in there)
        case Word(text):
            return text in there
        case Every(parts):
            return all(holds(part, document) for part in parts)
        case Some(parts):
            return any(holds(part, document) for part in parts)
        case But(wanted, refused):
            return holds(wanted, document) and not any(holds(part, document) for part in refused)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("exclure", ["exclut"]),
        ("operateur AND écarter", ["opérateurs", "écartent"]),
        ('"équipement numérique"', ["équipements numériques"]),
        ("numéri*", ["numériques"]),
        ("title(exclure)", ["exclut"]),
        ("coeur", ["cœur"]),
        ("NOT cloud", []),
    ],
)
def test_spans_are_where_it_is_true(text: str, found: list[str]) -> None:
    spans = judge(text).spans(ARTICLE)
    assert spans is not None
    assert [span.text for span in spans] == found


@pytest.mark.parametrize("text", ["cloud", "exclure NEAR/1 Huawei", "=exclure", "title(Huawei)"])
def test_what_is_false_has_no_spans(text: str) -> None:
    assert judge(text).spans(ARTICLE) is None


def test_the_first_pass_asks_for_a_form_of_each_word() -> None:
    words = judge("huawei AND (cloud OR =exclu)").words
    assert isinstance(words, Every)
    assert Word("huawei") in words.parts
    assert any(isinstance(part, Some) and Word("exclu") in part.parts for part in words.parts)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("huawei NOT suède", {"suede", "suedes"}),
        ("huawei NOT (cloud OR suède)", {"cloud", "clouds", "suede", "suedes"}),
        ("title(huawei NOT cloud)", {"¤tcloud", "¤tclouds"}),
    ],
)
def test_the_first_pass_refuses_words_that_make_it_false(text: str, refused: set[str]) -> None:
    words = judge(text).words
    assert isinstance(words, But)
    assert {word.text for word in words.refused} == refused


@pytest.mark.parametrize(
    "text",
    ["huawei NOT ==Suède", "huawei NOT suéd*", 'huawei NOT "en Suède"', "sentence(huawei NOT suède)", "huawei OR 5G"],
)
def test_what_must_be_looked_at_is_not_refused(text: str) -> None:
    assert not isinstance(judge(text).words, But)


@pytest.mark.parametrize("text", ["NOT huawei", "huawei OR NOT cloud", "words(10)"])
def test_some_queries_can_do_without_any_word(text: str) -> None:
    assert judge(text).words is None


WORDS = ["Huawei", "exclut", "exclus", "équipementier", "5G", "5", "G", "coeur", "cœur", "cloud", "suédois", "Suède"]
PIECES = [
    "huawei",
    "exclure",
    "=exclu",
    "équipem*",
    '"5G"',
    "cœur",
    "NOT cloud",
    "NOT exclure",
    "NOT ==Suède",
    "title(Huawei NOT 5G)",
    "sentence(exclure NOT suédois)",
    "(suédois NEAR/4 Huawei)",
    "title(suède)",
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=3),
    st.sampled_from([" AND ", " OR "]),
    st.lists(st.sampled_from(WORDS), max_size=8),
)
def test_the_first_pass_leaves_out_nothing_that_is_true(pieces: list[str], join: str, words: list[str]) -> None:
    document = Document(title=" ".join(words[:3]), body=" ".join(words[3:]))
    one = judge(join.join(pieces))
    assert one.spans(document) is None or holds(one.words, document)


def test_invisible_characters_and_ligatures_do_not_hide_a_word() -> None:
    assert index_words(Document(title="Hua\u00adwei", body="L’œuvre")) == ["¤thuawei", "huawei", "l", "\x9cuvre"]


def test_entities_and_sets_are_those_of_the_dossiers() -> None:
    dossier = parse_dossier(
        'slug = "d"\ntitle = "D"\n[entities.huawei]\nnames = ["Huawei"]\n[sets]\ncountries = ["Suède"]\n'
        '[[topics]]\nslug = "t"\ntitle = "T"\nrequires = "@huawei"\n',
        "d.toml",
    )
    spans = make_judge(parse_expression("@huawei AND #countries"), [dossier]).spans(ARTICLE)
    assert [span.text for span in spans or ()] == ["Suède", "Huawei"]


def test_an_unknown_entity_is_said() -> None:
    with pytest.raises(QueryError, match="no dossier has @huawey"):
        make_judge(parse_expression("@huawey"))
