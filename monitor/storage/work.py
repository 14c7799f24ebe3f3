"""The row is the queue: announcing due rows, taking them, closing them.

A message is (id, turn) pairs. Taking is one conditional UPDATE, so a second copy of a message changes nothing; the
closing write checks that the turn is still its own, so a step that outlived its lease cannot write over its successor.
After the queue design of healthchecks (a claim by conditional UPDATE) with a fencing token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, tuple_, update
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from monitor.storage.announced import MOST, listed, locked, write_list
from monitor.storage.inserting import Converter, converter, mark_of, update_rows
from monitor.storage.tables import Delivery, Entry, Feed, Subscriber

ALONE_AFTER = 2  # takes without a closing write, then the row travels in a message of its own
# Then it is given up as `failed: crashed`. Four were too few: of 10,000 rows whose workers were killed at random 300
# times, four had been in a worker's hands each time (bench/faults).
CRASHED_AFTER = 6


class Kind(StrEnum):
    """The steps that rows wait for."""

    POLL = "poll"
    READ = "read"
    DIGEST = "digest"
    DELIVER = "deliver"


TABLES: dict[Kind, Any] = {Kind.POLL: Feed, Kind.READ: Entry, Kind.DIGEST: Subscriber, Kind.DELIVER: Delivery}

# A large table's rows, which announcing would touch one by one: see `announced`.
LISTED = frozenset({Kind.POLL})

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One message to send after commit: the rows of `pairs` wait for `kind`."""

    kind: Kind
    pairs: tuple[Pair, ...]


def _working(table: Any) -> Any:
    """Rows that may be worked on at all."""
    return table.enabled.is_(True) if hasattr(table, "enabled") else table.due_at.is_not(None)


# Statements about the rows of a message are text, and made once, as all that every batch asks: SQLAlchemy takes as long
# to write so many parameters as SQLite to change the rows.
def _these(dialect: Dialect, count: int) -> tuple[str, str]:
    """A parameter's mark, and the condition for `count` rows at their turns; the ids alone too, by which SQLite looks.

    Its parameters are those of `_named`.
    """
    mark = mark_of(dialect)
    ids, pairs = ", ".join([mark] * count), ", ".join([f"({mark}, {mark})"] * count)
    return mark, f"id IN ({ids}) AND (id, turn) IN (VALUES {pairs})"


def _named(pairs: Sequence[Pair]) -> Iterable[int]:
    """The ids, then the pairs."""
    return chain((row_id for row_id, _ in pairs), chain.from_iterable(pairs))


@lru_cache(maxsize=64)
def _taking(kind: Kind, dialect: Dialect, count: int) -> tuple[str, Converter]:
    """The statement that takes `count` rows, and what makes its first parameter; what `_named` gives follows."""
    table = TABLES[kind].__table__
    mark, these = _these(dialect, count)
    statement = (
        f"UPDATE {table.name} SET turn = turn + 1, due_at = {mark}, attempts = attempts + 1"  # noqa: S608 - our names
        f" WHERE {these} AND {_at_work(kind)} RETURNING id, turn"
    )
    return statement, _moment(kind, dialect)


def _as_it_is(value: Any) -> Any:
    return value


@lru_cache(maxsize=64)
def _closing(kind: Kind, dialect: Dialect, count: int, names: tuple[str, ...]) -> tuple[str, tuple[Converter, ...]]:
    """The statement that closes `count` rows, and what makes the values of `names`, its first parameters."""
    table = TABLES[kind].__table__
    mark, these = _these(dialect, count)
    given = "".join(f", {name} = {mark}" for name in names)
    statement = (
        f"UPDATE {table.name} SET due_at = NULL, attempts = 0{given}"  # noqa: S608 - our names
        f" WHERE {these} AND attempts > 0 RETURNING id"
    )
    return statement, tuple(converter(table.c[name], dialect) or _as_it_is for name in names)


def _at_work(kind: Kind) -> str:
    """As `_working`, in text."""
    return "enabled AND due_at IS NOT NULL" if "enabled" in TABLES[kind].__table__.c else "due_at IS NOT NULL"


