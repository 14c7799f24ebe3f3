"""Rows of a statement while PostgreSQL still sends the next: what is done with them costs little time of its own.

SQLAlchemy gives rows when all are there, and psycopg's `stream` has its statement planned anew each time, which takes
as long as to answer it. So the statement is SQLAlchemy's, prepared once a connection, and libpq hands out the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:  # loaded where PostgreSQL is the database
    from psycopg.abc import Transformer

AT_ONCE = 32  # rows: so few that they are still at hand for the processor when they are looked at
MOST_PREPARED = 100  # statements of a connection; more are asked in SQLAlchemy's way
_PREPARED = "veille_prepared"
Rows = list[tuple[Any, ...]]
logger = logging.getLogger(__name__)


class Streamed:
    """A statement for connections of the engine for searches, with its parameters by name."""

    def __init__(self, statement: Any, connection: Connection) -> None:
        dialect = cast("Any", type(connection.dialect))(paramstyle="numeric_dollar")
        compiled = statement.compile(dialect=dialect)
        self._said = str(compiled)
        self._parameters = [
            (name, compiled.binds[name].value, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup
        ]
        types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        read = [kind.result_processor(dialect, None) for kind in types]
        self._read = [(number, how) for number, how in enumerate(read) if how is not None]

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Generator[Rows] | None:
        """Its rows, some at a time. The server is asked at once; the iterator must be closed before the connection is
        asked anything else.

        None where this cannot be: within a transaction, and with a libpq that is older than 17. Raises `DBAPIError`
        as SQLAlchemy does, with the connection given up.
        """
        from psycopg import capabilities

        driver: Any = connection.connection.driver_connection
        prepared: dict[str, tuple[bytes, Transformer]] = connection.info.setdefault(_PREPARED, {})
        if not driver.autocommit or not capabilities.has_stream_chunked():
            return None
        if self._said not in prepared and len(prepared) >= MOST_PREPARED:
            return None
        stretches = self._streamed(connection, driver, prepared, self._in_order(values))
        next(stretches)
        return stretches

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Rows | None:
        """All its rows at once, which spares what SQLAlchemy makes of each; None as `rows` gives it."""
        stretches = self.rows(connection, values)
        if stretches is None:
            return None
        with closing(stretches):
            return [row for stretch in stretches for row in stretch]

    def _in_order(self, values: Mapping[str, Any]) -> list[Any]:
        found = []
        for name, otherwise, write in self._parameters:
            value = values.get(name, otherwise)
            found.append(value if write is None else write(value))
        return found

    def _streamed(
        self, connection: Connection, driver: Any, prepared: dict[str, tuple[bytes, Transformer]], values: list[Any]
    ) -> Generator[Rows]:
        """No rows once it is asked, then its rows."""
        from psycopg import Error, generators

        logger.debug("asked: %s", self._said)  # SQLAlchemy's own log and events know nothing of it
        finished = False
        try:
            name, transformer = prepared.get(self._said) or self._prepare(driver, prepared)
            driver.pgconn.send_query_prepared(name, _in_text(transformer, values))
            driver.pgconn.set_chunked_rows_mode(AT_ONCE)
            driver.wait(generators.send(driver.pgconn))
            yield []
            first = True
            while (result := driver.wait(generators.fetch(driver.pgconn))) is not None:
                _raise_for(result)
                transformer.set_pgresult(result, set_loaders=first)
                first = False
                if result.ntuples:
                    yield self._as_told(transformer.load_rows(0, result.ntuples, tuple))
            finished = True
        except Error as error:
            finished = True
            connection.invalidate(error)
            raise _as_sqlalchemy(self._said, error) from error
        finally:
            if not finished:
                _pass_over(connection, driver)

    def _prepare(self, driver: Any, prepared: dict[str, tuple[bytes, Transformer]]) -> tuple[bytes, Transformer]:
        from psycopg import adapt, generators

        name = b"veille_%d" % len(prepared)
        driver.pgconn.send_prepare(name, self._said.encode())
        for result in driver.wait(generators.execute(driver.pgconn)):
            _raise_for(result)
        prepared[self._said] = name, adapt.Transformer(driver)
        return prepared[self._said]

    def _as_told(self, rows: Rows) -> Rows:
        """What the columns' types make of what the driver read."""
        if not self._read:
            return rows
        told = []
        for row in rows:
            values = list(row)
            for number, how in self._read:
                values[number] = how(values[number])
            told.append(tuple(values))
        return told


def every_row(connection: Connection, statement: Any, values: Mapping[str, Any]) -> Sequence[Any]:
    """All rows of a statement that is made once and kept: SQLAlchemy's checks, made anew each time, take as long as the
    server does for a few rows. In SQLAlchemy's way where that cannot be."""
    with asked_ahead(connection, statement, values) as rows:
        return rows()


@contextmanager
def asked_ahead(
    connection: Connection, statement: Any, values: Mapping[str, Any]
) -> Iterator[Callable[[], Sequence[Any]]]:
    """The same, asked before its rows are wanted: what is done meanwhile takes no time of its own."""
    stretches = None
    if connection.dialect.name == "postgresql":
        streamed = _KEPT.get(statement)
        if streamed is None:
            streamed = _KEPT[statement] = Streamed(statement, connection)
        stretches = streamed.rows(connection, values)
    if stretches is None:
        yield lambda: connection.execute(statement, values).all()
        return
    with closing(stretches) as coming:
        yield lambda: [row for stretch in coming for row in stretch]


_KEPT: dict[Any, Streamed] = {}


def _in_text(transformer: Transformer, values: list[Any]) -> Any:
    """As text, which the server reads as whatever the statement takes them for."""
    from psycopg.adapt import PyFormat

    return transformer.dump_sequence(values, [PyFormat.TEXT] * len(values))


def _raise_for(result: Any) -> None:
    from psycopg import errors, pq

    if result.status == pq.ExecStatus.FATAL_ERROR:
        raise errors.error_from_result(result)


def _as_sqlalchemy(said: str, error: Exception) -> Exception:
    """Said to be worth another connection, but for what was cancelled: that would only take as long again."""
    from psycopg import Error, errors

    again = not isinstance(error, errors.QueryCanceled)
    return DBAPIError.instance(said, None, error, Error, connection_invalidated=again)


def _pass_over(connection: Connection, driver: Any) -> None:
    """The rows that nobody wants any more."""
    from psycopg import Error, generators

    try:
        while driver.wait(generators.fetch(driver.pgconn)) is not None:
            pass
    except Error as error:
        connection.invalidate(error)
