"""Alerts to those who want them at once: planned in the transaction that raises them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from monitor.channels.content import AlertView, DigestContent, alert_message_id, thread_id
from monitor.domain.periods import Cadence, allowed_from
from monitor.domain.subscribers import SubscriberSpec
from monitor.steps.context import Context
from monitor.steps.digest_content import question_name, with_unsubscribe
from monitor.steps.views import alert_view, wanted
from monitor.storage.alerts import Raised
from monitor.storage.deliveries import (
    SubscriberRow,
    channels,
    close_digest_by,
    plan_delivery,
    subscribers,
    told_at_once_since,
)
from monitor.storage.engine import Session
from monitor.storage.facts import alert_facts
from monitor.storage.membership import answers
from monitor.storage.work import Pair

log = structlog.get_logger(__name__)

GUARD = timedelta(hours=1)  # `at_most` alerts at once in this long; the rest comes together when it is over


AtOnce = Sequence[tuple[SubscriberRow, SubscriberSpec]]


def at_once_subscribers(session: Session) -> AtOnce:
    """Those whose rhythm is at once; read in the transaction that raises alerts, for all of them."""
    known = [(row, SubscriberSpec.from_json(row.settings)) for row in subscribers(session)]
    return [(row, spec) for row, spec in known if spec.rhythm.cadence is Cadence.AT_ONCE]


def is_told_at_once(raised: Raised) -> bool:
    """A muted story tells nobody; a backlog waits for a digest, and an at-once subscriber is spared it."""
    return not (raised.muted or raised.backlog)


def deliver_at_once(
    ctx: Context, session: Session, raised: Raised, now: datetime, among: AtOnce | None = None
) -> list[Pair]:
    """Plan an alert's deliveries to subscribers whose rhythm is at once; gives those that are due now.

    They are `among` these, where they were read already.
    """
    if not is_told_at_once(raised):
        return []
    planned: list[Pair] = []
    facts = None
    for row, spec in at_once_subscribers(session) if among is None else among:
        facts = facts or alert_facts(session, [raised.alert_id])[0]
        question = ctx.questions.of(spec)
        if not wanted(facts, spec) or (question is not None and not answers(session, raised.alert_id, question)):
            continue
        if told_at_once_since(session, row.id, now - GUARD) >= spec.at_most:
            _hold(session, row, spec, now)
            continue
        planned += _plan(ctx, session, row, spec, alert_view(facts, ctx.settings.public_url), now)
    return planned


def _hold(session: Session, row: SubscriberRow, spec: SubscriberSpec, now: datetime) -> None:
    """The volume guard: what comes on top waits for one digest, which takes all that was not told."""
    close_digest_by(session, row.id, allowed_from(spec.rhythm, spec.tzinfo, now + GUARD))
    log.info("alerts_held", subscriber=row.name, at_most=spec.at_most)


def _plan(
    ctx: Context, session: Session, row: SubscriberRow, spec: SubscriberSpec, view: AlertView, now: datetime
) -> list[Pair]:
    """One frozen message a channel; those that fall in quiet hours are due at their end."""
    from monitor.channels.rendering import render_alert  # with Jinja2 and Babel: 3 MiB, where nobody is told at once

    planned: list[Pair] = []
    due_at = allowed_from(spec.rhythm, spec.tzinfo, now)
    templates = ctx.settings.config_dir / "templates"
    for channel in channels(session, row.id):
        message_id = alert_message_id(view.id, view.revision, channel.id, ctx.settings.mail_from)
        envelope = with_unsubscribe(ctx, session, _envelope(ctx, row, spec, view, now), row.name, channel)
        message = render_alert(
            view, spec.language, envelope=envelope, templates=templates if templates.is_dir() else None
        )
        pair = plan_delivery(
            session,
            channel_id=channel.id,
            kind="alert",
            message_id=message_id,
            message=message.only_for(channel.kind, message_id).to_json(),
            due_at=due_at if due_at > now else now + ctx.settings.deliver_lease,
            now=now,
            alert_id=view.id,
            revision=view.revision,
        )
        if pair and due_at <= now:
            planned.append(pair)
    return planned


def _envelope(ctx: Context, row: SubscriberRow, spec: SubscriberSpec, view: AlertView, now: datetime) -> DigestContent:
    """To whom an alert goes; the revisions of one alert are a thread."""
    return DigestContent(
        message_id="",
        subscriber=spec.title or row.name,
        period_start=now,
        period_end=now,
        closed_at=now,
        zone=spec.tzinfo,
        dossiers=(view.dossier,) if view.dossier else (),
        public_url=ctx.settings.public_url,
        thread_id=thread_id("alert", view.id, ctx.settings.mail_from),
        question=question_name(spec),
    )
