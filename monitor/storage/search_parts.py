"""The statements that find the newest articles of some words, and give them whole in the same turn.

A turn to PostgreSQL and back takes as long as the index does for most words: so one statement finds the candidates of
a part, asks them the other conditions, newest first, until there are enough, and reads what the page needs of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Integer,
    String,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session

from monitor.domain.words import Words, every
from monitor.storage.search_descent import Part
from monitor.storage.search_forms import INDEX, known_of
from monitor.storage.search_hydrate import ARTICLE_COLUMNS, Values
from monitor.storage.search_index import fts5_query, tsquery
from monitor.storage.tables import Article
from monitor.storage.types import TsQuery

_ID = (Article.id,)
NO_END = (1 << 63) - 1


def _columns(*, whole: bool) -> tuple[Any, ...]:
    return ARTICLE_COLUMNS if whole else _ID


def newest_first(rows: Sequence[Any]) -> list[Values]:
    """Rows that begin with their id."""
    return sorted(map(tuple, rows), key=_first, reverse=True)


def _first(row: Values) -> int:
    key: int = row[0]
    return key


def rows_of(session: Session, ids: Any, count: int, *, whole: bool) -> list[Values]:
    """The first `count` articles of a statement that gives ids: their ids alone, or all of them."""
    ids = ids.limit(count)
    if not whole:
        return [(key,) for key in session.scalars(ids)]
    if session.get_bind().dialect.name == "sqlite":
        return newest_first(session.execute(select(*ARTICLE_COLUMNS).where(Article.id.in_(ids))).all())
    # as an array it is found first, and looked up by the key, whatever the planner thinks of it
    within = Article.id == func.any(func.array(ids.scalar_subquery()))
    return newest_first(session.execute(select(*ARTICLE_COLUMNS).where(within)).all())


_SQLITE = text(
    "SELECT rowid FROM article_words WHERE article_words MATCH :words AND rowid >= :low AND rowid < :high "
    "ORDER BY rowid DESC LIMIT :count"
).columns(column("rowid", BigInteger))
_SQLITE_ROWS: dict[bool, Executable] = {
    True: select(*ARTICLE_COLUMNS).where(Article.id.in_(_SQLITE)),
    False: _SQLITE,
}


def newest_of_words(session: Session, words: Words, low: int, high: int, count: int, *, whole: bool) -> list[Values]:
    """On SQLite: the newest articles from `low` to below `high` that have the words."""
    asked = {"words": fts5_query(words), "low": low, "high": high, "count": count}
    return newest_first(session.connection().execute(_SQLITE_ROWS[whole], asked).all())


class Looked(NamedTuple):
    """What a part gave: the newest article of all, whether a form that was absent is there by now, how many candidates
    the part had, and those that will do."""

    newest: int
    absent_found: bool
    hits: int
    rows: list[Values]


# the function behind @@ is no operator, so no index is asked and the articles are walked over, newest first
_WALKED = "SELECT article_id AS id FROM article_words WHERE ts_match_vq(words, CAST(:words AS tsquery)) "
_ASKED = (
    "WITH those AS MATERIALIZED (SELECT article_id AS id FROM article_words WHERE words @@ CAST({} AS tsquery) "
    "AND (CAST(:also AS tsquery) IS NULL OR ts_match_vq(words, CAST(:also AS tsquery)))) "
)
_OF_THOSE = "SELECT id FROM those WHERE id >= :low AND id < :high ORDER BY id DESC LIMIT :most"
_TOP = "(SELECT coalesce(max(id), 0) FROM articles)"
_ERAS = (
    ":words || ' & (' || (SELECT string_agg(quote_literal('¤e' || :bits || '_' || era), ' | ') FROM generate_series("  # noqa: S608 - of constants
    f"greatest(({_TOP} + 1 - :size) >> :bits, 0), {_TOP} >> :bits) AS era) || ')'"
)
# the last two look down from the newest article, whichever that is
_PARTS = {
    "walked": _WALKED + "AND article_id >= :low AND article_id < :high ORDER BY article_id DESC LIMIT :most",
    "asked": _ASKED.format(":words") + _OF_THOSE,
    "top walked": " ".join((_WALKED, "AND article_id >", _TOP, "- :size ORDER BY article_id DESC LIMIT :most")),
    "top asked": _ASKED.format(_ERAS) + "SELECT id FROM those ORDER BY id DESC LIMIT :most",  # noqa: S608 - of constants
}
_TYPES: dict[str, Any] = {
    "words": String(),
    "also": String(),
    "low": BigInteger(),
    "high": BigInteger(),
    "size": BigInteger(),
    "bits": Integer(),
}


def _statement(kind: str, conditions: Sequence[ColumnElement[bool]], *, whole: bool) -> Any:
    """Candidates in `found`; of each the conditions are asked, newest first, until there are enough."""
    candidates = text(_PARTS[kind])
    named = [name for name in _TYPES if f":{name}" in _PARTS[kind]]
    candidates = candidates.bindparams(*(bindparam(name, type_=_TYPES[name]) for name in named))
    found = candidates.columns(column("id", BigInteger)).cte("found")
    ordered = select(found.c.id).order_by(found.c.id.desc()).offset(0).subquery()
    rows = (
        select(*_columns(whole=whole))
        .select_from(ordered)
        .join(Article, Article.id == ordered.c.id)
        .where(*conditions)
        .order_by(ordered.c.id.desc())
        .limit(bindparam("count", type_=BigInteger))
        .lateral("wanted")
    )
    one = select(
        select(func.coalesce(func.max(Article.id), 0)).scalar_subquery().label("newest"),
        exists(select(literal(1)).select_from(INDEX).where(INDEX.c.words.op("@@")(_ABSENT))).label("absent"),
        select(func.count()).select_from(found).scalar_subquery().label("hits"),
    ).subquery("one")
    return select(one.c.newest, one.c.absent, one.c.hits, *rows.c).select_from(one.outerjoin(rows, true()))


_ABSENT = cast(bindparam("absent", type_=String), TsQuery())
_ALONE = {(kind, whole): _statement(kind, (), whole=whole) for kind in _PARTS for whole in (True, False)}


def look(
    session: Session,
    words: Words,
    part: Part,
    count: int,
    conditions: Sequence[ColumnElement[bool]] = (),
    *,
    top: bool = False,
    absent: str = "",
    whole: bool,
) -> Looked:
    """On PostgreSQL: the newest `count` articles of a part that have the words and fulfil the conditions (on
    `articles`). `top`: the part is as long, but ends with the newest article. `absent`: forms that should be nowhere.
    """
    size = part.high - part.low
    asked: dict[str, Any] = {"count": count, "absent": absent, "most": size if conditions else count}
    if not part.walked:
        words, also = known_of(session).narrowed(words) if part.eras is not None else (words, None)
        asked["also"] = None if also is None else tsquery(also)
    kind = "walked" if part.walked else "asked"
    if top and (part.walked or part.eras is not None):
        kind = f"top {kind}"
        asked |= {"size": size} if part.walked else {"size": size, "bits": part.bits}
    else:
        words = every((words, part.eras)) or words
        asked |= {"low": part.low, "high": NO_END if top else part.high}
    asked["words"] = tsquery(words)
    statement = _statement(kind, conditions, whole=whole) if conditions else _ALONE[kind, whole]
    found = session.connection().execute(statement, asked).all()
    rows = [tuple(row[3:]) for row in found if row[3] is not None]
    newest, absent_found, hits = found[0][:3]
    return Looked(newest, absent_found, hits, newest_first(rows))
