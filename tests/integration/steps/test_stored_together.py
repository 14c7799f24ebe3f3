"""What is found in articles that are read together is stored together, as far as nothing of it belongs together."""

from __future__ import annotations

import logging
from collections.abc import MutableSequence, Sequence
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import event, select
from structlog.testing import LogCapture
from structlog.typing import EventDict

from monitor.app import Monitor
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import EntryData, Field, Origin, Outcome, PageData, Span, TopicMatch, Verdict
from monitor.domain.stories import fingerprint
from monitor.steps import readings as steps
from monitor.steps.readings import Reading, ReadSummary, store_readings
from monitor.storage import work
from monitor.storage.articles import ArticleData
from monitor.storage.entries import add_entries, read_jobs
from monitor.storage.feeds import add_feeds
from monitor.storage.tables import AlertEvent, Article
from monitor.storage.work import Kind
from monitor.testing import Clock
from tests.stories_generator import article

Text = tuple[str, Sequence[str]]  # an article's words, and the topics that are found in it


def read(monitor: Monitor, clock: Clock, texts: Sequence[Text]) -> list[Reading]:
    """Readings of entries that are taken: one of each text, at /0, /1 and so on."""
    monitor.sync()
    now = clock()
    items = [
        EntryData(identity=str(at), guid=str(at), link=f"https://a.example/{at}", title="") for at in range(len(texts))
    ]
    with monitor.store.write() as session:
        add_feeds(session, [FeedSpec("a", "https://a.example/feed")], Origin.CLI, now)
    with monitor.store.write() as session:
        pairs = add_entries(session, 1, items, now=now, due_at=now, backlog=False).pairs
    with monitor.store.write() as session:
        taken = work.take(session, Kind.READ, sorted(pairs), now, timedelta(minutes=1))
    with monitor.store.read() as session:
        jobs = {job.link: job for job in read_jobs(session, taken)}
    readings = []
    for at, (words, topics) in enumerate(texts):
        url = f"https://a.example/{at}"
        page = PageData(title=f"Titre {at}", text=words)
        data = ArticleData(url, url, "Exemple", page, now, True, fingerprint(words))
        spans = (Span(Field.TITLE, 0, 5, "Titre"),)
        found = tuple(TopicMatch(topic, 0.9, spans) for topic in topics)
        verdicts = {"huawei-europe": Verdict("huawei-europe", bool(found), 0.9, found)}
        outcome = Outcome.MATCHED if found else Outcome.UNMATCHED
        readings.append(Reading(jobs[url], now, outcome, None, data, verdicts))
    return readings


def trail(monitor: Monitor) -> list[tuple[int, str, str, list[str]]]:
    """Each line's alert, kind, article and topics."""
    with monitor.store.read() as session:
        urls = {one.id: one.canonical_url[-1] for one in session.scalars(select(Article))}
        lines = session.execute(
            select(AlertEvent.alert_id, AlertEvent.kind, AlertEvent.detail).order_by(AlertEvent.id)
        ).all()
    first = min(line.alert_id for line in lines)
    return [
        (line.alert_id - first, line.kind, urls[line.detail["article"]], line.detail.get("topics", []))
        for line in lines
    ]


def test_an_alert_is_raised_before_the_next_article_of_its_story_is_stored(monitor: Monitor, clock: Clock) -> None:
    """Else what that brings would stand in the first alert, and nobody would be told of it."""
    same, other = "\n\n".join(article(1)), "\n\n".join(article(2))
    texts = [
        (same, ["europe-strategy"]),
        (other, ["devices"]),
        (same, ["europe-strategy", "5g-restrictions"]),
        (other, []),
    ]
    summary = ReadSummary()
    store_readings(monitor.context, read(monitor, clock, texts), summary)
    assert trail(monitor) == [
        (0, "raised", "0", ["europe-strategy"]),
        (1, "raised", "1", ["devices"]),
        (0, "joined", "2", []),
        (0, "revised", "2", ["5g-restrictions"]),
    ]
    assert (summary.alerts_raised, summary.outcomes) == (2, {"matched": 3, "unmatched": 1})


def test_more_alerts_take_no_more_statements(monitor: Monitor, clock: Clock) -> None:
    """Each would wait for the one lock under which stories are decided."""
    readings = read(monitor, clock, [("\n\n".join(article(number)), ["devices"]) for number in range(12)])
    asked: list[str] = []
    event.listen(monitor.store.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts = []
    for group in (readings[:2], readings[2:4], readings[4:]):  # the first finds no other articles to weigh
        asked.clear()
        store_readings(monitor.context, group, ReadSummary())
        counts.append(len(asked))
    assert counts[1] == counts[2]
    assert len(trail(monitor)) == 12


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> MutableSequence[EventDict]:
    """What is logged, whatever another test of this process set up: a logger keeps what it was first used with."""
    capture = LogCapture()
    level = structlog.make_filtering_bound_logger(logging.INFO)
    log = structlog.wrap_logger(structlog.PrintLogger(), processors=[capture], wrapper_class=level)
    monkeypatch.setattr(steps, "log", log)
    return capture.entries


def test_what_happened_is_said_once_it_has(monitor: Monitor, clock: Clock, said: MutableSequence[EventDict]) -> None:
    """A line made in the transaction keeps others waiting for the lock, and is untrue where it is undone."""
    readings = read(monitor, clock, [("\n\n".join(article(1)), ["devices"]), ("\n\n".join(article(2)), [])])
    event.listen(monitor.store.engine, "commit", lambda _: said_before.append(len(said)))
    said_before: list[int] = []
    store_readings(monitor.context, readings, ReadSummary())
    assert said_before
    assert not any(said_before)
    assert [line["event"] for line in said] == ["entry_read", "entry_read", "alert_raised"]
    assert [line.get("outcome") for line in said] == ["matched", "unmatched", None]


def test_nothing_is_said_of_what_was_undone(monitor: Monitor, clock: Clock, said: MutableSequence[EventDict]) -> None:
    readings = read(monitor, clock, [("\n\n".join(article(1)), ["devices"])])

    def refuse(*given: object) -> None:
        if "heartbeats" in str(given[2]):  # the last that is written
            raise OSError("disk full")

    event.listen(monitor.store.engine, "before_cursor_execute", refuse)
    with pytest.raises(OSError, match="disk full"):
        store_readings(monitor.context, readings, ReadSummary())
    assert not said
