"""Reading the heartbeats by the bare driver: containers ask every minute, and SQLAlchemy takes a second to load."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

from monitor.errors import StorageError

QUESTION: LiteralString = "SELECT name, at FROM heartbeats"


def read_beats(url: str) -> dict[str, datetime]:
    """When each thing was last done. Raises `StorageError` for a database that does not answer or is empty."""
    rows = _from_sqlite(url) if url.startswith("sqlite") else _from_postgresql(url)
    return {name: _utc(at) for name, at in rows}


def database_clock(url: str) -> datetime:
    """What time it is where the database is (here, for SQLite). Raises `StorageError`."""
    return datetime.now(UTC) if url.startswith("sqlite") else _utc(_from_postgresql(url, "SELECT now()")[0][0])


def _from_sqlite(url: str) -> list[tuple[Any, ...]]:
    path = Path(url.partition(":///")[2])
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(QUESTION).fetchall()
    except sqlite3.Error as error:
        raise StorageError(f"the database does not answer: {error}") from error


def _from_postgresql(url: str, question: LiteralString = QUESTION) -> list[tuple[Any, ...]]:
    import psycopg

    plain = "postgresql://" + url.partition("://")[2]
    try:
        with psycopg.connect(plain, connect_timeout=5, options="-c statement_timeout=5000") as connection:
            return connection.execute(question).fetchall()
    except psycopg.Error as error:
        raise StorageError(f"the database does not answer: {str(error).splitlines()[0]}") from error


def _utc(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
