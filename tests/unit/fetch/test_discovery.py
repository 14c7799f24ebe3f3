"""The feeds that a page names."""

from __future__ import annotations

import pytest

from monitor.fetch.discovery import candidates, usual_places

URL = "https://fil.exemple/une/"


def found(markup: str) -> list[str]:
    return [one.url for one in candidates(markup.encode(), URL)]


def test_what_the_page_names_comes_before_what_it_links_and_comments_come_last() -> None:
    page = """<head><link rel="alternate" type="application/rss+xml" title="Commentaires" href="/comments/feed/">
      <link rel="alternate stylesheet" type="application/atom+xml" href="atom.xml"></head>
      <body><a href="/flux-rss/">Nos flux</a><a href="/feedback">Écrivez-nous</a></body>"""
    assert found(page) == [
        "https://fil.exemple/une/atom.xml",
        "https://fil.exemple/comments/feed/",
        "https://fil.exemple/flux-rss/",
    ]


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "<!-- rien -->",
        '<link rel="alternate" hreflang="en" href="/en/">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/json" href="/wp-json/posts/7">',
        '<link rel="stylesheet" type="text/css" href="/feed.css">',
        '<a href="https://ailleurs.exemple/rss/">un autre site</a>',
        "\x00" * 10,
    ],
)
def test_what_is_no_feed_is_not_offered(markup: str) -> None:
    assert found(markup) == []


def test_each_address_is_offered_once_under_the_name_of_the_page() -> None:
    page = (
        '<link rel="alternate" type="application/rss+xml" title="Une" href="/r.xml?rss"><a href="/r.xml?rss#x">RSS</a>'
    )
    (one,) = candidates(page.encode(), URL)
    assert (one.title, one.named) == ("Une", True)


def test_a_base_address_counts() -> None:
    assert found('<base href="https://www.fil.exemple/"><link rel="feed" href="x.xml">') == [
        "https://www.fil.exemple/x.xml"
    ]


def test_the_usual_places_are_on_the_same_site() -> None:
    assert "https://fil.exemple/feed" in [place.url for place in usual_places(URL)]
