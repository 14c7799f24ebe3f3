"""The tables: one class for each noun of the glossary, with its natural unique key.

Rows that the queue works on (`WorkMixin`) carry their own clock: `due_at` is when to work on them next (null: never),
`turn` fences writers, `attempts` counts takes since the last closing write, `failures` counts failures in a row.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from monitor.storage.types import Json, RowId, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's form
        int: RowId,
        datetime: UtcDateTime(),
        dict[str, Any]: Json(),
        list[Any]: Json(),
    }


class WorkMixin:
    """The row is the queue."""

    due_at: Mapped[datetime | None]
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")

    @declared_attr.directive
    def __table_args__(cls) -> Any:  # noqa: N805 - SQLAlchemy calls it on the class
        name = cls.__tablename__  # type: ignore[attr-defined]
        return (*getattr(cls, "_constraints", ()), Index(f"ix_{name}_due_at", "due_at"))


class Feed(WorkMixin, Base):
    """A URL we poll, with its polling state.

    `state` is `domain.schedule.FeedState` as JSON; what most polls change has a column, so that they leave it as it is.
    `item_hashes` are of the last body's items, with blanks between.
    """

    __tablename__ = "feeds"
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    url: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(8))
    enabled: Mapped[bool] = mapped_column(default=True)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    title: Mapped[str] = mapped_column(Text, default="")
    site_url: Mapped[str | None] = mapped_column(Text)
    hub_url: Mapped[str | None] = mapped_column(Text)
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    body_hash: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[dict[str, Any]] = mapped_column(default=dict)
    item_hashes: Mapped[str] = mapped_column(Text, default="", server_default="")
    interval_seconds: Mapped[int | None]
    not_modified: Mapped[int] = mapped_column(default=0, server_default="0")
    first_success_at: Mapped[datetime | None]
    last_polled_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_body_at: Mapped[datetime | None]
    last_entry_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    stopped_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class Entry(WorkMixin, Base):
    """One item as one feed published it; `outcome` is null until it was read."""

    __tablename__ = "entries"
    _constraints = (
        UniqueConstraint("feed_id", "identity"),
        Index("ix_entries_article_id", "article_id"),
        Index("ix_entries_read_at", "read_at"),
        # Migrations make the indexes and say what each database is told besides (partial, by hash): said here, it would
        # load both databases' dialects.
        Index("ix_entries_unread", "id"),
        Index("ix_entries_link", "link"),
    )
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    feed_id: Mapped[int] = mapped_column(ForeignKey("feeds.id"))
    identity: Mapped[str] = mapped_column(Text)
    guid: Mapped[str | None] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[str] = mapped_column(Text, default="")
    content_hash: Mapped[str] = mapped_column(String(32), default="")
    authors: Mapped[list[Any]] = mapped_column(default=list)
    language: Mapped[str | None] = mapped_column(String(16))
    published_at: Mapped[datetime | None]
    updated_at: Mapped[datetime | None]
    backlog: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    reads: Mapped[int] = mapped_column(default=0, server_default="0")
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


class Story(Base):
    """Articles that tell one event; the first one names it."""

    __tablename__ = "stories"
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    agency: Mapped[str | None] = mapped_column(String(64))
    muted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Article(Base):
    """The text at one address; `text` is paragraphs joined by a blank line and does not repeat the lead.

    `sketch` is `storage.stories.packed`, by which a copy is weighed; null before that version, and once it is old.
    """

    __tablename__ = "articles"
    __table_args__ = (
        # on PostgreSQL with ids and access (0015), which to say here would load its dialect into every worker
        Index("ix_articles_story_id_source", "story_id", "source"),
        Index("ix_articles_text_hash", "text_hash"),
        Index("ix_articles_source", "source"),
    )
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    canonical_url: Mapped[str] = mapped_column(Text, unique=True)
    url: Mapped[str] = mapped_column(Text)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"))
    title: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    text_hash: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(Text, default="")
    authors: Mapped[list[Any]] = mapped_column(default=list)
    language: Mapped[str | None] = mapped_column(String(16))
    agency: Mapped[str | None] = mapped_column(String(64))
    access: Mapped[str] = mapped_column(String(8))
    has_text: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(default=1)
    published_at: Mapped[datetime | None]
    modified_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    sketch: Mapped[bytes | None] = mapped_column(deferred=True)


class Revision(Base):
    """An earlier text of an article, kept when the page changed."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("article_id", "number"), Index("ix_revisions_replaced_at", "replaced_at"))
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime]


class CopyKey(Base):
    """A sampled hash of an article's text, by which copies find each other.

    No foreign key: articles stay, and checking each of an article's keys cost as much as storing them.
    """

    __tablename__ = "copy_keys"
    __table_args__ = (Index("ix_copy_keys_article_id", "article_id"), {"sqlite_with_rowid": False})
    hash: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    article_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)


class StoryKey(Base):
    """What the version before `CopyKey` stored for the same end: no row is added, and pruning empties the table."""

    __tablename__ = "story_keys"
    __table_args__ = (Index("ix_story_keys_article_id", "article_id"), {"sqlite_with_rowid": False})
    hash: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    article_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)


class Sketch(Base):
    """The same of versions before `StoryKey`."""

    __tablename__ = "sketches"
    __table_args__ = (Index("ix_sketches_article_id", "article_id"), {"sqlite_with_rowid": False})
    hash: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    article_id: Mapped[int] = mapped_column(RowId, ForeignKey("articles.id"), primary_key=True)


