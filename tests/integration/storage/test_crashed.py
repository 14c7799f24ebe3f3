"""An entry whose worker dies time and again: given up, read once more a day later, then given up for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from monitor.steps.due import CRASHED, end_crashed
from monitor.storage import work
from monitor.storage.engine import Store
from monitor.storage.tables import Entry, Feed
from monitor.storage.work import CRASHED_AFTER, Kind

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def deaths_until_given_up(store: Store, at: datetime) -> tuple[int, datetime]:
    """Take the row and never close it, tick after tick; gives how often, and when it was given up."""
    for deaths in range(CRASHED_AFTER + 2):
        ctx: Any = SimpleNamespace(now=lambda at=at: at)
        with store.write() as session:
            if end_crashed(ctx, session, Kind.READ):
                return deaths, at
            (message,) = work.announce_due(session, Kind.READ, at, LEASE)
            assert work.take(session, Kind.READ, list(message.pairs), at, LEASE)
        at += LEASE + timedelta(seconds=1)
    raise AssertionError("it loops")


def test_an_entry_is_given_up_twice_a_day_apart_and_then_for_good(store: Store) -> None:
    with store.write() as session:
        session.add(Feed(id=1, url="https://a.example/f", name="A", origin="cli", created_at=NOON))
        session.flush()
        session.add(Entry(id=1, feed_id=1, identity="1", title="T", due_at=NOON, created_at=NOON))
    deaths, at = deaths_until_given_up(store, NOON)
    with store.read() as session:
        entry = session.get_one(Entry, 1)
        assert (deaths, entry.outcome, entry.reason) == (CRASHED_AFTER, "failed", CRASHED)
        assert entry.due_at == at + timedelta(days=1)
    deaths_until_given_up(store, at + timedelta(days=1, seconds=1))
    with store.read() as session:
        assert session.get_one(Entry, 1).due_at is None
