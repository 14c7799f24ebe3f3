"""Deleting what is past its retention, a bounded number of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, cast, delete, exists, func, select, text, update
from sqlalchemy.orm import Session

from monitor.domain.model import DeliveryStatus
from monitor.storage.engine import Store
from monitor.storage.search_index import Indexed, drop_words, put_words
from monitor.storage.stories import drop_keys, oldest_findable
from monitor.storage.tables import Article, Delivery, Entry, Match, Revision

BATCH = 2000
MANY, SAMPLE = 20_000, 1000  # articles before the planner's figures are counted; rows of an index looked at for them
PIECES, AT_ONCE = 4, 200  # of the index of words: as many are left as they are; pages merged in a transaction


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each kind is kept; alerts, matches and their articles are not among them."""

    sketches: timedelta = timedelta(days=30)
    entries: timedelta = timedelta(days=30)  # the feed's own copy of the text; the row stays, else it would come back
    texts: timedelta = timedelta(days=400)  # texts without a match, and what they were before edits
    messages: timedelta = timedelta(days=400)  # what was sent, word for word; that it was sent stays


def forget(session: Session, now: datetime, keep: Retention | None = None) -> dict[str, int]:
    """Empty or delete at most `BATCH` rows of each kind; zeros when nothing is left to do."""
    keep = keep or Retention()
    return {
        "sketches": _sketches(session, now - keep.sketches),
        "texts": _texts(session, now - keep.texts),
        "revisions": _revisions(session, now - keep.texts),
        "entries": _entries(session, now - keep.entries),
        "messages": _messages(session, now - keep.messages),
    }


def _sketches(session: Session, before: datetime) -> int:
    oldest = oldest_findable(session)
    if oldest is None:
        return 0
    old = select(Article.id).where(Article.id >= oldest, Article.created_at < before)
    ids = list(session.scalars(old.order_by(Article.id).limit(BATCH)))
    drop_keys(session, ids)
    emptied = update(Article).where(Article.id.in_(ids)).values(sketch=None)
    session.execute(emptied.execution_options(synchronize_session=False))
    return len(ids)


def _texts(session: Session, before: datetime) -> int:
    """Unmatched articles keep their address (so that they stay known) and lose their text."""
    rows = session.scalars(
        select(Article)
        .where(Article.created_at < before, Article.text != "", ~exists().where(Match.article_id == Article.id))
        .limit(BATCH)
    ).all()
    drop_words(session, [Indexed.of(row) for row in rows])
    for article in rows:
        article.text = ""
        article.has_text = False
    put_words(session, [Indexed.of(row) for row in rows])
    return len(rows)


def _revisions(session: Session, before: datetime) -> int:
    """Earlier texts of articles that matched nothing; those of matched ones are part of the evidence."""
    matched = exists().where(Match.article_id == Revision.article_id)
    ids = list(session.scalars(select(Revision.id).where(Revision.replaced_at < before, ~matched).limit(BATCH)))
    session.execute(delete(Revision).where(Revision.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _messages(session: Session, before: datetime) -> int:
    """What was sent long ago loses its words; the ledger keeps to whom, when and under which id."""
    old = (Delivery.status == DeliveryStatus.SENT.value, Delivery.sent_at < before)
    ids = list(session.scalars(select(Delivery.id).where(*old, cast(Delivery.message, String) != "{}").limit(BATCH)))
    session.execute(
        update(Delivery).where(Delivery.id.in_(ids)).values(message={}).execution_options(synchronize_session=False)
    )
    return len(ids)


def _entries(session: Session, before: datetime) -> int:
    ids = list(
        session.scalars(
            select(Entry.id)
            .where(Entry.created_at < before, Entry.outcome.is_not(None), Entry.content != "")
            .limit(BATCH)
        )
    )
    for entry in session.scalars(select(Entry).where(Entry.id.in_(ids))):
        entry.content = ""
    return len(ids)


def analyze(store: Store, articles: int = MANY) -> bool:
    """Let SQLite count what its planner chooses by: a third of a second at a million articles. True when it did.

    Not before there are so many `articles`: what it takes for small it walks through, until it is counted again.
    PostgreSQL counts by itself.
    """
    if store.dialect != "sqlite":
        return False
    with store.write() as session:
        if (session.scalar(select(func.max(Article.id))) or 0) < articles:
            return False
        session.execute(text(f"PRAGMA analysis_limit = {SAMPLE}"))
        session.execute(text("ANALYZE"))
    return True


def merge_index(store: Store) -> bool:
    """Make one piece of SQLite's index of words, in short transactions: each search asks each piece for each of its
    words, and the day's writing leaves a dozen. Five seconds at a million articles. True when it did.

    PostgreSQL's is one tree.
    """
    if store.dialect != "sqlite":
        return False
    with store.read() as session:
        if (session.scalar(_PIECES) or 0) <= PIECES:
            return False
    at_once = -AT_ONCE  # below zero: all pieces, whatever their size, and not those of a size alone
    while _merged(store, at_once):
        at_once = AT_ONCE
    return True


_PIECES = text("SELECT count(DISTINCT segid) FROM article_words_idx")
_MERGE = text("INSERT INTO article_words (article_words, rank) VALUES ('merge', :pages)")
_CHANGES = text("SELECT total_changes()")


def _merged(store: Store, pages: int) -> bool:
    """Merge so many pages more; false when nothing was left to do."""
    with store.write() as session:
        before = session.scalar(_CHANGES) or 0
        session.execute(_MERGE, {"pages": pages})
        return (session.scalar(_CHANGES) or 0) - before > 1  # the statement itself counts as one
