from datetime import UTC, datetime

import pytest

from monitor.errors import ContentError
from monitor.fetch.pages import extract_page

PAGE = """<!doctype html><html lang="fr"><head><title>Un centre - La Gazette</title>
<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Un centre de données à Brumath",
 "datePublished": "2026-03-02T08:15:00+01:00", "author": [{"@type": "Person", "name": "Lucie  Weber"}]}</script></head>
<body><nav><a href="/">Accueil</a></nav><article><h1>Un centre de données à Brumath</h1>
<p>Le chantier commence en avril, selon la préfecture, et doit durer dix-huit mois au plus.</p>
<p>La commune attend trois cents emplois, dont la moitié pour des techniciens formés sur place.</p>
</article></body></html>"""


def test_a_plain_article_gives_title_text_date_and_author() -> None:
    page = extract_page(PAGE.encode(), url="https://gazette.example/centre")
    assert page.title == "Un centre de données à Brumath"
    assert page.text.startswith("Le chantier commence")
    assert "\n\nLa commune attend" in page.text
    assert page.published_at == datetime(2026, 3, 2, 7, 15, tzinfo=UTC)
    assert page.authors == ("Lucie Weber",)


def test_nothing_and_no_markup_are_named_errors() -> None:
    for body, kind in ((b"  ", "empty"), (b"just words", "not-a-page")):
        with pytest.raises(ContentError) as caught:
            extract_page(body, url="https://gazette.example/")
        assert caught.value.kind == kind


def test_a_section_above_the_title_and_a_glued_pointer_are_no_text() -> None:
    pointer = '<div><span>À lire également</span><a href="/autre">Une usine de batteries ouvre à Douai</a></div>'
    body = PAGE.replace("<article><h1>", "<article><div><div>Réseaux</div></div><h1>").replace(
        "</p>\n<p>La commune", f"</p>\n{pointer}<p>La commune"
    )
    page = extract_page(body.encode(), url="https://gazette.example/centre")
    assert page.text == extract_page(PAGE.encode(), url="https://gazette.example/centre").text


def test_a_sentence_that_begins_like_a_pointer_is_text() -> None:
    said = "À lire aussitôt que possible, dit le maire de Brumath à ses administrés."
    page = extract_page(PAGE.replace("La commune attend", f"{said} La commune attend").encode(), url="")
    assert said in page.text


def test_initials_keep_their_points() -> None:
    page = extract_page(PAGE.replace("Lucie  Weber", "E.P.").encode(), url="https://gazette.example/centre")
    assert page.authors == ("E.P.",)


def test_midnight_in_paris_said_in_utc_is_that_day() -> None:
    page = extract_page(PAGE.replace("08:15:00+01:00", "23:00:00Z").encode(), url="https://gazette.example/centre")
    assert page.published_at is not None
    assert page.published_at.isoformat() == "2026-03-03T00:00:00+01:00"


RELATED = '<p>Le <time datetime="2026-01-22T07:30:29Z" pubdate>22 janvier</time>, une réponse</p>'


@pytest.mark.parametrize(
    ("shown", "at"),
    [
        ("<p>Le 2 mars 2026</p>", "2026-03-02T00:00:00+00:00"),
        (
            '<p>Le <time datetime="2026-03-02T08:15:00+01:00" pubdate>2 mars 2026</time></p>',
            "2026-03-02T08:15:00+01:00",
        ),
        ("", "2026-01-22T07:30:29+00:00"),
    ],
)
def test_the_date_that_is_said_near_the_title_is_not_another_article_s(shown: str, at: str) -> None:
    body = PAGE.replace(' "datePublished": "2026-03-02T08:15:00+01:00",', "").replace("</h1>", f"</h1>{shown}")
    page = extract_page(body.replace("<nav>", f"<nav>{RELATED}").encode(), url="https://gazette.example/centre")
    assert page.published_at is not None
    assert page.published_at.isoformat() == at
