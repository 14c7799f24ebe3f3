"""What searches give: plain values, whole enough to print without another query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from monitor.domain.filters import Cursor
from monitor.domain.model import Document, Span

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """A stretch of a list; `after` is where the next one begins, None at the end."""

    rows: tuple[Row, ...]
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class ArticleHead:
    """An article without its text."""

    id: int
    url: str
    title: str
    source: str
    published_at: datetime | None
    access: str
    story_id: int


@dataclass(frozen=True, slots=True)
class MatchRow:
    """`evidence` is the stored spans: field, start, end, text."""

    id: int
    dossier: str
    topic: str
    topic_title: str
    score: float
    evidence: tuple[Mapping[str, Any], ...]
    article: ArticleHead
    alert_id: int | None
    status: str | None
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicScore:
    slug: str
    title: str
    score: float


@dataclass(frozen=True, slots=True)
class AlertRow:
    """`topics` best first, `articles` first published first; `spans` are what the expression found, by article id."""

    id: int
    dossier: str
    story_id: int
    title: str
    score: float
    revision: int
    status: str
    reason: str | None
    assignee: str | None
    due_on: date | None
    tags: tuple[str, ...]
    snoozed_until: datetime | None
    backlog: bool
    retroactive: bool
    raised_at: datetime
    updated_at: datetime
    topics: tuple[TopicScore, ...]
    articles: tuple[ArticleHead, ...]
    spans: Mapping[int, tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class StoryRow:
    id: int
    title: str
    agency: str | None
    created_at: datetime
    articles: tuple[ArticleHead, ...]
    alert_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """A whole article; `outcome` is that of the entry that brought it, None when no entry did."""

    id: int
    url: str
    canonical_url: str
    title: str
    lead: str
    text: str
    source: str
    published_at: datetime | None
    modified_at: datetime | None
    created_at: datetime
    authors: tuple[str, ...]
    language: str | None
    agency: str | None
    access: str
    outcome: str | None
    story_id: int
    revision: int
    spans: tuple[Span, ...] = ()

    @property
    def document(self) -> Document:
        """The article as matching sees it."""
        return Document(self.title, self.lead, self.text, self.source, self.language, self.published_at)


@dataclass(frozen=True, slots=True)
class Finding:
    """A topic found in an article; `arithmetic` lines have label, value, count, spans."""

    dossier: str
    topic: str
    title: str
    score: float
    evidence: tuple[Mapping[str, Any], ...]
    arithmetic: tuple[Mapping[str, Any], ...]
    alert_id: int | None


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """An earlier text of an article."""

    number: int
    title: str
    lead: str
    text: str
    replaced_at: datetime
