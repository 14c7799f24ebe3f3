"""Poll feeds: ask, store what is new with the validators in one transaction, announce the entries to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from monitor.domain.schedule import backoff
from monitor.errors import ContentError, FetchError, FetchFailure
from monitor.fetch.web import FeedAnswer
from monitor.steps.context import Context
from monitor.steps.flow import as_finished, write_group
from monitor.storage import work
from monitor.storage.dossiers import beat
from monitor.storage.engine import Session
from monitor.storage.entries import add_entries
from monitor.storage.feeds import PollJob, poll_jobs
from monitor.storage.work import Kind, Pair

log = structlog.get_logger(__name__)

INTERVAL = timedelta(minutes=15)
BUSY = timedelta(seconds=30)  # its host's turn was far off: handed back, nothing failed


@dataclass(frozen=True, slots=True)
class Polled:
    """One feed's answer, or what went wrong."""

    job: PollJob
    at: datetime
    answer: FeedAnswer | None = None
    error: FetchError | ContentError | None = None

    @property
    def busy(self) -> bool:
        """Handed back without a request: the host's turn was far off."""
        return isinstance(self.error, FetchError) and self.error.kind is FetchFailure.BUSY


@dataclass
class PollSummary:
    """What one batch did. `unchanged` counts 304 and equal bodies."""

    polled: int = 0
    failed: int = 0
    unchanged: int = 0
    entries_new: int = 0
    errors: dict[str, str] = field(default_factory=dict)


async def poll(ctx: Context, pairs: Sequence[Pair]) -> PollSummary:
    """Poll those of the feeds that are still as announced."""
    with ctx.store.write() as session:
        taken = work.take(session, Kind.POLL, pairs, ctx.now(), ctx.lease(Kind.POLL))
        jobs = poll_jobs(session, taken)
    summary = PollSummary()
    async for group in as_finished([_ask(ctx, job) for job in jobs]):
        write_group(group, lambda rows: _store(ctx, rows, summary), "poll_not_stored")
    return summary


async def _ask(ctx: Context, job: PollJob) -> Polled:
    try:
        answer = await ctx.web.feed(job.url, etag=job.etag, last_modified=job.last_modified, body_hash=job.body_hash)
    except (FetchError, ContentError) as error:
        return Polled(job, ctx.now(), error=error)
    return Polled(job, ctx.now(), answer=answer)


def _store(ctx: Context, group: Sequence[Polled], summary: PollSummary) -> None:
    fresh: list[Pair] = []
    done = PollSummary()
    with ctx.store.write() as session:
        for polled in group:
            fresh += _store_one(ctx, session, polled, done)
        beat(session, "poll", ctx.now())
    ctx.announce_rows(Kind.READ, fresh)
    summary.polled += done.polled
    summary.failed += done.failed
    summary.unchanged += done.unchanged
    summary.entries_new += done.entries_new
    summary.errors |= done.errors


def _store_one(ctx: Context, session: Session, polled: Polled, done: PollSummary) -> list[Pair]:
    """Close the feed's row, then store its entries: both or neither, else a 304 would hide entries for good."""
    job, answer = polled.job, polled.answer
    due_at, values = _after(ctx, polled)
    if not work.close(session, Kind.POLL, job.pair, due_at=due_at, **values):
        log.info("poll_superseded", feed=job.url)
        return []
    if polled.busy:
        return []
    done.polled += 1
    if answer is None:
        done.failed += 1
        done.errors[job.url] = str(polled.error)
        log.warning("feed_failed", feed=job.url, reason=str(polled.error), next_at=due_at)
        return []
    if answer.feed is None:
        done.unchanged += 1
        log.info("feed_unchanged", feed=job.url, status=answer.status)
        return []
    announced_until = polled.at + ctx.lease(Kind.READ)
    fresh = add_entries(
        session, job.pair[0], answer.feed.entries, now=polled.at, due_at=announced_until, backlog=job.first
    )
    done.entries_new += len(fresh)
    log.info("feed_polled", feed=job.url, entries=len(answer.feed.entries), new=len(fresh))
    return fresh


def _after(ctx: Context, polled: Polled) -> tuple[datetime, dict[str, Any]]:
    """When the feed is due next, and what its row then says."""
    job, answer, now = polled.job, polled.answer, polled.at
    if polled.busy and isinstance(polled.error, FetchError):
        return now + (polled.error.retry_after or BUSY), {}
    if answer is None:
        failures = job.failures + 1
        wait = getattr(polled.error, "retry_after", None) or backoff(failures, ctx.rng, first=INTERVAL)
        status = getattr(polled.error, "status", None)
        values = {"failures": failures, "last_error": str(polled.error), "last_status": status, "last_polled_at": now}
        return now + wait, values
    values = {
        "failures": 0,
        "last_error": None,
        "last_status": answer.status,
        "last_polled_at": now,
        "last_success_at": now,
        "etag": answer.etag,
        "last_modified": answer.last_modified,
        "body_hash": answer.body_hash,
    }
    if job.first:
        values["first_success_at"] = now
    if answer.feed is not None:
        values |= {"title": answer.feed.title, "site_url": answer.feed.site_url, "hub_url": answer.feed.hub_url}
    return now + INTERVAL, values
