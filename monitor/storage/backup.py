"""A copy of everything in one file that either database can take back: gzip over JSON lines, a table after another.

The first line names the schema's revision, each further line is `[table, {column: value, …}]`, the last one counts the
rows. Written from one snapshot, so that work goes on meanwhile; read in one transaction, so that it is all or nothing.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Date, Select, Table, column, insert, inspect, select, table, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from monitor.errors import StorageError
from monitor.storage import schema_check
from monitor.storage.engine import Store
from monitor.storage.schema import current, head, migrate
from monitor.storage.search_index import fill_index
from monitor.storage.tables import Setting
from monitor.storage.tables_web import Base
from monitor.storage.types import UtcDateTime

BATCH = 500
FORMAT = "veille backup 1"
INDEX = "article_words"  # made of the articles, so made anew


def backup(store: Store, path: Path) -> int:
    """Write everything to `path`, whole or not at all; gives the number of rows. Raises `StorageError`."""
    partial = path.with_name(path.name + ".partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it holds addresses and messages
        with os.fdopen(handle, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as file:
            rows = _write(store, file)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error}") from error
    return rows


def _write(store: Store, file: Any) -> int:
    count = 0
    file.write(json.dumps({"format": FORMAT, "revision": current(store)}) + "\n")
    with store.read() as session:
        if store.dialect == "postgresql":
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        for one in Base.metadata.sorted_tables:
            for row in session.execute(_content(one).execution_options(yield_per=1000)).mappings():
                file.write(json.dumps([one.name, dict(row)], default=_plain, ensure_ascii=False) + "\n")
                count += 1
    file.write(json.dumps({"rows": count}) + "\n")
    return count


def _content(one: Table) -> Select[Any]:
    """A table's rows but for what is the schema's own: whoever migrates writes that."""
    found = select(one)
    return found.where(one.c.key != schema_check.KEY) if one.name == Setting.__tablename__ else found


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be backed up")


def restore(store: Store, path: Path) -> int:
    """Bring an empty database to what `path` holds, then to this program's schema; gives the number of rows.

    Raises `StorageError` for a database that holds something, for a file that is cut, foreign, or of a newer program.
    """
    try:
        revision, rows = _open(path)
        _require_room(store, revision)
        with store.write() as session:
            count = _load(session, rows)
            if INDEX in _existing(session):
                fill_index(session.connection())
            if store.dialect == "postgresql":
                _set_sequences(session)
    except (OSError, EOFError, ValueError, SQLAlchemyError) as error:
        raise StorageError(f"{path} cannot be restored: {str(error).splitlines()[0]}") from error
    migrate(store)
    return count


def _open(path: Path) -> tuple[str, Iterator[Any]]:
    lines = _lines(path)
    first = next(lines, None)
    if not isinstance(first, dict) or first.get("format") != FORMAT:
        raise ValueError("this is no backup that this program knows")
    return str(first["revision"]), lines


def _lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _require_room(store: Store, revision: str) -> None:
    if revision > head():
        raise ValueError(f"it is of revision {revision}, this program knows {head()}: install a newer Veille")
    found = current(store)
    if found is None:
        migrate(store, revision)
    elif found != revision:
        raise ValueError(f"the database is at revision {found}, the backup at {revision}: give it an empty database")
    with store.read() as session:
        for one in Base.metadata.sorted_tables:
            if one.name in _existing(session) and session.execute(_content(one).limit(1)).first():
                raise ValueError(f"the database is not empty: `{one.name}` has rows")


def _existing(session: Session) -> set[str]:
    return set(inspect(session.connection()).get_table_names())


def _load(session: Session, lines: Iterable[Any]) -> int:
    """Rows come table by table; columns are those of the backup, which may be older than this program's."""
    count = 0
    end = None
    for name, group in groupby(lines, key=lambda line: line[0] if isinstance(line, list) else None):
        if name is None:
            end = next(iter(group))
            continue
        known = Base.metadata.tables[name]
        while rows := [line[1] for line in islice(group, BATCH)]:
            _insert(session, known, rows)
            count += len(rows)
    if end is None or end.get("rows") != count:
        raise ValueError("the file is cut: its last line is missing")
    return count


def _insert(session: Session, known: Table, rows: list[dict[str, Any]]) -> None:
    types = {name: known.c[name].type for name in rows[0] if name in known.c}
    light = table(known.name, *(column(name, kind) for name, kind in types.items()))
    session.execute(insert(light), [{name: _typed(kind, row[name]) for name, kind in types.items()} for row in rows])


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def _set_sequences(session: Session) -> None:
    """Ids go on after those that were restored."""
    for one in Base.metadata.sorted_tables:
        if "id" in one.c and one.name in _existing(session):
            session.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{one.name}', 'id'), "  # noqa: S608 - names of our tables
                    f"(SELECT coalesce(max(id), 1) FROM {one.name}), (SELECT count(*) > 0 FROM {one.name}))"
                )
            )
