"""The index of words: a first pass that leaves most articles out; the matching engine decides on the rest.

SQLite: an FTS5 table without content and without positions. PostgreSQL: a table with a tsvector and a GIN index. Both
hold `domain.words.index_words`, made by us and not by the database's own parser, so both give the same articles. The
index is written in the transaction that writes the article.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, cast, column, literal, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from monitor.domain.model import Document
from monitor.domain.words import Every, Some, Word, Words, index_words

BATCH = 500

_CREATE = {
    "sqlite": """
        CREATE VIRTUAL TABLE article_words
        USING fts5 (words, content='', detail=none, columnsize=0, tokenize='ascii')
    """,
    # a rare word must look rare to the planner, else it walks the articles instead of the index
    "postgresql": """
        CREATE TABLE article_words
        (article_id bigint PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE, words tsvector NOT NULL);
        ALTER TABLE article_words ALTER COLUMN words SET STATISTICS 1000;
        CREATE INDEX ix_article_words_words ON article_words USING gin (words)
    """,
}


def create_index(connection: Connection) -> None:
    """Make the index and fill it from the articles there are."""
    for statement in _CREATE[connection.dialect.name].split(";"):
        connection.exec_driver_sql(statement)
    fill_index(connection)


def fill_index(connection: Connection) -> None:
    """Index all articles there are, into an empty index."""
    after = 0
    while rows := connection.execute(_STORED, {"after": after, "batch": BATCH}).all():
        put_words(connection, [(row.id, Document(row.title, row.lead, row.text)) for row in rows])
        after = rows[-1].id


_STORED = text("SELECT id, title, lead, text FROM articles WHERE id > :after ORDER BY id LIMIT :batch")


def put_words(connection: Connection | Session, articles: Iterable[tuple[int, Document]]) -> None:
    """Index new articles (id, what it says)."""
    rows = [_row(connection, article_id, document) for article_id, document in articles]
    if rows:
        connection.execute(_INSERT[_dialect(connection)], rows)


def drop_words(connection: Connection | Session, articles: Iterable[tuple[int, Document]]) -> None:
    """Take articles out of the index; the documents must be what was put: SQLite's index keeps no copy of them."""
    rows = [_row(connection, article_id, document) for article_id, document in articles]
    if rows:
        connection.execute(_DELETE[_dialect(connection)], rows)


_INSERT = {
    "sqlite": text("INSERT INTO article_words (rowid, words) VALUES (:id, :words)"),
    "postgresql": text("INSERT INTO article_words (article_id, words) VALUES (:id, array_to_tsvector(:words))"),
}
_DELETE = {
    "sqlite": text("INSERT INTO article_words (article_words, rowid, words) VALUES ('delete', :id, :words)"),
    "postgresql": text("DELETE FROM article_words WHERE article_id = :id"),
}


def _row(connection: Connection | Session, article_id: int, document: Document) -> dict[str, Any]:
    words = index_words(document)
    return {"id": article_id, "words": " ".join(words) if _dialect(connection) == "sqlite" else words}


def _dialect(connection: Connection | Session) -> str:
    bound = connection.get_bind() if isinstance(connection, Session) else connection
    return str(bound.dialect.name)


class FirstPass:
    """The index as a table to select from: `key` is the article's id, `condition` what the words ask."""

    def __init__(self, session: Session, words: Words) -> None:
        if _dialect(session) == "postgresql":
            self.table = table("article_words", column("article_id"), column("words"))
            self.key = self.table.c.article_id
            self.condition = self.table.c.words.op("@@")(cast(literal(tsquery(words)), TSQUERY))
        else:
            self.table = table("article_words", column("rowid"), column("article_words"))
            self.key = self.table.c.rowid
            self.condition = self.table.c.article_words.op("MATCH")(fts5_query(words))

    def ids(self) -> Any:
        """The ids of all articles that may answer, as a subquery."""
        return select(self.key).where(self.condition)

    def at_most(self, session: Session, most: int) -> list[int] | None:
        """The ids when there are at most `most`; None when there are more."""
        found = list(session.scalars(self.ids().limit(most + 1)))
        return sorted(found) if len(found) <= most else None


def fts5_query(words: Words) -> str:
    """The words in FTS5's language."""
    match words:
        case Word(word, prefix):
            return f'"{word}"*' if prefix else f'"{word}"'
        case Every(parts):
            return _joined(" AND ", [fts5_query(part) for part in parts])
        case Some(parts):
            return _joined(" OR ", [fts5_query(part) for part in parts])


def tsquery(words: Words) -> str:
    """The words in the language of tsquery."""
    match words:
        case Word(word, prefix):
            return f"'{word}':*" if prefix else f"'{word}'"
        case Every(parts):
            return _joined(" & ", [tsquery(part) for part in parts])
        case Some(parts):
            return _joined(" | ", [tsquery(part) for part in parts])


def _joined(operator: str, parts: Sequence[str]) -> str:
    return f"({operator.join(parts)})"
