"""One entry between a format's parser and `EntryData`: the fields as written, and what they are made into."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

import xxhash

from monitor.domain.cleaning import clean, one_line
from monitor.domain.dates import parse_date, plausible
from monitor.domain.model import EntryData, FeedData
from monitor.domain.urls import canonicalise, published_link
from monitor.fetch.feeds.text import to_line, to_text

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_MAX_AUTHORS = 20
_MAX_IDENTITY = 500
_USUAL_NAME = 80


@dataclass(slots=True)
class RawEntry:
    """What a feed says of one item, as it says it; `published` and `updated` are dates unread."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    published: str = ""
    updated: str = ""
    authors: Sequence[str] = ()
    language: str = ""
    base: str = ""


@dataclass(slots=True)
class RawFeed:
    """What a feed says of itself, as it says it; `ttl` is in minutes.

    `plain`: no character of it needs cleaning (`domain.cleaning.is_plain`).
    """

    title: str = ""
    link: str = ""
    self_link: str = ""
    hub: str = ""
    language: str = ""
    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""
    entries: list[RawEntry] = field(default_factory=list)
    dropped: int = 0
    warnings: list[str] = field(default_factory=list)
    plain: bool = field(default=False, compare=False)


def make_feed(raw: RawFeed, *, url: str, now: datetime, limit: int, believe_guids: bool = True) -> FeedData:
    """The feed with clean text, safe links and believable dates: the `limit` newest entries, newest first."""
    plain = raw.plain
    made = [make_entry(entry, url=url, now=now, believe_guids=believe_guids, plain=plain) for entry in raw.entries]
    entries = _newest_first(_distinct([entry for entry in made if entry is not None]))
    return FeedData(
        title=to_line(raw.title, 300, plain=plain),
        site_url=published_link(raw.link, url) if raw.link else None,
        self_url=published_link(raw.self_link, url) if raw.self_link else None,
        hub_url=published_link(raw.hub, url) if raw.hub else None,
        language=_language(raw.language),
        ttl=_ttl(raw),
        entries=tuple(entries[:limit]),
        dropped=raw.dropped + made.count(None),
        warnings=tuple(raw.warnings),
    )


def make_entry(
    raw: RawEntry, *, url: str, now: datetime, believe_guids: bool = True, plain: bool = False
) -> EntryData | None:
    """None for what has neither link, title nor text."""
    link = published_link(raw.link, raw.base or url) if raw.link else None
    guid = raw.guid[: _MAX_IDENTITY * 4]
    guid = one_line(guid if plain else clean(guid))
    if link is None and guid.startswith(("http://", "https://")):
        link = published_link(guid)
    title = to_line(raw.title, plain=plain)
    content = to_text(raw.content, plain=plain) if raw.content else ""
    summary = to_text(raw.summary, 20_000, plain=plain) if raw.summary else ""
    if not (link or title or summary or content):
        return None
    published = _instant(raw.published, now)
    return EntryData(
        identity=_identity(guid if believe_guids or not link else "", link, raw, title or summary or content),
        title=title,
        link=link,
        guid=guid[:_MAX_IDENTITY] or None,
        summary=summary,
        content=content if content != summary else "",
        published_at=published,
        updated_at=published if raw.updated == raw.published else _instant(raw.updated, now),
        authors=_authors(raw.authors, plain=plain),
        language=_language(raw.language),
    )


def _distinct(entries: list[EntryData]) -> list[EntryData]:
    """One entry for each identity, the first; a guid that stands with several links identifies nothing."""
    links: dict[str, set[str | None]] = {}
    for entry in entries:
        links.setdefault(entry.identity, set()).add(entry.link)
    if len(links) == len(entries):
        return entries
    # addresses that only differ in what counts for nothing are one
    shared = {name for name, found in links.items() if len({link and canonicalise(link) for link in found}) > 1}
    told = [_by_link(entry) if entry.identity in shared else entry for entry in entries]
    return list({entry.identity: entry for entry in reversed(told)}.values())[::-1]


def _by_link(entry: EntryData) -> EntryData:
    canonical = canonicalise(entry.link) if entry.link else None
    return replace(entry, identity=canonical) if canonical and len(canonical) <= _MAX_IDENTITY else entry


def _identity(guid: str, link: str | None, raw: RawEntry, text: str) -> str:
    """Guid, else canonical link, else a hash of the title and of the date as written (a clamped one would move)."""
    if guid:
        return guid if len(guid) <= _MAX_IDENTITY else f"guid:{xxhash.xxh3_128_hexdigest(guid.encode())}"
    canonical = canonicalise(link) if link else None
    if canonical and len(canonical) <= _MAX_IDENTITY:
        return canonical
    return f"hash:{xxhash.xxh3_128_hexdigest(repr((canonical, text, raw.published or raw.updated)).encode())}"


def _instant(date: str, now: datetime) -> datetime | None:
    return plausible(parse_date(date), now) if date else None


def _authors(names: Sequence[str], *, plain: bool) -> tuple[str, ...]:
    if len(names) == 1 and len(names[0]) <= _USUAL_NAME:
        return _usual_author(names[0], plain=plain)
    lines = (to_line(name, 200, plain=plain) for name in names)
    return tuple(dict.fromkeys(line for line in lines if line))[:_MAX_AUTHORS]


@lru_cache(maxsize=1024)
def _usual_author(name: str, *, plain: bool) -> tuple[str, ...]:
    """Who signs one entry of a feed signs others."""
    line = to_line(name, 200, plain=plain)
    return (line,) if line else ()


def _language(name: str) -> str | None:
    if not (name := name.strip()):
        return None
    return name.replace("_", "-").lower()[:16] if _LANGUAGE.fullmatch(name) else None


def _newest_first(entries: list[EntryData]) -> list[EntryData]:
    """By date; an entry without one stays behind its neighbour."""
    dated: list[tuple[float, EntryData]] = []
    last = float("inf")
    for entry in entries:
        instant = entry.published_at or entry.updated_at
        last = instant.timestamp() if instant else last
        dated.append((last, entry))
    return [entry for _, entry in sorted(dated, key=lambda pair: -pair[0])]


_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}


def _ttl(raw: RawFeed) -> timedelta | None:
    """`ttl` or `sy:updatePeriod` over `sy:updateFrequency`, as said; the schedule bends it."""
    ttl, period = raw.ttl.strip(), raw.update_period.strip().lower()
    if ttl.isdecimal() and len(ttl) < 8 and int(ttl):
        return timedelta(minutes=int(ttl))
    if period not in _PERIODS:
        return None
    times = raw.update_frequency.strip()
    often = int(times) if times.isdecimal() and len(times) < 6 else 1
    return timedelta(minutes=_PERIODS[period] / max(often, 1))
