"""Which alerts belong to a subscriber's digest: decided by rows in one statement, for one alert or ten thousand.

Membership is rows, never a range of times, which a late commit would slip through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter
from monitor.domain.model import AlertStatus
from monitor.domain.subscribers import SubscriberSpec
from monitor.storage.inserting import insert_new
from monitor.storage.search_filters import alert_conditions, resolve
from monitor.storage.search_index import FirstPass
from monitor.storage.search_walk import judged, story_articles
from monitor.storage.tables import (
    Alert,
    AlertTopic,
    Article,
    Channel,
    Delivery,
    Digest,
    DigestAlert,
    Dossier,
    Revision,
    Story,
    Subscriber,
    Topic,
)

if TYPE_CHECKING:  # compiling is loaded when a text is asked
    from monitor.domain.judging import Judge

_BATCH = 500
MOST_CHOSEN = 20_000  # alerts of a question in one digest; the rest is for the next
WINDOW = timedelta(days=60)  # an alert that no digest took for this long is history


@dataclass(frozen=True, slots=True)
class Follower:
    """A subscriber as membership sees it; `since` is the instant from which alerts concern them.

    `chosen` are the alerts that answer the subscriber's question; None: there is none.
    """

    id: int
    spec: SubscriberSpec
    since: datetime
    chosen: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A subscriber's question: the filters in it, and the judge of its words (None: filters alone)."""

    asked: Filter
    judge: Judge | None = None


def follower(subscriber_id: int, created_at: datetime, spec: SubscriberSpec, now: datetime) -> Follower:
    return Follower(subscriber_id, spec, max(created_at, now - WINDOW))


def asking(session: Session, who: Follower, question: Question | None, now: datetime) -> Follower:
    """The same follower with the alerts that answer the question: put once, to candidates alone."""
    if question is None:
        return who
    statement = _candidates(session, who, now).with_only_columns(Alert.id).order_by(Alert.id)
    return replace(who, chosen=tuple(answering(session, statement, question)[:MOST_CHOSEN]))


def answering(session: Session, alerts: Select[int], question: Question) -> list[int]:
    """Those of the alerts of which the filters hold and an article of whose story makes the words true; in order."""
    conditions = alert_conditions(question.asked, resolve(session, question.asked))
    wider = alerts.where(*conditions).add_columns(Alert.score, Alert.story_id)
    rows = [tuple(row) for row in session.execute(wider)]
    if question.judge is None:
        return [row[0] for row in rows]
    first = None if question.judge.words is None else FirstPass(session, question.judge.words)
    found: list[int] = []
    for start in range(0, len(rows), _BATCH):
        of = story_articles(session, rows[start : start + _BATCH])
        asked = sorted({article for articles in of.values() for article in articles})
        true = judged(session, question.judge, asked if first is None else sorted(first.among(session, asked)))
        found += [row[0] for row in rows[start : start + _BATCH] if not true.keys().isdisjoint(of[row[0]])]
    return found


def answers(session: Session, alert_id: int, question: Question) -> bool:
    """Whether one alert answers a question."""
    return bool(answering(session, select(Alert.id).where(Alert.id == alert_id), question))


def has_candidates(session: Session, who: Follower, now: datetime) -> bool:
    """Whether a digest closed now would have a member."""
    return session.execute(_candidates(session, who, now).limit(1)).first() is not None


def candidate_ids(session: Session, who: Follower, now: datetime, limit: int) -> tuple[list[int], int]:
    """The alerts that a digest closed now would show, best first, and how many members it would have."""
    found = _candidates(session, who, now).subquery()
    total = session.scalar(select(func.count()).select_from(found)) or 0
    statement = select(Alert.id).join(found, found.c.id == Alert.id).order_by(*_best_first()).limit(limit)
    return list(session.scalars(statement)), total


def open_digest(
    session: Session, subscriber_id: int, period_start: datetime, period_end: datetime, now: datetime
) -> int | None:
    """A new, empty digest; None when that period was closed already."""
    row = {
        "subscriber_id": subscriber_id,
        "period_start": period_start,
        "period_end": period_end,
        "alerts": 0,
        "content": {},
        "closed_at": now,
    }
    found = insert_new(session, Digest.__table__, [row], [Digest.id])  # type: ignore[arg-type]
    return int(found[0][0]) if found else None


def add_members(session: Session, digest_id: int, who: Follower, now: datetime) -> int:
    """Make members of all candidates, in one statement; gives how many."""
    chosen = _candidates(session, who, now).subquery()
    columns = ("digest_id", "alert_id", "revision", "subscriber_id")
    statement = insert(DigestAlert).from_select(
        columns,
        select(literal(digest_id), chosen.c.id, chosen.c.revision, literal(who.id)),
    )
    session.execute(statement)  # psycopg gives no row count for it
    members = select(func.count()).select_from(DigestAlert).where(DigestAlert.digest_id == digest_id)
    count = session.scalar(members) or 0
    session.get_one(Digest, digest_id).alerts = count
    session.flush()
    return count


