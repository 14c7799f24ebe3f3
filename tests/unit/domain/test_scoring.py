"""The arithmetic of rules: weights, boosts, caps, where the anchor must be, what else an article needs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.domain.matching import compile_dossiers
from monitor.domain.model import Document, Verdict
from monitor.domain.topics import parse_dossier

# Terms with a capital have one form: nothing French has to be unfolded for these tests.
DOSSIER = """
slug = "essai"
title = "Essai"
[entities.acme]
names = ["Acme", { term = "Dupont", since = 2010-01-01, until = 2019-12-31 }]
[relevance]
anchor = "@acme"
about = { mentions = 2, paragraphs = 2 }
threshold = 0.5
rules = [{ find = "Europe", weight = 1 }, { find = "Afrique", weight = -1 }]
[scoring]
boost = { title = 1.5, lead = 1.2 }
elsewhere = 0.25
[[topics]]
slug = "usine"
title = "Usine"
rules = [{ find = "Usine" }, { find = "Atelier", cap = 2 }, { find = "Maquette", weight = -2 }, RULE]
"""
LAST = '{ find = "Forge", anywhere = true }'


def verdict(document: Document, rule: str = LAST, extra: str = "") -> Verdict:
    dossier = parse_dossier(DOSSIER.replace("RULE", rule) + extra, "essai.toml")
    return compile_dossiers([dossier]).match_one(document, "essai")


def raw(body: str, **fields: str) -> float:
    """What the topic's rules add up to in a relevant article, from the lines of its arithmetic."""
    found = verdict(Document(body=f"Acme, en Europe. {body}", **fields))
    assert [match.topic for match in found.topics] == ["usine"]
    return round(sum(line.value for line in found.topics[0].arithmetic), 4)


@pytest.mark.parametrize(
    ("body", "fields", "sum_"),
    [
        ("Acme a une Usine.", {}, 1.0),
        ("Acme a une Usine. Acme a son Usine. Acme aime son Usine.", {}, 1.0),
        ("Acme a un Atelier. Acme ouvre son Atelier. Acme aime son Atelier.", {}, 2.0),
        ("Rien.", {"title": "Acme a une Usine"}, 1.5),
        ("Rien.", {"lead": "Acme a une Usine"}, 1.2),
        ("Acme a une Usine. Une Forge.", {}, 2.0),
        ("Acme a une Usine. Pause. Pause. Un Atelier.", {}, 1.25),
        ("Acme a une Usine. Pause. Pause. Une Forge.", {}, 2.0),
    ],
)
def test_a_term_counts_by_field_cap_and_nearness_of_the_anchor(body: str, fields: dict[str, str], sum_: float) -> None:
    assert raw(body, **fields) == sum_


def test_a_negative_weight_takes_away() -> None:
    fired = [
        bool(verdict(Document("Acme en Europe", "", f"Acme a une Usine{more}.")).topics)
        for more in ("", " et une Maquette")
    ]
    assert fired == [True, False]


def test_relevance_needs_its_own_sum_and_a_topic() -> None:
    texts = ("Une Usine en Europe", "Une Usine", "Une Usine en Europe, pas en Afrique", "Un bureau en Europe")
    assert [verdict(Document("Acme", "", text)).relevant for text in texts] == [True, False, False, False]


def test_without_the_anchor_nothing_is_relevant_and_in_passing_is_not_enough() -> None:
    passing = "Une Usine en Europe.\n\nAcme.\n\nAutre chose.\n\nFin."
    twice = "Une Usine en Europe.\n\nAcme.\n\nAcme encore.\n\nFin.\n\nFin."
    texts = ("Une Usine en Europe", passing, twice)
    assert [verdict(Document("Titre", "", text)).relevant for text in texts] == [False, False, True]


def test_what_a_dossier_or_a_topic_requires_must_hold() -> None:
    document = Document("Acme en Europe", "", "Une Usine.")
    other = '[[topics]]\nslug = "b"\ntitle = "B"\nrequires = "{}"\nrules = [{{ find = "Usine" }}]\n'
    topics = [
        [match.topic for match in verdict(document, extra=other.format(one)).topics] for one in ("Europe", "Lune")
    ]
    assert topics == [["usine", "b"], ["usine"]]


@pytest.mark.parametrize(("year", "named"), [(2009, False), (2010, True), (2019, True), (2020, False)])
def test_a_name_holds_from_its_first_day_to_its_last(year: int, named: bool) -> None:
    at = datetime(year, 1, 1, tzinfo=UTC)
    assert verdict(Document("Dupont en Europe", "", "Une Usine.", published_at=at)).relevant is named


def test_the_score_is_a_half_at_the_threshold_and_its_lines_add_up() -> None:
    found = verdict(Document("Acme", "", "Acme, en Europe, a une Usine."))
    assert (found.score, found.topics[0].score, found.rules_hash != "") == (0.75, 0.5, True)
    assert [(line.label, line.value) for line in found.arithmetic] == [("Europe", 1.0)]
