"""Named queries on alerts: raising, revising, follow-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from monitor.domain.model import AlertStatus
from monitor.storage.inserting import insert_new
from monitor.storage.tables import Alert, AlertEvent, AlertTopic, Article, Dossier, Match, Story, Topic

SYSTEM = "veille"


class Told(NamedTuple):
    """What an alert is raised of; `changes` as `raise_alert` has them."""

    dossier: str
    article_id: int
    score: float
    now: datetime
    backlog: bool
    retroactive: bool = False
    changes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """What `raise_alert` did: `fresh` for a new alert, `new_topics` (slugs) when a revision was made."""

    alert_id: int
    revision: int
    fresh: bool
    new_topics: tuple[str, ...]
    backlog: bool
    muted: bool


def raise_alert(
    session: Session,
    *,
    dossier: str,
    article_id: int,
    score: float,
    now: datetime,
    backlog: bool,
    retroactive: bool = False,
    changes: Sequence[str] = (),
) -> Raised | None:
    """Raise the alert of an article's story, or bring it up to date; None when nothing that people see changed.

    `changes` are sentences of the edit that brought it; the trail keeps them and a changed alert shows them.
    """
    told = Told(dossier, article_id, score, now, backlog, retroactive, changes)
    return raise_alerts(session, [told])[0]


def raise_alerts(session: Session, told: Sequence[Told]) -> list[Raised | None]:
    """As `raise_alert`, of several things that are each of another story or dossier, as if one after the other.

    What is told twice of a story must be told apart: the first alert would have the second's topics as well.
    """
    session.flush()  # what follows asks the connection, as to ask the session costs several times as much
    stories = _stories_of(session, told)
    raised: dict[int, Raised | None] = {}
    new: dict[tuple[int, int], int] = {}  # by dossier and story: its place among those that are told

    def raise_new() -> None:
        fresh = _raise_new(session, {key: (told[place], stories[_key(told[place])]) for key, place in new.items()})
        for key, place in new.items():  # raised meanwhile by another process, which PostgreSQL lets happen
            raised[place] = fresh.get(key) or _bring(session, told[place], stories[_key(told[place])])
        new.clear()

    for place, one in enumerate(told):
        story = stories.get(_key(one))
        if story is None:
            raised[place] = None
            continue
        key = (story.dossier_id, story.id)
        if story.alert_id is None and key not in new:
            new[key] = place
            continue
        raise_new()  # the trail's lines and the alerts are numbered in the order in which they are told
        raised[place] = _bring(session, one, story)
    raise_new()
    return [raised[place] for place in range(len(told))]


def _key(told: Told) -> tuple[int, str]:
    return told.article_id, told.dossier


def _stories_of(session: Session, told: Sequence[Told]) -> dict[tuple[int, str], Any]:
    """The story of each article with each dossier that is known, and the alert that they have."""
    given = {"articles": [one.article_id for one in told], "dossiers": [*{one.dossier for one in told}]}
    return {(row.article_id, row.slug): row for row in session.connection().execute(_STORIES, given)}


def _raise_new(session: Session, told: Mapping[tuple[int, int], tuple[Told, Any]]) -> dict[tuple[int, int], Raised]:
    """The alerts, by dossier and story, of those that had none; their topics and the first line of their trail."""
    rows = [_first_row(one, story) for one, story in told.values()]
    columns = [Alert.id, Alert.dossier_id, Alert.story_id]
    fresh = {
        (dossier_id, story_id): alert_id
        for alert_id, dossier_id, story_id in insert_new(session, Alert.__table__, rows, columns)  # type: ignore[arg-type]
    }
    slugs = _first_topics(session, {key: (fresh[key], one) for key, (one, _) in told.items() if key in fresh})
    return {
        key: Raised(fresh[key], 1, True, slugs[key], one.backlog, story.muted_at is not None)
        for key, (one, story) in told.items()
        if key in fresh
    }


def _first_row(told: Told, story: Any) -> dict[str, Any]:
    return {
        "dossier_id": story.dossier_id,
        "story_id": story.id,
        "title": story.title,
        "score": told.score,
        "revision": 1,
        "status": AlertStatus.NEW.value,
        "tags": [],
        "backlog": told.backlog,
        "retroactive": told.retroactive,
        "raised_at": told.now,
        "updated_at": told.now,
    }


def _bring(session: Session, told: Told, story: Any) -> Raised | None:
    """Bring the alert that a story has up to date."""
    alert = session.execute(
        select(Alert).where(Alert.dossier_id == story.dossier_id, Alert.story_id == story.id)
    ).scalar_one()
    new_topics = _bring_topics(session, alert)
    alert.score = max(alert.score, told.score)
    _note_article(session, alert, told.article_id, told.now)
    if not new_topics:
        session.flush()  # what is told next asks the connection
        return None
    alert.revision += 1
    alert.updated_at = told.now
    for topic in _topics_at(session, alert.id, new_topics):
        topic.since_revision = alert.revision
    detail = {"article": told.article_id, "topics": list(new_topics), "changes": list(told.changes)}
    add_event(session, alert.id, "revised", SYSTEM, told.now, **detail)
    session.flush()
    return Raised(alert.id, alert.revision, False, new_topics, told.backlog, story.muted_at is not None)


_STORIES = (
    select(
        Article.id.label("article_id"),
        Dossier.slug,
        Dossier.id.label("dossier_id"),
        Story.id,
        Story.title,
        Story.muted_at,
        select(Alert.id)
        .where(Alert.dossier_id == Dossier.id, Alert.story_id == Story.id)
        .scalar_subquery()
        .label("alert_id"),
    )
    .join(Story, Article.story_id == Story.id)
    .join(Dossier, Dossier.slug.in_(bindparam("dossiers", expanding=True)))
    .where(Article.id.in_(bindparam("articles", expanding=True)))
)
# The best score of each topic among the articles of stories, of all dossiers: a story has few.
_BEST = (
    select(Article.story_id, Topic.dossier_id, Topic.id, Topic.slug, func.max(Match.score).label("score"))
    .join(Match, Match.article_id == Article.id)
    .join(Topic, Topic.id == Match.topic_id)
    .where(Article.story_id.in_(bindparam("stories", expanding=True)))
    .group_by(Article.story_id, Topic.dossier_id, Topic.id, Topic.slug)
    .order_by(Topic.id)
)


def _best_of(session: Session, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[Any]]:
    """By dossier and story, for each of these keys: its topics with their best scores, in order."""
    best: dict[tuple[int, int], list[Any]] = {key: [] for key in keys}
    for row in session.connection().execute(_BEST, {"stories": [*{story for _, story in best}]}):
        if (row.dossier_id, row.story_id) in best:
            best[row.dossier_id, row.story_id].append(row)
    return best


def _first_topics(
    session: Session, alerts: Mapping[tuple[int, int], tuple[int, Told]]
) -> dict[tuple[int, int], tuple[str, ...]]:
    """The topics of alerts that are new (id and what is told, by dossier and story), and the first lines of their
    trails; gives their slugs."""
    if not alerts:
        return {}
    best = _best_of(session, alerts)
    slugs = {key: tuple(topic.slug for topic in topics) for key, topics in best.items()}
    topics = [
        {"alert_id": alert_id, "topic_id": topic.id, "score": topic.score, "since_revision": 1}
        for key, (alert_id, _) in alerts.items()
        for topic in best[key]
    ]
    insert_new(session, AlertTopic.__table__, topics, [AlertTopic.topic_id])  # type: ignore[arg-type]
    events = [
        {
            "alert_id": alert_id,
            "kind": "raised",
            "who": SYSTEM,
            "at": told.now,
            "detail": {"article": told.article_id, "topics": list(slugs[key])},
        }
        for key, (alert_id, told) in alerts.items()
    ]
    insert_new(session, AlertEvent.__table__, events, [AlertEvent.id])  # type: ignore[arg-type]
    return slugs


def _bring_topics(session: Session, alert: Alert) -> tuple[str, ...]:
    """Bring the best score of each topic; gives the slugs that are new. A topic never leaves."""
    key = alert.dossier_id, alert.story_id
    known = {row.topic_id: row for row in session.scalars(select(AlertTopic).where(AlertTopic.alert_id == alert.id))}
    new = []
    for topic in _best_of(session, [key])[key]:
        if topic.id in known:
            known[topic.id].score = topic.score
        else:
            session.add(AlertTopic(alert_id=alert.id, topic_id=topic.id, score=topic.score, since_revision=1))
            new.append(topic.slug)
    session.flush()
    return tuple(new)


def _topics_at(session: Session, alert_id: int, slugs: tuple[str, ...]) -> list[AlertTopic]:
    statement = select(AlertTopic).join(Topic).where(AlertTopic.alert_id == alert_id, Topic.slug.in_(slugs))
    return list(session.scalars(statement))


def _note_article(session: Session, alert: Alert, article_id: int, now: datetime) -> None:
    """An article that joins the alert's story later says so in the trail, once."""
    for detail in session.scalars(select(AlertEvent.detail).where(AlertEvent.alert_id == alert.id)):
        if detail.get("article") == article_id:
            return
    add_event(session, alert.id, "joined", SYSTEM, now, article=article_id)


def add_event(session: Session, alert_id: int, kind: str, who: str, at: datetime, **detail: Any) -> None:
    """Add a line to the alert's trail."""
    session.add(AlertEvent(alert_id=alert_id, kind=kind, who=who, at=at, detail=detail))
