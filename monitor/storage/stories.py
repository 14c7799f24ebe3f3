"""Which story an article belongs to: keys find the articles that may be copies, packed sketches weigh them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.orm import Session

from monitor.domain.stories import FEWEST, SAME_STORY, Fingerprint, containments
from monitor.storage.sharing import CANDIDATES, SHARING
from monitor.storage.tables import Article, CopyKey, Sketch, StoryKey

STORY_WINDOW = timedelta(days=10)  # a reprint after this is a story of its own
STORY_LOCK = 0x53544F52  # any number: "STOR"
FINDABLE = (CopyKey, StoryKey, Sketch)  # what this version and two before it find copies by
# Of sketches that a version before keys stored: so many hashes looked up, so many in common.
LOOKED_UP, SHARED = 24, 3

# Asked of the driver itself: SQLAlchemy's part was a third of what these two statements cost.
_SHARING = {
    (table, name): asked.format(table=table) for table in ("copy_keys", "story_keys") for name, asked in SHARING.items()
}
_PUT_KEYS = {
    "sqlite": "INSERT INTO copy_keys (article_id, hash) VALUES (?, ?)",
    "postgresql": "INSERT INTO copy_keys (article_id, hash) SELECT %s, unnest(CAST(%s AS bigint[]))",
}
_NEWEST_OF_BEFORE = "SELECT (SELECT max(article_id) FROM story_keys), (SELECT max(article_id) FROM sketches)"
_WHO_SHARES = """
SELECT articles.id, story_id, sketch FROM (
    SELECT article_id, count(*) AS shared FROM sketches WHERE hash {among} AND article_id >= :first
    GROUP BY article_id HAVING count(*) >= :fewest ORDER BY shared DESC, article_id LIMIT :candidates) AS found
JOIN articles ON articles.id = found.article_id ORDER BY shared DESC, articles.id
"""
_WHO_SHARED = {
    "sqlite": text(_WHO_SHARES.format(among="IN (SELECT value FROM json_each(:hashes))")),
    "postgresql": text(_WHO_SHARES.format(among="= ANY(CAST(:hashes AS bigint[]))")),
}


def lock_stories(session: Session) -> None:
    """One writer at a time decides on stories, else two copies that arrive together would found two.

    SQLite's writers are alone already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STORY_LOCK})


def find_story(session: Session, text: Fingerprint, now: datetime) -> int | None:
    """The story of the article that shares most with a text of this fingerprint, if one contains the other by half."""
    first = _first_of_window(session, now) if len(text.sketch) >= FEWEST else None
    if first is None:
        return None
    found = _copy_among(session, text, _sharing(session, "copy_keys", text.keys, first))
    with_keys, sketched = _of_before(session)
    if found is None and with_keys >= first:
        found = _copy_among(session, text, _sharing(session, "story_keys", text.former_keys, first))
    if found is None and sketched >= first:
        found = _copy_among(session, text, _who_shared(session, text.sketch, first))
    return found


def _sharing(session: Session, table: str, keys: Sequence[int], first: int) -> Sequence[Any]:
    """Id, story and packed sketch of the articles from `first` on that share most keys, most first."""
    connection = session.connection()
    dialect = connection.dialect.name
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(_SHARING[table, dialect], (first, _given(dialect, keys)))
        return cursor.fetchall()


def _copy_among(session: Session, text: Fingerprint, found: Sequence[Any]) -> int | None:
    """The story of the first that is a copy."""
    others = (unpacked(theirs) if theirs else _hashes_of(session, article) for article, _, theirs in found)
    shares = containments(text.sketch, others)
    return next((int(story) for (_, story, _), share in zip(found, shares, strict=True) if share >= SAME_STORY), None)


def _of_before(session: Session) -> tuple[int, int]:
    """The newest articles that versions before stored, with other keys and with sketches alone, 0 for none.

    Pruning forgets them within weeks.
    """
    known: tuple[int, int] | None = session.info.get("newest_of_before")
    if known is None:
        with_keys, sketched = session.connection().exec_driver_sql(_NEWEST_OF_BEFORE).one()
        known = session.info["newest_of_before"] = with_keys or 0, sketched or 0
    return known


def _who_shared(session: Session, sketch: Sequence[int], first: int) -> Sequence[Any]:
    connection = session.connection()
    hashes = _given(connection.dialect.name, sketch[:LOOKED_UP])
    asked = {"hashes": hashes, "first": first, "fewest": SHARED, "candidates": CANDIDATES}
    return connection.execute(_WHO_SHARED[connection.dialect.name], asked).all()


def put_keys(session: Session, article_id: int, keys: Sequence[int]) -> None:
    """Make the article findable by `keys`; its own row holds its sketch `packed`."""
    if keys:
        connection = session.connection()
        dialect = connection.dialect.name
        with closing(connection.connection.cursor()) as cursor:
            if dialect == "sqlite":  # which makes more haste with a row at a time than with a list that it must read
                cursor.executemany(_PUT_KEYS[dialect], [(article_id, key) for key in keys])
            else:
                cursor.execute(_PUT_KEYS[dialect], (article_id, _given(dialect, keys)))


def drop_keys(session: Session, article_ids: Sequence[int]) -> None:
    """Make articles no longer findable."""
    for table in FINDABLE:
        gone = delete(table).where(table.article_id.in_(article_ids))
        session.execute(gone.execution_options(synchronize_session=False))


def oldest_findable(session: Session) -> int | None:
    """The oldest article that can be found as a story's, if any."""
    oldest = [session.scalar(select(func.min(table.article_id))) for table in FINDABLE]
    return min((article for article in oldest if article is not None), default=None)


def packed(sketch: Sequence[int]) -> bytes:
    """`sketch`, ascending and each once as it is, eight bytes a hash."""
    return struct.pack(f"<{len(sketch)}q", *sketch)


def unpacked(stored: bytes) -> tuple[int, ...]:
    """What `packed` was given, ascending."""
    return struct.unpack(f"<{len(stored) // 8}q", stored)


def _given(dialect: str, numbers: Sequence[int]) -> str:
    """`numbers` as one value of a statement, as text: psycopg would take each of a list by itself."""
    text = ",".join(map(str, numbers))
    return f"{{{text}}}" if dialect == "postgresql" else f"[{text}]"


def _hashes_of(session: Session, article_id: int) -> tuple[int, ...]:
    """The sketch of an article that a version before packed ones stored."""
    return tuple(session.scalars(select(Sketch.hash).where(Sketch.article_id == article_id).order_by(Sketch.hash)))


def _first_of_window(session: Session, now: datetime) -> int | None:
    """Ids are in arrival order: the first article young enough to share a story with one that comes now, if any is."""
    key = ("first_of_story_window", now)
    known: int | None = session.info.get(key)
    if known is None:  # asked once a transaction: its articles come at one moment
        known = session.connection().scalar(_OLDEST_SINCE, {"since": now - STORY_WINDOW})
        session.info[key] = known
    return known


_OLDEST_SINCE = (
    select(Article.id).where(Article.created_at > bindparam("since")).order_by(Article.created_at, Article.id).limit(1)
)
