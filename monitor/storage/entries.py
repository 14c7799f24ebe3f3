"""Named queries on entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

import xxhash
from sqlalchemy import and_, bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session

from monitor.domain.model import EntryData, Outcome
from monitor.storage.inserting import insert_columns
from monitor.storage.tables import Entry, Feed
from monitor.storage.work import Pair

_ENTRIES: Any = Entry.__table__
_SAID = {
    name: attrgetter(name)
    for name in (
        *("identity", "guid", "link", "title", "summary", "content"),
        *("authors", "language", "published_at", "updated_at"),
    )
}

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


@dataclass(frozen=True, slots=True)
class Brought:
    """What one feed brought at `now`: what there is to read of it is announced until `due_at`."""

    feed_id: int
    entries: Sequence[EntryData]
    now: datetime
    due_at: datetime
    backlog: bool

    @property
    def shared(self) -> dict[str, Any]:
        """The columns in which its rows are alike."""
        return {"feed_id": self.feed_id, "backlog": self.backlog, "due_at": self.due_at, "created_at": self.now}


def add_entries(
    session: Session, feed_id: int, entries: Sequence[EntryData], *, now: datetime, due_at: datetime, backlog: bool
) -> StoredEntries:
    """Store what is new and note what was edited; what there is to read is announced until `due_at`."""
    return add_all(session, [Brought(feed_id, entries, now, due_at, backlog)])[0]


def add_all(session: Session, brought: Sequence[Brought]) -> list[StoredEntries]:
    """As `add_entries`, of several feeds, each of which stands there once."""
    said = [{entry.identity: entry for entry in reversed(one.entries)} for one in brought]
    new: dict[int, dict[str, int]] = {one.feed_id: {} for one in brought}
    for row_id, feed_id, identity in _insert(session, brought, said):
        new[feed_id][identity] = row_id
    return [_stored(session, one, entries, new[one.feed_id]) for one, entries in zip(brought, said, strict=True)]


def _insert(session: Session, brought: Sequence[Brought], said: Sequence[Mapping[str, EntryData]]) -> list[Any]:
    """The id, feed and identity of what was new."""
    rows = list(chain.from_iterable(entries.values() for entries in said))
    if not rows:
        return []
    columns: dict[str, Sequence[Any]] = {name: list(map(get, rows)) for name, get in _SAID.items()}
    columns["content_hash"] = list(map(content_hash, rows))
    alike = [(len(entries), one.shared) for one, entries in zip(brought, said, strict=True)]
    return insert_columns(session, _ENTRIES, columns, [_ENTRIES.c.id, _ENTRIES.c.feed_id, _ENTRIES.c.identity], alike)


def _stored(session: Session, brought: Brought, said: Mapping[str, EntryData], new: Mapping[str, int]) -> StoredEntries:
    known = {identity: entry for identity, entry in said.items() if identity not in new} if len(new) < len(said) else {}
    edited = _edited(session, brought, known) if known else []
    churned = set() if brought.backlog else _drop_churned(session, brought.feed_id, new)
    # what was just made is at its first turn
    pairs = sorted((row_id, 0) for row_id in new.values() if row_id not in churned) + edited
    kept = (identity for identity, row_id in new.items() if row_id not in churned) if churned else new
    return StoredEntries(pairs, frozenset(kept), len(churned))


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


def _edited(session: Session, brought: Brought, known: Mapping[str, EntryData]) -> list[Pair]:
    """Entries of which the feed now says something else, a few times within two days."""
    pairs: list[Pair] = []
    names = list(known)
    for start in range(0, len(names), 5000):
        rows = session.scalars(
            select(Entry).where(
                Entry.feed_id == brought.feed_id,
                Entry.identity.in_(names[start : start + 5000]),
                Entry.created_at > brought.now - EDIT_WINDOW,
                Entry.reads < MAX_READS,
                Entry.outcome.is_not(None),
            )
        )
        for entry in rows:
            said = known[entry.identity]
            if (changed := content_hash(said)) == entry.content_hash:
                continue
            entry.content_hash = changed
            for name in ("link", "title", "summary", "content", "updated_at"):
                setattr(entry, name, getattr(said, name))
            entry.due_at = brought.due_at
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
