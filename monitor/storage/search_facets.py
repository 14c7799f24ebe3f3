"""Counts beside a search: by status, topic, outlet and week, and the figures of a dossier's page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, distinct, func, select, text
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter
from monitor.storage import search_filters as filters
from monitor.storage.listed import one_of
from monitor.storage.tables import Alert, AlertTopic, Article, Digest, Dossier, Match, Subscriber, Topic

MOST_SOURCES = 30
A_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)
NEWEST = 5_000  # alerts whose outlets are counted


@dataclass(frozen=True, slots=True)
class Facets:
    """Alerts by what they have, each the largest first; weeks by their Monday, oldest first.

    Outlets are those of the newest `NEWEST` alerts: each is one of several of a story.
    """

    total: int
    statuses: dict[str, int]
    topics: dict[str, int]
    sources: dict[str, int]
    weeks: dict[date, int]


@dataclass(frozen=True, slots=True)
class TopicRow:
    id: int
    dossier: str
    dossier_title: str
    slug: str
    title: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class DigestRow:
    id: int
    subscriber: str
    period_start: datetime
    period_end: datetime
    closed_at: datetime
    alerts: int


def alert_facets(session: Session, asked: Filter, ids: Sequence[int] | None = None) -> Facets:
    """Counts of the alerts of a filter, or of these ids when its expression was asked of them before."""
    where: list[ColumnElement[bool]] = [] if ids is None else [one_of(session, Alert.id, ids)]
    if ids is None:
        where = filters.alert_conditions(asked, filters.resolve(session, asked))
    postgresql = session.get_bind().dialect.name == "postgresql"
    statuses, weeks = (_in_one_walk if postgresql else _one_by_one)(session, where)
    return Facets(
        total=sum(statuses.values()),
        statuses=_largest_first(statuses.items()),
        topics=_by_topic(session, where, asked if ids is None else None),
        sources=_by_source(session, where),
        weeks=dict(sorted(weeks.items())),
    )


def _largest_first(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    return dict(sorted(rows, key=lambda row: (-row[1], row[0])))


def _in_one_walk(session: Session, where: list[ColumnElement[bool]]) -> tuple[Counter[str], Counter[date]]:
    """By status and by week, as PostgreSQL counts them in half the time of two statements."""
    week = func.date_bin(timedelta(days=7), Alert.raised_at, A_MONDAY)
    statuses, weeks = Counter[str](), Counter[date]()
    for status, first, count in session.execute(
        select(Alert.status, week, func.count()).where(*where).group_by(Alert.status, week)
    ):
        statuses[status] += count
        weeks[first.astimezone(UTC).date()] += count
    return statuses, weeks


def _one_by_one(session: Session, where: list[ColumnElement[bool]]) -> tuple[Counter[str], Counter[date]]:
    """The same as SQLite counts them: along its indexes where there are no conditions."""
    # not the bare column where there are conditions: SQLite would walk all alerts along its index, to be spared a sort
    status = func.coalesce(Alert.status, "") if where else Alert.status
    counted = session.execute(select(status, func.count()).where(*where).group_by(status))
    return Counter({row[0]: row[1] for row in counted}), _weeks(session, where)


def _by_topic(session: Session, where: list[ColumnElement[bool]], asked: Filter | None) -> dict[str, int]:
    statement = select(AlertTopic.topic_id, func.count()).group_by(AlertTopic.topic_id)
    if asked is not None and asked == Filter(dossier=asked.dossier, topics=asked.topics, not_topics=asked.not_topics):
        about = filters.about_topics(filters.resolve(session, asked))
        statement = statement if about is None else statement.where(AlertTopic.alert_id.in_(about))
    elif where:
        topic = func.coalesce(AlertTopic.topic_id, 0)
        statement = select(topic, func.count()).select_from(Alert).where(*where).group_by(topic)
        statement = statement.join(AlertTopic, AlertTopic.alert_id == Alert.id)
    slugs = {row[0]: row[1] for row in session.execute(select(Topic.id, Topic.slug))}
    counts: Counter[str] = Counter()
    for topic_id, count in session.execute(statement):
        counts[slugs[topic_id]] += count
    return dict(sorted(counts.items(), key=lambda row: (-row[1], row[0])))


def _by_source(session: Session, where: list[ColumnElement[bool]]) -> dict[str, int]:
    # not the bare column: SQLite would walk all articles along its index, to be spared a sort of the few that count
    source = func.coalesce(Article.source, "")
    newest = select(Alert.id, Alert.story_id).where(*where).order_by(Alert.id.desc()).limit(NEWEST).subquery()
    count = func.count(distinct(newest.c.id))
    statement = (
        select(source, count)
        .select_from(newest)
        .join(Article, Article.story_id == newest.c.story_id)
        .group_by(source)
        .order_by(count.desc(), source)
        .limit(MOST_SOURCES)
    )
    return _largest_first((row[0], row[1]) for row in session.execute(statement))


def _day(session: Session, column: Any) -> Any:
    """The UTC day of an instant."""
    if session.get_bind().dialect.name == "postgresql":
        return func.date(func.timezone("UTC", column))
    return func.substr(column, 1, 10)  # as it is stored; date() would read and write each


def _weeks(session: Session, where: list[ColumnElement[bool]]) -> Counter[date]:
    counts: Counter[date] = Counter()
    if not where:
        rows = session.execute(_ALL_WEEKS).all()
        counts.update({date.fromisoformat(first): count for first, count in rows if count})
        return counts
    day = _day(session, Alert.raised_at)
    for when, count in session.execute(select(day, func.count()).where(*where).group_by(day)):
        counts[monday(_date(when))] += count
    return counts


# a stretch of the index a week: to cut each time and sort them takes ten times as long
_ALL_WEEKS = text(
    "WITH RECURSIVE ends (first, last) AS (SELECT date((SELECT min(raised_at) FROM alerts), '-6 days', 'weekday 1'), "
    "(SELECT max(raised_at) FROM alerts)), weeks (first, next, last) AS (SELECT first, date(first, '+7 days'), last "
    "FROM ends UNION ALL SELECT next, date(next, '+7 days'), last FROM weeks WHERE next <= last) "
    "SELECT first, (SELECT count(*) FROM alerts WHERE raised_at >= first AND raised_at < next) FROM weeks "
    "WHERE first IS NOT NULL"
)


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def topic_weeks(session: Session, dossier: str, since: datetime) -> dict[str, dict[date, int]]:
    """Alerts by topic and week (its Monday); what came with a new feed or an old article is left out."""
    day = _day(session, Alert.raised_at)
    statement = (
        select(Topic.slug, day, func.count())
        .select_from(Alert)
        .join(AlertTopic, AlertTopic.alert_id == Alert.id)
        .join(Topic, Topic.id == AlertTopic.topic_id)
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .where(Dossier.slug == dossier, Alert.raised_at >= since)
        .where(Alert.backlog.is_(False), Alert.retroactive.is_(False))
        .group_by(Topic.slug, day)
    )
    found: dict[str, dict[date, int]] = {}
    for slug, when, count in session.execute(statement):
        weeks = found.setdefault(slug, {})
        weeks[monday(_date(when))] = weeks.get(monday(_date(when)), 0) + count
    return found


def topic_sources(session: Session, dossier: str, since: datetime) -> dict[tuple[str, str], int]:
    """Articles by topic and outlet, of those published since."""
    oldest = filters.oldest_article(session, since)
    statement = (
        select(Topic.slug, Article.source, func.count())
        .select_from(Match)
        .join(Article, Article.id == Match.article_id)
        .join(Topic, Topic.id == Match.topic_id)
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .where(Dossier.slug == dossier, Match.article_id >= oldest, Article.published_at >= since)
        .group_by(Topic.slug, Article.source)
    )
    return {(row[0], row[1]): row[2] for row in session.execute(statement)}


def topic_rows(session: Session) -> list[TopicRow]:
    """Every topic with its dossier, in the order of their making."""
    statement = (
        select(Topic.id, Dossier.slug, Dossier.title, Topic.slug, Topic.title, Topic.enabled, Dossier.enabled)
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .order_by(Dossier.slug, Topic.id)
    )
    return [TopicRow(*row[:5], row[5] and row[6]) for row in session.execute(statement)]


def digest_rows(session: Session, limit: int, after: int | None) -> list[DigestRow]:
    """Closed digests, newest first."""
    statement = select(
        Digest.id, Subscriber.name, Digest.period_start, Digest.period_end, Digest.closed_at, Digest.alerts
    ).join(Subscriber, Subscriber.id == Digest.subscriber_id)
    if after is not None:
        statement = statement.where(Digest.id < after)
    return [DigestRow(*row) for row in session.execute(statement.order_by(Digest.id.desc()).limit(limit))]


def newest_alert(session: Session) -> int:
    """The highest id of an alert; 0 without any."""
    return session.scalar(select(func.max(Alert.id))) or 0
