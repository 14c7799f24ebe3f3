"""What each operator of the query language finds."""

from datetime import UTC, datetime
from functools import cache

import pytest

from monitor.domain.automaton import Automaton, Vocabulary, compile_vocabulary
from monitor.domain.dossier import Alias, Entity
from monitor.domain.evaluation import Compiler
from monitor.domain.expressions import Term, parse_expression, parse_term
from monitor.domain.model import Document
from monitor.domain.operations import Compiled
from monitor.domain.reading import Reading

HUAWEI = Entity(
    "huawei",
    (Alias(Term("Huawei")), Alias(parse_term("^Honor"), until=datetime(2020, 11, 17, tzinfo=UTC).date())),
    periphrases=(Term("équipementier chinois"), Term("géant de Shenzhen")),
    rivals=(Term("ZTE"), Term("DJI")),
    alone=(Term("géant de Shenzhen"),),
)
SETS = {
    "south": parse_expression("Rome OR Madrid OR italien"),
    "europe": parse_expression("#south OR Berlin"),
}


@cache
def _compiled(query: str) -> tuple[Compiled, Automaton]:
    vocabulary = Vocabulary()
    run = Compiler(vocabulary, entities={"huawei": HUAWEI}, sets=SETS).compile(parse_expression(query))
    return run, compile_vocabulary(vocabulary)


def found(query: str, body: str, **fields: object) -> list[str] | None:
    run, automaton = _compiled(query)
    reading = Reading(Document(body=body, **fields))  # type: ignore[arg-type]
    automaton.scan(reading)
    pairs = run(reading, 0, reading.end)
    return None if pairs is None else [reading.span(*pair).text for pair in pairs]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("exclure", "Les équipements EXCLUS du marché"),
        ("équipementier", "L’équipementier proteste"),
        ('"États-Unis"', "les ETATS UNIS d’Amérique"),
        ('"sous-traitant"', "un sous‑traitant allemand"),
        ("5G", "la 5\u202fG arrive"),
        ("^UE", "dans l’U.E. et ailleurs"),
        ("œuvre", "mise en oeuvre"),
        ("oeuvre", "mise en œuvre"),
        ('"chiffre d\'affaires"', "le chiffre d’affaires recule"),
        ("opérateur", "jusqu’opérateurs compris"),
        ("numéris*", "la numérisation avance"),
        ('"porte dérobée"', "des portes dérobées"),
        ("华为", "la marque 华为 à Paris"),
        ("équipementier", "l’équi\u00adpementier coupé"),
        ("équipementier", "l’équipe\u200bmentier coupé"),
        ("équipementier", "l’e\u0301quipementier décomposé"),
        ("équipementier", "faute d’équipementiers"),
        ("^Orange", "parce qu’Orange hésite"),
        ("^Orange", "parce qu'Orange hésite"),
        ('"ex aequo"', "arrivés ex æquo"),
        ('"ex æquo"', "ARRIVES EX AEQUO"),
        ('"porte dérobée"', "des portes\u00a0dérobées"),
        ('"porte dérobée"', "des portes\u202fdérobées"),
        ('"États-Unis"', "aux Etats‑Unis"),
        ('"États-Unis"', "AUX ETATS-UNIS"),
        ('"sous-traitant"', "des sous–traitants"),
        ("5G", "la 5G arrive"),
        ("^UE", "dans l’UE"),
    ],
)
def test_a_term_is_found_in_its_typographic_variants(query: str, text: str) -> None:
    assert found(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("port", "la porte est fermée"),
        ("=exclu", "les exclus"),
        ("==salé", "il est sale"),
        ("^Orange", "une orange mûre"),
        ("^UE", "la rue et l'ue"),
        ("5G", "pèse 5 g de sucre"),
        ("numéris*2", "la numérisation"),
        ("华为", "la marque 为华 à Paris"),
    ],
)
def test_what_only_looks_like_a_term_is_not_found(query: str, text: str) -> None:
    assert found(query, text) is None


def test_near_counts_words_and_order() -> None:
    text = "Huawei est très loin, dit-on, de quitter Paris"
    assert found("huawei NEAR/9 paris", text) == ["Huawei", "Paris"]
    assert found("huawei NEAR/3 paris", text) is None
    assert found("paris BEFORE/9 huawei", text) is None


def test_sentence_and_paragraph_bound_what_stands_together() -> None:
    text = "Huawei part. Paris reste.\n\nRome aussi."
    assert found("huawei SENTENCE paris", text) is None
    assert found("huawei PARAGRAPH paris", text) == ["Huawei", "Paris"]
    assert found("huawei PARAGRAPH rome", text) is None