class Dossier(Base):
    """A watched subject; `text` is the last good version of its file."""

    __tablename__ = "dossiers"
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(8))
    enabled: Mapped[bool] = mapped_column(default=True)
    text: Mapped[str] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    rules_hash: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime]


class DossierVersion(Base):
    """Every version of a dossier that was in force."""

    __tablename__ = "dossier_versions"
    __table_args__ = (UniqueConstraint("dossier_id", "rules_hash"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"))
    rules_hash: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime]


class Topic(Base):
    """One theme inside a dossier."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("dossier_id", "slug"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"))
    slug: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(default=True)


class Match(Base):
    """A topic found in an article, with the spans that show it and the arithmetic of its score."""

    __tablename__ = "matches"
    __table_args__ = (
        UniqueConstraint("article_id", "topic_id"),
        Index("ix_matches_topic_id_id", "topic_id", "id"),
        Index("ix_matches_topic_id_article_id_score", "topic_id", "article_id", "score"),
        Index("ix_matches_score_id", "score", "id"),
    )
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"))
    score: Mapped[float]
    evidence: Mapped[list[Any]]
    arithmetic: Mapped[list[Any]] = mapped_column(default=list)
    rules_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Alert(Base):
    """The decision that people should know of a story; `revision` grows when its topics change."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("dossier_id", "story_id"),
        Index("ix_alerts_status_id", "status", "id"),
        Index("ix_alerts_raised_at", "raised_at"),
        Index("ix_alerts_updated_at", "updated_at"),
        Index("ix_alerts_snoozed_until", "snoozed_until"),
        Index("ix_alerts_score_id", "score", "id"),
        Index("ix_alerts_story_id", "story_id"),
    )
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossiers.id"))
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"))
    title: Mapped[str] = mapped_column(Text)
    score: Mapped[float]
    revision: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    assignee: Mapped[str | None] = mapped_column(Text)
    due_on: Mapped[date | None]
    tags: Mapped[list[Any]] = mapped_column(default=list)
    snoozed_until: Mapped[datetime | None]
    backlog: Mapped[bool] = mapped_column(default=False)
    retroactive: Mapped[bool] = mapped_column(default=False)
    raised_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AlertTopic(Base):
    """A topic of an alert: the best score among the story's articles, and the revision that brought it."""

    __tablename__ = "alert_topics"
    __table_args__ = (Index("ix_alert_topics_topic_id", "topic_id"),)
    alert_id: Mapped[int] = mapped_column(RowId, ForeignKey("alerts.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(RowId, ForeignKey("topics.id"), primary_key=True)
    score: Mapped[float]
    since_revision: Mapped[int] = mapped_column(default=1)


class AlertEvent(Base):
    """The audit trail of an alert; rows are only ever added."""

    __tablename__ = "alert_events"
    __table_args__ = (Index("ix_alert_events_alert_id", "alert_id"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id"))
    kind: Mapped[str] = mapped_column(String(24))
    who: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]


class Subscriber(WorkMixin, Base):
    """Who follows; `due_at` is when the next digest closes; `settings` is what subscribers.toml says of them."""

    __tablename__ = "subscribers"
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    origin: Mapped[str] = mapped_column(String(8))
    enabled: Mapped[bool] = mapped_column(default=True)
    settings: Mapped[dict[str, Any]]
    last_error: Mapped[str | None] = mapped_column(Text)
    period_start: Mapped[datetime | None]
    since_alert_id: Mapped[int] = mapped_column(RowId, default=0, server_default="0")
    created_at: Mapped[datetime]


class Channel(Base):
    """One way to reach one subscriber."""

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("subscriber_id", "kind", "address"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    kind: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(default=True)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class Digest(Base):
    """A closed list of alerts for one subscriber and period; `content` is what was rendered."""

    __tablename__ = "digests"
    __table_args__ = (UniqueConstraint("subscriber_id", "period_start"),)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    alerts: Mapped[int] = mapped_column(default=0)
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    closed_at: Mapped[datetime]


class DigestAlert(Base):
    """Membership of an alert's revision in a digest: once for each subscriber, never twice."""

    __tablename__ = "digest_alerts"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "alert_id", "revision"),
        Index("ix_digest_alerts_alert_id", "alert_id"),
    )
    digest_id: Mapped[int] = mapped_column(RowId, ForeignKey("digests.id"), primary_key=True)
    alert_id: Mapped[int] = mapped_column(RowId, ForeignKey("alerts.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))


class Delivery(WorkMixin, Base):
    """One sending by one channel: the outbox row. `message` is frozen when it is planned."""

    __tablename__ = "deliveries"
    _constraints = (
        UniqueConstraint("channel_id", "digest_id"),
        UniqueConstraint("channel_id", "alert_id", "revision"),
        Index("ix_deliveries_status_id", "status", "id"),
    )
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digests.id"))
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alerts.id"))
    revision: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(8))
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    message: Mapped[dict[str, Any]]
    error: Mapped[str | None] = mapped_column(Text)
    receipt: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Heartbeat(Base):
    """When something was last done (tick, poll, read, …): what health checks look at."""

    __tablename__ = "heartbeats"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Setting(Base):
    """What the installation keeps for itself: the configuration's hash, a made secret key."""

    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]]
