"""The statements that find the newest articles of some words, and give them whole in the same turn.

A turn to PostgreSQL and back takes as long as the index does for most words: so one statement finds the candidates of
a part, asks them the other conditions, newest first, until there are enough, and reads what the page needs of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from contextlib import closing
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    Integer,
    String,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal,
    null,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session

from monitor.domain.words import Words
from monitor.storage.search_descent import Part
from monitor.storage.search_forms import INDEX, known_of
from monitor.storage.search_hydrate import Read, Values
from monitor.storage.search_index import MOST_APART, fts5_query, tsqueries, tsquery
from monitor.storage.streamed import Rows, Streamed
from monitor.storage.tables import Alert, Article
from monitor.storage.types import TsQuery

NO_END = (1 << 63) - 1
MANY_OF_ERA = 64  # candidates: of fewer the index is asked once for all eras, as it looks for its words anew each time
See = Callable[[Sequence[Values]], None]


def newest_first(rows: Sequence[Any]) -> list[Values]:
    """Rows that begin with their id."""
    return sorted(map(tuple, rows), key=itemgetter(0), reverse=True)


class Listing:
    """The first `:count` articles of a statement that gives ids, newest first: what is read of each."""

    def __init__(self, ids: Any, connection: Connection, *, read: Read) -> None:
        self._statement, self._read = _listing(ids, connection.dialect.name, read=read), read
        self._asked = False
        self._streamed: Streamed | None = None

    def rows(self, connection: Connection, asked: Mapping[str, Any]) -> list[Values]:
        """They, with the statement's parameters."""
        found = self._again(connection, asked) if self._asked else None
        if found is None:
            found = connection.execute(self._statement, asked).all()
        self._asked = True
        return [(row[0],) for row in found] if self._read is Read.IDS else newest_first(found)

    def _again(self, connection: Connection, asked: Mapping[str, Any]) -> Sequence[Any] | None:
        """What is asked but once is not worth another way."""
        if connection.dialect.name != "postgresql":
            return None
        if self._streamed is None:
            self._streamed = Streamed(self._statement, connection)
        return self._streamed.all(connection, asked)


def _listing(ids: Any, dialect: str, *, read: Read) -> Any:
    ids = ids.limit(bindparam("count", type_=BigInteger))
    if read is Read.IDS:
        return ids
    if dialect == "sqlite":
        return select(*read.columns).where(Article.id.in_(ids))
    # as an array it is found first, and looked up by the key, whatever the planner thinks of it
    return select(*read.columns).where(Article.id == func.any(func.array(ids.scalar_subquery())))


_SQLITE = text(
    "SELECT rowid FROM article_words WHERE article_words MATCH :words AND rowid >= :low AND rowid < :high "
    "ORDER BY rowid DESC LIMIT :count"
).columns(column("rowid", BigInteger))
_SQLITE_ROWS: dict[Read, Executable] = {
    read: _SQLITE if read is Read.IDS else select(*read.columns).where(Article.id.in_(_SQLITE)) for read in Read
}


def newest_of_words(session: Session, words: Words, low: int, high: int, count: int, *, read: Read) -> list[Values]:
    """On SQLite: the newest articles from `low` to below `high` that have the words."""
    asked = {"words": fts5_query(words), "low": low, "high": high, "count": count}
    return newest_first(session.connection().execute(_SQLITE_ROWS[read], asked).all())


class Looked(NamedTuple):
    """What a part gave: the newest article of all, whether a form that was absent is there by now, how many candidates
    the part had, and those that will do."""

    newest: int
    absent_found: bool
    hits: int
    rows: list[Values]


# the function behind @@ is no operator, so no index is asked and the articles are walked over, newest first
_WALKED = "SELECT article_id AS id FROM article_words WHERE ts_match_vq(words, CAST(:words0 AS tsquery)) "
_ASKED = (
    "WITH those AS MATERIALIZED (SELECT article_id AS id FROM article_words WHERE {has} "
    "AND (CAST(:also AS tsquery) IS NULL OR ts_match_vq(words, CAST(:also AS tsquery)))) SELECT id FROM those "
)
_WITHIN = "{id} >= :low AND {id} < :high"
# From the newest era down: the first rows come as soon as one was gone through, and no other is once there are enough.
# An array and WHERE also tell PostgreSQL that they are few: else it would keep all texts, to look them up once more.
_BY_ERA = (
    "SELECT found.ids FROM unnest(array(SELECT generate_series({last}, {first}, -1))) AS era CROSS JOIN LATERAL "
    "(SELECT array(SELECT article_id FROM article_words WHERE {has} "
    "AND words @@ CAST(quote_literal('¤e' || :bits || '_' || era) AS tsquery) "
    "AND (CAST(:also AS tsquery) IS NULL OR ts_match_vq(words, CAST(:also AS tsquery))) AND {within}) AS ids OFFSET 0) "
    "AS found WHERE era BETWEEN 0 AND {last}"
)
_TOP = "(SELECT coalesce(max(id), 0) FROM articles)"
_ERAS = (
    "(SELECT string_agg(quote_literal('¤e' || :bits || '_' || era), ' | ') FROM generate_series("  # noqa: S608 - of constants
    f"greatest(({_TOP} + 1 - :size) >> :bits, 0), {_TOP} >> :bits) AS era)"
)
_ENDS = {
    True: {"first": f"({_TOP} + 1 - :size) >> :bits", "last": f"{_TOP} >> :bits"},
    False: {"first": ":low >> :bits", "last": "(:high - 1) >> :bits"},
}


