"""The index of words: a first pass that leaves most articles out; the matching engine decides on the rest.

SQLite: an FTS5 table without content and without positions. PostgreSQL: a table with a tsvector and a GIN index. Both
hold `domain.words.index_words`, made by us and not by the database's own parser, so both give the same articles. The
index is written in the transaction that writes the article.

Beside the words stand marks, words that no text holds: the outlet, and for an article that was read long after it was
published its year and its month. With them the index alone answers what would else walk over many rows. So do the
pairs of frequent words that stand side by side (`search_pairs`). PostgreSQL's also has the stretches of ids that an
article stands in (eras): GIN knows no order, so the newest are looked for stretch by stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from monitor.domain.model import Document
from monitor.domain.words import PAIR, But, Every, Some, Word, Words, every, index_words, pair_words
from monitor.storage.search_descent import ERAS, era_mark
from monitor.storage.search_marks import FIRST, MONTH, month_mark, source_mark, year_mark
from monitor.storage.search_pairs import Paired, paired_words
from monitor.storage.types import RowId, TsQuery, UtcDateTime

BATCH = 500
SPREAD = 100  # ids a row: what a batch of rows may span and still be looked up by its ends
LATE = timedelta(days=2)
MOST_APART = 4  # questions that GIN is asked at once

_CREATE = {
    "sqlite": """
        CREATE VIRTUAL TABLE article_words
        USING fts5 (words, content='', detail=none, columnsize=0, tokenize='ascii')
    """,
    # a rare word must look rare to the planner, else it walks the articles instead of the index
    "postgresql": """
        CREATE TABLE article_words
        (article_id bigint PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE, words tsvector NOT NULL);
        ALTER TABLE article_words ALTER COLUMN words SET STATISTICS 1000
    """,
}
# what is not yet in the tree is walked by every search: so the list of it stays short
_GIN = """
    CREATE INDEX IF NOT EXISTS ix_article_words_words
    ON article_words USING gin (words) WITH (gin_pending_list_limit = 256)
"""


def create_index(connection: Connection) -> None:
    """Make the index and fill it from the articles there are."""
    for statement in _CREATE[connection.dialect.name].split(";"):
        connection.exec_driver_sql(statement)
    fill_index(connection)


def rebuild_index(connection: Connection) -> None:
    """Make the index anew: some five minutes a million articles."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO article_words (article_words) VALUES ('delete-all')")
    else:
        connection.exec_driver_sql("TRUNCATE article_words")
        connection.exec_driver_sql("DROP INDEX IF EXISTS ix_article_words_words")
    fill_index(connection)


def fill_index(connection: Connection) -> None:
    """Index all articles there are, into an empty index."""
    after = 0
    while rows := connection.execute(_STORED, {"after": after, "batch": BATCH}).all():
        put_words(connection, [Indexed.of(row) for row in rows])
        after = rows[-1].id
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_GIN)


_STORED = text(
    "SELECT id, title, lead, text, source, published_at, created_at "
    "FROM articles WHERE id > :after ORDER BY id LIMIT :batch"
).columns(id=RowId, published_at=UtcDateTime, created_at=UtcDateTime)


