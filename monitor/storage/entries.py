"""Named queries on entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import xxhash
from sqlalchemy import and_, bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session

from monitor.domain.model import EntryData, Outcome
from monitor.storage.inserting import insert_new
from monitor.storage.tables import Article, Entry, Feed
from monitor.storage.work import Pair

EDIT_WINDOW = timedelta(days=2)  # an entry that changes later than this is not read again
MAX_READS = 4  # nor more often than this


@dataclass(frozen=True, slots=True)
class ReadJob:
    """All that reading one entry needs; `pair` is (id, our turn). `article_id` is set when it was read before."""

    pair: Pair
    feed_id: int
    source: str
    options: Mapping[str, Any]
    link: str | None
    title: str
    summary: str
    content: str
    authors: tuple[str, ...]
    language: str | None
    published_at: datetime | None
    backlog: bool
    failures: int
    reads: int
    article_id: int | None
    outcome: str | None
    created_at: datetime


def content_hash(entry: EntryData) -> str:
    """What changes when an outlet edits an entry: title, summary, content and link."""
    text = "\x1f".join((entry.title, entry.summary, entry.content, entry.link or ""))
    return xxhash.xxh3_128_hexdigest(text.encode())


@dataclass(frozen=True, slots=True)
class StoredEntries:
    """What `add_entries` did: `pairs` (id, turn) to read, the identities that were `new`, and how many `churned`.

    A churned entry has a guid of its own, but the link and title of an entry that this feed had before: not stored.
    """

    pairs: list[Pair]
    new: frozenset[str]
    churned: int = 0


def add_entries(
    session: Session, feed_id: int, entries: Sequence[EntryData], *, now: datetime, due_at: datetime, backlog: bool
) -> StoredEntries:
    """Store what is new and note what was edited; what there is to read is announced until `due_at`."""
    rows = [_row(entry) for entry in {e.identity: e for e in reversed(entries)}.values()]
    shared = {"feed_id": feed_id, "backlog": backlog, "due_at": due_at, "created_at": now}
    returned = [Entry.id, Entry.turn, Entry.identity]
    fresh = insert_new(session, Entry.__table__, rows, returned, shared)  # type: ignore[arg-type]
    new = {identity: row_id for row_id, _, identity in fresh}
    known = {row["identity"]: row for row in rows if row["identity"] not in new} if len(new) < len(rows) else {}
    edited = _edited(session, feed_id, known, now, due_at) if known else []
    churned = set() if backlog else _drop_churned(session, feed_id, new)
    pairs = sorted((row_id, turn) for row_id, turn, _ in fresh if row_id not in churned) + edited
    kept = (
        frozenset(identity for identity, row_id in new.items() if row_id not in churned) if churned else frozenset(new)
    )
    return StoredEntries(pairs, kept, len(churned))


def _drop_churned(session: Session, feed_id: int, fresh: Mapping[str, int]) -> set[int]:
    """Take back those of the rows just inserted that repeat an older entry's link and title under another identity."""
    if not fresh:
        return set()
    ids = list(fresh.values())
    given = {"feed": feed_id, "first": min(ids), "fresh": ids}
    churned = set(session.connection().scalars(_repeated(), given))
    if churned:
        session.execute(delete(Entry).where(Entry.id.in_(churned)).execution_options(synchronize_session=False))
    return churned


@lru_cache(maxsize=1)
def _repeated() -> Any:
    """Of the rows `fresh`, those that repeat one before them. Made once: to build it costs ten times its running."""
    older, newer = Entry.__table__.alias(), Entry.__table__.alias()
    before = and_(older.c.feed_id == bindparam("feed"), older.c.id < bindparam("first"))
    same = and_(before, older.c.link == newer.c.link, older.c.title == newer.c.title)
    these = newer.c.id.in_(bindparam("fresh", expanding=True))
    return select(newer.c.id).where(these, newer.c.link.is_not(None), exists().where(same))


