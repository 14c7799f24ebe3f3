"""What stands behind alerts, read in a few queries for many alerts at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.carriers import Carrier, precedence
from monitor.domain.model import Outcome
from monitor.storage.tables import Alert, AlertEvent, AlertTopic, Article, Dossier, Entry, Feed, Match, Topic

SILENCE = timedelta(days=14)
# Whose page was read: of these, a partial text is worth a word. The others have an outcome that says more.
READ_WHOLE = (Outcome.MATCHED.value, Outcome.UNMATCHED.value)


@dataclass(frozen=True, slots=True)
class TopicFact:
    slug: str
    title: str
    score: float
    since_revision: int


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """A stored span with its topic and the whole field it stands in."""

    topic: str
    field: str
    start: int
    end: int
    text: str
    field_text: str


@dataclass(frozen=True, slots=True)
class ArticleFact:
    """An article of the alert's story; `evidence` best topic first."""

    id: int
    title: str
    source: str
    url: str
    access: str
    has_text: bool
    published_at: datetime | None
    created_at: datetime
    evidence: tuple[EvidenceFact, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """An alert with its topics (best first) and articles (who told it first in front).

    `changes` are the sentences of the edit that made its last revision.
    """

    id: int
    dossier: str
    dossier_title: str
    story_id: int
    title: str
    score: float
    revision: int
    status: str
    raised_at: datetime
    updated_at: datetime
    backlog: bool
    retroactive: bool
    topics: tuple[TopicFact, ...]
    articles: tuple[ArticleFact, ...]
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """What was looked at since an instant. `failed` and `silent` are names of feeds."""

    feeds: int
    polled: int
    failed: tuple[str, ...]
    silent: tuple[str, ...]
    outcomes: dict[str, int]
    partial: int
    pending: int


def alert_facts(session: Session, alert_ids: Sequence[int]) -> list[AlertFacts]:
    """The alerts in the order of `alert_ids`; unknown ids are left out."""
    alerts: dict[int, tuple[Alert, str, str]] = {}
    ids = list(alert_ids)
    for start in range(0, len(ids), 1000):
        statement = select(Alert, Dossier.slug, Dossier.title).join(Dossier, Dossier.id == Alert.dossier_id)
        for alert, slug, title in session.execute(statement.where(Alert.id.in_(ids[start : start + 1000]))):
            alerts[alert.id] = (alert, slug, title)
    topics = _topics(session, ids)
    articles = _articles(session, [alert for alert, _, _ in alerts.values()])
    changes = _changes(session, [alert.id for alert, _, _ in alerts.values() if alert.revision > 1])
    return [_facts(*alerts[i], topics.get(i, ()), articles.get(i, ()), changes.get(i, ())) for i in ids if i in alerts]


def _changes(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """What the last revision of each alert showed as changed."""
    found: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(ids), 1000):
        statement = select(AlertEvent.alert_id, AlertEvent.detail).where(
            AlertEvent.alert_id.in_(ids[start : start + 1000]), AlertEvent.kind == "revised"
        )
        for alert_id, detail in session.execute(statement.order_by(AlertEvent.id)):
            found[alert_id] = tuple(detail.get("changes", ()))
    return found


def _facts(
    alert: Alert,
    slug: str,
    title: str,
    topics: tuple[TopicFact, ...],
    articles: tuple[ArticleFact, ...],
    changes: tuple[str, ...],
) -> AlertFacts:
    return AlertFacts(
        id=alert.id,
        dossier=slug,
        dossier_title=title,
        story_id=alert.story_id,
        title=alert.title,
        score=alert.score,
        revision=alert.revision,
        status=alert.status,
        raised_at=alert.raised_at,
        updated_at=alert.updated_at,
        backlog=alert.backlog,
        retroactive=alert.retroactive,
        topics=topics,
        articles=articles,
        changes=changes,
    )


def _topics(session: Session, ids: Sequence[int]) -> dict[int, tuple[TopicFact, ...]]:
    found: dict[int, list[TopicFact]] = defaultdict(list)
    for start in range(0, len(ids), 1000):
        statement = (
            select(AlertTopic.alert_id, Topic.slug, Topic.title, AlertTopic.score, AlertTopic.since_revision)
            .join(Topic, Topic.id == AlertTopic.topic_id)
            .where(AlertTopic.alert_id.in_(ids[start : start + 1000]))
            .order_by(AlertTopic.score.desc(), Topic.id)
        )
        for alert_id, slug, title, score, since in session.execute(statement):
            found[alert_id].append(TopicFact(slug, title, score, since))
    return {alert_id: tuple(topics) for alert_id, topics in found.items()}


def _articles(session: Session, alerts: Sequence[Alert]) -> dict[int, tuple[ArticleFact, ...]]:
    by_story: dict[int, list[Article]] = defaultdict(list)
    stories = sorted({alert.story_id for alert in alerts})
    for start in range(0, len(stories), 1000):
        statement = select(Article).where(Article.story_id.in_(stories[start : start + 1000]))
        for article in session.scalars(statement):
            by_story[article.story_id].append(article)
    for group in by_story.values():
        group.sort(key=_precedence)
    articles = {article.id: article for group in by_story.values() for article in group}
    evidence = _evidence(session, articles)
    return {
        alert.id: tuple(
            ArticleFact(
                id=article.id,
                title=article.title,
                source=article.source,
                url=article.url,
                access=article.access,
                has_text=article.has_text,
                published_at=article.published_at,
                created_at=article.created_at,
                evidence=tuple(evidence.get((article.id, alert.dossier_id), ())),
            )
            for article in by_story.get(alert.story_id, ())
        )
        for alert in alerts
    }


def _precedence(article: Article) -> Any:
    return precedence(Carrier(article.id, article.source, article.published_at, article.created_at, article.agency))


def _evidence(session: Session, articles: dict[int, Article]) -> dict[tuple[int, int], list[EvidenceFact]]:
    found: dict[tuple[int, int], list[EvidenceFact]] = defaultdict(list)
    ids = list(articles)
    for start in range(0, len(ids), 1000):
        statement = (
            select(Match.article_id, Topic.dossier_id, Topic.slug, Match.evidence)
            .join(Topic, Topic.id == Match.topic_id)
            .where(Match.article_id.in_(ids[start : start + 1000]))
            .order_by(Match.score.desc(), Match.id)
        )
        for article_id, dossier_id, slug, spans in session.execute(statement):
            for span in spans:
                found[article_id, dossier_id].append(_evidence_fact(articles[article_id], slug, span))
    return found


def _evidence_fact(article: Article, topic: str, span: dict[str, Any]) -> EvidenceFact:
    whole = {"title": article.title, "lead": article.lead, "body": article.text}[span["field"]]
    return EvidenceFact(topic, span["field"], span["start"], span["end"], span["text"], whole)


def weekly_alerts(session: Session, since: datetime) -> list[tuple[str, str, str, datetime]]:
    """(dossier slug, topic slug, topic title, raised at) of every alert topic since an instant."""
    statement = (
        select(Dossier.slug, Topic.slug, Topic.title, Alert.raised_at)
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .join(AlertTopic, AlertTopic.topic_id == Topic.id)
        .join(Alert, Alert.id == AlertTopic.alert_id)
        .where(Alert.raised_at >= since, Alert.backlog.is_(False), Alert.retroactive.is_(False))
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(statement)]


def _is_silent(feed: Feed, since: datetime) -> bool:
    """It answers, but had nothing new for a fortnight before `since`."""
    return (feed.last_entry_at or feed.created_at) < since - SILENCE


def coverage(session: Session, since: datetime) -> CoverageFacts:
    """What was polled and read since an instant."""
    feeds = list(session.scalars(select(Feed).where(Feed.enabled.is_(True)).order_by(Feed.name)))
    polled = [feed for feed in feeds if feed.last_polled_at is not None and feed.last_polled_at >= since]
    rows = session.execute(
        select(Entry.outcome, func.count()).where(Entry.read_at >= since).group_by(Entry.outcome)
    ).all()
    partial = session.scalar(
        select(func.count())
        .select_from(Entry)
        .join(Article, Article.id == Entry.article_id)
        .where(Entry.read_at >= since, Article.access == "partial", Entry.outcome.in_(READ_WHOLE))
    )
    pending = session.scalar(select(func.count()).select_from(Entry).where(Entry.outcome.is_(None)))
    return CoverageFacts(
        feeds=len(feeds),
        polled=len(polled),
        failed=tuple(feed.name for feed in feeds if feed.last_error),
        silent=tuple(feed.name for feed in polled if not feed.last_error and _is_silent(feed, since)),
        outcomes={row[0]: row[1] for row in rows if row[0]},
        partial=partial or 0,
        pending=pending or 0,
    )
