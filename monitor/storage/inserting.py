"""Rows into a table, many at once, at the cost of the database's own work.

SQLAlchemy makes the parameters of each row anew, at more cost than storing them: the statement for a number of rows is
written once here, and each value goes through its column's type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

# SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535.
_MOST_PARAMETERS = 30_000


_UNKNOWN = "ON CONFLICT DO NOTHING"

Converter = Callable[[Any], Any]
Reader = Callable[[Any], Any]
Columns = Mapping[str, Sequence[Any]]
Alike = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True)
class _Insert:
    """How rows with certain columns go into a table: what each value is made into, and what makes those left out."""

    table: str
    start: str
    row: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    converters: tuple[Converter | None, ...]
    shared: tuple[tuple[str, Converter], ...]
    defaults: tuple[Callable[[], Any], ...]

    def places(self, back: Sequence[str]) -> tuple[int, ...] | None:
        """Where what comes back stands in the parameters of a row, its `id` apart, which is the first."""
        if back[0] != "id" or not set(back[1:]) <= set(self.columns):
            return None
        return tuple(map(self.columns.index, back[1:]))

    def values(self, columns: Columns, alike: Sequence[Alike]) -> list[tuple[Any, ...]]:
        """The parameters of each row; made column by column, as most columns are taken as they are."""
        made: list[Iterable[Any]] = [
            map(make, columns[name]) if make else columns[name]
            for name, make in zip(self.names, self.converters, strict=True)
        ]
        for name, make in self.shared:
            made.append(chain.from_iterable([repeat(make(values[name]), count) for count, values in alike]))
        return list(zip(*made, *(repeat(make()) for make in self.defaults), strict=False))


def insert_new(
    session: Session,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    returning: Sequence[Any],
    shared: Mapping[str, Any] = MappingProxyType({}),
) -> list[Any]:
    """Insert rows, leaving out those whose unique key is known; what was inserted comes back as tuples, in any order.

    All rows have the columns of the first, two at least, or a `KeyError` is raised; `shared` are the columns in which
    they are alike. What they leave out has its default, made once a call. Only numbers and text can come back.
    """
    if not rows:
        return []
    columns = dict(zip(rows[0], zip(*map(itemgetter(*rows[0]), rows), strict=True), strict=True))
    return insert_columns(session, table, columns, returning, [(len(rows), shared)])


def insert_columns(
    session: Session, table: Table, columns: Columns, returning: Sequence[Any], alike: Sequence[Alike]
) -> list[Any]:
    """As `insert_new`, of rows that are given by column.

    `alike` are the columns in which so many rows, one after the other, are alike: each has the same.
    """
    connection = session.connection()
    insert = _insert(table, connection.dialect, tuple(columns), tuple(alike[0][1]))
    rows = insert.values(columns, alike)
    names = [column.key for column in returning]
    back = _list(table, connection.dialect, names)
    if connection.dialect.name == "sqlite" and len(rows) > 1 and "id" in table.columns:
        return _insert_each(connection, insert, rows, back, insert.places(names))
    at_once = _MOST_PARAMETERS // len(rows[0])
    found: list[Any] = []
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        statement = f"{insert.start} VALUES {', '.join([insert.row] * len(some))} {_UNKNOWN} RETURNING {back}"
        found += connection.exec_driver_sql(statement, tuple(chain.from_iterable(some))).all()
    return found


def _insert_each(
    connection: Connection, insert: _Insert, rows: list[tuple[Any, ...]], back: str, places: tuple[int, ...] | None
) -> list[Any]:
    """Row by row, which SQLite does in three quarters of the time of one long statement.

    What is new then has higher ids than all before: on SQLite a transaction that writes is alone. Where all are new,
    they are numbered in order, and what comes back is at hand.
    """
    last = connection.exec_driver_sql(f"SELECT max(id) FROM {insert.table}").scalar() or 0  # noqa: S608 - our names
    added = connection.exec_driver_sql(f"{insert.start} VALUES {insert.row} {_UNKNOWN}", rows).rowcount
    if added == len(rows) and places is not None:
        given = (map(itemgetter(place), rows) for place in places)
        return list(zip(range(last + 1, last + added + 1), *given, strict=True))
    new = f"SELECT {back} FROM {insert.table} WHERE id > ?"  # noqa: S608 - our names
    return list(connection.exec_driver_sql(new, (last,)).all())


def update_rows(
    session: Session,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: tuple[str, ...] = ("id",),
    condition: str = "",
    fixed: str = "",
) -> int:
    """Write what each row says to the row of its `keys` where `condition` (SQL) holds; gives how many were found.

    `fixed` (SQL) is set in all of them.
    All have the columns of the first, or a `KeyError` is raised.
    """
    if not rows:
        return 0
    connection = session.connection()
    statement, names, converters = _update(table, connection.dialect, tuple(rows[0]), keys, condition, fixed)
    # By column, as most are taken as they are.
    columns = zip(*map(itemgetter(*names), rows), strict=True)
    made = [map(make, column) if make else column for make, column in zip(converters, columns, strict=True)]
    return int(connection.exec_driver_sql(statement, list(zip(*made, strict=True))).rowcount)


@lru_cache(maxsize=64)
def _update(
    table: Table, dialect: Dialect, given: tuple[str, ...], keys: tuple[str, ...], condition: str, fixed: str
) -> tuple[str, tuple[str, ...], tuple[Converter | None, ...]]:
    """The statement, and its parameters in order: the columns of `given`, then the keys; what makes their values."""
    quoted = dialect.identifier_preparer
    mark = mark_of(dialect)

    def equal(name: str) -> str:
        return f"{quoted.format_column(table.columns[name])} = {mark}"

    names = [name for name in given if name not in keys]
    written = ", ".join([*map(equal, names), *filter(None, [fixed])])
    where = " AND ".join([*map(equal, keys), *filter(None, [condition])])
    ordered = (*names, *keys)
    statement = f"UPDATE {quoted.format_table(table)} SET {written} WHERE {where}"  # noqa: S608 - our names
    return statement, ordered, tuple(converter(table.columns[name], dialect) for name in ordered)


@lru_cache(maxsize=64)
def _insert(table: Table, dialect: Dialect, given: tuple[str, ...], shared: tuple[str, ...]) -> _Insert:
    # what the database itself fills in, it fills in
    filled = [
        column
        for column in table.columns
        if column.default is not None and column.server_default is None and column.key not in {*given, *shared}
    ]
    columns = [*(table.columns[name] for name in (*given, *shared)), *filled]
    names = _list(table, dialect, [column.key for column in columns])
    mark = mark_of(dialect)
    into = dialect.identifier_preparer.format_table(table)
    return _Insert(
        table=into,
        start=f"INSERT INTO {into} ({names})",
        row=f"({', '.join([mark] * len(columns))})",
        columns=tuple(column.key for column in columns),
        names=given,
        converters=tuple(converter(table.columns[name], dialect) for name in given),
        shared=tuple((name, converter(table.columns[name], dialect) or _as_it_is) for name in shared),
        defaults=tuple(_default(column, dialect) for column in filled),
    )


def _list(table: Table, dialect: Dialect, names: Sequence[str]) -> str:
    return ", ".join(dialect.identifier_preparer.format_column(table.columns[name]) for name in names)


def converter(column: Column[Any], dialect: Dialect) -> Converter | None:
    """What makes a value of the column into the driver's; None where that is the value itself."""
    make: Converter | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return make


def mark_of(dialect: Dialect) -> str:
    """What stands for a parameter in a statement that goes to the driver as text."""
    return "?" if dialect.paramstyle == "qmark" else "%s"


def reader(column: Column[Any], dialect: Dialect) -> Reader | None:
    """What makes the driver's value into one of the column's; None where that is the value itself."""
    make: Reader | None = column.type.dialect_impl(dialect).result_processor(dialect, None)
    return make


def _default(column: Column[Any], dialect: Dialect) -> Callable[[], Any]:
    default: Any = column.default
    convert = converter(column, dialect) or _as_it_is
    return lambda: convert(default.arg(None) if default.is_callable else default.arg)


def _as_it_is(value: Any) -> Any:
    return value
