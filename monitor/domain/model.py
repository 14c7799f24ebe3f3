"""The values that pass between the rooms; no storage, no network.

The stage shows in the type: `EntryData` is what a feed said, `storage.tables.Entry` is our row. Times are UTC-aware,
durations are `timedelta`. Text was cleaned (`domain.text.clean`) before it stands in any of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """How the reading of an entry ended; exactly one each."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    DUPLICATE = "duplicate"
    NO_TEXT = "no_text"
    BLOCKED = "blocked"
    GONE = "gone"
    FAILED = "failed"
    SKIPPED = "skipped"


class Access(StrEnum):
    """How much of an article could be read."""

    FREE = "free"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class AlertStatus(StrEnum):
    NEW = "new"
    TO_VERIFY = "to-verify"
    FOLLOW_UP = "follow-up"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class DeliveryStatus(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    FAILED = "failed"


class Origin(StrEnum):
    """Who wrote a row; `sync` touches only rows of origin `file`."""

    FILE = "file"
    CLI = "cli"
    WEB = "web"


class Field(StrEnum):
    """The parts of an article that evidence can stand in."""

    TITLE = "title"
    LEAD = "lead"
    BODY = "body"

    __hash__ = str.__hash__  # that of an Enum is Python, and each span of evidence is hashed


# These and what a verdict is made of come by the dozen for every article: half as long to make when not frozen.
@dataclass(slots=True, unsafe_hash=True)
class Span:
    """A stretch of one field: `text == field_text[start:end]`, offsets in characters. Not to be changed."""

    field: Field
    start: int
    end: int
    text: str


@dataclass(slots=True, unsafe_hash=True)
class Document:
    """An article as matching sees it. `body` is its paragraphs joined by a blank line. Not to be changed."""

    title: str = ""
    lead: str = ""
    body: str = ""
    source: str | None = None
    language: str | None = None
    published_at: datetime | None = None


RULE = "rule: "  # before the label of a rule in the arithmetic of a model


@dataclass(slots=True, unsafe_hash=True)
class Contribution:
    """One line of a score's arithmetic: what counted, how often, for how much. Not to be changed."""

    label: str
    value: float
    count: int = 1
    spans: tuple[Span, ...] = ()


@dataclass(slots=True, unsafe_hash=True)
class TopicMatch:
    """A topic found in a document. `score` is in 0..1; `evidence` has at least one span, best first."""

    topic: str
    score: float
    evidence: tuple[Span, ...]
    arithmetic: tuple[Contribution, ...] = ()


@dataclass(slots=True, unsafe_hash=True)
class Verdict:
    """What one dossier says of one document. `topics` is empty unless `relevant`; `score` is in 0..1."""

    dossier: str
    relevant: bool
    score: float
    topics: tuple[TopicMatch, ...] = ()
    rules_hash: str = ""
    arithmetic: tuple[Contribution, ...] = ()


@dataclass(slots=True, unsafe_hash=True)  # frozen, making one costs thrice as much
class EntryData:
    """One item as a feed published it. `identity` is guid, else canonical link, else a hash of title and date."""

    identity: str
    title: str
    link: str | None = None
    guid: str | None = None
    summary: str = ""
    content: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class FeedData:
    """A feed's body, parsed: newest entries first; `dropped` counts items with no link, no title and no text."""

    title: str = ""
    site_url: str | None = None
    self_url: str | None = None
    hub_url: str | None = None
    language: str | None = None
    ttl: timedelta | None = None
    entries: tuple[EntryData, ...] = ()
    dropped: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """`data` holds the entries that were parsed; `hashes` those of all items of the body, for the next time.

    `known` counts items that were not parsed because their hash was known; `hashes` is empty for a feed that cannot
    be cut.
    """

    data: FeedData
    hashes: tuple[str, ...] = ()
    known: int = 0


@dataclass(frozen=True, slots=True)
class PageData:
    """A page, extracted. `text` is paragraphs joined by a blank line and does not repeat title or lead.

    `canonical_url` is None unless the page names one that is believed (same registrable domain).
    """

    title: str = ""
    lead: str = ""
    text: str = ""
    canonical_url: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    authors: tuple[str, ...] = ()
    site_name: str | None = None
    language: str | None = None
    access: Access = Access.UNKNOWN
    agency: str | None = None
    robots: tuple[str, ...] = field(default=())
