"""The title a reader sees, where heading, JSON-LD, OpenGraph and `title` differ."""

import pytest

from monitor.fetch.pages.head import Head
from monitor.fetch.pages.title import find_title

LONG = "Un centre de données de trois cents emplois ouvre à Brumath"


@pytest.mark.parametrize(
    ("headings", "headline", "og", "title", "site", "right"),
    [
        ([LONG], "Brumath aura son centre", "Brumath aura son centre", "x", "", LONG),
        (
            ["Une usine ferme"],
            "",
            "Une usine ferme - La Gazette du Bas-Rhin et des Vosges",
            "",
            "Gazette",
            "Une usine ferme",
        ),
        (
            ["Une usine ferme"],
            "",
            "",
            "Une usine ferme - La Gazette du Bas-Rhin et des Vosges",
            "Gazette",
            "Une usine ferme",
        ),
        (
            ["Une usine ferme"],
            "« Brumath » : une usine ferme",
            "Une usine ferme",
            "« Brumath » - Une usine ferme",
            "",
            "Une usine ferme",
        ),
        (["La Gazette", LONG], "", "", f"La Gazette - {LONG}", "", LONG),
        (["Gazette Contact", LONG], "", "", "GAZETTE", "", "Gazette Contact"),
        ([f"Culture : {LONG}"], LONG, LONG, "", "", LONG),
        ([f"Culture : {LONG}"], f"Culture : {LONG}", LONG, "", "", f"Culture : {LONG}"),
        ([f"Enquête {LONG}"], f"Enquête : {LONG}", f"Enquête : {LONG}", "", "", f"Enquête : {LONG}"),
        ([f"{LONG} Abonnés"], "", f"{LONG} | Chroniques | La Gazette", "", "", LONG),
        ([], "", LONG, "", "", LONG),
        ([], "", "", "Malvoyance", "", "Malvoyance"),
    ],
)
def test_title(headings: list[str], headline: str, og: str, title: str, site: str, right: str) -> None:
    assert find_title(headings, headline, Head(title=title, meta={"og:title": og}), site) == right
