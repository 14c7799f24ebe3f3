"""The shapes of the API's answers: those of the command line's JSON lines, typed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.model import AlertStatus

Row = TypeVar("Row")
RowNumber = Annotated[int, Field(ge=1, le=(1 << 63) - 1)]
Slug = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9-]+$")]
When = Annotated[str, Field(description="ISO 8601, UTC")]


class Strict(BaseModel):
    """What comes in names nothing that it may not set."""

    model_config = ConfigDict(extra="forbid")


class ErrorDetail(BaseModel):
    code: str
    message: str
    request_id: str
    position: int | None = None
    hint: str | None = None


class ErrorAnswer(BaseModel):
    """Every error has this shape."""

    error: ErrorDetail


class Listing(BaseModel, Generic[Row]):
    """A page; `after` is the place to go on from, null at the end. A search in texts may give short pages before."""

    rows: list[Row]
    after: str | None


class Evidence(BaseModel):
    field: Literal["title", "lead", "body"]
    start: int
    end: int
    text: str


class Head(BaseModel):
    id: int
    url: str
    title: str
    source: str


class DatedHead(Head):
    published_at: When | None


class MatchOut(BaseModel):
    dossier: str
    topic: str
    score: float
    article: DatedHead
    evidence: list[Evidence]
    alert_id: int | None


class AlertOut(BaseModel):
    id: int
    dossier: str
    story_id: int
    title: str
    topics: list[str]
    score: float
    status: AlertStatus
    raised_at: When
    articles: list[Head]
    revision: int
    reason: str | None
    assignee: str | None
    due_on: date | None
    tags: list[str]
    snoozed_until: When | None
    backlog: bool
    retroactive: bool
    updated_at: When


class TrailOut(BaseModel):
    at: When
    kind: str
    who: str
    detail: dict[str, Any]


class StoryOut(BaseModel):
    id: int
    title: str
    agency: str | None
    created_at: When
    articles: list[DatedHead]
    alert_ids: list[int]


class ArticleOut(BaseModel):
    id: int
    url: str
    canonical_url: str
    title: str
    lead: str
    text: str
    source: str
    published_at: When | None
    authors: list[str]
    language: str | None
    access: str
    outcome: str | None


class FeedOut(BaseModel):
    id: int
    name: str
    url: str
    enabled: bool
    origin: str
    last_success_at: When | None
    due_at: When | None
    error: str | None


class TopicOut(BaseModel):
    dossier: str
    slug: str
    title: str
    enabled: bool


class DigestOut(BaseModel):
    id: int
    subscriber: str
    period_start: When
    period_end: When
    closed_at: When
    alerts: int


class DeliveryOut(BaseModel):
    id: int
    subscriber: str
    channel: str
    kind: str
    status: str
    attempts: int
    due_at: When | None
    message_id: str
    error: str | None


class StatisticsOut(BaseModel):
    """Alerts of a filter; `complete` is false when only the newest were counted."""

    total: int
    statuses: dict[str, int]
    topics: dict[str, int]
    sources: dict[str, int]
    weeks: dict[date, int]
    complete: bool


class Change(Strict):
    """What may be changed of an alert; what is left out stays as it is."""

    status: AlertStatus | None = None
    reason: Annotated[str, Field(max_length=2000)] | None = None
    assignee: Annotated[str, Field(max_length=128)] | None = None


class NoteIn(Strict):
    text: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class FeedIn(Strict):
    url: Annotated[str, Field(min_length=8, max_length=2000)]
    name: Annotated[str, Field(max_length=200)] = ""


class Done(BaseModel):
    changed: int
