"""Poll feeds: ask, store what is new with the validators in one transaction, announce the entries to read."""

from __future__ import annotations

import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from monitor.domain.schedule import FeedState, PollDecision, after_poll, before_poll
from monitor.errors import ContentError, FetchError, FetchFailure
from monitor.fetch.web import FeedAnswer
from monitor.steps.context import Context
from monitor.steps.flow import as_finished, write_group
from monitor.steps.observing import every, row_values, seen_answer, seen_error, state_of
from monitor.steps.push import renew_push
from monitor.storage import work
from monitor.storage.dossiers import beat
from monitor.storage.engine import Session
from monitor.storage.entries import Brought, StoredEntries, add_all
from monitor.storage.feeds import PollJob, poll_jobs
from monitor.storage.work import Kind, Pair

log = structlog.get_logger(__name__)

AT_ONCE = 200  # feeds that a message asks at a time, and rows that are taken together: the door has 256 requests
TOGETHER = 100  # feeds whose rows are written in one go; those that brought a body count twice: they take far longer
BUSY = timedelta(seconds=30)  # its host's turn was far off: handed back, nothing failed


class Polled(NamedTuple):
    """One feed's answer, or what went wrong."""

    job: PollJob
    state: FeedState
    at: datetime
    answer: FeedAnswer | None = None
    error: FetchError | ContentError | None = None

    @property
    def brought(self) -> bool:
        """Whether a feed was read: there may be entries to store."""
        return self.answer is not None and self.answer.feed is not None

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


async def poll(ctx: Context, pairs: Sequence[Pair], *, at_once: int = AT_ONCE) -> PollSummary:
    """Poll those of the feeds that are still as announced, so many at a time."""
    summary = PollSummary()
    asks = _asks(ctx, pairs, at_once)
    async for group in as_finished(asks, most=TOGETHER, at_once=at_once, weigh=_weight):
        write_group(group, lambda rows: _store(ctx, rows, summary), "poll_not_stored")
    log.info(
        "batch_polled",
        feeds=summary.polled,
        failed=summary.failed,
        unchanged=summary.unchanged,
        new=summary.entries_new,
    )
    return summary


def _weight(polled: Polled) -> int:
    return 2 if polled.brought else 1


def _asks(ctx: Context, pairs: Sequence[Pair], at_once: int) -> Iterator[Coroutine[Any, Any, Polled]]:
    """Each feed that is still as announced, to be asked; rows are taken when the first of them is to be."""
    end = time.monotonic() + ctx.settings.patience.total_seconds()
    for start in range(0, len(pairs), at_once):
        if start and time.monotonic() > end:
            # Sites are slow: the message must end in its time, and another process may be idle.
            ctx.announce_rows(Kind.POLL, pairs[start:])
            return
        try:
            jobs = _take(ctx, pairs[start : start + at_once])
        except Exception:
            if not start:
                raise
            # What is under way is stored; the lease brings the others back.
            log.warning("feeds_not_taken", rows=len(pairs) - start, exc_info=True)
            return
        for job in jobs:
            yield _ask(ctx, job)


def _take(ctx: Context, pairs: Sequence[Pair]) -> list[PollJob]:
    with ctx.store.write() as session:
        taken = work.take(session, Kind.POLL, pairs, ctx.now(), ctx.lease(Kind.POLL))
    with ctx.store.read() as session:
        return poll_jobs(session, taken)


async def _ask(ctx: Context, job: PollJob) -> Polled:
    state = state_of(job)
    sent = before_poll(state, ctx.now())
    try:
        answer = await ctx.web.feed(
            state.address or job.url,
            etag=sent.get("If-None-Match"),
            last_modified=sent.get("If-Modified-Since"),
            body_hash=state.body_hash,
            known=state.hashes,
            now=ctx.now(),
            believe_guids=state.guids_are_believed,
        )
    except (FetchError, ContentError) as error:
        return Polled(job, state, ctx.now(), error=error)
    hub, self_url = (answer.feed.hub_url, answer.feed.self_url) if answer.feed else (job.hub_url, None)
    if hub is not None and not job.first:
        # Not with the backlog of a first poll: a push has no way to say that it is one.
        await renew_push(ctx, job.id, answer.url, hub, self_url)
    return Polled(job, state, ctx.now(), answer=answer)