def _row(entry: EntryData) -> dict[str, Any]:
    return {
        "identity": entry.identity,
        "guid": entry.guid,
        "link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "content_hash": content_hash(entry),
        "authors": list(entry.authors),
        "language": entry.language,
        "published_at": entry.published_at,
        "updated_at": entry.updated_at,
    }


def _edited(
    session: Session, feed_id: int, known: Mapping[str, Mapping[str, Any]], now: datetime, due_at: datetime
) -> list[Pair]:
    """Entries of which the feed now says something else, a few times within two days."""
    pairs: list[Pair] = []
    names = list(known)
    for start in range(0, len(names), 5000):
        rows = session.scalars(
            select(Entry).where(
                Entry.feed_id == feed_id,
                Entry.identity.in_(names[start : start + 5000]),
                Entry.created_at > now - EDIT_WINDOW,
                Entry.reads < MAX_READS,
                Entry.outcome.is_not(None),
            )
        )
        for entry in rows:
            said = known[entry.identity]
            if said["content_hash"] == entry.content_hash:
                continue
            for name in ("link", "title", "summary", "content", "content_hash", "updated_at"):
                setattr(entry, name, said[name])
            entry.due_at = due_at
            entry.turn += 1
            pairs.append((entry.id, entry.turn))
    return pairs


def read_jobs(session: Session, pairs: Sequence[Pair]) -> list[ReadJob]:
    """The taken entries, in the order of `pairs`."""
    found = session.connection().execute(_TO_READ, {"ids": [pair[0] for pair in pairs]})
    rows = {row.id: row for row in found}
    return [_job(rows[pair[0]], pair) for pair in pairs if pair[0] in rows]


_TO_READ: Any = (  # rows and no objects: most are only looked at
    select(Entry.__table__, Feed.name.label("source"), Feed.options)
    .join(Feed)
    .where(Entry.id.in_(bindparam("ids", expanding=True)))
)


def _job(row: Any, pair: Pair) -> ReadJob:
    return ReadJob(
        pair=pair,
        feed_id=row.feed_id,
        source=row.source,
        options=row.options,
        link=row.link,
        title=row.title,
        summary=row.summary,
        content=row.content,
        authors=tuple(row.authors),
        language=row.language,
        published_at=row.published_at,
        backlog=row.backlog,
        failures=row.failures,
        reads=row.reads,
        article_id=row.article_id,
        outcome=row.outcome,
        created_at=row.created_at,
    )


def known_articles(session: Session, canonical_urls: Sequence[str]) -> dict[str, int]:
    """Which of these canonical addresses are stored already, with the article's id."""
    if not canonical_urls:
        return {}
    rows = session.execute(
        select(Article.canonical_url, Article.id).where(Article.canonical_url.in_(list(canonical_urls)))
    )
    return {row[0]: row[1] for row in rows}


def skipped_links(session: Session, links: Sequence[str]) -> set[str]:
    """Those of these addresses whose page was left: it held no topic's word."""
    return set(session.connection().scalars(_SKIPPED_LINKS, {"links": list(links)})) if links else set()


_SKIPPED_LINKS = select(Entry.link).where(
    Entry.link.in_(bindparam("links", expanding=True)), Entry.outcome == Outcome.SKIPPED.value
)


def reads_of(session: Session, entry_id: int) -> int:
    """How often an entry was read to an end."""
    return session.scalar(select(Entry.reads).where(Entry.id == entry_id)) or 0


def finish_entry(session: Session, entry_id: int, outcome: Outcome, **values: Any) -> None:
    """Write how the reading ended; only after `work.close` said that the turn is ours."""
    session.execute(
        update(Entry)
        .where(Entry.id == entry_id)
        .values(outcome=outcome.value, **values)
        .execution_options(synchronize_session=False)
    )


def outcomes(session: Session, since: datetime | None = None) -> tuple[dict[str, int], int]:
    """Entries by outcome, and how many are still pending."""
    statement = select(Entry.outcome, func.count()).group_by(Entry.outcome)
    if since is not None:
        statement = statement.where(Entry.created_at >= since)
    counts = {row[0]: row[1] for row in session.execute(statement)}
    return {name: count for name, count in counts.items() if name is not None}, counts.get(None, 0)