class _Kind(NamedTuple):
    """How candidates are found: walked over or asked of the index, by how many questions that must all hold. `top`:
    down from the newest article, whichever that is. `apart`: the index is asked of one era after the other."""

    asked: int
    top: bool
    apart: bool = False

    def __str__(self) -> str:
        """The statement of the newest candidates."""
        return f"{self.in_no_order} ORDER BY {'id' if self.asked else 'article_id'} DESC LIMIT :count"

    @property
    def in_no_order(self) -> str:
        """The statement of all candidates."""
        if not self.asked:
            top = f"AND article_id >= greatest({_TOP} - :size + 1, :low)"
            return _WALKED + (top if self.top else "AND " + _WITHIN.format(id="article_id"))
        asked = [f":words{number}" for number in range(self.asked)] + ([_ERAS] if self.top else [])
        return _ASKED.format(has=_has(asked)) + "WHERE " + self._within("id")

    @property
    def by_era(self) -> str:
        """The statement of all candidates of each era, as an array."""
        has = _has([f":words{number}" for number in range(self.asked)])
        return _BY_ERA.format(has=has, within=self._within("article_id"), **_ENDS[self.top])

    def _within(self, key: str) -> str:
        return f"{key} >= :low" if self.top else _WITHIN.format(id=key)


def _has(asked: Sequence[str]) -> str:
    return " AND ".join(f"words @@ CAST({words} AS tsquery)" for words in asked)


_TYPES: dict[str, Any] = {
    **{f"words{number}": String() for number in range(MOST_APART + 1)},
    "also": String(),
    "count": BigInteger(),
    "low": BigInteger(),
    "high": BigInteger(),
    "size": BigInteger(),
    "bits": Integer(),
}


@cache
def _candidates(kind: _Kind, *, listed: bool) -> tuple[Any, Any, Any]:
    """What is told of them in one row, their ids, and what these are ordered by; `listed`: as one array."""
    kept = column("ids", ARRAY(BigInteger)) if listed else column("id", BigInteger)
    found = _bound(f"SELECT array({kind.in_no_order}) AS ids" if listed else str(kind)).columns(kept).cte("found")
    if not listed:
        return _told_once(null()), select(found.c.id), found.c.id
    return _told_once(select(func.cardinality(found.c.ids)).scalar_subquery()), found.c.ids, None


def _bound(said: str) -> Any:
    """The text with the types of its parameters."""
    return text(said).bindparams(*(bindparam(name, type_=_TYPES[name]) for name in _TYPES if f":{name}" in said))


def _told_once(hits: ColumnElement[Any]) -> Any:
    """What is told with each row; `hits`: how many candidates, if that is not how many rows."""
    return select(
        select(func.coalesce(func.max(Article.id), 0)).scalar_subquery().label("newest"),
        exists(select(literal(1)).select_from(INDEX).where(INDEX.c.words.op("@@")(_ABSENT))).label("absent"),
        hits.label("hits"),
    ).subquery("one")


def _in_order(kind: _Kind, others: Asked, *, read: Read) -> Any:
    """The statement whose rows come newest first; of eras apart it goes through one by one until there are enough."""
    if not kind.apart:
        return _statement(kind, others, read=read, ordered=True)
    found = _bound(kind.by_era).columns(column("ids", ARRAY(BigInteger))).subquery("found")
    rows = select(*read.columns).where(Article.id == func.any(found.c.ids)).order_by(Article.id.desc()).lateral("era")
    enough = select(*rows.c).select_from(found.join(rows, true())).limit(bindparam("count", type_=BigInteger))
    one, told = _told_once(null()), enough.subquery("told")
    return select(*one.c, *told.c).select_from(one.outerjoin(told, true()))


