"""Close digests: membership, content and deliveries in one transaction, so that none is lost and none is in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from monitor.channels.base import Message
from monitor.channels.content import DigestContent, digest_message_id
from monitor.domain.periods import Cadence, Period, current_period, next_due
from monitor.domain.subscribers import SubscriberSpec
from monitor.steps.context import Context
from monitor.steps.digest_content import LISTED, Desk, Members, render, with_unsubscribe
from monitor.storage import work
from monitor.storage.deliveries import SubscriberRow, channels, plan_delivery, subscribers
from monitor.storage.dossiers import beat
from monitor.storage.engine import Session
from monitor.storage.membership import (
    add_members,
    asking,
    candidate_ids,
    follower,
    given_up_since,
    has_candidates,
    open_digest,
    shown_members,
)
from monitor.storage.work import Kind, Pair

log = structlog.get_logger(__name__)


@dataclass
class DigestSummary:
    """What one batch did."""

    closed: int = 0
    empty: int = 0
    deliveries: int = 0


def digest(ctx: Context, pairs: Sequence[Pair]) -> DigestSummary:
    """Close the digests of those subscribers that are still as announced."""
    summary, desk = DigestSummary(), Desk(ctx)
    with ctx.store.write() as session:
        taken = work.take(session, Kind.DIGEST, pairs, ctx.now(), ctx.lease(Kind.DIGEST))
    ctx.prepare_questions([pair[0] for pair in taken])
    for pair in taken:
        try:
            with ctx.store.write() as session:
                planned = _close(ctx, session, pair, desk, summary)
                beat(session, "digest", ctx.now())
        except Exception:  # one subscriber's digest must not cost the others theirs; the lease brings it back
            log.exception("digest_failed", subscriber_id=pair[0])
            continue
        ctx.announce_rows(Kind.DELIVER, planned)
    return summary


def _close(ctx: Context, session: Session, pair: Pair, desk: Desk, summary: DigestSummary) -> list[Pair]:
    """One subscriber: the next slot is written first, and everything else only if this turn is still ours."""
    rows = subscribers(session, [pair[0]])
    if not rows:
        return []
    row, now = rows[0], ctx.now()
    spec = SubscriberSpec.from_json(row.settings)
    at_once = spec.rhythm.cadence is Cadence.AT_ONCE
    end = now if at_once else current_period(spec.rhythm, spec.tzinfo, now).end
    period = Period(row.period_start or row.created_at, end)
    due_at = None if at_once else next_due(spec.rhythm, spec.tzinfo, now)
    moved = max(period.start, period.end)
    if not work.close(session, Kind.DIGEST, pair, due_at=due_at, period_start=moved, last_error=None):
        return []
    if period.start >= period.end:  # a second beat in the same slot
        return []
    return close_digest(ctx, session, row, spec, period, desk, summary)


def close_digest(
    ctx: Context,
    session: Session,
    row: SubscriberRow,
    spec: SubscriberSpec,
    period: Period,
    desk: Desk,
    summary: DigestSummary,
) -> list[Pair]:
    """Close one digest over all that this subscriber was not told yet; gives the deliveries to announce."""
    now = ctx.now()
    who = asking(session, follower(row.id, row.created_at, spec, now), ctx.questions.of(spec), now)
    if not has_candidates(session, who, now) and not spec.send_empty and not _has_trouble(session, row, spec, period):
        summary.empty += 1
        return []
    digest_id = open_digest(session, row.id, period.start, period.end, now)
    if digest_id is None:
        log.warning("digest_was_closed", subscriber=row.name, period_start=period.start)
        return []
    total = add_members(session, digest_id, who, now)
    members = Members(shown_members(session, digest_id, spec.at_most + LISTED), total)
    content = desk.content(session, row, spec, period, members)
    content = replace(content, held=spec.rhythm.cadence is Cadence.AT_ONCE)
    planned = _plan(ctx, session, row, spec, content, digest_id)
    summary.closed += 1
    summary.deliveries += len(planned)
    log.info("digest_closed", subscriber=row.name, digest=digest_id, alerts=total)
    return planned


def _has_trouble(session: Session, row: SubscriberRow, spec: SubscriberSpec, period: Period) -> bool:
    """Whether an operator is to be told that others did not get their messages."""
    return spec.operator and any(who != row.id for who, *_ in given_up_since(session, period.start, period.end))


def _plan(
    ctx: Context,
    session: Session,
    row: SubscriberRow,
    spec: SubscriberSpec,
    content: DigestContent,
    digest_id: int,
) -> list[Pair]:
    """One frozen message a channel; those without a link of their own are rendered once."""
    now, planned = ctx.now(), []
    common: Message | None = None
    for channel in channels(session, row.id):
        own = with_unsubscribe(ctx, session, content, row.name, channel)
        if own is content:
            message = common = common or render(ctx, content, spec)
        else:
            message = render(ctx, own, spec)
        message_id = digest_message_id(digest_id, channel.id, ctx.settings.mail_from)
        pair = plan_delivery(
            session,
            channel_id=channel.id,
            kind="digest",
            message_id=message_id,
            message=message.only_for(channel.kind, message_id).to_json(),
            due_at=now + ctx.settings.deliver_lease,
            now=now,
            digest_id=digest_id,
        )
        planned += [pair] if pair else []
    return planned


def preview(ctx: Context, session: Session, row: SubscriberRow) -> Message:
    """What the digest would be if it closed now; nothing is stored."""
    spec, now = SubscriberSpec.from_json(row.settings), ctx.now()
    who = asking(session, follower(row.id, row.created_at, spec, now), ctx.questions.of(spec), now)
    ids, total = candidate_ids(session, who, now, spec.at_most + LISTED)
    period = Period(min(row.period_start or now, now - timedelta(seconds=1)), now)
    content = Desk(ctx).content(session, row, spec, period, Members(ids, total))
    return render(ctx, content, spec)
