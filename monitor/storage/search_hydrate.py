"""Ids to rows: all that a page prints, in a handful of queries whatever its length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from operator import itemgetter
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from monitor.domain.carriers import Carrier, precedence
from monitor.domain.model import Document, Outcome, Span
from monitor.storage.listed import among, listed, listed_ahead
from monitor.storage.search_rows import (
    AlertRow,
    ArticleHead,
    ArticleRow,
    Finding,
    MatchRow,
    RevisionRow,
    StoryRow,
    TopicScore,
)
from monitor.storage.tables import Alert, AlertTopic, Article, Dossier, Entry, Match, Revision, Story, Topic

_HEAD = (
    Article.id,
    Article.url,
    Article.title,
    Article.source,
    Article.published_at,
    Article.access,
    Article.story_id,
)


def match_rows(session: Session, ids: Sequence[int]) -> list[MatchRow]:
    """The matches in the order of `ids`."""
    statement = (
        select(
            Match.id, Dossier.slug, Topic.slug, Topic.title, Match.score, Match.evidence, Alert.id, Alert.status, *_HEAD
        )
        .join(Article, Article.id == Match.article_id)
        .join(Topic, Topic.id == Match.topic_id)
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .outerjoin(Alert, and_(Alert.dossier_id == Dossier.id, Alert.story_id == Article.story_id))
        .where(Match.id.in_(ids))
    )
    return _in_order(
        ids,
        (
            MatchRow(
                id=row[0],
                dossier=row[1],
                topic=row[2],
                topic_title=row[3],
                score=row[4],
                evidence=tuple(row[5]),
                article=ArticleHead(*row[8:]),
                alert_id=row[6],
                status=row[7],
            )
            for row in session.execute(statement)
        ),
    )


def alert_rows(session: Session, ids: Sequence[int]) -> list[AlertRow]:
    """The alerts in the order of `ids`."""
    statement = select(Alert, Dossier.slug).join(Dossier, Dossier.id == Alert.dossier_id).where(Alert.id.in_(ids))
    alerts = [(row[0], row[1]) for row in session.execute(statement)]
    topics = _topics(session, ids)
    articles = heads_by_story(session, [alert.story_id for alert, _ in alerts])
    return _in_order(
        ids, (_alert_row(alert, slug, topics[alert.id], articles[alert.story_id]) for alert, slug in alerts)
    )


def _alert_row(alert: Alert, dossier: str, topics: list[TopicScore], articles: list[ArticleHead]) -> AlertRow:
    return AlertRow(
        id=alert.id,
        dossier=dossier,
        story_id=alert.story_id,
        title=alert.title,
        score=alert.score,
        revision=alert.revision,
        status=alert.status,
        reason=alert.reason,
        assignee=alert.assignee,
        due_on=alert.due_on,
        tags=tuple(alert.tags),
        snoozed_until=alert.snoozed_until,
        backlog=alert.backlog,
        retroactive=alert.retroactive,
        raised_at=alert.raised_at,
        updated_at=alert.updated_at,
        topics=tuple(topics),
        articles=tuple(articles),
        spans={},
    )


def _topics(session: Session, alert_ids: Sequence[int]) -> dict[int, list[TopicScore]]:
    found: dict[int, list[TopicScore]] = defaultdict(list)
    statement = (
        select(AlertTopic.alert_id, Topic.slug, Topic.title, AlertTopic.score)
        .join(Topic, Topic.id == AlertTopic.topic_id)
        .where(AlertTopic.alert_id.in_(alert_ids))
        .order_by(AlertTopic.score.desc(), Topic.id)
    )
    for alert_id, slug, title, score in session.execute(statement):
        found[alert_id].append(TopicScore(slug, title, score))
    return found


def heads_by_story(session: Session, story_ids: Sequence[int]) -> dict[int, list[ArticleHead]]:
    """The articles of stories, who told it first in front."""
    told: dict[int, list[tuple[Any, ArticleHead]]] = defaultdict(list)
    statement = select(*_HEAD, Article.created_at, Article.agency).where(Article.story_id.in_(story_ids))
    for row in session.execute(statement):
        head, seen_at, agency = ArticleHead(*row[:-2]), row[-2], row[-1]
        place = precedence(Carrier(head.id, head.source, head.published_at, seen_at, agency))
        told[head.story_id].append((place, head))
    in_order = {story: [head for _, head in sorted(found, key=itemgetter(0))] for story, found in told.items()}
    return defaultdict(list, in_order)


def story_rows(session: Session, ids: Sequence[int]) -> list[StoryRow]:
    """The stories in the order of `ids`."""
    alerts: dict[int, list[int]] = defaultdict(list)
    told = select(Alert.story_id, Alert.id).where(Alert.story_id.in_(ids)).order_by(Alert.id)
    for story_id, alert_id in session.execute(told):
        alerts[story_id].append(alert_id)
    articles = heads_by_story(session, ids)
    stories = session.scalars(select(Story).where(Story.id.in_(ids)))
    return _in_order(
        ids,
        (
            StoryRow(
                story.id,
                story.title,
                story.agency,
                story.created_at,
                tuple(articles[story.id]),
                tuple(alerts[story.id]),
            )
            for story in stories
        ),
    )


# the outcome of the entry that brought the article: copies came later and say `duplicate`
_OUTCOME = (
    select(Entry.outcome)
    .where(Entry.article_id == Article.id, Entry.outcome.is_not(None), Entry.outcome != Outcome.DUPLICATE.value)
    .order_by(Entry.id)
    .limit(1)
    .correlate(Article)
    .scalar_subquery()
)
ARTICLE_COLUMNS = (
    Article.id,
    Article.url,
    Article.canonical_url,
    Article.title,
    Article.lead,
    Article.text,
    Article.source,
    Article.published_at,
    Article.modified_at,
    Article.created_at,
    Article.authors,
    Article.language,
    Article.agency,
    Article.access,
    _OUTCOME.label("outcome"),
    Article.story_id,
    Article.revision,
)
_DOCUMENT_COLUMNS = (
    Article.id,
    Article.title,
    Article.lead,
    Article.text,
    Article.source,
    Article.language,
    Article.published_at,
)
_ARTICLE, _DOCUMENT = select(*ARTICLE_COLUMNS), select(*_DOCUMENT_COLUMNS)
_ARTICLES = {dialect: _ARTICLE.where(condition) for dialect, condition in among(Article.id).items()}
_DOCUMENTS = {dialect: _DOCUMENT.where(condition) for dialect, condition in among(Article.id).items()}
Values = tuple[Any, ...]


class Read(Enum):
    """What is read of the articles that a search finds: their ids, the texts, what can be judged, or all."""

    IDS = 0
    TEXTS = 1
    JUDGED = 2
    WHOLE = 3

    @property
    def columns(self) -> tuple[Any, ...]:
        """The first is the id."""
        return _COLUMNS[self.value]


_COLUMNS = (_DOCUMENT_COLUMNS[:1], _DOCUMENT_COLUMNS[:4], _DOCUMENT_COLUMNS, ARTICLE_COLUMNS)


def article_values(session: Session, ids: Sequence[int]) -> list[Values]:
    """The articles in the order of `ids`, not yet made into rows: some may turn out not to be wanted."""
    with articles_ahead(session, ids) as values:
        by_id = values()
    return [by_id[key] for key in ids if key in by_id]


@contextmanager
def articles_ahead(session: Session, ids: Sequence[int]) -> Iterator[Callable[[], dict[int, Values]]]:
    """The same by id, asked before they are wanted; see `streamed.asked_ahead`."""
    with listed_ahead(session, _ARTICLES, ids) as rows:
        yield lambda: {row[0]: tuple(row) for row in rows()}


def article_row(values: Values, spans: tuple[Span, ...] = ()) -> ArticleRow:
    """A row of these values."""
    fields: list[Any] = [*values[:10], tuple(values[10]), *values[11:], spans]
    return ArticleRow(*fields)


def article_document(values: Values) -> Document:
    """The article as matching sees it."""
    return Document(values[3], values[4], values[5], values[6], values[11], values[7])


def judged_document(values: Values) -> Document:
    """The same of texts, or of what can be judged."""
    return Document(*values[1:])


def documents(session: Session, ids: Sequence[int]) -> list[tuple[int, Document]]:
    """The articles as matching sees them, in any order."""
    return [(row[0], Document(*row[1:])) for row in listed(session, _DOCUMENTS, ids)]


def article_rows(session: Session, ids: Sequence[int]) -> list[ArticleRow]:
    """The articles in the order of `ids`."""
    return [article_row(values) for values in article_values(session, ids)]


def findings(session: Session, article_id: int) -> list[Finding]:
    """The topics found in an article, best first."""
    statement = (
        select(Dossier.slug, Topic.slug, Topic.title, Match.score, Match.evidence, Match.arithmetic, Alert.id)
        .select_from(Match)
        .join(Article, Article.id == Match.article_id)
        .join(Topic, Topic.id == Match.topic_id)
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .outerjoin(Alert, and_(Alert.dossier_id == Dossier.id, Alert.story_id == Article.story_id))
        .where(Match.article_id == article_id)
        .order_by(Match.score.desc(), Match.id)
    )
    return [
        Finding(row[0], row[1], row[2], row[3], tuple(row[4]), tuple(row[5]), row[6])
        for row in session.execute(statement)
    ]


def revisions(session: Session, article_id: int) -> list[RevisionRow]:
    """Earlier texts of an article, newest first."""
    statement = select(Revision).where(Revision.article_id == article_id).order_by(Revision.number.desc())
    return [
        RevisionRow(row.number, row.title, row.lead, row.text, row.replaced_at) for row in session.scalars(statement)
    ]


def _in_order(ids: Sequence[int], rows: Iterable[Any]) -> list[Any]:
    """A row that went away between two queries is left out."""
    by_id = {row.id: row for row in rows}
    return [by_id[key] for key in ids if key in by_id]
