"""Sending on somebody's word: a digest closed now, a test by every channel."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from monitor.channels import context_from, make_channel
from monitor.channels.content import DigestContent, sender_domain
from monitor.domain.periods import Period
from monitor.domain.subscribers import SubscriberSpec
from monitor.errors import ChannelError, ConfigError
from monitor.steps.context import Context
from monitor.steps.deliver import deliver
from monitor.steps.digest import DigestSummary, close_digest
from monitor.steps.digest_content import Desk
from monitor.storage.deliveries import ChannelRow, SubscriberRow, channels, move_period, subscriber_named
from monitor.storage.work import Pair


@dataclass(frozen=True, slots=True)
class SentNow:
    """What `digest send` did."""

    closed: int
    sent: int = 0
    retried: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Tested:
    """How the test of one channel went, in the receiver's words."""

    channel: str
    ok: bool
    detail: str


async def send_now(ctx: Context, subscriber: str) -> SentNow:
    """Close a digest over what the subscriber was not told yet, and deliver it from here. Raises `NotFoundError`."""
    summary = DigestSummary()
    now = ctx.now()
    planned: list[Pair] = []
    ctx.prepare_questions()
    with ctx.store.write() as session:
        row = subscriber_named(session, subscriber)
        spec = SubscriberSpec.from_json(row.settings)
        period = Period(row.period_start or row.created_at, now)
        planned = close_digest(ctx, session, row, spec, period, Desk(ctx), summary)
        if summary.closed:
            move_period(session, row.id, now)
    result = await deliver(ctx, planned)
    return SentNow(summary.closed, result.sent, result.retried, result.failed)


async def test_channels(ctx: Context, subscriber: str) -> list[Tested]:
    """Send a message marked as a test by every channel of a subscriber. Raises `NotFoundError`."""
    with ctx.store.read() as session:
        row = subscriber_named(session, subscriber)
        rows = channels(session, row.id)
    return list(await asyncio.gather(*(_test(ctx, row, channel) for channel in rows)))


async def _test(ctx: Context, row: SubscriberRow, channel: ChannelRow) -> Tested:
    from monitor.channels.rendering import render_digest  # here: see digest_content

    spec, now = SubscriberSpec.from_json(row.settings), ctx.now()
    name = f"{channel.kind} {channel.address}".strip()
    content = DigestContent(
        message_id=f"test.{channel.id}.{int(now.timestamp())}@{sender_domain(ctx.settings.mail_from)}",
        subscriber=spec.title or row.name,
        period_start=now,
        period_end=now,
        closed_at=now,
        zone=spec.tzinfo,
        test=True,
    )
    try:
        way = make_channel(channel.kind, channel.address, context_from(ctx.settings, ctx.post), channel.options)
        receipt = await asyncio.to_thread(way.send, render_digest(content, spec.language))
    except (ChannelError, ConfigError) as error:
        return Tested(name, False, str(error))
    return Tested(name, True, receipt.detail)
