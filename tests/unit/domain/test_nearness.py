"""The first look for terms that must stand near one another leaves out no article that the engine finds true."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.domain.dossier import Alias, Entity
from monitor.domain.expressions import parse_expression, parse_term
from monitor.domain.judging import Judge
from monitor.domain.model import Document
from monitor.domain.reading import Reading

ENTITY = Entity(
    "acteur",
    (Alias(parse_term("Huawei")),),
    periphrases=(parse_term("équipementier chinois"),),
    rivals=(parse_term("Nokia"),),
    alone=(parse_term("équipementier"),),
)
SETS = {"choses": parse_expression('réseau OR "centre de données" OR 5G')}
QUESTIONS = [
    "sécurité NEAR/2 réseau",
    "sécurité NEAR réseau",
    "réseau BEFORE/3 exclure",
    '"centre de données" NEAR/1 (réseau OR opérateur)',
    '(sécurité OR "sécurité des réseaux") NEAR/1 réseau',
    "réseau NEAR/2 réseaux",
    "numér* NEAR/2 sécurité",
    "<nombre> NEAR/1 <pourcent>",
    "sécurité NEAR/2 <nombre>",
    "==sécurité NEAR/2 ^UE",
    "5G NEAR/2 =réseau",
    "#choses NEAR/2 @acteur",
    "@acteur NEAR/3 sécurité",
    "(sécurité AND exclure) NEAR/2 réseau",
    "title(sécurité) NEAR/2 réseau",
    "title(sécurité NEAR/2 réseau)",
    "sentence(sécurité NEAR/2 réseau AND exclure)",
    "sécurité NEAR/2 réseau NEAR/2 exclure",
    "(sécurité NEAR/2 réseau) AND (exclure NEAR/3 Huawei)",
    "(sécurité NEAR/2 réseau) NOT exclure",
    "(sécurité NEAR/2 réseau) OR exclure",
    "(NOT exclure) NEAR/2 réseau",
    "first(9, sécurité NEAR/2 réseau)",
    "mentions(3, réseau NEAR/2 exclure)",
]
PIECES = [
    *"sécurité réseau Réseaux exclut exclues opérateurs Huawei Nokia numérique numérisés UE U.E. ue 5G 5 G".split(),  # noqa: SIM905
    *"centre de données des équipementier chinois 1 000 3,5 12% % € x l’ . \u00ad se\u0301curite\u0301 ☃".split(" "),  # noqa: SIM905
    "\n\n",
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)


@cache
def judge(question: str) -> Judge:
    return Judge(parse_expression(question), entities={"acteur": ENTITY}, sets=SETS)


def true_by_the_engine(one: Judge, document: Document) -> bool:
    reading = Reading(document)
    one._automaton.scan(reading)
    return one._holds(reading, 0, reading.end) is not None


@pytest.mark.parametrize("question", QUESTIONS)
@settings(max_examples=150, deadline=None)
@given(texts, texts, texts)
@example("sécurité", "réseau", "")
@example("", "", "1 000 000% de sécurité 20 U.E. sécurité UE 5 G réseau réseau")
@example("", "", "l’équipementier chinois réseau x x x équipementier")
def test_what_the_engine_finds_true_is_not_ruled_out(question: str, title: str, lead: str, body: str) -> None:
    one, document = judge(question), Document(title, lead, body)
    assert (one.spans(document) is not None) == true_by_the_engine(one, document)


@pytest.mark.parametrize("between", [0, 1, 2, 3, 8])
@pytest.mark.parametrize(
    ("left", "right", "written"),
    [
        ("sécurité", "réseau", ("Sécurité", "des réseaux")),
        ("<nombre>", "réseau", ("1 000", "réseau")),
        ("réseau", "<nombre>", ("réseau", "de 2020")),
        ("numér*", '"centre de données"', ("numériques", "centres de données")),
        ("@acteur", "#choses", ("Huawei", "5 G")),
    ],
)
def test_words_between_are_counted_as_the_engine_counts(
    left: str, right: str, written: tuple[str, str], between: int
) -> None:
    small = written[1].startswith("de")
    document = Document(body=f"{written[0]} {'un ' * between}{written[1]}.")
    ruled_out = [judge(f"{left} NEAR/{distance} {right}")._nearness.rules_out(document) for distance in range(1, 12)]
    assert ruled_out == [distance <= between + small for distance in range(1, 12)]


@pytest.mark.parametrize(
    "question",
    ["sécurité OR réseau", "NOT (sécurité NEAR/1 réseau)", "(a NEAR/1 b) OR réseau", "(NOT a) NEAR/2 réseau"],
)
def test_nothing_is_ruled_out_where_nothing_must_be_near(question: str) -> None:
    assert not judge(question)._nearness.rules_out(Document(body="réseau"))


@pytest.mark.parametrize("rare", ["☃", "\u00ad", "e\u0301"])
def test_the_engine_decides_on_rare_characters(rare: str) -> None:
    document = Document(body=f"sécurité {rare} un un un un un un réseau")
    one = judge("sécurité NEAR/2 réseau")
    assert not one._nearness.rules_out(document)
    assert one.spans(document) is None
