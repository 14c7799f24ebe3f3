"""How the database would find the rows that the workers ask for: by an index, in every table that grows.

Every statement that poll, read, raise, deliver, digest, tick and prune send is caught and explained. On PostgreSQL with
sequential scans as dear as can be, so that one is left only where no index serves; SQLite takes an index where there is
one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from monitor.app import Monitor
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import EntryData, Origin
from monitor.storage.engine import Store
from monitor.storage.entries import add_entries
from monitor.storage.feeds import add_feeds
from monitor.storage.sharing import NEWEST_OF_KEYS, SHARING
from monitor.testing import Clock, InlineQueue, work_until_idle
from tests.press import Press
from tests.stories import REVIEW, REVIEW_TITLE, SEED, SEED_TITLE

# They grow with what is read; the others with what somebody wrote (feeds, dossiers, subscribers), or not at all.
LARGE = (
    "entries|articles|stories|copy_keys|story_keys|sketches|revisions|matches|alerts|alert_topics|alert_events|deliveries"
    "|digest_alerts"
)
SCANS = {
    "sqlite": re.compile(rf"\bSCAN (?:{LARGE})\b(?! USING (?:INTEGER PRIMARY KEY|(?:COVERING )?INDEX))"),
    "postgresql": re.compile(rf"Seq Scan on (?:{LARGE})\b"),
}
Sent = list[tuple[str, Any]]


@contextmanager
def statements(store: Store) -> Iterator[Sent]:
    """What is sent to the database, with its parameters."""
    sent: Sent = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
            rows = many and not isinstance(parameters, dict) and isinstance(parameters[0], tuple | list | dict)
            sent.append((statement, parameters[0] if rows else parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def plan(store: Store, statement: str, parameters: Any) -> str:
    with store.engine.connect() as connection:
        if store.dialect == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
            explain = f"EXPLAIN {statement}"
        else:
            explain = f"EXPLAIN QUERY PLAN {statement}"
        cursor = connection.connection.cursor()
        cursor.execute(explain, parameters)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def scanned(store: Store, sent: Sent) -> list[str]:
    different = dict(reversed(sent))
    found = ((statement, plan(store, statement, parameters)) for statement, parameters in different.items())
    return [f"{statement}\n{lines}" for statement, lines in found if SCANS[store.dialect].search(lines)]


def test_no_step_walks_through_a_table_that_grows(
    bench: tuple[Monitor, InlineQueue], press: Press, clock: Clock, tmp_path: Path
) -> None:
    monitor, queue = bench
    for name, rhythm in (("lea", "at once"), ("max", "daily 08:00")):
        with (tmp_path / "config" / "subscribers.toml").open("a", encoding="utf-8") as file:
            file.write(
                f'[[subscriber]]\nname = "{name}"\nrhythm = "{rhythm}"\n[[subscriber.channel]]\nkind = "console"\n'
            )
    press.publish("/feed", [("0", "Le budget", "/0")])
    press.page("/0", REVIEW_TITLE, *REVIEW)
    monitor.sync()
    with monitor.store.write() as session:
        add_feeds(session, [FeedSpec("f", press.url + "/feed")], Origin.CLI, clock())
    work_until_idle(monitor, queue)
    press.publish("/feed", [("1", SEED_TITLE, "/a"), ("2", SEED_TITLE, "/b"), ("0", "Le budget", "/0")])
    for path in ("/a", "/b"):
        press.page(path, SEED_TITLE, *SEED, *((REVIEW[0],) if path == "/b" else ()))
    with statements(monitor.store) as sent:
        for _ in range(5):
            clock.advance(timedelta(hours=9))
            monitor.make_feeds_due()
            work_until_idle(monitor, queue)
            press.page("/a", SEED_TITLE, *SEED, "Une phrase de plus, ajoutée dans la journée par la rédaction.")
        monitor.prune()
    asked = {table for statement, _ in sent for table in re.findall(r"(?:FROM|UPDATE|INTO) (\w+)", statement)}
    assert {"entries", "articles", "matches", "alerts", "deliveries", "revisions"} <= asked
    assert {"copy_keys", "story_keys", "sketches"} <= asked
    walked = scanned(monitor.store, sent)
    assert walked == [], "\n\n".join(walked)


def test_a_new_entry_is_not_compared_with_all_that_its_feed_ever_published(store: Store, clock: Clock) -> None:
    """What has the same address is looked up by it: else a poll costs more, the longer the feed is watched."""
    due = clock() + timedelta(minutes=3)
    with store.write() as session:
        add_feeds(session, [FeedSpec("f", "https://a.example/feed")], Origin.CLI, clock())
        past = [EntryData(f"guid {n}", f"Titre {n}", f"https://a.example/{n}") for n in range(3000)]
        add_entries(session, 1, past, now=clock(), due_at=due, backlog=True)
        if store.dialect == "postgresql":  # SQLite has no figures before there are many articles
            session.execute(text("ANALYZE"))
    again = EntryData("another guid", "Titre 7", "https://a.example/7")
    with statements(store) as sent, store.write() as session:
        stored = add_entries(session, 1, [again], now=clock(), due_at=due, backlog=False)
    assert (stored.churned, stored.new) == (1, frozenset())
    [compared] = [one for one in sent if "EXISTS" in one[0]]
    assert "ix_entries_link" in plan(store, *compared)


@pytest.mark.parametrize("table", ["copy_keys", "story_keys"])
def test_looking_for_copies_walks_through_no_table(store: Store, table: str) -> None:
    """It is asked of the driver itself, so that no step's statements show it."""
    keys = "[1,2]" if store.dialect == "sqlite" else "{1,2}"
    assert scanned(store, [(SHARING[store.dialect].format(table=table), (1, keys))]) == []
    assert scanned(store, [(NEWEST_OF_KEYS[store.dialect], (1, keys))]) == []