def _statement(kind: _Kind, others: Asked, *, read: Read, ordered: bool = False) -> Any:
    """Of each candidate the conditions are asked, newest first, until there are enough.

    They are an array, and so are those that will do: PostgreSQL 17 goes through an index once for all of them, and does
    not look each up from its root. Only their ids come out of the inner statement: to name each column anew would take
    longer than the search. `ordered`: rows come newest first, as PostgreSQL reads them along its index, so that the
    first come at once.
    """
    one, ids, key = _candidates(kind, listed=others.some)
    if others.some:
        candidates = func.any(cast(select(ids).scalar_subquery(), ARRAY(BigInteger)))
        ids, key = others.ids()
        ids = ids.where(key == candidates)
        if told := others.told():
            ids, key = _told(ids, key, told)
    wanted = func.array(ids.order_by(key.desc()).limit(bindparam("count", type_=BigInteger)).scalar_subquery())
    told, there = (one.c.newest, one.c.absent, one.c.hits), Article.id == func.any(wanted)
    if not ordered:
        return select(*told, *read.columns).select_from(one.outerjoin(Article, there))
    rows = select(*read.columns).where(there).order_by(Article.id.desc()).lateral("told")
    return select(*told, *rows.c).select_from(one.outerjoin(rows, true()))


def _told(ids: Any, key: Any, told: Sequence[Any]) -> tuple[Any, Any]:
    """Those of these articles whose story has an alert that fulfils conditions, and their key.

    The stories of all of them are asked at once: to ask each takes three times as long.
    """
    if key is Article.id:
        asked = ids.add_columns(Article.story_id)
    else:
        asked = select(Article.id, Article.story_id).where(Article.id == func.any(func.array(ids.scalar_subquery())))
    those = asked.cte("asked")
    stories = func.any(func.array(select(those.c.story_id).scalar_subquery()))
    found = select(Alert.story_id).where(Alert.story_id == stories, *told)
    # so it is made a table to look up, and no join with a search for each
    there = those.c.story_id.in_(found).is_(true())
    return select(those.c.id).where(there), those.c.id


_ABSENT = cast(bindparam("absent", type_=String), TsQuery())


class Asked(NamedTuple):
    """The other conditions, if there are some, with their parameters: `ids` gives all articles that fulfil them, and
    what they are ordered by; `told`: what an alert of their story must fulfil; `made` keeps a statement, by what it is
    made of."""

    some: bool
    ids: Callable[[], tuple[Any, Any]]
    told: Callable[[], Sequence[ColumnElement[bool]]]
    values: Mapping[str, Any]
    made: Callable[[Hashable, Callable[[], Any]], Any]


def look(
    session: Session,
    words: Words,
    part: Part,
    count: int,
    others: Asked,
    *,
    top: bool = False,
    floor: int = 0,
    absent: str = "",
    read: Read,
    see: See | None = None,
) -> Looked:
    """On PostgreSQL: the newest `count` articles of a part that have the words and fulfil the other conditions.
    `top`: the part is as long, but ends with the newest article and has nothing below `floor`. `absent`: forms that
    should be nowhere. `see` is shown rows while the server still sends the next.
    """
    size, apart = part.high - part.low, [tsquery(words)]
    asked: dict[str, Any] = {**others.values, "count": count, "absent": absent}
    if not part.walked:
        narrow, also = known_of(session).narrowed(words, within=part.eras is not None)
        asked["also"] = None if also is None else tsquery(also)
        apart = tsqueries(narrow)
        if part.eras is not None and not top:
            apart.append(tsquery(part.eras))
    if top and part.eras is not None:
        asked |= {"size": size, "bits": part.bits, "low": floor}
    elif top and part.walked:
        asked |= {"size": size, "low": floor}
    else:
        asked |= {"low": part.low, "high": NO_END if top else part.high}
    kind = _Kind(0 if part.walked else len(apart), top="size" in asked)
    asked |= {f"words{number}": one for number, one in enumerate(apart)}
    connection = session.connection()
    if see is not None:
        if part.bits and not others.some and count << part.bits >= MANY_OF_ERA * size:
            streamed = kind._replace(asked=len(apart) if top else len(apart) - 1, apart=True)
            asked["bits"] = part.bits
        else:
            streamed = kind

        def make() -> Streamed:
            return Streamed(_in_order(streamed, others, read=read), connection)

        stretches = others.made((streamed, read, "streamed"), make).rows(connection, asked)
        if stretches is not None:
            return _seen(stretches, see)
    statement = others.made((kind, read), lambda: _statement(kind, others, read=read))
    return _looked(connection.execute(statement, asked).all())


def _looked(found: Sequence[Any]) -> Looked:
    rows = [tuple(row[3:]) for row in found if row[3] is not None]
    newest, absent_found, hits = found[0][:3]
    return Looked(newest, absent_found, len(rows) if hits is None else hits, newest_first(rows))


def _seen(stretches: Generator[Rows], see: See) -> Looked:
    """The same of rows that are still coming."""
    found: Rows = []
    with closing(stretches):
        for stretch in stretches:
            found += stretch
            if stretch[0][1]:  # what was absent is there: these are not all
                break
            see([row[3:] for row in stretch if row[3] is not None])
    return _looked(found)
