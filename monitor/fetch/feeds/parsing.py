"""`parse_feed` and `parse_new`: from the bytes of an answer to what is in the feed, or only to what is new in it."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime

from monitor.domain.model import FeedData, ParsedFeed
from monitor.errors import ContentError
from monitor.fetch.feeds import by_feedparser, by_pattern, json_feed, sitemap
from monitor.fetch.feeds.cutting import CutFeed, cut, item_hash, quick_cut
from monitor.fetch.feeds.decoding import in_utf8
from monitor.fetch.feeds.prepass import prepare
from monitor.fetch.feeds.raw import RawFeed, make_feed

MAX_BYTES = 10 * 2**20
MAX_ENTRIES = 2_000
_JSON = re.compile(rb"(?:\xef\xbb\xbf|[ \t\r\n])*+[{\[]")


def parse_feed(
    body: bytes, *, url: str, content_type: str | None = None, limit: int = MAX_ENTRIES, now: datetime | None = None
) -> FeedData:
    """All that a feed says, its `limit` newest entries newest first. Raises `ContentError` for what is no feed.

    `url` is where the body came from: relative links are resolved against it. Dates after `now` are bent to it.
    """
    return parse_new(body, frozenset(), url=url, content_type=content_type, limit=limit, now=now).data


def parse_new(
    body: bytes,
    known: AbstractSet[str],
    *,
    url: str,
    content_type: str | None = None,
    limit: int = MAX_ENTRIES,
    now: datetime | None = None,
    believe_guids: bool = True,
) -> ParsedFeed:
    """As `parse_feed`, but items whose hash is `known` (from `ParsedFeed.hashes` of an earlier body) are left out.

    `believe_guids=False` for a feed whose guids change at each poll: links identify its entries.
    """
    if len(body) > MAX_BYTES:
        raise ContentError(f"a feed of {len(body) >> 20} MiB is over the limit of 10", kind="too-large")
    utf8, warning = in_utf8(body, content_type)
    raw, hashes, skipped = _read(utf8, known, limit)
    if warning:
        raw.warnings.insert(0, warning)
    instant = now or datetime.now(UTC)
    data = make_feed(raw, url=url, now=instant, limit=limit, believe_guids=believe_guids)
    return ParsedFeed(data, hashes, skipped)


def _read(body: bytes, known: AbstractSet[str], limit: int) -> tuple[RawFeed, tuple[str, ...], int]:
    if _JSON.match(body):
        return json_feed.read(body.decode().lstrip("\ufeff")), (), 0
    quick = quick_cut(body)
    if quick is not None and len(quick.items) <= limit * 2:
        new, hashes = _new(quick, known)
        if (regular := by_pattern.read(quick, new)) is not None:
            return regular, hashes, len(hashes) - len(new)
    text = prepare(body.decode())
    if text[1:30].partition(":")[2].startswith("urlset") or text.startswith(("<urlset", "<sitemapindex")):
        return sitemap.read(text), (), 0
    feed = cut(text)
    if feed is None:
        return _whole(text.encode()), (), 0
    # Newest stand first in nearly every feed: what lies behind the limit of both ends is never parsed.
    feed = replace(feed, items=feed.items if len(feed.items) <= limit * 2 else feed.items[:limit] + feed.items[-limit:])
    new, hashes = _new(feed, known)
    return _items(feed, new), hashes, len(hashes) - len(new)


def _new(feed: CutFeed, known: AbstractSet[str]) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The items that are not known, and the hashes of all."""
    hashes = tuple(map(item_hash, feed.items))
    return tuple(item for item, digest in zip(feed.items, hashes, strict=True) if digest not in known), hashes


def _whole(body: bytes) -> RawFeed:
    try:
        raw, well_formed = by_feedparser.read(body)
    except Exception as error:
        raise ContentError(f"the feed cannot be parsed: {type(error).__name__}", kind="unreadable") from error
    if not well_formed:
        raw.warnings.append("not well-formed")
    return raw


def _items(feed: CutFeed, items: tuple[bytes, ...]) -> RawFeed:
    """Together when that is well-formed, else one by one: what is wrong with one item stays with it."""
    if (regular := by_pattern.read(feed, items)) is not None:
        return regular
    try:
        raw, well_formed = by_feedparser.read(feed.only(items))
    except Exception:  # noqa: BLE001 - as above
        well_formed = False
    return raw if well_formed else _one_by_one(feed, items)


def _one_by_one(feed: CutFeed, items: tuple[bytes, ...]) -> RawFeed:
    whole = _whole(feed.only(()))
    whole.entries, broken = [], 0
    for item in items:
        try:
            raw, well_formed = by_feedparser.read(feed.only((item,)))
        except Exception:  # noqa: BLE001 - as above
            whole.dropped += 1
            continue
        whole.entries += raw.entries
        broken += not well_formed
    whole.warnings = [f"not well-formed: {broken + whole.dropped} items of {len(items)}"]
    return whole