def mark_months(connection: Connection, *, marked: bool) -> None:
    """Add the months of what was read late to an index that has only years, or (`marked`) take them away again.

    Of PostgreSQL only those rows are locked: workers go on.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_MARK[marked], _LATE)
        return
    after, paired = 0, paired_words(connection)
    while rows := connection.execute(_STORED_LATE, {"after": after, "batch": BATCH}).all():
        words = [(row.id, article.words(paired)) for row in rows if (article := Indexed.of(row)).late]
        whole = [{"id": key, "words": " ".join(said)} for key, said in words]
        yearly = [
            {"id": key, "words": " ".join(one for one in said if not one.startswith(MONTH))} for key, said in words
        ]
        if words:
            connection.execute(_DELETE["sqlite"], yearly if marked else whole)
            connection.execute(_INSERT["sqlite"], whole if marked else yearly)
        after = rows[-1].id


# to the second, so not fewer than those that are late
_STORED_LATE = text(
    "SELECT id, title, lead, text, source, published_at, created_at FROM articles WHERE id > :after "
    "AND datetime(published_at) <= datetime(created_at, '-2 days') ORDER BY id LIMIT :batch"
).columns(id=RowId, published_at=UtcDateTime, created_at=UtcDateTime)
_MONTH = f"'{MONTH}' || to_char(greatest(a.published_at AT TIME ZONE 'UTC', :first), 'YYYYMM')"
_MARK = {
    marked: text(
        f"UPDATE article_words w SET words = {words} FROM articles a "  # noqa: S608 - of constants
        "WHERE a.id = w.article_id AND a.published_at < a.created_at - :late"
    )
    for marked, words in {
        True: f"w.words || array_to_tsvector(ARRAY[{_MONTH}])",
        False: f"ts_delete(w.words, {_MONTH})",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Indexed:
    """An article as the index takes it; outlet and times never change after it was stored.

    `said` is `index_words` of the document, where that is known.
    """

    id: int
    document: Document
    created_at: datetime
    said: Sequence[str] | None = None

    @classmethod
    def of(cls, row: Any) -> Indexed:
        """Of a row of `articles`."""
        document = Document(row.title, row.lead, row.text, row.source, None, row.published_at)
        return cls(row.id, document, row.created_at)

    @property
    def late(self) -> bool:
        """Whether it was read long after it was published."""
        published = self.document.published_at
        return published is not None and published < self.created_at - LATE

    def words(self, paired: Paired) -> list[str]:
        """All that stands in the index on every database."""
        said = index_words(self.document) if self.said is None else self.said
        near = paired.of(self.id)
        pairs = () if near is None else pair_words(self.document, near)
        words = [*said, *pairs, source_mark(self.document.source or "")]
        published = self.document.published_at
        if self.late and published is not None:
            words += [year_mark(published), month_mark(published)]
        return words


def put_words(connection: Connection | Session, articles: Iterable[Indexed]) -> None:
    """Index new articles."""
    rows = _rows(connection, articles)
    if rows:
        connection.execute(_INSERT[_dialect(connection)], rows)


def drop_words(connection: Connection | Session, articles: Iterable[Indexed]) -> None:
    """Take articles out of the index; they must be what was put: SQLite's index keeps no copy of them."""
    rows = _rows(connection, articles)
    if rows:
        connection.execute(_DELETE[_dialect(connection)], rows)


_NOT_WHOLE = text(
    "SELECT a.id, a.title, a.lead, a.text, a.source, a.published_at, a.created_at "  # noqa: S608 - of constants
    "FROM articles a LEFT JOIN article_words w ON w.article_id = a.id WHERE a.created_at > :since "
    "AND (w.article_id IS NULL OR NOT w.words @@ quote_literal(:era || (a.id >> :bits))::tsquery "
    f"OR a.id >= :paired AND NOT w.words @@ '{PAIR}'::tsquery "
    f"OR a.published_at < a.created_at - :late AND NOT w.words @@ quote_literal({_MONTH})::tsquery) "
    "ORDER BY a.id LIMIT :batch"
).columns(id=RowId, published_at=UtcDateTime, created_at=UtcDateTime)


NO_SUCH_ID = (1 << 63) - 1
_LATE = {"late": LATE, "first": FIRST.replace(tzinfo=None)}


def mend_index(session: Session, since: datetime) -> int:
    """Index what a worker of an older version stored after `since` as it knew how; at most `BATCH` articles.

    SQLite's is left alone: there no two versions work side by side.
    """
    if _dialect(session) != "postgresql":
        return 0
    paired = paired_words(session).first
    asked = {"era": era_mark(ERAS[0], 0).removesuffix("0"), "bits": ERAS[0], **_LATE}
    asked["paired"] = NO_SUCH_ID if paired is None else paired
    rows = session.execute(_NOT_WHOLE, {"since": since, "batch": BATCH, **asked}).all()
    articles = [Indexed.of(row) for row in rows]
    drop_words(session, articles)
    put_words(session, articles)
    return len(articles)


