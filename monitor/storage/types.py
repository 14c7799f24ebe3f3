"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer
from sqlalchemy.engine import Dialect
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine, UserDefinedType


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant. SQLite has no zones: it is stored naive in UTC and comes back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time cannot be stored: {value!r}")
        return value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        # a feed's first poll stores a hundred and twenty times: the same by three steps each was as dear as the insert
        return _for_sqlite if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:  # noqa: ARG002
        # a page of articles has two hundred times: three steps for each were a tenth of what a search costs
        return _of_sqlite if dialect.name == "sqlite" else _of_postgresql


def _for_sqlite(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a naive time cannot be stored: {value!r}")
    # put together from what is at hand: the library's own `isoformat` takes thrice as long
    since = value - _EPOCH
    minute, second = divmod(since.seconds, 60)
    micros = since.microseconds
    return _day(since.days) + _MINUTES[minute] + _SECONDS[second] + (f"{micros:06}" if micros else "000000")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES = [f" {minute // 60:02}:{minute % 60:02}:" for minute in range(24 * 60)]
_SECONDS = [f"{second:02}." for second in range(60)]


@lru_cache(maxsize=4096)
def _day(since: int) -> str:
    return (_EPOCH + timedelta(days=since)).date().isoformat()


def _of_sqlite(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def _of_postgresql(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


# SQLite numbers rows by itself only when the key is INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


class Json(TypeDecorator[Any]):
    """JSONB on PostgreSQL, whose dialect (and those of six drivers, 3 MiB) is only loaded where it is the database."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON())
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())


class TsQuery(UserDefinedType[str]):
    """PostgreSQL's own, known without its dialect."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "TSQUERY"
