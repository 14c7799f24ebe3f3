"""Statements about a list of ids: with the list as one parameter they are made once, and not for each length."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, String, any_, bindparam, column, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

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


def listed(session: Session, statements: Mapping[str, Any], ids: Sequence[int]) -> Sequence[Any]:
    """The rows of the dialect's statement for these ids."""
    if not ids:
        return []
    dialect = session.get_bind().dialect.name
    value: Any = json.dumps(list(ids)) if dialect == "sqlite" else list(ids)
    return session.connection().execute(statements[dialect], {IDS: value}).all()