@lru_cache(maxsize=8)
def _due(kind: Kind, dialect: Dialect) -> str:
    """They stay locked until the commit, so that what is read of them is what is announced."""
    mark, locked = mark_of(dialect), " FOR UPDATE SKIP LOCKED" if dialect.name == "postgresql" else ""
    return (
        f"SELECT id, turn, attempts FROM {TABLES[kind].__tablename__}"  # noqa: S608 - our names
        f" WHERE due_at <= {mark} AND attempts < {CRASHED_AFTER} AND {_at_work(kind)}"
        f" ORDER BY due_at LIMIT {mark}{locked}"
    )


@lru_cache(maxsize=8)
def _moment(kind: Kind, dialect: Dialect) -> Converter:
    """What makes a time into a parameter."""
    return converter(TABLES[kind].__table__.c.due_at, dialect) or _as_it_is


def _announce(connection: Connection, kind: Kind, ids: Sequence[int], until: datetime) -> None:
    """As text, as `_taking`: while a tick announces, the other processes have nothing to do."""
    table, dialect = TABLES[kind].__table__, connection.dialect
    mark, moment = mark_of(dialect), _moment(kind, dialect)
    marks = ", ".join([mark] * len(ids))
    statement = f"UPDATE {table.name} SET due_at = {mark} WHERE id IN ({marks})"  # noqa: S608 - our names
    connection.exec_driver_sql(statement, (moment(until), *ids))


@lru_cache(maxsize=8)
def _waiting(dialect: Dialect) -> str:
    """A column a kind, in one statement: four of them were a third of a tick that has nothing to do."""
    mark = mark_of(dialect)
    asked = (f"EXISTS (SELECT 1 FROM {TABLES[kind].__tablename__} WHERE due_at <= {mark})" for kind in Kind)  # noqa: S608
    return f"SELECT {', '.join(asked)}"


def waiting(session: Session, now: datetime) -> set[Kind]:
    """The kinds of which a row's time has come, be it to announce it or to end it."""
    connection = session.connection()
    given = tuple(_moment(kind, connection.dialect)(now) for kind in Kind)
    found = connection.exec_driver_sql(_waiting(connection.dialect), given).one()
    return {kind for kind, due in zip(Kind, found, strict=True) if due}


def announce_due(
    session: Session, kind: Kind, now: datetime, lease: timedelta, limit: int = 5000
) -> list[Announcement]:
    """Lease the due rows for `lease` and give the messages to send; rows that crash travel alone.

    A few of `LISTED` kinds are put down in a list, others have their `due_at` pushed on. Rows at `CRASHED_AFTER`
    attempts are left for `crashed` to end.
    """
    connection = session.connection()
    leased = locked(connection, kind, now) if kind in LISTED else {}
    statement, moment = _due(kind, connection.dialect), _moment(kind, connection.dialect)
    most = limit + len(leased)
    rows = connection.exec_driver_sql(statement, (moment(now), most)).all()
    due = [(row_id, turn) for row_id, turn, _ in rows]
    new = [row for row, pair in zip(rows, due, strict=True) if pair not in leased]
    if kind in LISTED and len(rows) <= min(MOST, most - 1):
        if new:
            end = (now + lease).timestamp()
            write_list(connection, kind, {pair: leased.get(pair, end) for pair in due})
    else:
        for start in range(0, len(new), 5000):
            _announce(connection, kind, [row[0] for row in new[start : start + 5000]], now + lease)
    together = tuple((row_id, turn) for row_id, turn, attempts in new if attempts < ALONE_AFTER)
    alone = [Announcement(kind, ((row_id, turn),)) for row_id, turn, attempts in new if attempts >= ALONE_AFTER]
    return ([Announcement(kind, together)] if together else []) + alone


def take(session: Session, kind: Kind, pairs: Sequence[Pair], now: datetime, lease: timedelta) -> list[Pair]:
    """Take those of `pairs` that are still as announced; gives (id, new turn) of what is now ours.

    What else stands in the rows is read after the commit: on SQLite the other processes wait until then.
    """
    if not pairs:
        return []
    connection = session.connection()
    statement, moment = _taking(kind, connection.dialect, len(pairs))
    given = (moment(now + lease), *_named(pairs))
    turns: dict[int, int] = {row[0]: row[1] for row in connection.exec_driver_sql(statement, given)}
    return [(row_id, turns[row_id]) for row_id, _ in pairs if row_id in turns]


