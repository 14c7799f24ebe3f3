"""Candidates only: which pages are asked for, left and stored, and how; on both databases, against a real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, update

from monitor.app import Monitor
from monitor.steps import read
from monitor.storage.tables import Alert, Article, Entry, Feed
from monitor.storage.work import Pair
from monitor.testing import InlineQueue, work_until_idle
from tests.integration.steps.test_flow import counts, watch
from tests.press import PARAGRAPH, Answer, Press, html
from tests.stories import REVIEW, REVIEW_TITLE, SEED, SEED_TITLE


def test_candidates_only_fetches_a_page_of_two_feeds_once(bench: tuple[Monitor, InlineQueue], press: Press) -> None:
    press.publish("/feed", [("1", "Le budget des écoles", "/c")])
    press.page("/c", "Le budget des écoles", PARAGRAPH, PARAGRAPH)
    monitor, queue = bench
    monitor.settings = monitor.context.settings = monitor.settings.model_copy(update={"store": "candidates"})
    watch(monitor, press)
    work_until_idle(monitor, queue)
    press.publish("/other", [("9", "Le budget des écoles", "/c")])
    monitor.add_feed(press.url + "/other", "Autre")
    work_until_idle(monitor, queue)
    assert counts(monitor.store) == {"skipped": 2}
    assert press.hits("/c") == 1


def test_candidates_only_raises_the_same_alerts(bench: tuple[Monitor, InlineQueue], press: Press) -> None:
    press.publish("/feed", [("1", SEED_TITLE, "/a"), ("2", REVIEW_TITLE, "/b"), ("3", "Le budget des écoles", "/c")])
    press.page("/a", SEED_TITLE, *SEED)
    press.page("/b", REVIEW_TITLE, *REVIEW)
    press.page("/c", "Le budget des écoles", PARAGRAPH, PARAGRAPH)
    monitor, queue = bench
    monitor.settings = monitor.context.settings = monitor.settings.model_copy(update={"store": "candidates"})
    watch(monitor, press)
    work_until_idle(monitor, queue)
    assert counts(monitor.store) == {"matched": 1, "unmatched": 1, "skipped": 1}
    with monitor.store.read() as session:
        assert [alert.title for alert in session.scalars(select(Alert))] == [SEED_TITLE]
        assert session.scalar(select(func.count()).select_from(Article)) == 2
    assert press.hits("/c") == 1


def test_candidates_only_asks_first_for_what_a_feed_itself_says_of_a_topic(
    bench: tuple[Monitor, InlineQueue], press: Press
) -> None:
    press.publish("/feed", [("9", SEED_TITLE, "/a"), *((str(n), "Le budget des écoles", f"/c{n}") for n in range(3))])
    press.page("/a", SEED_TITLE, *SEED)
    for n in range(3):
        press.page(f"/c{n}", "Le budget des écoles", PARAGRAPH, PARAGRAPH)
    monitor, queue = bench
    monitor.settings = monitor.context.settings = monitor.settings.model_copy(update={"store": "candidates"})
    monitor.context.web.door._slots = asyncio.Semaphore(1)  # one request after the other: the press sees their order
    watch(monitor, press)
    work_until_idle(monitor, queue)
    asked = [path for path, _ in press.seen if path in {"/a", "/c0", "/c1", "/c2"}]
    assert (asked[0], sorted(asked[1:])) == ("/a", ["/c0", "/c1", "/c2"])
    assert counts(monitor.store) == {"matched": 1, "skipped": 3}


def test_what_a_message_of_candidates_brings_at_once_is_stored_in_one_transaction(
    bench: tuple[Monitor, InlineQueue], press: Press
) -> None:
    monitor, _ = bench
    size = monitor.settings.model_copy(update={"store": "candidates"}).pages_together
    press.publish("/feed", [(str(n), f"Un titre {n}", f"/{n}") for n in range(size)])
    watch(monitor, press)
    with monitor.store.read() as session:
        feeds = [(row.id, row.turn) for row in session.execute(select(Feed.id, Feed.turn))]
    monitor.poll(feeds)
    with monitor.store.write() as session:
        session.execute(update(Entry).values(link=None))  # nothing to wait for: all are ready together
        pairs = [(row.id, row.turn) for row in session.execute(select(Entry.id, Entry.turn))]
    updates: list[str] = []
    noted = lambda *given: updates.append(given[2]) if given[2].startswith("UPDATE entries") else None  # noqa: E731
    event.listen(monitor.store.engine, "before_cursor_execute", noted)
    monitor.read(pairs)
    event.remove(monitor.store.engine, "before_cursor_execute", noted)
    assert len(pairs) == size
    assert sum("RETURNING" in statement for statement in updates) == 2  # all are taken, all are closed
    assert sum(counts(monitor.store).values()) == size


def test_pages_that_candidates_only_leaves_are_closed_by_one_statement(
    bench: tuple[Monitor, InlineQueue], press: Press
) -> None:
    monitor, _ = bench
    monitor.settings = monitor.context.settings = monitor.settings.model_copy(update={"store": "candidates"})
    pairs = three_announced(monitor, press)
    updates: list[str] = []
    noted = lambda *given: updates.append(given[2]) if given[2].startswith("UPDATE entries") else None  # noqa: E731
    event.listen(monitor.store.engine, "before_cursor_execute", noted)
    monitor.read(pairs)
    event.remove(monitor.store.engine, "before_cursor_execute", noted)
    assert len(updates) == 2  # all are taken, all are closed
    with monitor.store.read() as session:
        entries = session.scalars(select(Entry)).all()
    said = {(e.outcome, e.reason, e.due_at, e.attempts, e.failures, e.reads, e.article_id) for e in entries}
    assert said == {("skipped", "nothing that is looked for stands in the page", None, 0, 0, 1, None)}
    assert [entry.read_at is not None for entry in entries] == [True] * 3


def test_a_page_that_was_left_too_late_is_not_closed(bench: tuple[Monitor, InlineQueue], press: Press) -> None:
    monitor, _ = bench
    monitor.settings = monitor.context.settings = monitor.settings.model_copy(update={"store": "candidates"})
    pairs = three_announced(monitor, press)

    def taken_over(_headers: dict[str, str]) -> Answer:
        with monitor.store.engine.begin() as another:  # not one of this process's own, which `bench` counts
            another.execute(update(Entry).where(Entry.id == pairs[0][0]).values(turn=Entry.turn + 1))
        return Answer(html("Le budget des écoles", (PARAGRAPH,)), headers={"content-type": "text/html"})

    press.answers["/c2"] = taken_over
    monitor.read(pairs)
    assert counts(monitor.store) == {"skipped": 2}


def polled(monitor: Monitor, press: Press) -> list[Pair]:
    """The entries of the press's feed, polled and to be read."""
    watch(monitor, press)
    with monitor.store.read() as session:
        feeds = [(row.id, row.turn) for row in session.execute(select(Feed.id, Feed.turn))]
    monitor.poll(feeds)
    with monitor.store.read() as session:
        return [(row.id, row.turn) for row in session.execute(select(Entry.id, Entry.turn))]


