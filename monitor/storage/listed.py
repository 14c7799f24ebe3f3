"""Statements about a list of ids: with the list as one parameter they are made once, and not for each length."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    String,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from monitor.storage.streamed import asked_ahead

IDS = "ids"


def among(key: InstrumentedAttribute[int]) -> dict[str, ColumnElement[bool]]:
    """The condition that `key` is one of the ids, by dialect."""
    listed_there = func.json_each(bindparam(IDS, type_=String)).table_valued(column("value"))
    return {
        "sqlite": key.in_(select(listed_there.c.value)),
        "postgresql": key == any_(bindparam(IDS, type_=ARRAY(BigInteger))),
    }


def one_of(session: Session, key: Any, ids: Sequence[int]) -> ColumnElement[bool]:
    """The condition that `key` is one of these ids, for a statement that has more to it than a list."""
    if session.get_bind().dialect.name == "postgresql":
        there: ColumnElement[bool] = key == any_(literal(list(ids), ARRAY(BigInteger)))
        return there
    values = func.json_each(literal(json.dumps(list(ids)), String)).table_valued(column("value"))
    within: ColumnElement[bool] = key.in_(select(values.c.value))
    return within


def led_by(session: Session, key: Any, ids: Sequence[int]) -> ColumnElement[bool]:
    """The same, where rows are to be looked up by these ids: PostgreSQL's planner, which does not see how many there
    are, takes an index of `key` and does not go through all rows to ask each."""
    if session.get_bind().dialect.name != "postgresql":
        return one_of(session, key, ids)
    unseen = select(literal(list(ids), ARRAY(BigInteger))).scalar_subquery()
    there: ColumnElement[bool] = key == func.any(cast(unseen, ARRAY(BigInteger)))
    return there


def in_array(key: Any, ids: Select[Any]) -> ColumnElement[bool]:
    """The condition that `key` is one of what a statement gives, which PostgreSQL finds first and looks up then."""
    found: ColumnElement[bool] = key == func.any(func.array(ids.scalar_subquery()))
    return found


def listed(session: Session, statements: Mapping[str, Any], ids: Sequence[int]) -> Sequence[Any]:
    """The rows of the dialect's statement for these ids."""
    with listed_ahead(session, statements, ids) as rows:
        return rows()


@contextmanager
def listed_ahead(
    session: Session, statements: Mapping[str, Any], ids: Sequence[int]
) -> Iterator[Callable[[], Sequence[Any]]]:
    """The same, asked before the rows are wanted; see `streamed.asked_ahead`."""
    if not ids:
        yield list
        return
    dialect = session.get_bind().dialect.name
    value: Any = json.dumps(list(ids)) if dialect == "sqlite" else list(ids)
    with asked_ahead(session.connection(), statements[dialect], {IDS: value}) as rows:
        yield rows
