"""What is asked of the store: the values of a query, before any database. `domain.questions` reads them from text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.domain.expressions import Expression
from monitor.errors import QueryError

MOST_ROWS = 500


class Order(StrEnum):
    """Newest first (by arrival), or best first."""

    NEWEST = "newest"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that all hold; an empty one asks nothing. Alternatives stand side by side in a tuple.

    `since` (inclusive) and `until` (exclusive) are of publication for matches, articles and stories, of raising for
    alerts. `topics` are slugs, or `dossier/slug`. `statuses` are of alerts. `expression` is asked of the text.
    """

    dossier: str | None = None
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    not_topics: tuple[str, ...] = ()
    not_sources: tuple[str, ...] = ()
    not_statuses: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    min_score: float | None = None
    max_score: float | None = None
    story: int | None = None
    access: str | None = None
    assignee: str | None = None
    expression: Expression | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name in a filter that nothing bears: `kind` is "topic" or "dossier"; `nearest` the most alike there is."""

    kind: str
    name: str
    nearest: str | None


def unknown_names(asked: Filter, topics: Iterable[tuple[str, str]]) -> list[Unknown]:
    """The filter's topics and dossier that are not among the (dossier, topic) slugs: slips of writing, mostly."""
    pairs = list(topics)
    known = {
        "dossier": {dossier for dossier, _ in pairs},
        "topic": {name for dossier, topic in pairs for name in (topic, f"{dossier}/{topic}")},
    }
    named = [("dossier", asked.dossier)] if asked.dossier else []
    named += [("topic", name) for name in (*asked.topics, *asked.not_topics)]
    return [
        Unknown(kind, name, next(iter(difflib.get_close_matches(name, sorted(known[kind]), 1)), None))
        for kind, name in named
        if name not in known[kind]
    ]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the last row's id, and its score when rows are ordered by it. Its text is opaque."""

    id: int
    score: float | None = None

    def __str__(self) -> str:
        return f"{self.id}" if self.score is None else f"{self.id}~{self.score!r}"


def parse_cursor(text: str) -> Cursor:
    """The cursor of its text. Raises `QueryError` for what is none."""
    number, _, score = text.partition("~")
    try:
        cursor = Cursor(int(number), float(score) if score else None)
    except ValueError:
        raise QueryError(f"{text[:40]!r} is no place in a list", hint="take what the page before gave") from None
    if not 0 < cursor.id < 1 << 63 or not -1e9 < (cursor.score or 0.0) < 1e9:
        raise QueryError(f"{text[:40]!r} is no place in a list", hint="take what the page before gave")
    return cursor


@dataclass(frozen=True, slots=True)
class Window:
    """Which stretch of an ordered list is asked for."""

    limit: int = 50
    after: Cursor | None = None
    order: Order = Order.NEWEST
