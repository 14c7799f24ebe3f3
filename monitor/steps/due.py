"""The tick: announce what is due, end what crashes, note that we live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from monitor.domain.model import DeliveryStatus, Outcome
from monitor.steps.context import Context
from monitor.storage import work
from monitor.storage.dossiers import beat
from monitor.storage.engine import Session
from monitor.storage.entries import finish_entry, reads_of
from monitor.storage.heartbeats import note_announced
from monitor.storage.search_index import mend_index
from monitor.storage.work import Kind

log = structlog.get_logger(__name__)

CRASHED = "failed: crashed"
FEED_PAUSE = timedelta(days=1)  # a feed is never given up: one that crashes us is tried again a day later
REREAD = timedelta(days=1)
MENDED = timedelta(minutes=5)  # what a worker of an older version stored is found by its words at the next tick
ORDER = (Kind.DELIVER, Kind.READ, Kind.DIGEST, Kind.POLL)


@dataclass(frozen=True, slots=True)
class Ticked:
    """How many rows of each kind were announced, and how many were ended as crashed."""

    announced: dict[str, int]
    crashed: dict[str, int]


def tick(ctx: Context) -> Ticked:
    """Announce all due rows; the outbox first, then pages, digests and feeds."""
    announced, ended = dict.fromkeys(map(str, ORDER), 0), dict.fromkeys(map(str, ORDER), 0)
    with ctx.store.read() as session:
        # Mostly one kind or none: only what has something to announce or to end begins to write.
        waiting = work.waiting(session, ctx.now())
    for kind in [kind for kind in ORDER if kind in waiting]:
        now = ctx.now()
        with ctx.store.write() as session:
            ended[kind.value] = end_crashed(ctx, session, kind)
            messages = work.announce_due(session, kind, now, ctx.lease(kind))
            if messages:
                note_announced(session, kind, now)
        for message in messages:
            ctx.announce(message)
        announced[kind.value] = sum(len(message.pairs) for message in messages)
    with ctx.store.write() as session:
        mend_index(session, ctx.now() - MENDED)
        beat(session, "tick", ctx.now())
    log.debug("ticked", **announced)
    return Ticked(announced, ended)


def end_crashed(ctx: Context, session: Session, kind: Kind) -> int:
    """Give up rows that killed their process time and again, and tell the operator."""
    now = ctx.now()
    rows = work.crashed(session, kind, now)
    for row_id in rows:
        log.error("step_crashed", kind=kind.value, id=row_id, reason=CRASHED)
        if kind is Kind.READ:
            # Perhaps it was not its fault: it is read once more, like any page that gave nothing.
            again = reads_of(session, row_id) == 0
            work.end(session, kind, row_id, due_at=now + REREAD if again else None, reason=CRASHED)
            finish_entry(session, row_id, Outcome.FAILED, read_at=now, reads=1)
        elif kind is Kind.DELIVER:
            failed = DeliveryStatus.FAILED.value
            work.end(session, kind, row_id, due_at=None, status=failed, error=CRASHED, failed_at=now)
        else:
            work.end(session, kind, row_id, due_at=now + FEED_PAUSE, last_error=CRASHED)
    return len(rows)