def close(session: Session, kind: Kind, pair: Pair, *, due_at: datetime | None, **values: Any) -> bool:
    """The closing write of one row: false, and nothing written, when the turn is no longer ours."""
    table = TABLES[kind]
    statement = (
        update(table)
        .where(table.id == pair[0], table.turn == pair[1], table.attempts > 0)
        .values(due_at=due_at, attempts=0, **values)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).rowcount == 1  # type: ignore[attr-defined,no-any-return]


def close_all(session: Session, kind: Kind, pairs: Sequence[Pair], **values: Any) -> set[int]:
    """Close many rows with `due_at` null, in one statement; gives the ids of those whose turn is still ours.

    They stay locked until the commit: what the steps found out about each is written after this, and `values`, in which
    all are alike, with it.
    """
    if not pairs:
        return set()
    connection = session.connection()
    statement, makers = _closing(kind, connection.dialect, len(pairs), tuple(values))
    made = [make(value) for make, value in zip(makers, values.values(), strict=True)]
    return {row[0] for row in connection.exec_driver_sql(statement, (*made, *_named(pairs)))}


def amend(session: Session, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what steps found out, each row with its `id`; only after `close_all` said that the turns are ours."""
    for group in _alike(rows):
        update_rows(session, TABLES[kind].__table__, group)


def finish(session: Session, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> int:
    """The closing write of many rows, each with its `id`, `turn`, `due_at` and what its step found out.

    A row whose turn is no longer ours is left as it is; gives how many were. For steps that write nothing else.
    """
    table = TABLES[kind].__table__
    return sum(
        update_rows(session, table, group, keys=("id", "turn"), condition="attempts > 0", fixed="attempts = 0")
        for group in _alike(rows)
    )


def _alike(rows: Sequence[Mapping[str, Any]]) -> Iterable[list[Mapping[str, Any]]]:
    """Those of the same columns together."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    return alike.values()


def crashed(session: Session, kind: Kind, now: datetime) -> list[int]:
    """Rows whose step died `CRASHED_AFTER` times without a closing write and whose lease is over."""
    connection = session.connection()
    mark, moment = mark_of(connection.dialect), _moment(kind, connection.dialect)
    table = TABLES[kind].__tablename__
    statement = f"SELECT id FROM {table} WHERE due_at <= {mark} AND attempts >= {CRASHED_AFTER}"  # noqa: S608 - our names
    return [row[0] for row in connection.exec_driver_sql(statement, (moment(now),))]


def end(session: Session, kind: Kind, row_id: int, *, due_at: datetime | None, **values: Any) -> None:
    """Close a row that nobody holds any more; its turn moves on, so that a late writer finds itself fenced off."""
    table = TABLES[kind]
    session.execute(
        update(table)
        .where(table.id == row_id)
        .values(due_at=due_at, attempts=0, turn=table.turn + 1, **values)
        .execution_options(synchronize_session=False)
    )


def due_lag(session: Session, kind: Kind, now: datetime) -> tuple[int, timedelta]:
    """How many rows are due and not yet announced, and how long the oldest has been."""
    table = TABLES[kind]
    due = and_(table.due_at <= now, _working(table))
    if kind in LISTED and (leased := listed(session.connection(), kind, now)):
        due = and_(due, tuple_(table.id, table.turn).not_in(list(leased)))
    count, oldest = session.execute(select(func.count(), func.min(table.due_at)).where(due)).one()
    return count, (now - oldest) if oldest else timedelta(0)


def unfinished(session: Session, kind: Kind, until: datetime) -> int:
    """Rows due before `until`, announced ones and those being worked on included."""
    table = TABLES[kind]
    busy = or_(table.due_at <= until, and_(table.due_at.is_not(None), table.attempts > 0))
    return session.scalar(select(func.count()).select_from(table).where(busy, _working(table))) or 0
