"""Which story an article belongs to: sketches by hash to find copies, and packed beside the article to weigh them."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from monitor.domain.stories import FEWEST, SAME_STORY, Rarity, containment
from monitor.storage.tables import Article, Sketch

STORY_WINDOW = timedelta(days=10)  # a reprint after this is a story of its own
STORY_LOCK = 0x53544F52  # any number: "STOR"
# Copies share the smallest hashes if any; of these, those that are not in every other article cost a tenth to look up.
LOOKED_UP, AMONG = 24, 96
SHARED = 3  # of those looked up, from which an article is weighed
CANDIDATES = 5  # that share most; the true copy is among them
_rarity = Rarity()  # of what this process saw: it only ranks

_NEAR = """
SELECT article.id, article.story_id, article.sketch FROM (
    SELECT article_id, count(*) AS shared FROM sketches
    WHERE hash {among} AND article_id >= :first
    GROUP BY article_id HAVING count(*) >= :fewest ORDER BY shared DESC, article_id LIMIT :candidates
) AS near JOIN articles AS article ON article.id = near.article_id ORDER BY near.shared DESC, article.id
"""
# All hashes come as one value: a parameter for each would cost several times as much.
_WHO_SHARES = {
    "sqlite": text(_NEAR.format(among="IN (SELECT value FROM json_each(:hashes))")),
    "postgresql": text(_NEAR.format(among="= ANY(CAST(:hashes AS bigint[]))")),
}
_PUT_SKETCH = {
    "sqlite": text("INSERT INTO sketches (hash, article_id) SELECT value, :article_id FROM json_each(:hashes)"),
    "postgresql": text(
        "INSERT INTO sketches (hash, article_id) SELECT unnest(CAST(:hashes AS bigint[])), CAST(:article_id AS bigint)"
    ),
}


def lock_stories(session: Session) -> None:
    """One writer at a time decides on stories, else two copies that arrive together would found two.

    SQLite's writers are alone already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STORY_LOCK})


def find_story(session: Session, sketch: Sequence[int], now: datetime) -> int | None:
    """The story of the article that shares most with a text of this `sketch`, if one contains the other by half."""
    first = _first_of_window(session, now) if len(sketch) >= FEWEST else None
    if first is None:
        return None
    wanted = tuple(sorted(set(sketch)))
    connection = session.connection()
    dialect = connection.dialect.name
    rare = _rarity.rarest(wanted, LOOKED_UP, AMONG)
    _rarity.note(wanted)
    asked = {"hashes": _given(dialect, rare), "first": first, "fewest": SHARED, "candidates": CANDIDATES}
    for article_id, story_id, theirs in connection.execute(_WHO_SHARES[dialect], asked):
        other = unpacked(theirs) if theirs else _hashes_of(session, article_id)
        if containment(wanted, other) >= SAME_STORY:
            return int(story_id)
    return None


def put_sketch(session: Session, article_id: int, sketch: Sequence[int]) -> None:
    """Make the article findable by `sketch`, which its own row holds `packed`."""
    if sketch:
        connection = session.connection()
        hashes = _given(connection.dialect.name, sorted(set(sketch)))
        connection.execute(_PUT_SKETCH[connection.dialect.name], {"hashes": hashes, "article_id": article_id})


def drop_sketches(session: Session, article_ids: Sequence[int]) -> None:
    """Make articles no longer findable."""
    gone = delete(Sketch).where(Sketch.article_id.in_(article_ids))
    session.execute(gone.execution_options(synchronize_session=False))


def packed(sketch: Sequence[int]) -> bytes:
    """`sketch` ascending, eight bytes a hash, the lowest first."""
    return struct.pack(f"<{len(set(sketch))}q", *sorted(set(sketch)))


def unpacked(stored: bytes) -> tuple[int, ...]:
    """What `packed` was given, ascending."""
    return struct.unpack(f"<{len(stored) // 8}q", stored)


def _given(dialect: str, hashes: Sequence[int]) -> object:
    return list(hashes) if dialect == "postgresql" else json.dumps(hashes)


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
