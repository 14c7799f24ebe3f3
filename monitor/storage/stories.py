"""Which story an article belongs to: keys find the articles that may be copies, packed sketches weigh them."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.orm import Session

from monitor.domain.stories import FEWEST, SAME_STORY, Fingerprint, containments
from monitor.storage.sharing import CANDIDATES, NEWEST, NEWEST_OF_KEYS, SHARING, ranked
from monitor.storage.tables import Article, CopyKey, Sketch, StoryKey

Story = TypeVar("Story")

STORY_WINDOW = timedelta(days=10)  # a reprint after this is a story of its own
STORY_LOCK = 0x53544F52  # any number: "STOR"
FINDABLE = (CopyKey, StoryKey, Sketch)  # what this version and two before it find copies by
# Of sketches that a version before keys stored: so many hashes looked up, so many in common.
LOOKED_UP, SHARED = 24, 3

# Asked of the driver itself: SQLAlchemy's part was a third of what these statements cost.
_SHARING = {name: asked.format(table="story_keys") for name, asked in SHARING.items()}
_PUT_KEYS = {
    "sqlite": "INSERT INTO copy_keys (hash, article_id) VALUES (?, ?)",
    "postgresql": "INSERT INTO copy_keys (hash, article_id) "
    "SELECT * FROM unnest(CAST(%s AS bigint[]), CAST(%s AS bigint[]))",
}
_NEWEST_OF_BEFORE = "SELECT (SELECT max(article_id) FROM story_keys), (SELECT max(article_id) FROM sketches)"
_SKETCHES = {
    "sqlite": "SELECT id, story_id, sketch FROM articles WHERE id IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT id, story_id, sketch FROM articles WHERE id = ANY(CAST(%s AS bigint[]))",
}
_TOGETHER = 1 << 62  # above all ids: with its position in the group, what stands for an article that is not stored yet
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


class Home(NamedTuple):
    """The story of a text: one that is stored, or else that which the text at `founder` of its group founds."""

    story: int | None = None
    founder: int = -1


def find_story(session: Session, text: Fingerprint, now: datetime) -> int | None:
    """The story of the article that shares most with a text of this fingerprint, if one contains the other by half."""
    return find_stories(session, [text], now)[0].story


def find_stories(session: Session, texts: Sequence[Fingerprint], now: datetime) -> list[Home]:
    """The stories of texts that come together, as if each was stored before the next is looked for."""
    first = _first_of_window(session, now) if any(map(_tells, texts)) else None
    candidates = [ranked(keys) for keys in _sharing_together(texts, _newest(session, texts, first))]
    known = _stored(session, {article for found in candidates for article in found if article < _TOGETHER})
    homes: list[Home] = []
    for position, (one, found) in enumerate(zip(texts, candidates, strict=True)):
        others = [_other(article, known, texts, homes) for article in found if article in known or article >= _TOGETHER]
        home = _copy_among(session, one, others)
        if home is None and first is not None and _tells(one):
            story = _found_as_before(session, one, first)
            home = None if story is None else Home(story)
        homes.append(home or Home(founder=position))
    return homes


def _tells(text: Fingerprint) -> bool:
    """Whether enough is known of a text to find its story."""
    return len(text.sketch) >= FEWEST


def _newest(session: Session, texts: Sequence[Fingerprint], first: int | None) -> dict[int, list[int]]:
    """Of each key of these texts that articles from `first` on have: the newest of them, newest first."""
    keys = sorted({key for text in texts if _tells(text) for key in text.keys})
    if first is None or not keys:
        return {}
    dialect = session.connection().dialect.name
    found = _asked(session, NEWEST_OF_KEYS[dialect], (first, _given(dialect, keys)))
    return {key: [*map(int, articles.split(","))] for key, articles in found if articles}


def _sharing_together(
    texts: Sequence[Fingerprint], stored: Mapping[int, Sequence[int]]
) -> Iterator[list[Sequence[int]]]:
    """For each text the newest articles of each of its keys, those that come before it in the group included."""
    before: defaultdict[int, list[int]] = defaultdict(list)
    for position, one in enumerate(texts):
        found: list[Sequence[int]] = []
        for key in one.keys if _tells(one) else ():
            if key in before:
                found.append([*reversed(before[key][-NEWEST:]), *stored.get(key, ())][:NEWEST])
            elif key in stored:
                found.append(stored[key])
        yield found
        for key in one.keys:
            before[key].append(_TOGETHER + position)


def _stored(session: Session, articles: set[int]) -> dict[int, tuple[Home, bytes | None]]:
    """Story and packed sketch of stored articles."""
    if not articles:
        return {}
    dialect = session.connection().dialect.name
    rows = _asked(session, _SKETCHES[dialect], (_given(dialect, sorted(articles)),))
    return {article: (Home(int(story)), theirs) for article, story, theirs in rows}


def _other(
    article: int,
    known: Mapping[int, tuple[Home, bytes | None]],
    texts: Sequence[Fingerprint],
    homes: Sequence[Home],
) -> tuple[int, Home, Sequence[int] | None]:
    """Id, story and sketch of an article that a text may be a copy of."""
    if article >= _TOGETHER:
        return article, homes[article - _TOGETHER], texts[article - _TOGETHER].sketch
    home, theirs = known[article]
    return article, home, unpacked(theirs) if theirs else None


def _found_as_before(session: Session, text: Fingerprint, first: int) -> int | None:
    """The same among what versions before stored, by the keys and hashes that they found copies by."""
    with_keys, sketched = _of_before(session)
    found = None
    if with_keys >= first:
        dialect = session.connection().dialect.name
        found = _copy_of_before(
            session, text, _asked(session, _SHARING[dialect], (first, _given(dialect, text.former_keys)))
        )
    if found is None and sketched >= first:
        found = _copy_of_before(session, text, _who_shared(session, text.sketch, first))
    return found


def _copy_of_before(session: Session, text: Fingerprint, found: Sequence[Any]) -> int | None:
    others = [(article, int(story), unpacked(theirs) if theirs else None) for article, story, theirs in found]
    return _copy_among(session, text, others)


def _asked(session: Session, statement: str, values: tuple[Any, ...]) -> Sequence[Any]:
    with closing(session.connection().connection.cursor()) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _copy_among(
    session: Session, text: Fingerprint, found: Sequence[tuple[int, Story, Sequence[int] | None]]
) -> Story | None:
    """The story of the first that is a copy; of a sketch that is not packed, the hashes are asked for."""
    others = (_hashes_of(session, article) if theirs is None else tuple(theirs) for article, _, theirs in found)
    shares = containments(text.sketch, others)
    return next((story for (_, story, _), share in zip(found, shares, strict=True) if share >= SAME_STORY), None)


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


def put_keys(session: Session, articles: Iterable[tuple[int, Sequence[int]]]) -> None:
    """Make articles findable, each by its keys; their own rows hold their sketches `packed`."""
    rows = sorted((key, article) for article, keys in articles for key in keys)  # neighbours in the tree, one by one
    if not rows:
        return
    connection = session.connection()
    dialect = connection.dialect.name
    with closing(connection.connection.cursor()) as cursor:
        if dialect == "sqlite":  # which makes more haste with a row at a time than with a list that it must read
            cursor.executemany(_PUT_KEYS[dialect], rows)
        else:
            cursor.execute(_PUT_KEYS[dialect], tuple(_given(dialect, numbers) for numbers in zip(*rows, strict=True)))


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
