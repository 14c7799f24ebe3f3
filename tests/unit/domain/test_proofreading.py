"""What `veille check` says of a dossier that can be read and does not do what its author meant."""

from __future__ import annotations

import pytest

from monitor.domain.matching import compile_dossiers
from monitor.domain.model import Document
from monitor.domain.proofreading import slips
from monitor.domain.topics import parse_dossier

HEAD = 'slug = "ports"\ntitle = "Ports"\n[entities.haropa]\nnames = ["Haropa", "port du Havre"]\n'
TOPIC = '[[topics]]\nslug = "grues"\ntitle = "Grues"\nrules = [{ any = ["grue", "portique"], weight = 0.5 }]\n'


def _said(text: str) -> list[tuple[str, str, bool]]:
    return [(slip.where, slip.what, slip.sure) for slip in slips(parse_dossier(text, "ports.toml"))]


def test_a_good_dossier_has_none() -> None:
    relevance = '[relevance]\nanchor = "@haropa"\nrules = [{ find = "@haropa", weight = 0.5, cap = 2 }]\n'
    assert _said(HEAD + relevance + TOPIC) == []


def test_a_sample_says_what_counted_and_what_it_lacks() -> None:
    samples = 'fires = ["Une grue et un portique."]\n'
    text = HEAD + '[relevance]\nanchor = "@haropa"\n' + TOPIC + samples
    ((where, what, sure),) = _said(text)
    assert (where, sure) == ("ports.toml:11", True)
    assert "its rules reach 0.30 of 1.00: grue 0.15, portique 0.15; the anchor is not named" in what


def test_a_sample_that_only_lacks_what_its_topic_requires_says_so() -> None:
    text = HEAD + TOPIC + 'requires = "Calais"\nfires = ["Une grue et un portique à Dunkerque."]\n'
    ((_, what, _),) = _said(text)
    assert what.endswith("(its rules reach 1.00 of 1.00: grue 0.50, portique 0.50; what it requires does not hold)")


@pytest.mark.parametrize(
    ("scoring", "threshold", "reached"),
    [
        ("", 1.0, True),
        ("", 1.1, False),
        ("[scoring]\nboost = { title = 1.5 }\n", 1.5, True),
        ("[scoring]\nboost = { title = 1.5 }\n", 1.6, False),
        ("[scoring]\nboost = { title = 0.5, lead = 0.5, body = 0.5 }\n", 0.6, False),
        ("[scoring]\nelsewhere = 2.0\n", 2.0, True),
    ],
)
def test_a_topic_whose_rules_can_never_suffice(scoring: str, threshold: float, reached: bool) -> None:
    said = _said(HEAD + scoring + TOPIC + f"threshold = {threshold}\n")
    assert [what.partition(":")[0] for _, what, _ in said] == ([] if reached else ["grues can never fire"])


def test_what_counts_against_adds_nothing_to_reach() -> None:
    ((where, what, _),) = _said(HEAD + TOPIC.replace("0.5 }", "0.4 }, { find = 'vente', weight = -3 }"))
    assert (where, what) == (
        "ports.toml:6",
        "grues can never fire: its rules add up to 0.80 at most, its threshold is 1.00",
    )


def test_rules_of_relevance_that_can_never_suffice() -> None:
    ((where, what, _),) = _said(HEAD + '[relevance]\nrules = [{ find = "quai", weight = 0.2 }]\n' + TOPIC)
    assert (where, what.partition(":")[0]) == ("ports.toml:5", "no article can be relevant")


def test_a_model_is_not_bound_by_the_rules_of_relevance() -> None:
    from pathlib import Path

    from monitor.domain.topics import load_dossier

    shipped = load_dossier(Path(__file__).parents[3] / "config/dossiers/huawei-europe.toml")
    assert shipped.model is not None
    assert slips(shipped) == []


def test_an_anchor_that_is_the_word_alone_where_an_entity_has_that_name() -> None:
    ((where, what, sure),) = _said(HEAD + '[relevance]\nanchor = "haropa"\n' + TOPIC)
    assert (where, sure) == ("ports.toml:6", False)
    assert "not the entity of that name" in what


def test_without_rules_of_relevance_the_anchor_and_a_topic_are_enough() -> None:
    """A dossier of a name and its topics works; its articles score as their best topic does."""
    dossier = parse_dossier(HEAD + '[relevance]\nanchor = "@haropa"\n' + TOPIC, "ports.toml")
    matcher = compile_dossiers([dossier])
    found = matcher.match(Document(title="Haropa commande", body="Une grue et un portique pour Haropa."))["ports"]
    assert found.relevant
    assert found.score == found.topics[0].score > 0
    silent = matcher.match(Document(title="Haropa commande", body="Haropa commande des bateaux."))["ports"]
    assert (silent.relevant, silent.score) == (False, 0.0)
