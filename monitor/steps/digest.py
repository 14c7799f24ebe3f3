"""Close digests: membership, content and deliveries in one transaction, so that none is lost and none is in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from monitor.channels.base import Message
from monitor.channels.content import DigestContent, TopicTrend, digest_message_id, thread_id
from monitor.channels.rendering import render_digest
from monitor.domain.periods import Cadence, Period, current_period, next_due
from monitor.domain.subscribers import SubscriberSpec
from monitor.domain.trends import WEEK, WEEKS, trend_of, usual_week, weekly_counts
from monitor.steps.context import Context
from monitor.steps.views import alert_view, coverage_view, wanted
from monitor.storage import work
from monitor.storage.deliveries import (
    SubscriberRow,
    add_digest,
    channels,
    plan_delivery,
    subscribers,
    unsent_alerts,
)
from monitor.storage.dossiers import beat
from monitor.storage.engine import Session
from monitor.storage.facts import AlertFacts, alert_facts, coverage, weekly_alerts
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
    summary = DigestSummary()
    with ctx.store.write() as session:
        taken = work.take(session, Kind.DIGEST, pairs, ctx.now(), ctx.lease(Kind.DIGEST))
    for pair in taken:
        with ctx.store.write() as session:
            planned = _close(ctx, session, pair, summary)
            beat(session, "digest", ctx.now())
        ctx.announce_rows(Kind.DELIVER, planned)
    return summary


def _close(ctx: Context, session: Session, pair: Pair, summary: DigestSummary) -> list[Pair]:
    rows = subscribers(session, [pair[0]])
    if not rows:
        return []
    row, now = rows[0], ctx.now()
    spec = SubscriberSpec.from_json(row.settings)
    if spec.rhythm.cadence is Cadence.AT_ONCE:
        work.close(session, Kind.DIGEST, pair, due_at=None)
        return []
    due_at = next_due(spec.rhythm, spec.tzinfo, now)
    period = current_period(spec.rhythm, spec.tzinfo, now)
    if not work.close(session, Kind.DIGEST, pair, due_at=due_at, period_start=period.end, last_error=None):
        return []
    return close_digest(ctx, session, row, spec, period, summary)


def close_digest(
    ctx: Context, session: Session, row: SubscriberRow, spec: SubscriberSpec, period: Period, summary: DigestSummary
) -> list[Pair]:
    """Close one digest over all that this subscriber was not told yet; gives the deliveries to announce."""
    now = ctx.now()
    members = [facts for facts in _candidates(session, row, now) if wanted(facts, spec)]
    if not members and not spec.send_empty:
        summary.empty += 1
        return []
    digest_id = add_digest(
        session,
        subscriber_id=row.id,
        period_start=period.start,
        period_end=period.end,
        members=[(facts.id, facts.revision) for facts in members],
        content={"alerts": [facts.id for facts in members]},
        now=now,
    )
    if digest_id is None:
        return []
    summary.closed += 1
    content = digest_content(ctx, session, row.name, spec, period, members)
    planned = []
    for channel in channels(session, row.id):
        message_id = digest_message_id(digest_id, channel.id, ctx.settings.mail_from)
        message = render(ctx, content, spec, message_id)
        pair = plan_delivery(
            session,
            channel_id=channel.id,
            kind="digest",
            message_id=message_id,
            message=message.to_json(),
            due_at=now + ctx.settings.deliver_lease,
            now=now,
            digest_id=digest_id,
        )
        planned += [pair] if pair else []
    summary.deliveries += len(planned)
    log.info("digest_closed", subscriber=row.name, digest=digest_id, alerts=len(members))
    return planned


def _candidates(session: Session, row: SubscriberRow, now: datetime) -> list[AlertFacts]:
    return alert_facts(session, [alert.id for alert in unsent_alerts(session, row, now)])


def digest_content(
    ctx: Context, session: Session, name: str, spec: SubscriberSpec, period: Period, members: Sequence[AlertFacts]
) -> DigestContent:
    """All that the digest says, before language and layout."""
    now = ctx.now()
    facts = coverage(session, min(period.start, now - timedelta(days=1)))
    return DigestContent(
        message_id="",
        subscriber=spec.title or name,
        period_start=period.start,
        period_end=period.end,
        closed_at=now,
        zone=spec.tzinfo,
        dossiers=tuple(dict.fromkeys(facts.dossier_title for facts in members)),
        alerts=tuple(alert_view(facts, ctx.settings.public_url) for facts in members),
        at_most=spec.at_most,
        trends=_trends(session, now),
        coverage=coverage_view(facts),
        public_url=ctx.settings.public_url,
        thread_id=thread_id("digest", name, ctx.settings.mail_from),
    )


def _trends(session: Session, now: datetime) -> tuple[TopicTrend, ...]:
    """The topics' last weeks, and whether the current one is unusual."""
    moments: dict[tuple[str, str], list[datetime]] = {}
    for slug, title, raised_at in weekly_alerts(session, now - WEEKS * WEEK):
        moments.setdefault((slug, title), []).append(raised_at)
    found = []
    for (slug, title), raised in sorted(moments.items()):
        weeks = weekly_counts(raised, now)
        found.append(TopicTrend(slug, title, weeks, usual_week(weeks), trend_of(weeks)))
    return tuple(found)


def render(ctx: Context, content: DigestContent, spec: SubscriberSpec, message_id: str) -> Message:
    """The frozen message of one channel."""
    from dataclasses import replace

    templates = ctx.settings.config_dir / "templates"
    folder = templates if templates.is_dir() else None
    return render_digest(replace(content, message_id=message_id), spec.language, folder)


def preview(ctx: Context, session: Session, row: SubscriberRow) -> Message:
    """What the digest would be if it closed now; nothing is stored."""
    spec = SubscriberSpec.from_json(row.settings)
    now = ctx.now()
    start = row.period_start or now - timedelta(days=1)
    members = [facts for facts in _candidates(session, row, now) if wanted(facts, spec)]
    content = digest_content(ctx, session, row.name, spec, Period(start, now), members)
    return render(ctx, content, spec, digest_message_id(0, 0, ctx.settings.mail_from))
