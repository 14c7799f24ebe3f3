"""What operators watch, taken from rows: true after a restart, and the same whichever process is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.exposition import Metric, counter, gauge
from monitor.domain.model import DeliveryStatus
from monitor.domain.pulse import waiting_since
from monitor.storage.dossiers import beats
from monitor.storage.heartbeats import TIME
from monitor.storage.tables import Alert, AlertTopic, Delivery, Dossier, Entry, Feed, Heartbeat, Topic
from monitor.storage.work import Kind, due_lag

STEPS = ("tick", "poll", "read", "digest", "deliver", "prune")
Samples = list[tuple[Mapping[str, str], float]]


def measure(session: Session, now: datetime) -> list[Metric]:
    """Everything that /metrics shows."""
    return [*_queues(session, now), *_entries(session), *_feeds(session, now), *_alerts(session),
            *_deliveries(session, now), *_steps(session, now)]  # fmt: skip


def _queues(session: Session, now: datetime) -> list[Metric]:
    known = beats(session)
    rows: Samples = []
    lags: Samples = []
    waits: Samples = []
    for kind in Kind:
        labels = {"queue": kind.value}
        count, lag = due_lag(session, kind, now)
        since = waiting_since(known, kind.value)
        rows.append((labels, count))
        lags.append((labels, lag.total_seconds()))
        waits.append((labels, (now - since).total_seconds() if since else 0))
    return [
        gauge("veille_due_rows", "Rows that are due and not announced.", rows),
        gauge("veille_due_lag_seconds", "How long the oldest due row has been due.", lags),
        gauge("veille_unanswered_seconds", "How long announced work has had no answer.", waits),
    ]


def _entries(session: Session) -> list[Metric]:
    found = session.execute(select(Entry.outcome, func.count()).group_by(Entry.outcome)).all()
    read: Samples = [({"outcome": str(row[0])}, row[1]) for row in found if row[0] is not None]
    pending = sum(row[1] for row in found if row[0] is None)
    return [
        gauge("veille_entries", "Entries that were read, by outcome.", read),
        gauge("veille_entries_pending", "Entries without an outcome.", [({}, pending)]),
    ]


def _feeds(session: Session, now: datetime) -> list[Metric]:
    def count(*conditions: Any) -> int:
        return session.scalar(select(func.count()).select_from(Feed).where(Feed.enabled.is_(True), *conditions)) or 0

    newest = func.coalesce(Feed.last_entry_at, Feed.created_at)
    states = {
        "enabled": count(),
        "failing": count(Feed.last_error.is_not(None)),
        "silent": count(newest < now - timedelta(days=14)),
        "stopped": count(Feed.stopped_reason.is_not(None)),
    }
    samples: Samples = [({"state": state}, number) for state, number in states.items()]
    return [gauge("veille_feeds", "Feeds: enabled, and of these failing, silent for 14 days, stopped.", samples)]


def _alerts(session: Session) -> list[Metric]:
    topics = session.execute(
        select(Dossier.slug, Topic.slug, func.count())
        .join(Topic, Topic.dossier_id == Dossier.id)
        .join(AlertTopic, AlertTopic.topic_id == Topic.id)
        .group_by(Dossier.slug, Topic.slug)
        .order_by(Dossier.slug, Topic.slug)
    )
    by_topic: Samples = [({"dossier": row[0], "topic": row[1]}, row[2]) for row in topics]
    statuses = session.execute(select(Alert.status, func.count()).group_by(Alert.status))
    by_status: Samples = [({"status": row[0]}, row[1]) for row in statuses]
    return [
        gauge("veille_alerts_by_topic", "Alerts by topic; one with two topics counts in both.", by_topic),
        gauge("veille_alerts", "Alerts by follow-up status.", by_status),
    ]


def _deliveries(session: Session, now: datetime) -> list[Metric]:
    found = session.execute(select(Delivery.status, func.count()).group_by(Delivery.status)).all()
    counts = {status.value: 0 for status in DeliveryStatus} | {row[0]: row[1] for row in found}
    oldest = session.scalar(
        select(func.min(Delivery.created_at)).where(Delivery.status == DeliveryStatus.PLANNED.value)
    )
    return [
        gauge("veille_deliveries", "Deliveries by status.", [({"status": k}, v) for k, v in counts.items()]),
        gauge(
            "veille_oldest_undelivered_seconds",
            "Age of the oldest delivery that is still to be sent.",
            [({}, (now - oldest).total_seconds() if oldest else 0)],
        ),
    ]


def _steps(session: Session, now: datetime) -> list[Metric]:
    rows = {row.name: row for row in session.scalars(select(Heartbeat))}
    ages: Samples = [({"step": step}, (now - rows[step].at).total_seconds()) for step in STEPS if step in rows]
    times = [(name.removeprefix(TIME), row.detail) for name, row in sorted(rows.items()) if name.startswith(TIME)]
    return [
        gauge("veille_step_age_seconds", "How long ago each step was last done.", ages),
        counter("veille_step_seconds_total", "Seconds of work.", [({"step": n}, d["seconds"]) for n, d in times]),
        counter("veille_step_count_total", "Times it was done.", [({"step": n}, d["count"]) for n, d in times]),
    ]
