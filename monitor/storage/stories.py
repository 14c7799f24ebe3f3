"""Which story an article belongs to: keys find the articles that may be copies, packed sketches weigh them."""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from monitor.domain.stories import FEWEST, SAME_STORY, Fingerprint, containment
from monitor.storage.tables import Article, CopyKey, Sketch, StoryKey

STORY_WINDOW = timedelta(days=10)  # a reprint after this is a story of its own
STORY_LOCK = 0x53544F52  # any number: "STOR"
NEWEST = 8  # articles looked at for each key: any of a story's reprints leads to it
LEAST = 0.25  # what an article must share to be weighed: a key that three others have, two that seven others have
CANDIDATES = 3  # weighed, those that share most; the true copy is among them
FINDABLE = (CopyKey, StoryKey, Sketch)  # what this version and two before it find copies by
# Of sketches that a version before keys stored: so many hashes looked up, so many in common.
LOOKED_UP, SHARED = 24, 3

# For each key that anybody has, the newest articles that do: all of it in one text, and all keys as one value, since a
# row or a parameter for each would cost several times as much.
_WHO_HAS = {
    "sqlite": """SELECT group_concat((SELECT group_concat(article_id) FROM (
        SELECT article_id FROM {table} WHERE hash = asked.value AND article_id >= ?
        ORDER BY article_id DESC LIMIT ?)), ';') FROM json_each(?) AS asked""",
    "postgresql": """SELECT string_agg((SELECT string_agg(article_id::text, ',') FROM (
        SELECT article_id FROM {table} WHERE hash = asked.key AND article_id >= %s
        ORDER BY article_id DESC LIMIT %s) AS newest), ';') FROM unnest(CAST(%s AS bigint[])) AS asked(key)""",
}
_PUT_KEYS = {
    "sqlite": "INSERT INTO copy_keys (article_id, hash) SELECT ?, value FROM json_each(?)",
    "postgresql": "INSERT INTO copy_keys (article_id, hash) SELECT %s, unnest(CAST(%s AS bigint[]))",
}
_WEIGHED = {
    "sqlite": "SELECT id, story_id, sketch FROM articles WHERE id IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT id, story_id, sketch FROM articles WHERE id = ANY(CAST(%s AS bigint[]))",
}
_NEWEST_OF_BEFORE = "SELECT (SELECT max(article_id) FROM story_keys), (SELECT max(article_id) FROM sketches)"
_WHO_SHARES = """
SELECT article_id FROM sketches WHERE hash {among} AND article_id >= :first
GROUP BY article_id HAVING count(*) >= :fewest ORDER BY count(*) DESC, article_id LIMIT :candidates
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
    found = _heaviest(session, text, _who_has(session, "copy_keys", text.keys, first))
    with_keys, sketched = _of_before(session)
    if found is None and with_keys >= first:
        found = _heaviest(session, text, _who_has(session, "story_keys", text.former_keys, first))
    if found is None and sketched >= first:
        found = _heaviest(session, text, _who_shared(session, text.sketch, first))
    return found


def _who_has(session: Session, table: str, keys: Sequence[int], first: int) -> list[int]:
    """The articles that share most keys, most first; a key that many have counts less."""
    connection = session.connection()
    dialect = connection.dialect.name
    asked = _WHO_HAS[dialect].format(table=table)
    found = connection.exec_driver_sql(asked, (first, NEWEST, _given(dialect, keys))).scalar_one()
    if not found:
        return []
    weights: defaultdict[str, float] = defaultdict(float)
    for articles in (group.split(",") for group in found.split(";")):
        for article in articles:
            weights[article] += 1 / len(articles)
    ranked = sorted((-weight, int(article)) for article, weight in weights.items() if weight >= LEAST)
    return [article for _, article in ranked[:CANDIDATES]]


def _heaviest(session: Session, text: Fingerprint, candidates: Sequence[int]) -> int | None:
    """The story of the first of the `candidates` that is a copy."""
    if not candidates:
        return None
    connection = session.connection()
    dialect = connection.dialect.name
    rows = connection.exec_driver_sql(_WEIGHED[dialect], (_given(dialect, candidates),))
    weighed = {article: (story, theirs) for article, story, theirs in rows}
    for article, (story, theirs) in ((article, weighed[article]) for article in candidates if article in weighed):
        other = unpacked(theirs) if theirs else _hashes_of(session, article)
        if containment(text.sketch, other) >= SAME_STORY:
            return int(story)
    return None


def _of_before(session: Session) -> tuple[int, int]:
    """The newest articles that versions before stored, with other keys and with sketches alone, 0 for none.

    Pruning forgets them within weeks.
    """
    known: tuple[int, int] | None = session.info.get("newest_of_before")
    if known is None:
        with_keys, sketched = session.connection().exec_driver_sql(_NEWEST_OF_BEFORE).one()
        known = session.info["newest_of_before"] = with_keys or 0, sketched or 0
    return known


def _who_shared(session: Session, sketch: Sequence[int], first: int) -> list[int]:
    connection = session.connection()
    dialect = connection.dialect.name
    hashes = _given(dialect, sketch[:LOOKED_UP])
    asked = {"hashes": hashes, "first": first, "fewest": SHARED, "candidates": CANDIDATES}
    return list(connection.scalars(_WHO_SHARED[dialect], asked))


def put_keys(session: Session, article_id: int, keys: Sequence[int]) -> None:
    """Make the article findable by `keys`; its own row holds its sketch `packed`."""
    if keys:
        connection = session.connection()
        dialect = connection.dialect.name
        connection.exec_driver_sql(_PUT_KEYS[dialect], (article_id, _given(dialect, keys)))


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
    """`sketch` ascending, eight bytes a hash, the lowest first."""
    return struct.pack(f"<{len(set(sketch))}q", *sorted(set(sketch)))


def unpacked(stored: bytes) -> tuple[int, ...]:
    """What `packed` was given, ascending."""
    return struct.unpack(f"<{len(stored) // 8}q", stored)


def _given(dialect: str, numbers: Sequence[int]) -> str:
    """`numbers` as one value of a statement, as text: psycopg would take each of a list by itself."""
    text = json.dumps(numbers)
    return text.replace("[", "{").replace("]", "}") if dialect == "postgresql" else text


def _hashes_of(session: Session, article_id: int) -> tuple[int, ...]:
    """The sketch of an article that a version before packed ones stored."""
    return tuple(session.scalars(select(Sketch.hash).where(Sketch.article_id == article_id).order_by(Sketch.hash)))


def _first_of_window(session: Session, now: datetime) -> int | None:
    """Ids are in arrival order: the first article young enough to share a story with one that comes now, if any is."""
    key = ("first_of_story_window", now)
    known: int | None = session.info.get(key)
    if known is None:  # asked once a transaction: its articles come at one moment
        oldest = select(Article.id).where(Article.created_at > now - STORY_WINDOW)
        known = session.scalar(oldest.order_by(Article.created_at, Article.id).limit(1))
        session.info[key] = known
    return known