def three_announced(monitor: Monitor, press: Press) -> list[Pair]:
    """Entries of one feed whose pages hold nothing that is looked for."""
    press.publish("/feed", [(str(n), "Le budget des écoles", f"/c{n}") for n in range(3)])
    for n in range(3):
        press.page(f"/c{n}", "Le budget des écoles", PARAGRAPH, PARAGRAPH)
    return polled(monitor, press)


def six_announced(monitor: Monitor, press: Press, answer: Callable[[dict[str, str]], Answer]) -> list[Pair]:
    """Entries of one feed whose pages are as `answer` gives them."""
    press.publish("/feed", [(str(n), "Le budget des écoles", f"/c{n}") for n in range(6)])
    for n in range(6):
        press.answers[f"/c{n}"] = answer
    return polled(monitor, press)


def test_of_many_pages_a_few_are_under_way_at_once(
    bench: tuple[Monitor, InlineQueue], press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor, _ = bench
    monkeypatch.setattr(read, "AT_ONCE", 2)
    under_way, most = [0], [0]

    def slow(_headers: dict[str, str]) -> Answer:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        time.sleep(0.3)  # longer than a request waits for another's connection
        under_way[0] -= 1
        return Answer(html("Le budget des écoles", (PARAGRAPH,)), headers={"content-type": "text/html"})

    monitor.read(six_announced(monitor, press, slow))
    assert most[0] == 2
    assert sum(counts(monitor.store).values()) == 6


def test_pages_that_a_message_has_no_time_for_are_handed_back(
    bench: tuple[Monitor, InlineQueue], press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor, queue = bench
    monkeypatch.setattr(read, "AT_ONCE", 2)
    pairs = six_announced(
        monitor, press, lambda _: Answer(html("Le budget", (PARAGRAPH,)), headers={"content-type": "text/html"})
    )
    usual = monitor.context.settings
    monitor.context.settings = usual.model_copy(update={"poll_time_limit": timedelta(0)})
    monitor.read(pairs)
    with monitor.store.read() as session:
        left = session.scalars(select(Entry).where(Entry.outcome.is_(None))).all()
    assert [(entry.failures, entry.attempts, entry.reads) for entry in left] == [(0, 0, 0)] * 4
    assert all(entry.due_at is not None and entry.due_at <= monitor.context.now() for entry in left)
    monitor.context.settings = usual
    work_until_idle(monitor, queue)
    assert sum(counts(monitor.store).values()) == 6
    assert [press.hits(f"/c{n}") for n in range(6)] == [1] * 6
