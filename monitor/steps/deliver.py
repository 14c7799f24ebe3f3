"""Send what the outbox holds, at least once and under a constant id.

A repeat happens only when we die between the acceptance by the receiver and our commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import structlog

from monitor.channels import context_from, make_channel
from monitor.channels.base import ChannelContext, Message, Receipt
from monitor.domain.model import DeliveryStatus
from monitor.domain.retries import next_try
from monitor.errors import ChannelError, ConfigError
from monitor.steps.context import Context
from monitor.steps.flow import as_finished, write_group
from monitor.storage import work
from monitor.storage.deliveries import DeliverJob, deliver_jobs
from monitor.storage.dossiers import beat
from monitor.storage.engine import Session
from monitor.storage.work import Kind, Pair

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """How one sending went."""

    job: DeliverJob
    at: datetime
    receipt: Receipt | None = None
    error: ChannelError | None = None


@dataclass
class DeliverSummary:
    """What one batch did."""

    sent: int = 0
    retried: int = 0
    failed: int = 0


async def deliver(ctx: Context, pairs: Sequence[Pair]) -> DeliverSummary:
    """Send those deliveries that are still as announced; each result is written as soon as it is known."""
    with ctx.store.write() as session:
        taken = work.take(session, Kind.DELIVER, pairs, ctx.now(), ctx.lease(Kind.DELIVER))
        jobs = deliver_jobs(session, taken)
    summary = DeliverSummary()
    if not jobs:
        return summary
    context = context_from(ctx.settings, ctx.post)
    # A thread for each, so that one that hangs until its deadline makes no other overstay the lease.
    threads = ThreadPoolExecutor(max_workers=len(jobs), thread_name_prefix="deliver")
    try:
        async for group in as_finished([_send(ctx, context, threads, job) for job in jobs], most=1):
            write_group(group, lambda rows: _store(ctx, rows, summary), "delivery_not_stored")
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    return summary


async def _send(ctx: Context, context: ChannelContext, threads: ThreadPoolExecutor, job: DeliverJob) -> Sent:
    try:
        channel = make_channel(job.channel.kind, job.channel.address, context, job.channel.options)
        loop = asyncio.get_running_loop()
        receipt = await loop.run_in_executor(threads, channel.send, Message.from_json(job.message))
    except ChannelError as error:
        return Sent(job, ctx.now(), error=error)
    except ConfigError as error:
        return Sent(job, ctx.now(), error=ChannelError(str(error)))
    return Sent(job, ctx.now(), receipt=receipt)


def _store(ctx: Context, group: Sequence[Sent], summary: DeliverSummary) -> None:
    with ctx.store.write() as session:
        for sent in group:
            _store_one(session, sent, summary)
        beat(session, "deliver", ctx.now())


def _store_one(session: Session, sent: Sent, summary: DeliverSummary) -> None:
    job, tries = sent.job, sent.job.tries + 1
    due_at: datetime | None = None
    if sent.receipt is not None:
        status, error = DeliveryStatus.SENT, None
        summary.sent += 1
    else:
        assert sent.error is not None
        error = str(sent.error)
        wait = None if sent.error.permanent else next_try(tries, sent.error.retry_after)
        again = wait is not None
        status = DeliveryStatus.PLANNED if again else DeliveryStatus.FAILED
        due_at = sent.at + wait if wait is not None else None
        summary.retried += again
        summary.failed += not again
    values = {
        "status": status.value,
        "error": error,
        "tries": tries,
        "failures": 0 if sent.receipt else job.failures + 1,
        "receipt": sent.receipt.detail[:500] if sent.receipt else None,
        "sent_at": sent.at if sent.receipt else None,
        "failed_at": sent.at if status is DeliveryStatus.FAILED else None,
    }
    if not work.close(session, Kind.DELIVER, job.pair, due_at=due_at, **values):
        log.warning("delivery_superseded", delivery=job.pair[0], message_id=job.message_id)
        return
    # What is given up is told here, in the next digest of the subscriber, and in those of operators.
    say = {DeliveryStatus.SENT: log.info, DeliveryStatus.PLANNED: log.warning}.get(status, log.error)
    say(
        "delivery_" + status.value,
        delivery=job.pair[0],
        subscriber=job.subscriber,
        channel=job.channel.kind,
        error=error,
        next_at=due_at,
    )