def _store(ctx: Context, group: Sequence[Polled], summary: PollSummary) -> None:
    done = PollSummary()
    with ctx.store.write() as session:
        fresh = _store_changed(ctx, session, [polled for polled in group if polled.brought], done)
        _store_rest(ctx, session, [polled for polled in group if not polled.brought], done)
        beat(session, "poll", ctx.now())
    ctx.announce_rows(Kind.READ, fresh)
    summary.polled += done.polled
    summary.failed += done.failed
    summary.unchanged += done.unchanged
    summary.entries_new += done.entries_new
    summary.errors |= done.errors


def _store_changed(ctx: Context, session: Session, group: Sequence[Polled], done: PollSummary) -> list[Pair]:
    """Store the entries and say what each row becomes: both or neither, else a 304 would hide entries for good.

    Gives the entries to announce.
    """
    # Before the entries: the rows must be ours, and stay locked until the commit.
    ours = work.close_all(session, Kind.POLL, [polled.job.pair for polled in group])
    for polled in group:
        if polled.job.id not in ours:
            log.info("poll_superseded", feed=polled.job.url)
    group = [polled for polled in group if polled.job.id in ours]
    fresh: list[Pair] = []
    rows: list[dict[str, Any]] = []
    for polled, stored in zip(group, add_all(session, [_brought(ctx, polled) for polled in group]), strict=True):
        decision = _decide(ctx, polled, stored)
        rows.append({"id": polled.job.id, **row_values(polled.job, polled.state, decision), **_said(polled)})
        _tell(polled, decision, stored, done)
        fresh += stored.pairs
    work.amend(session, Kind.POLL, rows)
    return fresh


def _store_rest(ctx: Context, session: Session, group: Sequence[Polled], done: PollSummary) -> None:
    """What brought no entries is one write a feed, which says itself whether the row is still ours."""
    rows: list[dict[str, Any]] = []
    for polled in group:
        row: dict[str, Any] = {"id": polled.job.id, "turn": polled.job.turn}
        if polled.busy and isinstance(polled.error, FetchError):
            rows.append(row | {"due_at": polled.at + (polled.error.retry_after or BUSY)})
            continue
        decision = _decide(ctx, polled, None)
        row.update(row_values(polled.job, polled.state, decision))
        row.update(_said(polled))
        rows.append(row)
        _tell(polled, decision, None, done)
    ours = work.finish(session, Kind.POLL, rows)
    if ours < len(rows):
        log.info("polls_superseded", feeds=len(rows) - ours)


def _tell(polled: Polled, decision: PollDecision, stored: StoredEntries | None, done: PollSummary) -> None:
    url, error = polled.job.url, polled.error
    done.polled += 1
    if error is not None:
        done.failed += 1
        done.errors[url] = str(error)
        log.warning("feed_failed", feed=url, reason=str(error), next_at=decision.due_at)
    elif stored is None:
        done.unchanged += 1
        log.debug("feed_unchanged", feed=url, next_at=decision.due_at)
    else:
        done.entries_new += len(stored.new)
        log.info("feed_polled", feed=url, new=len(stored.new), churned=stored.churned, next_at=decision.due_at)


def _brought(ctx: Context, polled: Polled) -> Brought:
    entries = polled.answer.feed.entries if polled.answer and polled.answer.feed else ()
    return Brought(polled.job.id, entries, polled.at, polled.at + ctx.lease(Kind.READ), polled.job.first)


def _decide(ctx: Context, polled: Polled, stored: StoredEntries | None) -> PollDecision:
    if polled.answer is not None:
        seen = seen_answer(polled.answer, stored, polled.at)
    else:
        seen = seen_error(polled.error or ContentError("nothing came"))
    return after_poll(polled.state, seen, polled.at, ctx.rng, every=every(polled.job))


def _said(polled: Polled) -> dict[str, Any]:
    """What the answer says of the feed itself."""
    answer = polled.answer
    if answer is None:
        return {"last_status": getattr(polled.error, "status", None)}
    values: dict[str, Any] = {"last_status": answer.status}
    if polled.job.first:
        values["first_success_at"] = polled.at
    if answer.feed is not None:
        said = {"title": answer.feed.title, "site_url": answer.feed.site_url, "hub_url": answer.feed.hub_url}
        values |= {name: value for name, value in said.items() if value}
    return values
