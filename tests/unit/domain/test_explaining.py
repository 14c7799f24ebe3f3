from monitor.domain.explaining import explanation
from monitor.domain.model import Document
from monitor.domain.suggesting import suggest_terms
from monitor.domain.topics import parse_dossier

DOSSIER = parse_dossier(
    """
slug = "essai"
title = "Essai"
[relevance]
anchor = "Huawei"
about = { mentions = 1, paragraphs = 1 }
threshold = 0.0
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
