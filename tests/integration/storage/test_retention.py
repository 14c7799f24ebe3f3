"""What `veille prune` lets go of, and what outlives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, union_all

from monitor.app import Monitor
from monitor.domain.expressions import parse_expression
from monitor.domain.filters import Filter
from monitor.query import Queries
from monitor.settings import load_settings
from monitor.steps.prune import retention
from monitor.storage.engine import Store, open_store
from monitor.storage.retention import analyze, forget, merge_index
from monitor.storage.search_index import mend_index
from monitor.storage.search_marks import month_mark
from monitor.storage.tables import (
    Article,
    Channel,
    CopyKey,
    Delivery,
    Entry,
    Match,
    Revision,
    Sketch,
    StoryKey,
    Subscriber,
)
from monitor.testing import Clock, make_inline_monitor
from tests.newsroom import NOON, Newsroom

DAY = timedelta(days=1)
WORDS = text("SELECT article_id, words::text FROM article_words ORDER BY article_id")
SUBJECT, ASIDE = "Huawei exclu", "Un autre sujet"


@pytest.fixture
def old(store: Store) -> Store:
    """Everything of every kind, all of the same day: an article with an alert, one that matched nothing."""
    room = Newsroom(store)
    matched = room.article(SUBJECT, "Huawei est exclu du marché.", matches={"cloud": 0.8})
    aside = room.article(ASIDE, "Rien de tout cela.", lead="En bref.")
    alert = room.alert(matched)
    for article in (matched, aside):
        entry = room.entry(article, "matched")
        with store.write() as session:
            session.get_one(Entry, entry).content = "Le texte du flux."
            session.add_all(
                table(article_id=article, hash=1)
                for table in ((StoryKey,) if article == matched else (CopyKey, Sketch))
            )
            session.add(
                Revision(article_id=article, number=1, title="", lead="", text="Avant.", replaced_at=NOON)
            )  # fmt: skip
    with store.write() as session:
        subscriber = Subscriber(name="ada", origin="file", settings={}, created_at=NOON)
        session.add(subscriber)
        session.flush()
        channel = Channel(subscriber_id=subscriber.id, kind="email", address="ada@x.invalid", created_at=NOON)
        session.add(channel)
        session.flush()
        for number, (status, sent_at) in enumerate((("sent", NOON), ("failed", None), ("planned", None))):
            session.add(
                Delivery(
                    channel_id=channel.id, alert_id=alert, revision=number, kind="alert", status=status,
                    message={"subject": "x"}, message_id=f"m{number}", sent_at=sent_at, created_at=NOON,
                )
            )  # fmt: skip
    return store


def pruned(store: Store, now: datetime) -> dict[str, int]:
    with store.write() as session:
        return forget(session, now, retention(load_settings({})))


def test_nothing_goes_before_its_time(old: Store) -> None:
    assert not any(pruned(old, NOON + 30 * DAY).values())


def test_feeds_texts_and_sketches_go_first(old: Store) -> None:
    counts = pruned(old, NOON + 31 * DAY)
    assert {kind: count for kind, count in counts.items() if count} == {"entries": 2, "sketches": 2}
    with old.read() as session:
        assert session.scalars(select(Entry.content)).all() == ["", ""]
        assert session.scalars(select(Entry.outcome)).all() == ["matched", "matched"]
        tables = (CopyKey.hash, StoryKey.hash, Sketch.hash)
        assert not session.scalars(union_all(*map(select, tables))).all()


def test_texts_that_matched_nothing_go_with_their_revisions(old: Store) -> None:
    pruned(old, NOON + 401 * DAY)
    with old.read() as session:
        kept = {row.title: (row.text != "", row.lead) for row in session.scalars(select(Article))}
        revised = session.scalars(select(Article.title).join(Revision, Revision.article_id == Article.id)).all()
    assert kept == {SUBJECT: (True, ""), ASIDE: (False, "En bref.")}
    assert revised == [SUBJECT]


def test_what_was_sent_loses_its_words_and_stays_in_the_ledger(old: Store) -> None:
    pruned(old, NOON + 401 * DAY)
    with old.read() as session:
        rows = session.execute(select(Delivery.message_id, Delivery.message).order_by(Delivery.id)).all()
    assert [tuple(row) for row in rows] == [("m0", {}), ("m1", {"subject": "x"}), ("m2", {"subject": "x"})]


def test_alerts_and_their_evidence_outlive_all_of_it(old: Store, tmp_path: Path) -> None:
    pruned(old, NOON + 4000 * DAY)
    assert not any(pruned(old, NOON + 4000 * DAY).values())
    (alert,) = Queries(old, tmp_path).alerts().rows
    assert alert.title == SUBJECT
    with old.read() as session:
        (evidence,) = session.scalars(select(Match.evidence))
    assert evidence[0]["text"] == SUBJECT


@pytest.mark.parametrize(("words", "found"), [("marché", [SUBJECT]), ("rien", []), ("sujet", [ASIDE])])
def test_what_is_left_is_what_is_found(old: Store, tmp_path: Path, words: str, found: list[str]) -> None:
    pruned(old, NOON + 401 * DAY)
    rows = Queries(old, tmp_path).articles(Filter(expression=parse_expression(words))).rows
    assert [row.title for row in rows] == found


def test_what_an_older_worker_indexed_in_its_own_way_is_indexed_anew(postgres_url: str) -> None:
    store = open_store(postgres_url)
    room = Newsroom(store)
    ids = [room.article(f"Titre {number}", age=timedelta(days=9 * (number == 2))) for number in range(4)]
    with store.read() as session:
        whole = session.execute(WORDS).all()
    with store.write() as session:
        session.execute(text("DELETE FROM article_words WHERE article_id = :id"), {"id": ids[0]})
        session.execute(text("UPDATE article_words SET words = 'titr' WHERE article_id = :id"), {"id": ids[1]})
        session.execute(text(f"UPDATE article_words SET words = ts_delete(words, '{month_mark(NOON - 9 * DAY)}')"))
    with store.write() as session:
        assert mend_index(session, NOON - timedelta(days=7)) == 3
        assert mend_index(session, NOON - timedelta(days=7)) == 0
    with store.read() as session:
        assert session.execute(WORDS).all() == whole
    store.dispose()


@contextmanager
def monitor_of(url: str, directory: Path) -> Iterator[Monitor]:
    environ = {
        "VEILLE_DATABASE_URL": url,
        "VEILLE_DATA_DIR": str(directory / "var"),
        "VEILLE_CONFIG_DIR": str(directory / "config"),
    }
    opened, _ = make_inline_monitor(load_settings(environ), Clock(NOON + timedelta(seconds=30)))
    yield opened
    opened.close()


def test_the_next_tick_finds_what_an_older_worker_stored(postgres_url: str, tmp_path: Path) -> None:
    with monitor_of(postgres_url, tmp_path) as monitor:
        article = Newsroom(monitor.store).article("Titre")
        with monitor.store.write() as session:
            session.execute(text("DELETE FROM article_words WHERE article_id = :id"), {"id": article})
        monitor.tick()
        with monitor.store.read() as session:
            assert [row.article_id for row in session.execute(WORDS)] == [article]


def test_sqlite_counts_for_its_planner_once_there_is_much(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    Newsroom(store).article("Titre")
    assert not analyze(store)
    assert analyze(store, articles=1)
    with store.read() as session:
        assert session.scalar(text("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'articles'"))
    store.dispose()


def test_the_pieces_of_the_days_writing_become_one_that_gives_the_same_articles(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    room = Newsroom(store)
    expected = [room.article(f"Titre {n}", "Huawei est exclu du marché.") for n in range(12)][::-1]
    pieces = text("SELECT count(DISTINCT segid) FROM article_words_idx")
    asked = Filter(expression=parse_expression("exclure"))
    with store.read() as session:
        assert session.scalar(pieces) > 4
    assert merge_index(store)
    with store.read() as session:
        assert session.scalar(pieces) == 1
    assert [row.id for row in Queries(store).articles(asked).rows] == expected
    assert not merge_index(store)
    store.dispose()