def test_not_inside_leaves_out_what_a_longer_term_holds() -> None:
    text = "Un ex-Huawei dirige la société ; Huawei se tait."
    assert found('huawei NOT INSIDE "ex-Huawei"', text) == ["Huawei"]


def test_not_near_leaves_out_the_neighbours() -> None:
    assert found("huawei NOT NEAR/2 ancien", "un ancien de Huawei") is None


def test_mentions_and_distinct_count() -> None:
    assert found("mentions(2, huawei)", "Huawei et Huawei")
    assert found("mentions(3, huawei)", "Huawei et Huawei") is None
    assert found("distinct(2, paris, rome, berlin)", "Paris, Paris") is None
    assert found("distinct(2, paris, rome, berlin)", "Paris, Rome")


def test_distinct_counts_the_members_of_one_set_and_several_sets_as_one_each() -> None:
    assert found("distinct(2, #europe)", "Rome, Rome et encore Rome") is None
    assert found("distinct(2, #europe)", "de Rome à Berlin") == ["Rome", "Berlin"]
    assert found("distinct(2, #south, paris)", "de Rome à Madrid") is None
    assert found("distinct(2, #south, paris)", "de Rome à Paris") == ["Rome", "Paris"]


def test_fields_bound_what_is_looked_at() -> None:
    assert found("title(huawei)", "Huawei", title="Autre") is None
    assert found("title(huawei)", "rien", title="Huawei recule") == ["Huawei"]
    assert found("first(2, huawei)", "un deux trois Huawei") is None


def test_conditions_on_the_article() -> None:
    at = datetime(2021, 5, 1, tzinfo=UTC)
    assert found('huawei source("exemple.fr") after(2021-04)', "Huawei", source="exemple.fr", published_at=at)
    assert found("huawei before(2021)", "Huawei", published_at=at) is None
    assert found("huawei words(10)", "Huawei") is None


def test_a_dated_name_ends_with_its_date() -> None:
    old, new = datetime(2019, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
    assert found("@huawei", "Honor lance un téléphone", published_at=old)
    assert found("@huawei", "Honor lance un téléphone", published_at=new) is None


def test_a_periphrasis_stands_for_the_company_named_last() -> None:
    assert found("@huawei", "Huawei proteste. L’équipementier chinois ira en justice.") == [
        "Huawei",
        "équipementier chinois",
    ]
    assert found("@huawei", "Huawei hier, ZTE demain : l’équipementier chinois recrute.") == ["Huawei"]
    assert found("@huawei", "L’équipementier chinois recrute.") is None


def test_a_sure_periphrasis_stands_alone_unless_a_rival_is_named() -> None:
    assert found("@huawei", "Le géant de Shenzhen recrute.") == ["géant de Shenzhen"]
    assert found("@huawei", "DJI, le géant de Shenzhen, recrute.") is None


def test_about_means_more_than_a_mention_in_passing() -> None:
    passing = "Nokia recule.\n\nEricsson aussi.\n\nHuawei non.\n\nFin."
    assert found("about(huawei)", passing) is None
    assert found("about(huawei)", passing, title="Huawei tient bon")


def test_figures_are_found_in_digits_and_words() -> None:
    assert found("<nombre> BEFORE/3 salarié", "quelque 300 salariés") == ["300", "salariés"]
    assert found("<nombre> BEFORE/3 salarié", "deux cents salariés")
    assert found("<pourcent>", "en baisse de 12 %") == ["%"]
    assert found("huawei NEAR/1 <nombre>", "chez Huawei, 300 départs") == ["Huawei", "300"]


@pytest.mark.parametrize(
    ("query", "text", "shown"),
    [
        ("<nombre>", "embauche 1 000 personnes", {"1 000"}),
        ("<nombre>", "verse 12\u202f345,50 euros, puis 3,5 millions", {"12\u202f345,50", "3,5", "millions"}),
        ("<nombre>", "en 2024 500 emplois", {"2024", "500"}),
        ("<pourcent>", "une hausse de 12,5%", {"12,5%"}),
        ("=cafe", "un cafe\u0301 noir", {"cafe\u0301"}),
    ],
)
def test_a_number_or_a_letter_with_its_accent_is_shown_whole(query: str, text: str, shown: set[str]) -> None:
    assert set(found(query, text) or ()) == shown
