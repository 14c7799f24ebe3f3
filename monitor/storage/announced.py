"""Which due rows were announced, as a list in one row of `settings`: announcing then writes none of theirs.

A hundred due feeds of a large table lie on a hundred pages, which taking and closing them write anyway. A pair (id,
turn) is listed until its lease is over; one whose row was taken or closed meanwhile is told by its turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect

from monitor.storage.inserting import Converter, Reader, converter, mark_of, reader
from monitor.storage.tables import Setting

MOST = 1000  # pairs that are listed: the list is written anew with each announcement
Leases = Mapping[tuple[int, int], float]


def listed(connection: Connection, kind: str, now: datetime) -> dict[tuple[int, int], float]:
    """The pairs whose lease is not over, each with its end in seconds since 1970."""
    return _leases(connection, kind, now, _statements(connection.dialect).read)


def locked(connection: Connection, kind: str, now: datetime) -> dict[tuple[int, int], float]:
    """As `listed`; until the commit another who asks for it so waits, and is then given what was written."""
    return _leases(connection, kind, now, _statements(connection.dialect).lock)


def write_list(connection: Connection, kind: str, leases: Leases) -> None:
    """Put the pairs in place of those that were listed."""
    ends: dict[str, list[int]] = {}
    for pair, end in leases.items():
        ends.setdefault(repr(end), []).extend(pair)
    dialect = connection.dialect
    make = _value(dialect)[0]
    connection.exec_driver_sql(_statements(dialect).write, (_key(kind), make(ends) if make else ends))


def _leases(connection: Connection, kind: str, now: datetime, statement: str) -> dict[tuple[int, int], float]:
    found = connection.exec_driver_sql(statement, (_key(kind),)).scalar()
    make, moment = _value(connection.dialect)[1], now.timestamp()
    ends: Mapping[str, list[int]] = (make(found) if make else found) or {}
    return {
        pair: float(end)
        for end, flat in ends.items()
        if float(end) > moment
        for pair in zip(flat[::2], flat[1::2], strict=True)
    }


class _Statements(NamedTuple):
    read: str
    lock: str
    write: str


@lru_cache(maxsize=2)
def _statements(dialect: Dialect) -> _Statements:
    mark = mark_of(dialect)
    read = f"SELECT value FROM settings WHERE key = {mark}"  # noqa: S608 - a parameter's mark
    put = f"INSERT INTO settings (key, value) VALUES ({mark}, {{}}) ON CONFLICT (key) DO UPDATE SET "  # noqa: S608
    # A row that is not there yet cannot be locked. On SQLite a transaction that writes is alone.
    lock = read if dialect.name == "sqlite" else put.format("'{}'") + "key = excluded.key RETURNING value"
    return _Statements(read, lock, put.format(mark) + "value = excluded.value")


@lru_cache(maxsize=2)
def _value(dialect: Dialect) -> tuple[Converter | None, Reader | None]:
    """What makes a list into the driver's value, and back."""
    column: Any = Setting.__table__.c.value
    return converter(column, dialect), reader(column, dialect)


def _key(kind: str) -> str:
    return f"announced:{kind}"
