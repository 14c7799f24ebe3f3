"""The title a reader sees, where heading, JSON-LD, OpenGraph and `title` differ."""

import pytest
from lxml import html

from monitor.fetch.pages.head import Head
from monitor.fetch.pages.paper import Paper
from monitor.fetch.pages.title import find_title, headings

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
    assert titled(markup=html_of(headings), headline=headline, og=og, title=title, site=site) == right


def html_of(headings: list[str]) -> str:
    return "".join(f"<h1>{heading}</h1>" for heading in headings)


def titled(*, markup: str, headline: str = "", og: str = "", title: str = "", site: str = "", url: str = "") -> str:
    root = html.document_fromstring(f"<html><body>{markup}<p>Le chantier commence en avril.</p></body></html>")
    return find_title(root, headings(root), headline, Head(title=title, meta={"og:title": og}), Paper(site, url))


@pytest.mark.parametrize(
    ("markup", "og", "title"),
    [
        (f"<h1><span>Grand Est</span> {LONG}</h1>", LONG, LONG),
        (f"<h1><div><small>Grand Est</small></div><div>{LONG}</div></h1>", "", f"{LONG} | La Gazette"),
        (f"<h1><style>.a{{color:red}}</style>{LONG}</h1>", LONG, ""),
        (f"<h1>…</h1><h1>{LONG}</h1>", LONG, ""),
        (f"<h1>Local | {LONG}</h1>", LONG, ""),
        (f"<h1><strong>Grand Est.</strong> {LONG}</h1>", LONG, ""),
        (f"<h1>{LONG} <small>Grand Est</small></h1>", LONG, ""),
        (f"<h1><span>{LONG}</span><span>Une réouverture est promise</span></h1>", LONG, ""),
        (f"<h1>Culture</h1><h2>{LONG}</h2>", LONG, ""),
        (f"<h1>{LONG} 02.02.2026 • Presse , Économie</h1>", LONG, f"{LONG} | La Gazette"),
    ],
)
def test_a_kicker_that_the_page_sets_apart_is_no_part_of_the_title(markup: str, og: str, title: str) -> None:
    assert titled(markup=markup, og=og, title=title) == LONG


def test_a_kicker_that_the_page_gives_everywhere_is_part_of_the_title() -> None:
    markup, og = f"<h1><span>Énergie</span> {LONG}</h1>", f"Énergie : {LONG} - La Gazette"
    assert titled(markup=markup, og=og) == f"Énergie {LONG}"


@pytest.mark.parametrize(
    ("markup", "og", "title"),
    [
        ("<h1>La Gazette</h1>", "", f"La Gazette » {LONG}"),
        ("<h1>La-Gazette</h1>", "", f"La Gazette des Vosges // {LONG}"),
        (f"<h1>La Gazette</h1><h2>{LONG}</h2>", "", f"La Gazette » Archives » {LONG}"),
        ("", "", f"{LONG} - Journal La Gazette de Brumath"),
        ("<h1>Autre chose</h1><h1>Menu</h1>", LONG, f"{LONG} : tout savoir"),
    ],
)
def test_a_paper_is_known_by_its_address(markup: str, og: str, title: str) -> None:
    assert titled(markup=markup, og=og, title=title, url="https://www.lagazette.example/centre") == LONG


@pytest.mark.parametrize(
    ("markup", "title", "right"),
    [
        ("<article><h1>Un pont à Brumath</h1></article>", "Un pont à Brumath - La Gazette", "Un pont à Brumath"),
        ("<h1>Un pont à Brumath</h1>", "Un pont à Brumath | La Gazette", "Un pont à Brumath"),
        ("<article><h1>Un pont à Brumath</h1></article>", "La Gazette - Un pont à Brumath", "Un pont à Brumath"),
        ("<h2>La Gazette</h2><main><h1>Un pont</h1></main>", "Un pont - La Gazette", "Un pont"),
        ("<h1>La Gazette</h1><h2>Un pont à Brumath</h2>", "La Gazette - Un pont à Brumath", "Un pont à Brumath"),
        ("<h1>La Gazette</h1><h2>Un pont à Brumath</h2>", "Un pont à Brumath - La Gazette", "Un pont à Brumath"),
    ],
)
def test_a_short_title_beside_a_paper_that_the_page_does_not_name(markup: str, title: str, right: str) -> None:
    assert titled(markup=markup, title=title, url="https://example.org/pont") == right


def test_a_title_in_two_parts_keeps_both_where_the_paper_is_named_beside_it() -> None:
    title = "Épisode 82 – Deux ans de plus"
    assert titled(markup="", og=title, title=f"{title} | La Gazette") == title


@pytest.mark.parametrize("name", ["screen-reader-only", "sr-only", "visually-hidden"])
def test_a_heading_for_screen_readers_counts_where_a_page_has_no_other(name: str) -> None:
    title = "Emploi : un centre de données de trois cents emplois"
    read_out = f'<h1 class="{name}">{title}</h1>'
    assert titled(markup=f"{read_out}<h1>{LONG}</h1>", title=title) == LONG
    assert titled(markup=read_out, title=title) == title
