"""What a poll is told of a feed is what SQLAlchemy reads of its row, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, update

from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.storage.engine import Store
from monitor.storage.feeds import PollJob, add_feeds, poll_jobs
from monitor.storage.tables import Feed

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))
STATE = {
    "slow_down": 0.5,
    "rhythm": {"counts": [0.1, 2], "days": 3},
    "address": "https://é.example/ « % ? »",
    "columns": 1,
}


@pytest.fixture
def feeds(store: Store) -> list[int]:
    """New ones, and one of which everything is known."""
    specs = [FeedSpec(f"F{n}", f"https://f{n}.example/", every=timedelta(minutes=n)) for n in range(1, 7)]
    with store.write() as session:
        add_feeds(session, specs, Origin.CLI, NOW)
    with store.read() as session:
        ids = [feed.id for feed in session.query(Feed).order_by(Feed.id)]
    known = {"state": STATE, "options": {"every": 60.0, "très": None}, "interval_seconds": 2700, "not_modified": 3}
    known |= {"etag": '"a"', "last_modified": "lundi", "body_hash": "b" * 32, "item_hashes": "aa bb", "failures": 2}
    times = ["first_success_at", "last_polled_at", "last_success_at", "last_body_at", "last_entry_at"]
    known |= {name: NOW + timedelta(microseconds=number) for number, name in enumerate(times)}
    with store.write() as session:
        session.execute(update(Feed).where(Feed.id == ids[2]).values(hub_url="https://hub.example/", **known))
        session.execute(update(Feed).where(Feed.id == ids[3]).values(last_polled_at=NOW.replace(microsecond=0)))
    return ids


def test_a_job_has_what_the_row_has_and_our_turn(store: Store, feeds: list[int]) -> None:
    taken = [(row_id, 10 + row_id) for row_id in feeds]
    with store.read() as session:
        jobs = poll_jobs(session, taken)
        for job, row_id in zip(jobs, feeds, strict=True):
            row = session.get_one(Feed, row_id)
            theirs = {name: getattr(row, name) for name in PollJob._fields} | {"turn": 10 + row_id}
            assert job._asdict() == theirs
            assert [type(value) for value in job] == [type(theirs[name]) for name in PollJob._fields]
    assert jobs[2].first_success_at == NOW.astimezone(UTC)
    assert (jobs[2].state, jobs[2].options["très"], jobs[1].first) == (STATE, None, True)


def test_jobs_come_as_they_were_taken_without_rows_that_are_gone(store: Store, feeds: list[int]) -> None:
    with store.write() as session:
        session.execute(delete(Feed).where(Feed.id == feeds[1]))
    with store.read() as session:
        asked = [(feeds[4], 1), (feeds[1], 1), (feeds[0], 2), (feeds[5], 3)]
        assert [job.pair for job in poll_jobs(session, asked)] == [asked[0], *asked[2:]]
        assert poll_jobs(session, asked[1:2]) == []
        assert poll_jobs(session, []) == []
