"""Opening the database: SQLite (WAL) or PostgreSQL, with short transactions that say whether they write."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from monitor.errors import StorageError
from monitor.storage.sharing import most_shared

# milliseconds: a worker that is frozen in the middle of a transaction (a stopped process, a moved machine) would hold
# its locks for ever, and everybody who waits for them with it
FROZEN = 60_000
_PATIENCE = 30_000  # milliseconds that SQLite waits for a lock
_LOOKS, _BETWEEN_LOOKS = 100, 0.0005  # of our own at SQLite's writers' lock before that; seconds
_SEARCHED = 16_384  # KiB that a search may keep of SQLite's pages; 2,000 is its own measure
# the words of the index themselves, of a connection
VOCABULARY = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.article_vocabulary USING fts5vocab(main, article_words, instance)"
ALONE = 0x414C4F4E  # any number, the same for all; that of migrations is another

# Of a search: sequential scans are taken for cheap where lists of words are read; candidates come in order, so each is
# looked up and none gathered; and the plan is always the same, while making it takes longer than running it.
SEARCHING = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
}

# our statements are short: compiling one to machine code takes longer than running it; and times are ours in UTC, which
# the driver reads in a fraction of what the server's own zone takes
_ALWAYS = {"jit": "off", "timezone": "UTC"}

Answer = TypeVar("Answer")

# steps pass sessions along without knowing where they come from
__all__ = ["Session", "Store", "insert_on", "open_store"]


class Store:
    """A database and its transactions. One a process; `dispose` closes it.

    `open_transactions` counts what is open now: every step keeps it at zero while it talks to the outside.
    """

    def __init__(self, engine: Engine, searching: Engine | None = None) -> None:
        self.engine, self.searching = engine, searching or engine
        self.open_transactions = 0
        self._reader = sessionmaker(engine, expire_on_commit=False)
        self._searcher = sessionmaker(self.searching, expire_on_commit=False)
        # a deferred SQLite transaction that comes to write fails with "database is locked" whatever the timeout
        self._writer = sessionmaker(engine.execution_options(veille_write=True), expire_on_commit=False)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A short transaction that only reads."""
        with self._counted(), self._reader() as session:
            yield session

    def search(self, run: Callable[[Session], Answer]) -> Answer:
        """`run` in a session for searches in the text; once more when the connection turns out to be gone.

        On PostgreSQL each statement there is a transaction of its own: beginning, ending and asking beforehand whether
        the server is there took as long as the search itself.
        """
        try:
            with self._counted(), self._searcher() as session:
                return run(session)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        with self._counted(), self._searcher() as session:
            return run(session)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A short transaction that commits at its end, or rolls back on any error."""
        with self._counted(), self._writer.begin() as session:
            yield session

    @contextmanager
    def write_alone(self) -> Iterator[Session]:
        """A transaction that commits at its end; another of these waits for it, whichever process it is in.

        For what reads rows and then decides what to write; on SQLite every writing transaction is alone.
        """
        with self.write() as session:
            if self.dialect == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ALONE})
            yield session

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.open_transactions += 1
        try:
            yield
        finally:
            self.open_transactions -= 1

    def dispose(self) -> None:
        self.engine.dispose()
        self.searching.dispose()


def open_store(url: str) -> Store:
    """Open `url` (an SQLAlchemy URL). Raises `StorageError` for one that cannot be understood."""
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgres", "postgresql"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite":
            return Store(_sqlite(parsed), _searching_sqlite(parsed))
        if parsed.get_backend_name() == "postgresql":
            return Store(_postgresql(parsed), _searching(parsed))
    except (SQLAlchemyError, ImportError, OSError, ValueError) as error:
        raise StorageError(f"the database URL cannot be used: {error}") from error
    raise StorageError(f"{parsed.get_backend_name()} is not supported: write sqlite:///… or postgresql://…")


def _postgresql(url: Any) -> Engine:
    options = {} if "options" in url.query else {"options": f"-c idle_in_transaction_session_timeout={FROZEN}"}
    engine = create_engine(
        url,
        json_serializer=_json,
        json_deserializer=_of_json,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=10,
        connect_args=options,
    )
    return _prepared(engine, {"idle_in_transaction_session_timeout": str(FROZEN)})


def _searching(url: Any) -> Engine:
    """Connections of their own, made when something is searched for the first time."""
    engine = create_engine(
        url,
        json_deserializer=_of_json,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        connect_args={"prepare_threshold": 1},
    )
    return _prepared(engine, SEARCHING)


def _prepared(engine: Engine, settings: dict[str, str]) -> Engine:
    """Each of the engine's connections with these settings of the server, and with ours for all."""
    settings = {**_ALWAYS, **settings}

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))
        connection.commit()

    return engine


def _sqlite(url: Any) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, json_serializer=_json, json_deserializer=_of_json, connect_args={"timeout": 30, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself
        connection.create_function("most_shared", 1, most_shared, deterministic=True)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={_PATIENCE}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if not connection.get_execution_options().get("veille_write"):
            connection.exec_driver_sql("BEGIN")
        elif not _begun_soon(connection.connection.driver_connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _searching_sqlite(url: Any) -> Engine | None:
    """Connections that keep more of what they read: a search comes back to the same pages of the indexes."""
    if not url.database or url.database == ":memory:":
        return None  # another connection would be another database
    engine = _sqlite(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA cache_size=-{_SEARCHED}")
        connection.execute(VOCABULARY)  # before a transaction, at whose end it would be gone

    return engine


def _begun_soon(connection: sqlite3.Connection) -> bool:
    """Whether a writing transaction could begin within a tenth of a second or so.

    SQLite itself sleeps 1, 2, 5, 10, 15 … milliseconds between two looks at a lock that is mostly held for some three.
    """
    connection.execute("PRAGMA busy_timeout=0")
    try:
        for _ in range(_LOOKS):
            with suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")
                return True
            time.sleep(_BETWEEN_LOOKS)
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE}")


def _json(value: Any) -> str:
    """As the standard library's, at a fifth of the time: each entry has a list of authors."""
    return to_json(value).decode()


def _of_json(value: str | bytes) -> Any:
    """As the standard library's, which also reads half of a surrogate pair: an older version may have written one."""
    try:
        return from_json(value)
    except ValueError:
        return json.loads(value)


def insert_on(connection: Connection, table: Table) -> Any:
    """An INSERT in the database's own words, which knows ON CONFLICT."""
    # loaded with the engine: the other dialect stays out of memory
    module: Any = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    return module.insert(table)
