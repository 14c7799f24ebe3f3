"""What a digest says: shared by all subscribers of a batch where it is the same, theirs alone where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.channels.base import Message
from monitor.channels.content import AlertView, ArticleRef, Coverage, DigestContent, Edit, TopicTrend, thread_id
from monitor.channels.unsubscribe import unsubscribe_url
from monitor.domain.excerpts import edited_sentences
from monitor.domain.periods import Period
from monitor.domain.subscribers import SubscriberSpec
from monitor.domain.trends import WEEK, WEEKS, trend_of, usual_week, weekly_counts
from monitor.steps.context import Context
from monitor.steps.views import alert_view, coverage_view
from monitor.storage.deliveries import ChannelRow, SubscriberRow
from monitor.storage.engine import Session
from monitor.storage.facts import alert_facts, coverage, weekly_alerts
from monitor.storage.membership import edits_since, followed_titles, given_up_since
from monitor.storage.secret import secret_key

LISTED = 60  # alerts told by title, beyond those that are shown in full
_EMPTY_DAYS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a digest: the ids to show, best first, and how many there are in all."""

    ids: Sequence[int]
    total: int


class Desk:
    """Makes the contents of a batch's digests; alerts, trends and coverage are read once for all of them."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._views: dict[int, AlertView] = {}
        self._trends: list[tuple[str, str, str, tuple[int, ...]]] | None = None
        self._coverage: dict[datetime, Coverage] = {}

    def content(
        self, session: Session, row: SubscriberRow, spec: SubscriberSpec, period: Period, members: Members
    ) -> DigestContent:
        """All that the digest says, before language and layout; channels add what is theirs (`for_channel`)."""
        settings, now = self._ctx.settings, self._ctx.now()
        alerts = self._alerts(session, members.ids)
        given_up = given_up_since(session, period.start, period.end)
        return DigestContent(
            message_id="",
            subscriber=spec.title or row.name,
            period_start=period.start,
            period_end=period.end,
            closed_at=now,
            zone=spec.tzinfo,
            dossiers=tuple(title for _, title in followed_titles(session, spec.dossiers)),
            alerts=alerts,
            unlisted=members.total - len(alerts),
            at_most=spec.at_most,
            trends=self._trends_of(session, spec, now),
            edits=_edits(session, row.id, period.start),
            coverage=replace(
                self._coverage_since(session, min(period.start, now - _EMPTY_DAYS)),
                given_up=sum(subscriber == row.id for subscriber, *_ in given_up),
                undelivered=_of_others(given_up, row.id) if spec.operator else (),
            ),
            public_url=settings.public_url,
            thread_id=thread_id("digest", row.name, settings.mail_from),
            question=question_name(spec),
        )

    def _alerts(self, session: Session, ids: Sequence[int]) -> tuple[AlertView, ...]:
        missing = [alert_id for alert_id in ids if alert_id not in self._views]
        for facts in alert_facts(session, missing):
            self._views[facts.id] = alert_view(facts, self._ctx.settings.public_url)
        return tuple(self._views[alert_id] for alert_id in ids if alert_id in self._views)

    def _trends_of(self, session: Session, spec: SubscriberSpec, now: datetime) -> tuple[TopicTrend, ...]:
        """The last weeks of the topics that the subscriber follows."""
        if self._trends is None:
            self._trends = _weekly(session, now)
        return tuple(
            TopicTrend(topic, title, weeks, usual_week(weeks), trend_of(weeks))
            for dossier, topic, title, weeks in self._trends
            if (not spec.dossiers or dossier in spec.dossiers) and (not spec.topics or topic in spec.topics)
        )

    def _coverage_since(self, session: Session, since: datetime) -> Coverage:
        if since not in self._coverage:
            self._coverage[since] = replace(coverage_view(coverage(session, since)), since=since)
        return self._coverage[since]


def question_name(spec: SubscriberSpec) -> str:
    """What the search of a subscriber is called; "" for one who asks none."""
    return (spec.title or spec.query) if spec.query else ""


def _of_others(given_up: Sequence[tuple[int, str, str]], subscriber_id: int) -> tuple[str, ...]:
    return tuple(f"{name}, {kind}" for subscriber, name, kind in given_up if subscriber != subscriber_id)


def _weekly(session: Session, now: datetime) -> list[tuple[str, str, str, tuple[int, ...]]]:
    """(dossier, topic, title, alerts a week), the busiest topic first."""
    moments: dict[tuple[str, str, str], list[datetime]] = {}
    for dossier, slug, title, raised_at in weekly_alerts(session, now - WEEKS * WEEK):
        moments.setdefault((dossier, slug, title), []).append(raised_at)
    found = [(*key, weekly_counts(raised, now)) for key, raised in moments.items()]
    return sorted(found, key=lambda line: (-sum(line[3]), line[2]))


def _edits(session: Session, subscriber_id: int, since: datetime) -> tuple[Edit, ...]:
    """Edits that changed a sentence; others (a comma, a caption) are not worth a line."""
    found = []
    for fact in edits_since(session, subscriber_id, since):
        added, removed = edited_sentences(fact.before, fact.after)
        if added or removed:
            article = ArticleRef(fact.title, fact.source, fact.url)
            found.append(Edit(article, fact.edited_at, added, removed))
    return tuple(found)


def render(ctx: Context, content: DigestContent, spec: SubscriberSpec) -> Message:
    """The digest, before it belongs to a channel."""
    from monitor.channels.rendering import render_digest  # with Jinja2 and Babel, 3 MiB: not before a digest closes

    templates = ctx.settings.config_dir / "templates"
    return render_digest(content, spec.language, templates if templates.is_dir() else None)


def with_unsubscribe(
    ctx: Context, session: Session, content: DigestContent, name: str, channel: ChannelRow
) -> DigestContent:
    """The content with the link that ends this channel's messages; only mail has such a link."""
    if channel.kind != "email" or not ctx.settings.public_url:
        return content
    secret = secret_key(session, ctx.settings.secret_key.get_secret_value() if ctx.settings.secret_key else None)
    url = unsubscribe_url(ctx.settings.public_url, secret, channel.id, name, channel.address)
    return replace(content, unsubscribe_url=url)