_INSERT = {
    "sqlite": text("INSERT INTO article_words (rowid, words) VALUES (:id, :words)"),
    "postgresql": text(
        "INSERT INTO article_words (article_id, words) VALUES (:id, array_to_tsvector(string_to_array(:words, ' ')))"
    ),
}
_DELETE = {
    "sqlite": text("INSERT INTO article_words (article_words, rowid, words) VALUES ('delete', :id, :words)"),
    "postgresql": text("DELETE FROM article_words WHERE article_id = :id"),
}


def _rows(connection: Connection | Session, articles: Iterable[Indexed]) -> list[dict[str, Any]]:
    asked = list(articles)
    if not asked:
        return []
    paired, eras = paired_words(connection), ERAS if _dialect(connection) == "postgresql" else ()
    return [
        {"id": one.id, "words": " ".join(one.words(paired) + [era_mark(bits, one.id) for bits in eras])}
        for one in asked
    ]


def _dialect(connection: Connection | Session) -> str:
    bound = connection.get_bind() if isinstance(connection, Session) else connection
    return str(bound.dialect.name)


def prefer_index(session: Session) -> None:
    """PostgreSQL's planner takes reading a million lists of words for cheap; until the transaction ends it may not."""
    if _dialect(session) == "postgresql":
        session.execute(_PREFER)


def in_one_process(session: Session) -> None:
    """PostgreSQL's other processes read far more than a page needs before they give a row; until the transaction ends
    none is started."""
    session.execute(_IN_ONE)


_PREFER = text("SET LOCAL enable_seqscan = off")
_IN_ONE = text("SET LOCAL max_parallel_workers_per_gather = 0")
_FOUND = "(SELECT rowid FROM article_words WHERE article_words MATCH :words ORDER BY rowid DESC LIMIT :most)"
_COUNTED = text(f"SELECT count(*), min(rowid), max(rowid) FROM {_FOUND}")  # noqa: S608 - of constants
_AT_ONCE = text(f"SELECT group_concat(rowid) FROM {_FOUND}")  # noqa: S608


WORDS = "words"  # the parameter of what the index is asked, in its own language
_SQLITE = table("article_words", column("rowid"), column("article_words"))
_POSTGRESQL = table("article_words", column("article_id"), column("words"))
WORDS_KEY = _SQLITE.c.rowid


def words_ids() -> Any:
    """On SQLite: the ids of articles that have the words of the parameter `WORDS`."""
    return select(WORDS_KEY.label("id")).where(_SQLITE.c.article_words.op("MATCH")(bindparam(WORDS, type_=String())))


def has_words(key: Any) -> ColumnElement[bool]:
    """On PostgreSQL: whether the article `key` has the words of the parameter `WORDS`, asked of that article alone."""
    asked = cast(bindparam(WORDS, type_=String()), TsQuery())
    has = select(literal(1)).where(_POSTGRESQL.c.article_id == key, func.ts_match_vq(_POSTGRESQL.c.words, asked))
    return has.limit(1).scalar_subquery().is_not(None)


