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

from sqlalchemy import Column, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

# SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535.
_MOST_PARAMETERS = 30_000


Converter = Callable[[Any], Any]


@dataclass(frozen=True)
class _Insert:
    """How rows with certain columns go into a table: what each value is made into, and what makes those left out."""

    start: str
    row: str
    end: str
    get: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    converters: tuple[Converter | None, ...]
    shared: tuple[tuple[str, Converter], ...]
    defaults: tuple[Callable[[], Any], ...]

    def values(self, rows: Sequence[Mapping[str, Any]], shared: tuple[Any, ...]) -> tuple[Any, ...]:
        """All parameters, one row after the other; made column by column, as most columns are taken as they are."""
        columns: list[Iterable[Any]] = list(zip(*map(self.get, rows), strict=True))
        for place, make in enumerate(self.converters):
            if make:
                columns[place] = map(make, columns[place])
        return tuple(chain.from_iterable(zip(*columns, *map(repeat, shared), strict=False)))


def insert_new(
    session: Session,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    returning: Sequence[Any],
    shared: Mapping[str, Any] = MappingProxyType({}),
) -> list[Any]:
    """Insert rows, leaving out those whose unique key is known; what was inserted comes back, in any order.

    All rows have the columns of the first, two at least, or a `KeyError` is raised; `shared` are the columns in which
    they are alike. What they leave out has its default, made once a call. Only numbers and text can come back.
    """
    if not rows:
        return []
    connection = session.connection()
    insert = _insert(
        table, connection.dialect, tuple(rows[0]), tuple(shared), tuple(column.key for column in returning)
    )
    alike = (*(make(shared[name]) for name, make in insert.shared), *(make() for make in insert.defaults))
    at_once = _MOST_PARAMETERS // (insert.row.count(",") + 1)
    found: list[Any] = []
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        statement = f"{insert.start} VALUES {', '.join([insert.row] * len(some))} {insert.end}"
        found += connection.exec_driver_sql(statement, insert.values(some, alike)).all()
    return found


def update_rows(
    session: Session,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: tuple[str, ...] = ("id",),
    condition: str = "",
) -> int:
    """Write what each row says to the row of its `keys` where `condition` (SQL) holds; gives how many were found.

    All have the columns of the first, or a `KeyError` is raised.
    """
    if not rows:
        return 0
    connection = session.connection()
    statement, converters = _update(table, connection.dialect, tuple(rows[0]), keys, condition)
    written = connection.exec_driver_sql(
        statement, [tuple([make(row[name]) if make else row[name] for name, make in converters]) for row in rows]
    )
    return int(written.rowcount)


@lru_cache(maxsize=64)
def _update(
    table: Table, dialect: Dialect, given: tuple[str, ...], keys: tuple[str, ...], condition: str
) -> tuple[str, tuple[tuple[str, Converter | None], ...]]:
    """The statement, and its parameters in order: the columns of `given`, then the keys."""
    quoted = dialect.identifier_preparer
    mark = "?" if dialect.paramstyle == "qmark" else "%s"

    def equal(name: str) -> str:
        return f"{quoted.format_column(table.columns[name])} = {mark}"

    names = [name for name in given if name not in keys]
    where = " AND ".join([*map(equal, keys), *filter(None, [condition])])
    converters = tuple((name, _converter(table.columns[name], dialect)) for name in (*names, *keys))
    statement = f"UPDATE {quoted.format_table(table)} SET {', '.join(map(equal, names))} WHERE {where}"  # noqa: S608 - our names
    return statement, converters


@lru_cache(maxsize=64)
def _insert(
    table: Table, dialect: Dialect, given: tuple[str, ...], shared: tuple[str, ...], returning: tuple[str, ...]
) -> _Insert:
    # what the database itself fills in, it fills in
    filled = [
        column
        for column in table.columns
        if column.default is not None and column.server_default is None and column.key not in {*given, *shared}
    ]
    columns = [*(table.columns[name] for name in (*given, *shared)), *filled]
    quoted = dialect.identifier_preparer
    names = ", ".join(quoted.format_column(column) for column in columns)
    back = ", ".join(quoted.format_column(table.columns[name]) for name in returning)
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    return _Insert(
        start=f"INSERT INTO {quoted.format_table(table)} ({names})",
        row=f"({', '.join([mark] * len(columns))})",
        end=f"ON CONFLICT DO NOTHING RETURNING {back}",
        get=itemgetter(*given),
        converters=tuple(_converter(table.columns[name], dialect) for name in given),
        shared=tuple((name, _converter(table.columns[name], dialect) or _as_it_is) for name in shared),
        defaults=tuple(_default(column, dialect) for column in filled),
    )


def _converter(column: Column[Any], dialect: Dialect) -> Converter | None:
    make: Converter | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return make


def _default(column: Column[Any], dialect: Dialect) -> Callable[[], Any]:
    default: Any = column.default
    convert = _converter(column, dialect) or _as_it_is
    return lambda: convert(default.arg(None) if default.is_callable else default.arg)


def _as_it_is(value: Any) -> Any:
    return value
