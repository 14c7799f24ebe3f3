"""When an article was published, in the page's own offset: what a page says most precisely is asked first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from htmldate import find_date
from lxml import html

from monitor.domain.dates import parse_date
from monitor.fetch.pages.bylines import lines_near_title
from monitor.fetch.pages.head import Head
from monitor.fetch.pages.linked_data import LinkedData, text_of
from monitor.fetch.pages.markup import Markup

PARIS = ZoneInfo("Europe/Paris")  # of a time without a zone: the press that is read is French
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=2)  # further in the future, a date is a mistake
_LOOSE = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)
MOST_AROUND_A_DATE = 120  # characters of a line that says when an article came out
_PUBLISHED = re.compile(r"\b(?:publié|paru|posté|créé|mis en ligne)e?\b", re.IGNORECASE)
_CHANGED = re.compile(r"\b(?:mise?(?! en ligne)|modifiée?|actualisée?|màj|maj|dernière)\b", re.IGNORECASE)
# A date, and after it a time, a separator or nothing: what a sentence that begins with a date goes on with is neither.
_DATED = re.compile(
    r"\b(?:\d{1,2}(?:er)?\s+[^\W\d]{3,9}\.?\s+\d{4}|\d{1,2}[/.]\d{1,2}[/.]\d{4})\b"
    r"(?=\s*(?:[,;]?\s*$|[|•·(–—-]|(?:[,à]\s*){0,2}(?P<clock>\d{1,2}\s*[h:])|,?\s*par\b))",
    re.IGNORECASE,
)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")


def published_at(data: LinkedData, head: Head, markup: Markup, url: str) -> datetime | None:
    """The instant of first publication; midnight UTC of the day where only a day is known; None where nothing is."""
    for value in _published_values(data, head):
        if (at := parse_stamp(value)) is not None:
            return at
    root = markup.root
    marked = [at for value in _marked_values(root) if (at := parse_stamp(value)) is not None]
    if (said := _said_near_title(root)) is not None:  # other articles of the page mark their dates too
        return next((at for at in marked if at.date() == said.date()), said)
    if marked:
        return marked[0]
    if (changed := _said_near_title(root, changes=True)) is not None:  # the only day that the page tells
        return changed
    limit = (datetime.now(UTC) + AHEAD).date().isoformat()
    found = find_date(markup.whole(), original_date=True, url=url or None, max_date=limit)
    return parse_stamp(found) if found else None


def _said_near_title(root: html.HtmlElement, *, changes: bool = False) -> datetime | None:
    """The first date in words near the title: "Publié le 2 mars 2026 à 8h15"; what follows "mis à jour" is none.

    With `changes` it is one too.
    """
    for line in lines_near_title(root):
        short = len(line) <= MOST_AROUND_A_DATE
        said = (line if changes else _of_publication(line)) if short else ""
        if (dated := _DATED.search(said)) and (at := parse_date(said)) is not None:
            local = at.astimezone(PARIS)
            return parse_stamp(local.isoformat() if dated["clock"] else local.date().isoformat())
    return None


def _of_publication(line: str) -> str:
    """What `line` says before it speaks of changes, or, where it does that first, from "publié" on."""
    said, *changes = _CHANGED.split(line)
    published = _PUBLISHED.search(line) if changes and not any(map(str.isdigit, said)) else None
    return _CHANGED.split(line[published.start() :])[0] if published else said


def modified_at(data: LinkedData, head: Head) -> datetime | None:
    """The instant of the last change that the page tells of."""
    return parse_stamp(
        text_of(data.article.get("dateModified")) or head.first("article:modified_time", "og:updated_time")
    )


def parse_stamp(value: str) -> datetime | None:
    """An ISO-like stamp as an aware time, its offset kept; None for what is none or lies outside 1990 … in two days."""
    at = _loosely(value.strip())
    return _in_its_zone(at) if at is not None and EARLIEST <= at <= datetime.now(UTC) + AHEAD else None


def _in_its_zone(at: datetime) -> datetime:
    """`at`, in Paris's offset where it is midnight there: a page that was told a day often says it so, in UTC."""
    local = at.astimezone(PARIS) if at.hour and at.utcoffset() == timedelta(0) else at
    return local if local.time() == time.min else at


def _loosely(value: str) -> datetime | None:
    stamp = _LOOSE.match(value)
    try:
        if stamp is None:
            day = _DAY.match(value)
            return datetime(*map(int, day.groups()), tzinfo=UTC) if day else None  # type: ignore[misc,arg-type]
        date, clock, zone = stamp.groups()
        at = datetime.fromisoformat(f"{date}T{clock.zfill(5)}{_offset(zone)}")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=PARIS)


def _offset(zone: str | None) -> str:
    if zone is None:
        return ""
    return "+00:00" if zone.upper() in {"Z", "UTC", "GMT"} else zone


def _published_values(data: LinkedData, head: Head) -> Iterator[str]:
    yield text_of(data.article.get("datePublished"))
    yield head.first("article:published_time", "og:article:published_time")
    yield head.first(
        "datepublished",
        "article.published",
        "dc.date.issued",
        "dcterms.created",
        "dc.date",
        "parsely-pub-date",
        "sailthru.date",
        "date",
    )
    yield text_of(data.article.get("dateCreated"))


def _marked_values(root: html.HtmlElement) -> Iterator[str]:
    for element in root.iter("time", "span", "meta", "p", "div"):
        if element.get("itemprop") == "datePublished" or (element.tag == "time" and element.get("pubdate") is not None):
            yield element.get("datetime") or element.get("content") or ""
