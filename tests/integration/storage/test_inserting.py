"""Many rows at once, as SQLAlchemy itself would store them, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import EntryData, Origin
from monitor.storage.engine import Store
from monitor.storage.entries import Brought, StoredEntries, add_all
from monitor.storage.feeds import add_feeds
from monitor.storage.inserting import insert_new, update_rows
from monitor.storage.tables import Entry

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))
TABLE: Any = Entry.__table__


@pytest.fixture(autouse=True)
def feeds(store: Store) -> None:
    with store.write() as session:
        add_feeds(session, [FeedSpec(f"F{n}", f"https://f{n}.example/") for n in range(2)], Origin.CLI, NOW)


def row(number: int, feed: int = 1) -> dict[str, Any]:
    said = {"feed_id": feed, "identity": f"i{number}", "title": f"Titre « {number} » 100 % ?", "link": None}
    times = {"created_at": NOW, "published_at": NOW - timedelta(days=number) if number % 2 else None}
    return {**said, **times, "authors": ["Zoé", 'Al "X"'] if number % 3 else [], "backlog": number % 2 == 0}


def kept(store: Store, feed: int) -> list[tuple[Any, ...]]:
    columns = [column for column in TABLE.columns if column.key not in {"id", "feed_id"}]
    with store.read() as session:
        found = session.execute(select(*columns).where(Entry.feed_id == feed).order_by(Entry.identity))
        return [tuple(one) for one in found]


def test_rows_become_what_sqlalchemy_makes_of_them(store: Store) -> None:
    numbers = range(40)
    with store.write() as session:
        insert_new(session, TABLE, [row(number) for number in numbers], [Entry.id])
        session.execute(insert(TABLE), [row(number, feed=2) for number in numbers])
    assert kept(store, 1) == kept(store, 2)
    assert kept(store, 1)[1][TABLE.columns.keys().index("created_at") - 2] == NOW.astimezone(UTC)


def test_what_rows_have_in_common_is_said_once(store: Store) -> None:
    common = {"feed_id": 1, "created_at": NOW, "due_at": NOW, "backlog": True}
    rows = [{name: value for name, value in row(number).items() if name not in common} for number in range(7)]
    with store.write() as session:
        insert_new(session, TABLE, rows, [Entry.id], common)
        session.execute(insert(TABLE), [one | common | {"feed_id": 2} for one in rows])
    assert kept(store, 1) == kept(store, 2)


@pytest.mark.parametrize("micros", [0, 5, 999_999])
@pytest.mark.parametrize("day", [(1, 1, 2), (1969, 12, 31), (2026, 3, 29), (9999, 12, 30)])
def test_times_are_kept_to_the_microsecond_whatever_their_zone(
    store: Store, day: tuple[int, int, int], micros: int
) -> None:
    when = datetime(*day, 23, 59, 58, micros, tzinfo=timezone(timedelta(hours=-5)))
    with store.write() as session:
        insert_new(session, TABLE, [row(1) | {"published_at": when}], [Entry.id])
    assert when in kept(store, 1)[0]
    with store.read() as session:
        assert session.scalar(select(Entry.id).where(Entry.published_at == when)) is not None
        assert session.scalar(select(Entry.id).where(Entry.published_at > when)) is None


def test_json_is_what_the_standard_library_reads(store: Store) -> None:
    said = ["Zoé « É »", 'l\'"autre"', "\\ \u2028 \x01", "😀"]
    with store.write() as session:
        insert_new(session, TABLE, [row(1) | {"authors": said}], [Entry.id])
    with store.read() as session:
        assert session.scalar(select(Entry.authors)) == said


def test_what_is_known_is_left_out_and_the_new_comes_back_however_many_there_are(store: Store) -> None:
    """More rows than one statement takes."""
    with store.write() as session:
        insert_new(session, TABLE, [row(number) for number in range(0, 5000, 2)], [Entry.id])
    with store.write() as session:
        fresh = insert_new(
            session, TABLE, [row(number) for number in range(5000)], [Entry.id, Entry.turn, Entry.identity]
        )
    assert {one.identity for one in fresh} == {f"i{number}" for number in range(1, 5000, 2)}
    assert {one.turn for one in fresh} == {0}
    assert len({one.id for one in fresh}) == 2500
    assert len(kept(store, 1)) == 5000


@pytest.mark.parametrize("known", [0, 1, 5])
def test_what_is_new_comes_back_as_the_database_has_it(store: Store, known: int) -> None:
    """Of none, some and all known; a text that came back changed or an id of another row would be read as that."""
    columns = [Entry.id, Entry.identity, Entry.backlog, Entry.feed_id]
    with store.write() as session:
        insert_new(session, TABLE, [row(9, feed=2), *(row(number) for number in range(known))], [Entry.id])
    with store.write() as session:
        rows = [{name: value for name, value in row(n).items() if name != "feed_id"} for n in range(4, -1, -1)]
        found = insert_new(session, TABLE, rows, columns, {"feed_id": 1})
        stored = session.execute(select(*columns).order_by(Entry.id)).all()
    assert sorted(map(tuple, found)) == [tuple(one) for one in stored[1 + known :]]
    assert {one[1] for one in found} == {f"i{number}" for number in range(known, 5)}


def test_what_several_feeds_bring_together_is_told_apart(store: Store) -> None:
    """One has an identity of the other's, a known one and one twice; another brought nothing."""

    def bring(*said: str) -> list[StoredEntries]:
        entries = [[EntryData(name, f"Titre {name}") for name in names.split()] for names in said]
        until = NOW + timedelta(minutes=3)
        with store.write() as session:
            return add_all(session, [Brought(n, some, NOW, until, n == 2) for n, some in enumerate(entries, 1)])

    assert [one.new for one in bring("a b", "")] == [{"a", "b"}, set()]
    first, second = bring("c b", "b a d b")
    assert (first.new, second.new) == ({"c"}, {"a", "b", "d"})
    with store.read() as session:
        rows = session.scalars(select(Entry).order_by(Entry.id)).all()
    assert first.pairs == [(one.id, one.turn) for one in rows if (one.feed_id, one.identity) == (1, "c")]
    assert second.pairs == [(one.id, one.turn) for one in rows if one.feed_id == 2]
    assert {(one.feed_id, one.backlog) for one in rows} == {(1, False), (2, True)}


def test_no_rows_are_no_statement_and_a_naive_time_is_refused(store: Store) -> None:
    with store.write() as session:
        assert insert_new(session, TABLE, [], [Entry.id]) == []
    with pytest.raises(Exception, match="naive"), store.write() as session:
        insert_new(session, TABLE, [row(1) | {"created_at": datetime(2026, 3, 1)}], [Entry.id])  # noqa: DTZ001


def test_updates_become_what_sqlalchemy_makes_of_them(store: Store) -> None:
    with store.write() as session:
        for feed in (1, 2):
            insert_new(session, TABLE, [row(number, feed) for number in range(9)], [Entry.id])
        ids = {(one.feed_id, one.identity): one.id for one in session.scalars(select(Entry))}
        said = [
            {"due_at": NOW, "title": f"n° {n} : 5 % ?", "authors": ["É"], "link": None, "reads": n} for n in range(8)
        ]
        update_rows(session, TABLE, [{"id": ids[1, f"i{n}"], **values} for n, values in enumerate(said)])
        for n, values in enumerate(said):
            session.execute(update(TABLE).where(TABLE.c.id == ids[2, f"i{n}"]).values(values))
    assert kept(store, 1) == kept(store, 2)
    assert [one[TABLE.columns.keys().index("reads") - 2] for one in kept(store, 1)] == [*range(8), 0]
