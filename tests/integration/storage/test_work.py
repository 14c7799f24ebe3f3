"""The queue in rows, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.storage import work
from monitor.storage.engine import Store, open_store
from monitor.storage.feeds import add_feeds, make_due
from monitor.storage.tables import Entry, Feed
from monitor.storage.work import Kind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(seconds=180)


@pytest.fixture
def feeds(store: Store) -> list[int]:
    with store.write() as session:
        add_feeds(session, [FeedSpec(f"F{n}", f"https://f{n}.example/") for n in range(20)], Origin.CLI, NOW)
    with store.read() as session:
        return [feed.id for feed in session.query(Feed).order_by(Feed.id)]


def announce(store: Store, at: datetime) -> list[work.Announcement]:
    with store.write() as session:
        return work.announce_due(session, Kind.POLL, at, LEASE)


def take(store: Store, pairs: list[work.Pair], at: datetime) -> list[work.Pair]:
    with store.write() as session:
        return work.take(session, Kind.POLL, pairs, at, LEASE)


def test_what_is_announced_is_not_announced_again_within_the_lease(store: Store, feeds: list[int]) -> None:
    (message,) = announce(store, NOW)
    assert [row_id for row_id, _ in message.pairs] == feeds
    assert announce(store, NOW + LEASE - timedelta(seconds=1)) == []


def test_only_kinds_whose_time_has_come_are_waiting(store: Store, feeds: list[int]) -> None:
    with store.write() as session:
        session.add(Entry(id=1, feed_id=feeds[0], identity="1", title="T", due_at=NOW + LEASE, created_at=NOW))
    with store.read() as session:
        assert work.waiting(session, NOW - timedelta(seconds=1)) == set()
        assert work.waiting(session, NOW) == {Kind.POLL}
        assert work.waiting(session, NOW + LEASE) == {Kind.POLL, Kind.READ}
    with store.write() as session:
        session.execute(text("UPDATE feeds SET due_at = NULL"))
    with store.read() as session:
        assert work.waiting(session, NOW + LEASE) == {Kind.READ}


def rows(store: Store) -> list[tuple[int, datetime | None]]:
    with store.read() as session:
        return [(feed.id, feed.due_at) for feed in session.query(Feed).order_by(Feed.id)]


def test_announcing_a_few_feeds_leaves_their_rows_as_they_are(store: Store, feeds: list[int]) -> None:
    before = rows(store)
    announce(store, NOW + timedelta(seconds=15))
    assert rows(store) == before == [(row_id, NOW) for row_id in feeds]


def test_more_feeds_than_are_listed_have_their_time_pushed_on(
    store: Store, feeds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MOST", 19)
    (message,) = announce(store, NOW)
    assert [row_id for row_id, _ in message.pairs] == feeds
    assert rows(store) == [(row_id, NOW + LEASE) for row_id in feeds]
    assert announce(store, NOW + LEASE - timedelta(seconds=1)) == []
    (again,) = announce(store, NOW + LEASE)
    assert again.pairs == message.pairs


def test_what_falls_due_meanwhile_is_announced_alone_and_the_others_once_their_lease_is_over(
    store: Store, feeds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = NOW + timedelta(seconds=15)
    with store.write() as session:
        session.execute(text("UPDATE feeds SET due_at = :later WHERE id > :half"), {"later": later, "half": feeds[9]})
    (first,) = announce(store, NOW)
    monkeypatch.setattr(work, "MOST", 15)  # those of the list count too: the second ten are pushed on
    (second,) = announce(store, later)
    assert ([pair[0] for pair in first.pairs], [pair[0] for pair in second.pairs]) == (feeds[:10], feeds[10:])
    assert announce(store, later) == []
    (lost,) = announce(store, NOW + LEASE)
    assert lost.pairs == first.pairs
    (lost,) = announce(store, later + LEASE)
    assert lost.pairs == second.pairs


def test_a_feed_that_is_due_again_within_the_lease_is_announced(store: Store, feeds: list[int]) -> None:
    (message,) = announce(store, NOW)
    (taken,) = take(store, [message.pairs[3]], NOW)
    with store.write() as session:
        work.close(session, Kind.POLL, taken, due_at=NOW + timedelta(seconds=10))
        asked = make_due(session, NOW + timedelta(seconds=10), "https://f5.example/")
    assert asked == 1
    (again,) = announce(store, NOW + timedelta(seconds=20))
    assert sorted(again.pairs) == [taken, (feeds[5], message.pairs[5][1] + 1)]


def test_announced_feeds_are_not_counted_as_waiting_for_it(store: Store, feeds: list[int]) -> None:
    at = NOW + timedelta(seconds=15)
    with store.read() as session:
        assert work.due_lag(session, Kind.POLL, at) == (20, timedelta(seconds=15))
    announce(store, at)
    with store.write() as session:
        make_due(session, at, "https://f5.example/")
    with store.read() as session:
        assert work.due_lag(session, Kind.POLL, at + LEASE / 2) == (1, LEASE / 2)
        assert work.due_lag(session, Kind.POLL, at + LEASE)[0] == 20


def test_a_second_tick_waits_for_the_first_and_announces_nothing_again(postgres_url: str) -> None:
    store, told = open_store(postgres_url), []
    with store.write() as session:
        add_feeds(session, [FeedSpec(f"H{n}", f"https://h{n}.example/") for n in range(100)], Origin.CLI, NOW)
        session.execute(text("DELETE FROM settings"))  # nothing was ever listed: there is no row to lock
    second = threading.Thread(target=lambda: told.extend(announce(store, NOW)))
    with store.write() as session:
        (message,) = work.announce_due(session, Kind.POLL, NOW, LEASE)
        second.start()
        second.join(0.3)
        assert second.is_alive()
    second.join(10)
    store.dispose()
    assert (len(message.pairs), told) == (100, [])


def test_a_lost_announcement_comes_back_after_the_lease(store: Store, feeds: list[int]) -> None:
    announce(store, NOW)
    (again,) = announce(store, NOW + LEASE)
    assert len(again.pairs) == len(feeds)


def test_a_second_copy_of_a_message_takes_nothing(store: Store, feeds: list[int]) -> None:
    (message,) = announce(store, NOW)
    pairs = list(message.pairs)
    assert len(take(store, pairs, NOW)) == len(feeds)
    assert take(store, pairs, NOW) == []


def test_a_writer_whose_turn_is_over_writes_nothing(store: Store, feeds: list[int]) -> None:
    (message,) = announce(store, NOW)
    (old,) = take(store, [message.pairs[0]], NOW)
    (again,) = [m for m in announce(store, NOW + LEASE) if m.pairs[0][0] == old[0] or len(m.pairs) > 1]
    (new,) = take(store, [pair for pair in again.pairs if pair[0] == old[0]], NOW + LEASE)
    with store.write() as session:
        assert not work.close(session, Kind.POLL, old, due_at=NOW, last_error="late")
        assert work.close(session, Kind.POLL, new, due_at=NOW + 2 * LEASE)
    with store.read() as session:
        assert session.get_one(Feed, old[0]).last_error is None


def test_a_row_that_crashes_travels_alone_and_then_no_more(store: Store, feeds: list[int]) -> None:
    poison, at = feeds[0], NOW
    sizes = []
    for _ in range(work.CRASHED_AFTER):
        messages = announce(store, at)
        sizes.append(next(len(m.pairs) for m in messages if any(row == poison for row, _ in m.pairs)))
        for message in messages:
            for pair in take(store, list(message.pairs), at):
                if pair[0] != poison:
                    with store.write() as session:
                        work.close(session, Kind.POLL, pair, due_at=at + LEASE)
        at += LEASE
    assert sizes == [20, 20, 1, 1, 1, 1]
    with store.read() as session:
        assert work.crashed(session, Kind.POLL, at) == [poison]
    assert all(row != poison for m in announce(store, at) for row, _ in m.pairs)


def test_sixteen_threads_with_copies_of_every_message_take_each_row_once(postgres_url: str) -> None:
    store = open_store(postgres_url)
    with store.write() as session:
        add_feeds(session, [FeedSpec(f"G{n}", f"https://g{n}.example/") for n in range(100)], Origin.CLI, NOW)
    (message,) = announce(store, NOW)
    taken: list[work.Pair] = []

    def work_through() -> None:
        for start in range(0, 100, 10):
            for _ in range(16):
                taken.extend(take(store, list(message.pairs[start : start + 10]), NOW))

    threads = [threading.Thread(target=work_through) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.dispose()
    assert len(taken) == len({row_id for row_id, _ in taken}) == 100


def test_a_worker_frozen_within_a_transaction_does_not_keep_its_locks_for_ever(postgres_url: str) -> None:
    store = open_store(postgres_url)
    with store.read() as session:
        assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "1min"
    store.dispose()


def test_of_many_closing_writes_those_whose_turn_is_over_write_nothing(store: Store, feeds: list[int]) -> None:
    (message,) = announce(store, NOW)
    (late, *ours) = take(store, list(message.pairs), NOW)
    announce(store, NOW + LEASE)
    take(store, [late], NOW + LEASE)
    rows = [{"id": id_, "turn": turn, "due_at": NOW, "last_error": "mine"} for id_, turn in [late, *ours]]
    with store.write() as session:
        assert work.finish(session, Kind.POLL, rows) == len(ours)
        assert work.finish(session, Kind.POLL, rows) == 0  # closed already
    with store.read() as session:
        assert session.get_one(Feed, late[0]).last_error is None
        assert {(feed.attempts, feed.due_at) for feed in session.query(Feed) if feed.id != late[0]} == {(0, NOW)}
