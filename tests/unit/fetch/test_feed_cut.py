"""Parsing only what is new gives what parsing whole gives."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.model import EntryData
from monitor.errors import ContentError
from monitor.fetch.feeds import by_feedparser, parse_feed, parse_new
from monitor.fetch.feeds.cutting import cut, item_hash
from monitor.fetch.feeds.decoding import decode
from monitor.fetch.feeds.prepass import prepare
from monitor.fetch.feeds.raw import make_feed

FEEDS = Path(__file__).parents[2] / "data" / "feeds"
URL = "https://fil.exemple/flux/rss.xml"
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)

GOOD = [
    "<title>Huawei &amp; la 5G</title>",
    "<title><![CDATA[Un <b>gras</b> & <item> dans un titre ]]></title>",
    "<link>https://fil.exemple/{n}?a=1&amp;b=2</link>",
    "<link>/relatif/{n}</link>",
    '<guid isPermaLink="false">g{n}</guid>',
    "<guid>https://fil.exemple/{n}</guid>",
    "<pubDate>Fri, 20 Nov 2026 09:00:00 +0100</pubDate>",
    "<description>&lt;p&gt;Un.&lt;/p&gt;</description>",
    "<description><![CDATA[</item><item> <p>Deux]]></description>",
    "<!-- </item><item> -->",
    "<?php </item> ?>",
    "<c:encoded><![CDATA[<p>Long</p>]]></c:encoded>",
    "<d:creator>Anne Durand</d:creator>",
    "<category>5G</category>",
    "<enclosure url='https://fil.exemple/{n}.mp3' type='audio/mpeg'/>",
    "<itemid>7</itemid>",
]
BAD = [
    "<title>Coupé <b>",
    "</description>",
    "<item>",
    "</item>",
    "<![CDATA[",
    "<!--",
    "&",
    "<",
    "<a b='",
    "\x00",
    "]]>",
    "<item/>",
]
NAMESPACES = 'xmlns:c="http://purl.org/rss/1.0/modules/content/" xmlns:d="http://purl.org/dc/elements/1.1/"'


def items(parts: list[str]) -> st.SearchStrategy[list[str]]:
    inner = st.lists(st.sampled_from(parts), max_size=5, unique=True).map("".join)
    return st.lists(inner, min_size=1, max_size=5)


def feed(parts: list[str], between: str = "\n") -> bytes:
    numbered = (f"<item><t:n>{n}</t:n>{part.replace('{n}', str(n))}</item>" for n, part in enumerate(parts))
    head = f'<rss version="2.0" {NAMESPACES} xmlns:t="urn:t"><channel><title>Fil</title><image><url>x</url></image>'
    return f"{head}{between.join(numbered)}</channel></rss>".encode()


def by_identity(entries: tuple[EntryData, ...]) -> dict[str, EntryData]:
    return {entry.identity: entry for entry in entries}


@settings(max_examples=60)
@given(items(GOOD), st.sampled_from(["\n", "", "<!-- pub -->"]))
def test_a_feed_cut_at_its_items_reads_as_the_whole(parts: list[str], between: str) -> None:
    body = feed(parts, between)
    whole, well_formed = by_feedparser.read(prepare(decode(body)[0]).encode())
    assert well_formed
    assert by_identity(parse_feed(body, url=URL, now=NOW).entries) == by_identity(
        make_feed(whole, url=URL, now=NOW, limit=2_000).entries
    )


@settings(max_examples=60)
@given(items(GOOD + BAD), st.sets(st.integers(0, 4)))
def test_new_and_known_items_make_up_the_whole(parts: list[str], seen: set[int]) -> None:
    body = feed(parts)
    whole = parse_new(body, frozenset(), url=URL, now=NOW)
    known = {digest for n, digest in enumerate(whole.hashes) if n in seen}
    fresh = parse_new(body, known, url=URL, now=NOW)
    rest = parse_new(body, set(whole.hashes) - known, url=URL, now=NOW)
    both = set(fresh.data.entries) | set(rest.data.entries)
    assert both >= set(whole.data.entries)  # two items that say the same under one identity are one in the whole
    assert {entry.identity for entry in both} == {entry.identity for entry in whole.data.entries}
    assert fresh.hashes == whole.hashes


@pytest.mark.parametrize("path", sorted(FEEDS.iterdir()), ids=lambda path: path.name)
def test_no_fixture_says_anything_new_twice(path: Path) -> None:
    try:
        first = parse_new(path.read_bytes(), frozenset(), url=URL, now=NOW)
    except ContentError:
        return
    again = parse_new(path.read_bytes(), frozenset(first.hashes), url=URL, now=NOW)
    assert again.data.title == first.data.title
    assert not first.hashes or not again.data.entries


@pytest.mark.parametrize(
    "text",
    [
        "<rss><channel></channel></rss>",
        "<rss><item>a</item>texte<item>b</item></rss>",
        "<rss><item>a<item>b</item></item></rss>",
        "<rss><item>a</item><item>b</rss>",
        "<rss><item>a</item><entry>b</entry></rss>",
        "<rss><item/><item>a</item></rss>",
        "<rss><item>a<![CDATA[</item></rss>",
        "<rss><item><guid>1</guid></item><item><guid>1</guid></item></rss>",
    ],
)
def test_a_doubtful_cut_is_none(text: str) -> None:
    assert cut(text) is None


def test_an_item_is_known_by_its_text() -> None:
    assert item_hash(b"<item>a</item>") == item_hash(b"<item>a</item>") != item_hash(b"<item>b</item>")
