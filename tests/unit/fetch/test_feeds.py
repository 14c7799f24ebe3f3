"""Feeds from bytes to values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.model import FeedData
from monitor.errors import ContentError
from monitor.fetch.feeds import parse_feed, parse_new

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
URL = "https://exemple.fr/flux/rss.xml"


def rss(*items: str, head: str = "<title>Exemple</title>") -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


def item(number: int, title: str = "Huawei", extra: str = "") -> str:
    return f"<item><guid>g{number}</guid><title>{title} {number}</title><link>/a/{number}</link>{extra}</item>"


def read(body: bytes, **options: str) -> FeedData:
    return parse_feed(body, url=URL, now=NOW, **options)


def test_a_feed_says_who_it_is_and_what_is_new() -> None:
    feed = read(rss(item(1), item(2), head="<title>Le Fil</title><link>https://exemple.fr/</link><ttl>30</ttl>"))
    assert (feed.title, feed.site_url, feed.ttl) == ("Le Fil", "https://exemple.fr/", timedelta(minutes=30))
    assert [entry.link for entry in feed.entries] == ["https://exemple.fr/a/1", "https://exemple.fr/a/2"]


def test_identity_is_the_guid_else_the_link_else_a_hash() -> None:
    feed = read(
        rss("<item><guid>x</guid><title>a</title></item>", "<item><link>/a?utm_source=rss</link></item>",
            "<item><title>seul</title><pubDate>2040-01-01</pubDate></item>")
    )  # fmt: skip
    assert [e.identity for e in feed.entries][:2] == ["x", "https://exemple.fr/a"]
    assert feed.entries[2].identity.startswith("hash:")
    later = parse_feed(rss("<item><title>seul</title><pubDate>2040-01-01</pubDate></item>"), url=URL)
    assert later.entries[0].identity == feed.entries[2].identity


def test_one_bad_item_costs_nothing_to_its_neighbours() -> None:
    bad = "<item><title>cassé <b></title><guid>bad</guid></item>"
    feed = read(rss(item(1), bad, item(3, extra="<description>a &amp; b</description>")))
    assert {"Huawei 1", "Huawei 3"} <= {entry.title for entry in feed.entries}
    assert feed.warnings


def test_an_item_with_nothing_in_it_is_counted() -> None:
    assert read(rss(item(1), "<item></item>")).dropped == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html><body><rss></rss></body></html>", "html"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not-a-feed"),
        (b"{}", "not-a-feed"),
        (b"{" * 100_000, "not-a-feed"),
        (b"Erreur 500", "not-a-feed"),
        (b"<opml version='2.0'><body/></opml>", "not-a-feed"),
        (b"<sitemapindex xmlns='x'></sitemapindex>", "sitemap-index"),
        (b"x" * (10 * 2**20 + 1), "too-large"),
    ],
)
def test_what_is_no_feed_says_what_it_is(body: bytes, kind: str) -> None:
    with pytest.raises(ContentError) as caught:
        read(body)
    assert caught.value.kind == kind


def test_only_what_is_new_is_parsed() -> None:
    before = parse_new(rss(item(1), item(2)), frozenset(), url=URL, now=NOW)
    after = parse_new(rss(item(3), item(1), item(2)), frozenset(before.hashes), url=URL, now=NOW)
    assert [entry.title for entry in after.data.entries] == ["Huawei 3"]
    assert (after.known, len(after.hashes)) == (2, 3)


def test_an_edited_item_is_parsed_again() -> None:
    before = parse_new(rss(item(1), item(2)), frozenset(), url=URL, now=NOW)
    after = parse_new(rss(item(1, title="Corrigé :"), item(2)), frozenset(before.hashes), url=URL, now=NOW)
    assert [entry.title for entry in after.data.entries] == ["Corrigé : 1"]


def test_the_newest_come_first_and_the_oldest_beyond_the_limit_go() -> None:
    dated = [item(n, extra=f"<pubDate>2026-11-{n:02}T00:00:00Z</pubDate>") for n in range(1, 11)]
    feed = parse_feed(rss(*dated), url=URL, now=NOW, limit=3)
    assert [entry.title for entry in feed.entries] == ["Huawei 10", "Huawei 9", "Huawei 8"]


def test_where_guids_change_at_each_poll_links_identify() -> None:
    parsed = parse_new(rss(item(1)), frozenset(), url=URL, now=NOW, believe_guids=False)
    assert parsed.data.entries[0].identity == "https://exemple.fr/a/1"


def test_a_feed_of_a_hundred_thousand_levels_is_refused_before_it_is_parsed() -> None:
    body = b"<rss version='2.0'><channel>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</channel></rss>"
    with pytest.raises(ContentError) as caught:
        parse_feed(body, url="https://gazette.example/feed")
    assert caught.value.kind == "too-deep"
