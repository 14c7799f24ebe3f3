"""Learning to weigh, on a small press of two topics whose words the rules only half know."""

from dataclasses import replace
from itertools import product

import pytest

from monitor.domain.labelled import Labelled, passage_document
from monitor.domain.matching import compile_dossiers
from monitor.domain.model import Document
from monitor.domain.rule_weights import fit_weights
from monitor.domain.topics import parse_dossier
from monitor.domain.training import Trainer
from monitor.domain.weights import dump_model, read_model

DOSSIER = parse_dossier(
    """
slug = "essai"
title = "Essai"
[entities.huawei]
names = ["Huawei"]
[signals]
here = "France OR Allemagne"
far = "Chine"
noise = "promotion"
[relevance]
anchor = "@huawei"
about = { mentions = 1, paragraphs = 1 }
threshold = 0.5
rules = [
    { label = "here", find = "France OR Allemagne", weight = 0.2 },
    { label = "far", find = "Chine", weight = 0.2 },
]
[[topics]]
slug = "usines"
title = "Usines"
rules = [{ label = "factory", any = ["usine"], weight = 0.1 }]
[[topics]]
slug = "reseaux"
title = "Réseaux"
rules = [{ label = "network", any = ["antenne"], weight = 0.1 }]
""",
    "essai.toml",
)
PLACES = {"France": True, "Allemagne": True, "Chine": False}
SENTENCES = {"usines": ["une usine neuve", "une chaîne de montage"], "reseaux": ["une antenne", "un pylône haut"]}
VERBS = ["inaugure", "promet", "abandonne", "prépare"]


def _articles() -> list[Labelled]:
    found = []
    for (place, here), (topic, things), verb in product(PLACES.items(), SENTENCES.items(), VERBS):
        for number, thing in enumerate(things):
            sentence = f"Huawei {verb} {thing} en {place}."
            document = Document(f"Huawei en {place}", "", f"{sentence} La pluie tombe sur la ville.")
            topics = frozenset({topic}) if here else frozenset[str]()
            evidence = {topic: sentence} if here else {}
            found.append(Labelled(document, here, topics, evidence=evidence, hand=f"hand-{number}"))
    return found


TAUGHT = [
    Labelled(passage_document("Le montage reprend."), True, frozenset({"usines"}), sentence=True),
    Labelled(passage_document("Le pylône penche."), True, frozenset({"reseaux"}), sentence=True),
]


@pytest.fixture(scope="module")
def packed() -> bytes:
    return dump_model(Trainer(DOSSIER, [*_articles(), *TAUGHT]).fit())


def test_words_that_no_rule_knows_are_learnt(packed: bytes) -> None:
    matcher = compile_dossiers([replace(DOSSIER, model=packed)])
    verdict = matcher.match_one(Document("Huawei en France", "", "Huawei prépare un pylône haut en France."), "essai")
    assert verdict.relevant
    assert [match.topic for match in verdict.topics] == ["reseaux"]
    assert verdict.topics[0].evidence[0].text == "Huawei prépare un pylône haut en France."


def test_the_arithmetic_of_a_model_ends_with_the_rules_that_held(packed: bytes) -> None:
    matcher = compile_dossiers([replace(DOSSIER, model=packed)])
    (match,) = matcher.match_one(Document("Huawei en France", "", "Huawei ouvre une usine en France."), "essai").topics
    rules = [line.label for line in match.arithmetic if line.label.startswith("rule: ")]
    assert (match.topic, rules) == ("usines", ["rule: usine"])
    assert not match.arithmetic[0].label.startswith("rule: ")


def test_where_it_happens_decides_on_relevance(packed: bytes) -> None:
    matcher = compile_dossiers([replace(DOSSIER, model=packed)])
    assert not matcher.match_one(
        Document("Huawei en Chine", "", "Huawei prépare une usine en Chine."), "essai"
    ).relevant


def test_the_same_articles_give_the_same_model(packed: bytes) -> None:
    assert dump_model(Trainer(DOSSIER, [*_articles(), *TAUGHT]).fit()) == packed


def test_a_model_is_the_same_after_its_file(packed: bytes) -> None:
    assert dump_model(read_model(packed)) == packed


def test_a_rule_that_the_model_has_not_seen_changes_nothing(packed: bytes) -> None:
    topic = DOSSIER.topics[0]
    more = replace(topic, rules=(*topic.rules, replace(topic.rules[0], label="new")))
    other = replace(DOSSIER, model=packed, topics=(more, *DOSSIER.topics[1:]))
    document = Document("Huawei en France", "", "Huawei promet une usine neuve en France.")
    scores = [
        compile_dossiers([one]).match_one(document, "essai").topics[0].score
        for one in (replace(DOSSIER, model=packed), other)
    ]
    assert scores[0] == scores[1]


def test_weights_of_rules_are_fitted_to_articles() -> None:
    fitted = fit_weights(DOSSIER, _articles())
    assert fitted.rules[0].weight > 0.2
    assert fitted.rules[1].weight < 0
    assert fitted.topics[0].rules[0].weight > 0.1


def test_what_the_rules_alone_say_is_told_beside_the_model(packed: bytes) -> None:
    matcher = compile_dossiers([replace(DOSSIER, model=packed)])
    weighed, alone = matcher.beside(
        Document("Huawei en France", "", "Huawei prépare un pylône haut en France."), "essai"
    )
    assert [match.topic for match in weighed.topics] == ["reseaux"]
    assert alone.topics == ()
    plain = compile_dossiers([DOSSIER])
    assert len(set(map(id, plain.beside(Document("Huawei", "", "Huawei promet une usine."), "essai")))) == 1