class FirstPass:
    """The index as a table to select from: `key` is the article's id, `condition` what the words ask."""

    def __init__(self, session: Session, words: Words) -> None:
        self.share: float | None = None
        """Of articles how many have the words, once SQLite found more than it was asked to count."""
        self.ordered = _dialect(session) == "sqlite"  # else the newest are looked for stretch by stretch
        self.asked = words
        self.questions = [fts5_query(words)] if self.ordered else tsqueries(words)
        """The words in the database's own language: questions that must all hold."""
        if self.ordered:
            self.key: Any = WORDS_KEY
            (self.words,) = self.questions
            self.condition: ColumnElement[bool] = _SQLITE.c.article_words.op("MATCH")(self.words)
        else:
            self.key = _POSTGRESQL.c.article_id
            has = _POSTGRESQL.c.words.op("@@")
            self.condition = and_(*(has(cast(literal(part), TsQuery())) for part in self.questions))

    def at_most(self, session: Session, most: int) -> list[int] | None:
        """The ids when there are at most `most`; None when there are more, or PostgreSQL's planner thinks so."""
        if self.ordered:
            return self._all(session, most)
        statement = select(self.key).where(self.condition)
        if self._estimate(session, statement) > most:
            return None
        found = list(session.scalars(statement.limit(most + 1)))
        return sorted(found) if len(found) <= most else None

    def _all(self, session: Session, most: int) -> list[int] | None:
        """The same on SQLite: counted first and given as one text, as a row for each takes four times as long."""
        asked = {"words": self.words, "most": most + 1}
        count, first, last = session.connection().execute(_COUNTED, asked).one()
        if count > most:
            self.share = count / (last - first + 1)
            return None
        found = session.connection().execute(_AT_ONCE, asked).scalar_one()
        return sorted(map(int, found.split(","))) if found else []

    @staticmethod
    def _estimate(session: Session, statement: Any) -> int:
        compiled = statement.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
        said = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", compiled.params)
        return int(said.scalar_one()[0]["Plan"]["Plan Rows"])

    def apart(self, article_ids: Sequence[int]) -> bool:
        """Whether SQLite, which knows the order of ids, had to walk over many others between these."""
        return self.ordered and max(article_ids) - min(article_ids) > SPREAD * len(article_ids)

    def among(self, session: Session, article_ids: Sequence[int]) -> set[int]:
        """Those of these articles that may answer."""
        if not article_ids:
            return set()
        near = select(self.key).where(self.condition, self.key.between(min(article_ids), max(article_ids)))
        if not self.ordered:
            near = select(self.key).where(self.condition, self.key == func.any(list(article_ids)))
        elif self.apart(article_ids):
            return set(article_ids)  # asking each article is cheaper than a walk over all between
        return set(session.connection().execute(near).scalars()).intersection(article_ids)


def fts5_query(words: Words) -> str:
    """The words in FTS5's language."""
    match words:
        case Word(word, prefix):
            return f'"{word}"*' if prefix else f'"{word}"'
        case Every(parts):
            return _joined(" AND ", [fts5_query(part) for part in parts])
        case Some(parts):
            return _joined(" OR ", [fts5_query(part) for part in parts])
        case But(wanted, refused):
            return _joined(" NOT ", [fts5_query(wanted), fts5_query(Some(refused))])


def tsquery(words: Words) -> str:
    """The words in the language of tsquery."""
    match words:
        case Word(word, prefix):
            return f"'{word}':*" if prefix else f"'{word}'"
        case Every(parts):
            return _joined(" & ", [tsquery(part) for part in parts])
        case Some(parts):
            return _joined(" | ", [tsquery(part) for part in parts])
        case But(wanted, refused):
            return _joined(" & !", [tsquery(wanted), tsquery(Some(refused))])


def tsqueries(words: Words) -> list[str]:
    """The same as up to `MOST_APART` questions that must all hold.

    GIN goes from an article of the rarest to that of the next, while it reads one question's words to their end: words
    that must stand beside others are found several times faster apart.
    """
    parts = list(_apart(words))
    return [tsquery(part) for part in (*parts[: MOST_APART - 1], every(parts[MOST_APART - 1 :])) if part is not None]


def _apart(words: Words) -> Iterator[Words]:
    match words:
        case Every(parts):
            for part in parts:
                yield from _apart(part)
        case But(wanted, refused):
            first, *others = _apart(wanted)
            yield But(first, refused)  # what is refused cannot be asked alone
            yield from others
        case _:
            yield words


def _joined(operator: str, parts: Sequence[str]) -> str:
    return f"({operator.join(parts)})"
