"""From a site's address to its feeds: those its page names, then the usual places; each seen before it is offered."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urljoin

from lxml import etree

from monitor.domain.model import FeedData
from monitor.domain.rhythm import first_rhythm
from monitor.domain.urls import canonicalise, published_link, same_site
from monitor.errors import ContentError, FetchError
from monitor.fetch.feeds.decoding import decode
from monitor.fetch.feeds.text import to_line
from monitor.fetch.http import Response

MAX_PAGE = 3 * 2**20
MAX_TRIED = 12
_SHOWN = 5
_TYPES = frozenset(["application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"])
_LOOSE_TYPES = frozenset(["application/xml", "text/xml", "application/json"])
_LOOKS_LIKE_FEED = re.compile(
    r"(?:^|[/._?=-])(?:rss2?|feeds?|atom|flux(?:-rss)?|backend|syndication)(?:$|[/._?=&-])", re.IGNORECASE
)
_COMMON = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/feed/", "/index.xml", "/spip.php?page=backend")
Get = Callable[[str], Awaitable[Response]]
Parse = Callable[..., Awaitable[FeedData]]
_COMMENTS = re.compile(r"comment(?:s|aires?)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address where a feed may be. `named`: the page says that it is one."""

    url: str
    title: str = ""
    named: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """A feed as it answered: enough to decide whether to watch it."""

    url: str
    title: str
    entries: int
    per_day: float | None
    newest_at: datetime | None
    titles: tuple[str, ...]
    language: str | None = None
    hub_url: str | None = None


def candidates(body: bytes, url: str, content_type: str | None = None) -> list[Candidate]:
    """The feeds that the page at `url` names, then links that look like feeds, each once; feeds of comments last."""
    root = _page(body, content_type)
    if root is None:
        return []
    base = next((published_link(found.get("href") or "", url) for found in root.iter("base")), None) or url
    unique: dict[str | None, Candidate] = {}
    for found in (*_named(root, base), *_linked(root, base, url)):
        unique.setdefault(canonicalise(found.url), found)
    return sorted(unique.values(), key=lambda one: (not one.named, _is_of_comments(one)))


def usual_places(url: str) -> list[Candidate]:
    """Where feeds usually are on the site of `url`."""
    return [Candidate(urljoin(url, path)) for path in _COMMON]


async def discover(get: Get, parse: Parse, url: str, now: datetime) -> list[Preview]:
    """The feeds at `url`: itself if it is one, else those of its page, else the first in the usual places.

    `get` asks (politely), `parse` reads (safely). Raises `FetchError` when the page does not answer; what fails after
    that is no feed. At most 20 more requests.
    """
    response = await get(url)
    feed = await _feed(response, parse)
    if feed is not None:
        return [_preview(response.url, feed, now)]
    named = candidates(response.body, response.url, response.headers.get("content-type"))
    return await _seen(get, parse, named, now) or await _seen(get, parse, usual_places(response.url), now, enough=1)


async def _seen(
    get: Get, parse: Parse, places: Iterable[Candidate], now: datetime, enough: int = MAX_TRIED
) -> list[Preview]:
    """One after the other, until `enough` are feeds: it is one host, and a person waits for a handful."""
    previews: dict[str, Preview] = {}
    for place in list(places)[:MAX_TRIED]:
        try:
            response = await get(place.url)
        except FetchError:
            continue
        feed = await _feed(response, parse)
        if feed is not None:
            previews.setdefault(response.url, _preview(response.url, feed, now))
        if len(previews) >= enough:
            break
    return list(previews.values())


async def _feed(response: Response, parse: Parse) -> FeedData | None:
    """An error's body is no feed, whatever it looks like."""
    if response.status != HTTPStatus.OK:
        return None
    try:
        return await parse(response.body, url=response.url, content_type=response.headers.get("content-type"))
    except ContentError:
        return None


def _preview(url: str, feed: FeedData, now: datetime) -> Preview:
    dates = [entry.published_at for entry in feed.entries if entry.published_at]
    rhythm = first_rhythm(dates, now)
    return Preview(
        url=url,
        title=feed.title,
        entries=len(feed.entries),
        per_day=round(rhythm.per_day, 1) if rhythm.days else None,
        newest_at=max(dates, default=None),
        titles=tuple(entry.title for entry in feed.entries[:_SHOWN]),
        language=feed.language,
        hub_url=feed.hub_url,
    )


def _page(body: bytes, content_type: str | None) -> etree._Element | None:
    text = decode(body[:MAX_PAGE], content_type)[0]
    try:
        return etree.HTML(text.encode(), etree.HTMLParser(encoding="utf-8", remove_comments=True, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return None


def _named(root: etree._Element, base: str) -> Iterable[Candidate]:
    for link in root.iter("link"):
        rel = (link.get("rel") or "").lower().split()
        kind = (link.get("type") or "").lower().partition(";")[0].strip()
        href = link.get("href") or ""
        feedlike = kind in _TYPES or (kind in _LOOSE_TYPES and _LOOKS_LIKE_FEED.search(href))
        if ("alternate" in rel and feedlike) or "feed" in rel:
            target = published_link(href, base)
            if target:
                yield Candidate(target, to_line(link.get("title") or "", 200), named=True)


def _linked(root: etree._Element, base: str, url: str) -> Iterable[Candidate]:
    for anchor in root.iter("a"):
        href = anchor.get("href") or ""
        if href and _LOOKS_LIKE_FEED.search(href.lower()):
            target = published_link(href, base)
            if target and (same_site(target, url) or target.lower().endswith((".xml", ".rss", ".atom"))):
                yield Candidate(target, to_line("".join(map(str, anchor.itertext())), 200))


def _is_of_comments(place: Candidate) -> bool:
    return bool(_COMMENTS.search(place.url) or _COMMENTS.search(place.title))
