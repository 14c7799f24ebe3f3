"""The bench looks for what is left without taking the cores that it measures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bench.farm import Watch
from bench.stack import Stack
from monitor.storage.tables import Feed

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
START = str(NOW.replace(tzinfo=None))


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path / "stack")
    made.follow([f"http://127.0.0.1/{number}" for number in range(4)])
    yield made
    made.monitor.close()
    made.app.close()


def polled(stack: Stack, feed: int, at: datetime = NOW + timedelta(seconds=1), attempts: int = 0) -> None:
    with stack.monitor.store.write() as session:
        session.execute(update(Feed).where(Feed.id == feed).values(last_polled_at=at, attempts=attempts))


def left(stack: Stack) -> bool:
    with closing(stack.monitor.store.engine.raw_connection()) as connection:
        return stack._unpolled(connection, START)


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 3, 2, 1), (2, 4, 1, 3)])
def test_feeds_are_left_until_the_last_was_polled_in_whatever_order(stack: Stack, order: tuple[int, ...]) -> None:
    for feed in order:
        assert left(stack)
        polled(stack, feed)
    assert not left(stack)


def test_a_feed_that_was_polled_before_or_is_being_polled_is_left(stack: Stack) -> None:
    for feed in (1, 2, 3, 4):
        polled(stack, feed)
    polled(stack, 2, NOW - timedelta(microseconds=1))
    assert left(stack)
    polled(stack, 2, attempts=1)
    assert left(stack)
    polled(stack, 2)
    assert not left(stack)
    polled(stack, 3, NOW - timedelta(days=1))  # due again, after a round that had ended
    assert left(stack)


def test_the_memory_that_a_run_gives_back_at_once_counts() -> None:
    held = bytearray(b"x") * (64 * 1024 * 1024)
    with Watch([os.getpid()]) as watch:
        del held
    with Watch([os.getpid()]) as after:
        pass
    assert watch.cost.peak > after.cost.peak + 50
