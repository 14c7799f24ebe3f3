"""A message of more feeds than are asked at a time: against a real server, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.app import Monitor
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.steps.poll import PollSummary, poll
from monitor.storage.feeds import add_feeds
from monitor.storage.tables import Feed
from monitor.storage.work import Kind, Pair
from monitor.testing import InlineQueue
from tests.press import Press

PATHS = [f"/feed{number}" for number in range(7)]


@pytest.fixture
def pairs(monitor: Monitor, press: Press) -> list[Pair]:
    for path in PATHS:
        press.publish(path, [(path, "Un titre", f"{path}/a")])
    with monitor.store.write() as session:
        add_feeds(session, [FeedSpec(path, press.url + path) for path in PATHS], Origin.CLI, monitor.context.now())
        return [(row.id, row.turn) for row in session.execute(select(Feed.id, Feed.turn).order_by(Feed.id))]


def run(monitor: Monitor, pairs: list[Pair]) -> PollSummary:
    return monitor._run(poll(monitor.context, pairs, at_once=3))


def under_way(monitor: Monitor) -> list[int]:
    """Feeds that somebody took and has not closed."""
    with monitor.store.read() as session:
        return list(session.scalars(select(Feed.id).where(Feed.attempts > 0)))


def test_all_feeds_of_a_message_are_asked_once(monitor: Monitor, press: Press, pairs: list[Pair]) -> None:
    done = run(monitor, pairs)
    assert (done.polled, done.entries_new, done.failed) == (7, 7, 0)
    assert [press.hits(path) for path in PATHS] == [1] * 7
    assert under_way(monitor) == []


def test_a_message_that_comes_again_asks_nobody(monitor: Monitor, press: Press, pairs: list[Pair]) -> None:
    run(monitor, pairs)
    assert run(monitor, pairs).polled == 0
    assert [press.hits(path) for path in PATHS] == [1] * 7


def test_what_a_message_has_no_time_for_goes_on_as_another(
    monitor: Monitor, queue: InlineQueue, press: Press, pairs: list[Pair]
) -> None:
    usual = monitor.context.settings
    monitor.context.settings = usual.model_copy(update={"poll_time_limit": timedelta(0)})
    assert run(monitor, pairs).polled == 3
    (rest,) = [message for message in queue.messages if message.kind is Kind.POLL]
    assert list(rest.pairs) == pairs[3:]
    assert under_way(monitor) == []
    monitor.context.settings = usual
    queue.drain(monitor)
    assert [press.hits(path) for path in PATHS] == [1] * 7


def test_feeds_that_cannot_be_taken_cost_none_of_those_under_way(
    monitor: Monitor, press: Press, pairs: list[Pair]
) -> None:
    if monitor.store.dialect != "sqlite":
        pytest.skip("the trigger is written for SQLite")
    with monitor.store.write() as session:
        session.execute(
            text(
                "CREATE TRIGGER refused BEFORE UPDATE OF turn ON feeds WHEN old.id = "
                f"{pairs[4][0]} BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
        )
    assert run(monitor, pairs).polled == 3
    assert under_way(monitor) == []
    with monitor.store.write() as session:
        session.execute(text("DROP TRIGGER refused"))
    assert run(monitor, pairs).polled == 4
    assert [press.hits(path) for path in PATHS] == [1] * 7


def test_a_message_whose_first_feeds_cannot_be_taken_fails(monitor: Monitor, pairs: list[Pair]) -> None:
    with monitor.store.write() as session:
        session.execute(text("ALTER TABLE feeds RENAME COLUMN turn TO turned"))
    with pytest.raises(SQLAlchemyError):
        run(monitor, pairs)
    with monitor.store.write() as session:
        session.execute(text("ALTER TABLE feeds RENAME COLUMN turned TO turn"))