def shown_members(session: Session, digest_id: int, limit: int) -> list[int]:
    """The ids of the members to show: new ones first, then those that grew, then the backlog; each by score."""
    statement = select(Alert.id).join(DigestAlert, DigestAlert.alert_id == Alert.id)
    return list(
        session.scalars(statement.where(DigestAlert.digest_id == digest_id).order_by(*_best_first()).limit(limit))
    )


def _best_first() -> tuple[Any, ...]:
    return (or_(Alert.backlog, Alert.retroactive), Alert.revision > 1, Alert.score.desc(), Alert.id)


def _candidates(session: Session, who: Follower, now: datetime) -> Select[int, int]:
    """Alerts (id, revision) that concern the subscriber and that no digest or message of theirs holds yet."""
    spec = who.spec
    statement = (
        select(Alert.id, Alert.revision)
        .join(Story, Story.id == Alert.story_id)
        .where(
            or_(Alert.updated_at >= who.since, Alert.snoozed_until >= who.since),
            or_(Alert.snoozed_until.is_(None), Alert.snoozed_until <= now),
            or_(Alert.retroactive.is_(False), Alert.backlog.is_(True)),  # both: a rematch that was asked to deliver
            Alert.status != AlertStatus.DISMISSED.value,
            Story.muted_at.is_(None),
            ~_told(who.id),
        )
    )
    if who.chosen is not None:
        statement = statement.where(Alert.id.in_(who.chosen))
    if spec.min_score > 0:
        statement = statement.where(Alert.score >= spec.min_score)
    if spec.dossiers:
        statement = statement.where(Alert.dossier_id.in_(select(Dossier.id).where(Dossier.slug.in_(spec.dossiers))))
    if spec.topics:
        topics = select(AlertTopic.alert_id).join(Topic).where(Topic.slug.in_(spec.topics))
        statement = statement.where(Alert.id.in_(topics))
    if spec.sources or spec.except_sources:
        statement = statement.where(Alert.story_id.in_(_stories_of(session, who)))
    return statement


def _told(subscriber_id: int) -> Any:
    in_digest = (
        select(DigestAlert.alert_id)
        .where(
            DigestAlert.subscriber_id == subscriber_id,
            DigestAlert.alert_id == Alert.id,
            DigestAlert.revision == Alert.revision,
        )
        .exists()
    )
    at_once = (
        select(Delivery.id)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(
            Channel.subscriber_id == subscriber_id,
            Delivery.alert_id == Alert.id,
            Delivery.revision == Alert.revision,
        )
        .exists()
    )
    return or_(in_digest, at_once)


def _stories_of(session: Session, who: Follower) -> Select[int]:
    """Stories that an outlet carries which the subscriber listens to; names are compared as `wants_source` does."""
    recent = select(Article.source).join(Alert, Alert.story_id == Article.story_id).where(Alert.updated_at >= who.since)
    names = [name for name in session.scalars(recent.distinct()) if who.spec.wants_source(name)]
    return select(Article.story_id).where(Article.source.in_(names))


@dataclass(frozen=True, slots=True)
class EditFact:
    """An article that was told and then edited: its text before and now."""

    title: str
    source: str
    url: str
    edited_at: datetime
    before: str
    after: str


def edits_since(session: Session, subscriber_id: int, since: datetime, limit: int = 5) -> list[EditFact]:
    """Articles of alerts that this subscriber was told of, edited since an instant, the latest edit first."""
    recent = select(Revision.article_id).where(Revision.replaced_at >= since)
    if session.execute(recent.limit(1)).first() is None:  # the usual case, and much cheaper to see
        return []
    told = (
        select(Alert.story_id)
        .join(DigestAlert, DigestAlert.alert_id == Alert.id)
        .where(DigestAlert.subscriber_id == subscriber_id)
    )
    statement = (
        select(Article, Revision)
        .join(Revision, and_(Revision.article_id == Article.id, Revision.number == Article.revision - 1))
        .where(Revision.replaced_at >= since, Article.story_id.in_(told))
        .order_by(Revision.replaced_at.desc(), Revision.id)
        .limit(limit)
    )
    return [
        EditFact(
            article.title,
            article.source,
            article.url,
            revision.replaced_at,
            before=_whole(revision.title, revision.lead, revision.text),
            after=_whole(article.title, article.lead, article.text),
        )
        for article, revision in session.execute(statement)
    ]


def _whole(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def followed_titles(session: Session, slugs: Sequence[str]) -> list[tuple[str, str]]:
    """(slug, title) of the enabled dossiers, all or those of `slugs`."""
    statement = select(Dossier.slug, Dossier.title).where(Dossier.enabled.is_(True)).order_by(Dossier.id)
    if slugs:
        statement = statement.where(Dossier.slug.in_(list(slugs)))
    return [(row[0], row[1]) for row in session.execute(statement)]


def given_up_since(session: Session, since: datetime, until: datetime) -> list[tuple[int, str, str]]:
    """(subscriber id, subscriber, kind of channel) of each message that was given up then."""
    statement = (
        select(Subscriber.id, Subscriber.name, Channel.kind)
        .join(Channel, Channel.subscriber_id == Subscriber.id)
        .join(Delivery, Delivery.channel_id == Channel.id)
        .where(Delivery.status == "failed", Delivery.failed_at >= since, Delivery.failed_at < until)
        .order_by(Delivery.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(statement)]
