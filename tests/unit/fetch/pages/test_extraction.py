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
