"""RSS and Atom by feedparser: slow and patient, it reads what others refuse.

It is given `BytesIO` of UTF-8 only: `feedparser.parse` would fetch a string that looks like a URL, without a timeout.
Its sanitising is off: markup becomes plain text here, and the sanitiser is most of its cost. Of the rest it is spared a
good part (`sparing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import feedparser

from monitor.fetch.feeds.raw import RawEntry, RawFeed
from monitor.fetch.feeds.regular import Texts
from monitor.fetch.feeds.sparing import spare_work

spare_work()


def read(body: bytes) -> tuple[RawFeed, bool]:
    """The feed, and whether it was well-formed. May raise anything on malformed text: the caller isolates items."""
    parsed = feedparser.parse(
        BytesIO(body),
        # Without an address: relative links are resolved later, and a guid stays as written when the feed moves.
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    feed = _feed(parsed.get("feed", {}))
    feed.entries = [_entry(entry) for entry in parsed.get("entries", ())]
    feed.plain = b"&#" not in body and Texts.of(body).untricky
    return feed, not parsed.get("bozo")


def _feed(feed: Mapping[str, Any]) -> RawFeed:
    return RawFeed(
        title=_text(feed, "title"),
        link=_text(feed, "link"),
        self_link=_link(feed, "self"),
        hub=_link(feed, "hub"),
        language=_text(feed, "language"),
        ttl=_text(feed, "ttl"),
        update_period=_text(feed, "sy_updateperiod"),
        update_frequency=_text(feed, "sy_updatefrequency"),
    )


def _entry(entry: Mapping[str, Any]) -> RawEntry:
    contents = [part.get("value", "") for part in entry.get("content", ()) if isinstance(part, Mapping)]
    content, summary = max(contents, key=len, default=""), _text(entry, "summary")
    published = _text(entry, "published") or _text(entry, "created")
    updated = dict.get(entry, "updated") if isinstance(entry, dict) else ""  # its mapping would answer with `published`
    return RawEntry(
        guid=_text(entry, "id"),
        link=_text(entry, "link"),
        title=_text(entry, "title"),
        summary="" if summary == content else summary,  # it copies the content where there is no summary
        content=content,
        published=published or (updated if isinstance(updated, str) else ""),
        updated=updated if isinstance(updated, str) else "",
        authors=tuple(_authors(entry)),
        language=_text(entry, "language"),
    )


def _authors(entry: Mapping[str, Any]) -> Iterator[str]:
    for author in entry.get("authors", ()):
        if isinstance(author, Mapping) and (name := author.get("name")):
            yield str(name)


def _link(feed: Mapping[str, Any], rel: str) -> str:
    for link in feed.get("links", ()):
        if isinstance(link, Mapping) and link.get("rel") == rel and link.get("href"):
            return str(link["href"])
    return ""


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    return value if isinstance(value, str) else ""
