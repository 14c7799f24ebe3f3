"""Counting what happened since an instant, and what is still under way: rows are the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from monitor.domain.model import DeliveryStatus
from monitor.storage.tables import Alert, AlertTopic, Article, Delivery, Digest, Entry, Feed, Subscriber, Topic
from monitor.storage.work import CRASHED_AFTER


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened since an instant; `entries_pending` is all that has no outcome yet."""

    feeds_polled: int
    feeds_failed: int
    entries_new: int
    entries_pending: int
    outcomes: dict[str, int]
    alerts_raised: int
    deliveries_sent: int


def due_feeds(session: Session, now: datetime) -> list[int]:
    """The enabled feeds that are due, or being polled."""
    waiting = or_(Feed.due_at <= now, Feed.attempts > 0)
    return list(session.scalars(select(Feed.id).where(Feed.enabled.is_(True), waiting)))


def polled_since(session: Session, feed_ids: Sequence[int], since: datetime) -> bool:
    """Whether each of these feeds was polled since, or crashes its worker again and again."""
    done = set(
        session.scalars(select(Feed.id).where(or_(Feed.last_polled_at >= since, Feed.attempts >= CRASHED_AFTER)))
    )
    return done.issuperset(feed_ids)


def counts_since(session: Session, since: datetime) -> Counts:
    """Everything that a run's summary says."""
    outcomes = session.execute(
        select(Entry.outcome, func.count())
        .where(Entry.read_at >= since, Entry.outcome.is_not(None))
        .group_by(Entry.outcome)
        .order_by(Entry.outcome)
    )
    polled = Feed.last_polled_at >= since
    return Counts(
        feeds_polled=_count(session, Feed, polled),
        feeds_failed=_count(session, Feed, polled, Feed.last_error.is_not(None)),
        entries_new=_count(session, Entry, Entry.created_at >= since),
        entries_pending=_count(session, Entry, Entry.outcome.is_(None)),
        outcomes={str(row[0]): row[1] for row in outcomes},
        alerts_raised=_count(session, Alert, Alert.raised_at >= since),
        deliveries_sent=_count(session, Delivery, Delivery.sent_at >= since),
    )


def under_way(session: Session, started_at: datetime, now: datetime) -> bool:
    """Whether anything that was due at `started_at`, or came of it, is still to do.

    A row that waits for a second try (it failed, and its time has not come) is not waited for.
    """
    return any(
        session.scalar(select(table.id).where(condition).limit(1)) is not None
        for table, condition in (
            (Entry, _busy(Entry, now, Entry.outcome.is_(None))),
            (
                Subscriber,
                and_(Subscriber.enabled.is_(True), or_(Subscriber.due_at <= started_at, Subscriber.attempts > 0)),
            ),
            (Delivery, _busy(Delivery, now, Delivery.status == DeliveryStatus.PLANNED.value)),
        )
    )


def _busy(table: Any, now: datetime, unfinished: ColumnElement[bool]) -> ColumnElement[bool]:
    """Being worked on, due, or never tried yet."""
    first_try = and_(unfinished, table.failures == 0)
    return and_(table.due_at.is_not(None), or_(table.attempts > 0, table.due_at <= now, first_try))


def _count(session: Session, table: Any, *conditions: Any) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def latest_alerts(session: Session, limit: int) -> list[tuple[datetime, str, str, list[str]]]:
    """The newest alerts: raised at, title, outlet of the story's first article, topic titles."""
    found = []
    for alert in session.scalars(select(Alert).order_by(Alert.id.desc()).limit(limit)):
        topics = session.scalars(
            select(Topic.title)
            .join(AlertTopic, AlertTopic.topic_id == Topic.id)
            .where(AlertTopic.alert_id == alert.id)
            .order_by(AlertTopic.score.desc())
        )
        source = session.scalar(
            select(Article.source).where(Article.story_id == alert.story_id).order_by(Article.id).limit(1)
        )
        found.append((alert.raised_at, alert.title, source or "", list(topics)))
    return found


def totals(session: Session) -> dict[str, int]:
    """Rows of what people care for."""
    return {
        "feeds": _count(session, Feed, Feed.enabled.is_(True)),
        "articles": _count(session, Article),
        "alerts": _count(session, Alert),
        "digests": _count(session, Digest),
    }


def troubled_feeds(session: Session, limit: int) -> list[tuple[str, str, datetime | None]]:
    """Feeds whose last poll failed: name, reason, next attempt; the newest failure first."""
    statement = (
        select(Feed.name, Feed.last_error, Feed.due_at)
        .where(Feed.enabled.is_(True), Feed.last_error.is_not(None))
        .order_by(Feed.last_polled_at.desc())
        .limit(limit)
    )
    return [(row[0], row[1] or "", row[2]) for row in session.execute(statement)]
