"""Pairs of frequent words leave out no article that is true, whatever words are frequent."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.expressions import parse_expression
from monitor.domain.judging import Judge
from monitor.domain.model import Document
from monitor.domain.words import But, Every, Phrase, Some, Word, Words, has_phrase, index_words, pair_word, pair_words
from monitor.storage.search_pairs import Paired, with_pairs


def holds(words: Words, there: set[str]) -> bool:
    """What a search index does with the words."""
    match words:
        case Word(text, True):
            return any(word.startswith(text) for word in there)
        case Word(text):
            return text in there
        case Every(parts):
            return all(holds(part, there) for part in parts)
        case Some(parts):
            return any(holds(part, there) for part in parts)
        case But(wanted, refused):
            return holds(wanted, there) and not any(holds(part, there) for part in refused)


def indexed(document: Document, listed: Collection[str]) -> set[str]:
    return {*index_words(document), *pair_words(document, listed)}


def asked(text: str, listed: list[str]) -> Any:
    words = Judge(parse_expression(text)).words
    assert words is not None
    return with_pairs(words, Paired(dict.fromkeys(listed, 1)))


def test_a_phrase_of_frequent_words_asks_for_their_pair_alone() -> None:
    assert asked('=="données du réseau"', ["donnees", "reseau"]) == (Word(pair_word("donnees", "reseau")), 1)


def test_forms_that_are_not_frequent_are_asked_for_themselves() -> None:
    words, _ = asked('"réseau données"', ["reseau", "donnees"])
    text = indexed(Document(body="Les réseaux données."), {"reseau", "donnees"})
    assert pair_word("reseau", "donnees") not in text
    assert holds(words, text)
    assert not holds(words, indexed(Document(body="Les données d’un réseau."), {"reseau", "donnees"}))


@pytest.mark.parametrize("text", ['"réseau rare"', "réseau AND données", '"réseau donn*"', "réseau NEAR/2 données"])
def test_what_is_no_phrase_of_frequent_words_is_asked_as_before(text: str) -> None:
    assert asked(text, ["reseau", "donnees"]) is None


def test_an_id_tells_what_an_article_was_indexed_with() -> None:
    paired = Paired({"reseau": 10, "donnees": 10, "cloud": 20})
    assert [paired.of(number) for number in (9, 10, 20)] == [
        None,
        {"reseau", "donnees"},
        {"reseau", "donnees", "cloud"},
    ]
    assert Paired({}).of(10**9) is None
    words = Judge(parse_expression('=="réseau cloud données"')).words
    assert words is not None
    assert with_pairs(words, paired) == (
        Every((Word(pair_word("reseau", "cloud")), Word(pair_word("cloud", "donnees")))),
        20,
    )


SAID = [
    "réseau",
    "Réseaux",
    "données",
    "de",
    "la",
    "l’",
    "cloud",
    "œuvre",
    "5G",
    "5",
    "G",
    ",",
    "sécurisé",
    "sécurisée",
]
LISTED = ["reseau", "reseaux", "donnees", "cloud", "5g", "5", "securise", "oeuvre"]
ASKED = [
    '"réseau données"',
    '"réseau de données"',
    '"réseau sécurisé"',
    '"cloud de la 5G"',
    '=="données sécurisées"',
    '="réseau sécurisé"',
    '"mise en œuvre"',
    '"réseau cloud données"',
    '"données réseau" NOT cloud',
    'title("réseau cloud")',
    '("réseau cloud" OR "cloud réseau") AND données',
    '"réseau sécu*"',
    '"5G cloud"',
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(ASKED),
    st.lists(st.sampled_from(SAID), max_size=14),
    st.lists(st.sampled_from(LISTED), min_size=1, unique=True),
)
def test_pairs_leave_out_nothing_that_is_true(text: str, said: list[str], listed: list[str]) -> None:
    document = Document(title=" ".join(said[:4]), body=" ".join(said[4:]))
    judge = _JUDGES.get(text) or _JUDGES.setdefault(text, Judge(parse_expression(text)))
    assert judge.words is not None
    assert has_phrase(judge.words) or "*" in text
    found = with_pairs(judge.words, Paired(dict.fromkeys(listed, 1)))
    if found is None or judge.spans(document) is None:
        return
    assert holds(found[0], indexed(document, listed))


_JUDGES: dict[str, Judge] = {}


def test_a_phrase_is_asked_for_its_words_where_no_pairs_are_known() -> None:
    words = Judge(parse_expression('=="données réseau"')).words
    assert words == Phrase((Word("donnees"), Word("reseau")), (("donnees", "reseau"),))
