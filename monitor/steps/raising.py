"""Alerts to those who want them at once: planned in the transaction that raises them."""

from __future__ import annotations

from datetime import datetime

from monitor.channels.content import DigestContent, alert_message_id, thread_id
from monitor.channels.rendering import render_alert
from monitor.domain.periods import Cadence, allowed_from
from monitor.domain.subscribers import SubscriberSpec
from monitor.steps.context import Context
from monitor.steps.views import alert_view, wanted
from monitor.storage.alerts import Raised
from monitor.storage.deliveries import channels, plan_delivery, subscribers
from monitor.storage.engine import Session
from monitor.storage.facts import alert_facts
from monitor.storage.work import Pair


def deliver_at_once(ctx: Context, session: Session, raised: Raised, now: datetime) -> list[Pair]:
    """Plan an alert's deliveries to subscribers whose rhythm is at once; gives those that are due now.

    A muted story tells nobody; a backlog waits for a digest, and an at-once subscriber is spared it.
    """
    if raised.muted or raised.backlog:
        return []
    planned: list[Pair] = []
    facts = None
    for row in subscribers(session):
        spec = SubscriberSpec.from_json(row.settings)
        if spec.rhythm.cadence is not Cadence.AT_ONCE:
            continue
        facts = facts or alert_facts(session, [raised.alert_id])[0]
        if not wanted(facts, spec):
            continue
        due_at = allowed_from(spec.rhythm, spec.tzinfo, now)
        view = alert_view(facts, ctx.settings.public_url)
        for channel in channels(session, row.id):
            message_id = alert_message_id(raised.alert_id, raised.revision, channel.id, ctx.settings.mail_from)
            message = render_alert(view, spec.language, envelope=_envelope(ctx, row.name, spec, message_id, now))
            pair = plan_delivery(
                session,
                channel_id=channel.id,
                kind="alert",
                message_id=message_id,
                message=message.to_json(),
                due_at=due_at if due_at > now else now + ctx.settings.deliver_lease,
                now=now,
                alert_id=raised.alert_id,
                revision=raised.revision,
            )
            if pair and due_at <= now:
                planned.append(pair)
    return planned


def _envelope(ctx: Context, name: str, spec: SubscriberSpec, message_id: str, now: datetime) -> DigestContent:
    """To whom and under which id an alert goes."""
    return DigestContent(
        message_id=message_id,
        subscriber=spec.title or name,
        period_start=now,
        period_end=now,
        closed_at=now,
        zone=spec.tzinfo,
        public_url=ctx.settings.public_url,
        thread_id=thread_id("alert", name, ctx.settings.mail_from),
    )
