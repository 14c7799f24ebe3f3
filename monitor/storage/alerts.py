"""Named queries on alerts: raising, revising, follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from monitor.domain.model import AlertStatus
from monitor.storage.inserting import insert_new
from monitor.storage.tables import Alert, AlertEvent, AlertTopic, Article, Dossier, Match, Story, Topic

SYSTEM = "veille"


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
    session.flush()  # what follows asks the connection, as to ask the session costs several times as much
    story = session.connection().execute(_STORY, {"article": article_id, "dossier": dossier}).one()
    if story.dossier_id is None:
        return None
    muted = story.muted_at is not None
    row = {
        "dossier_id": story.dossier_id,
        "story_id": story.id,
        "title": story.title,
        "score": score,
        "revision": 1,
        "status": AlertStatus.NEW.value,
        "tags": [],
        "backlog": backlog,
        "retroactive": retroactive,
        "raised_at": now,
        "updated_at": now,
    }
    fresh = insert_new(session, Alert.__table__, [row], [Alert.id])  # type: ignore[arg-type]
    if fresh:
        return Raised(fresh[0].id, 1, True, _first_topics(session, fresh[0].id, row, article_id), backlog, muted)
    alert = session.execute(
        select(Alert).where(Alert.dossier_id == story.dossier_id, Alert.story_id == story.id)
    ).scalar_one()
    new_topics = _bring_topics(session, alert)
    alert.score = max(alert.score, score)
    _note_article(session, alert, article_id, now)
    if not new_topics:
        return None
    alert.revision += 1
    alert.updated_at = now
    for topic in _topics_at(session, alert.id, new_topics):
        topic.since_revision = alert.revision
    detail = {"article": article_id, "topics": list(new_topics), "changes": list(changes)}
    add_event(session, alert.id, "revised", SYSTEM, now, **detail)
    session.flush()
    return Raised(alert.id, alert.revision, False, new_topics, backlog, muted)


_STORY = (
    select(
        Story.id,
        Story.title,
        Story.muted_at,
        select(Dossier.id).where(Dossier.slug == bindparam("dossier")).scalar_subquery().label("dossier_id"),
    )
    .join(Article, Article.story_id == Story.id)
    .where(Article.id == bindparam("article"))
)
# The best score of each topic among a story's articles.
_BEST = (
    select(Topic.id, Topic.slug, func.max(Match.score).label("score"))
    .join(Match, Match.topic_id == Topic.id)
    .join(Article, Article.id == Match.article_id)
    .where(Article.story_id == bindparam("story"), Topic.dossier_id == bindparam("dossier"))
    .group_by(Topic.id, Topic.slug)
    .order_by(Topic.id)
)


def _first_topics(session: Session, alert_id: int, row: dict[str, Any], article_id: int) -> tuple[str, ...]:
    """The topics of an alert that is new, and the first line of its trail; gives their slugs."""
    best = session.connection().execute(_BEST, {"story": row["story_id"], "dossier": row["dossier_id"]}).all()
    topics = [{"alert_id": alert_id, "topic_id": topic.id, "score": topic.score, "since_revision": 1} for topic in best]
    insert_new(session, AlertTopic.__table__, topics, [AlertTopic.topic_id])  # type: ignore[arg-type]
    slugs = tuple(topic.slug for topic in best)
    detail = {"article": article_id, "topics": list(slugs)}
    event = {"alert_id": alert_id, "kind": "raised", "who": SYSTEM, "at": row["raised_at"], "detail": detail}
    insert_new(session, AlertEvent.__table__, [event], [AlertEvent.id])  # type: ignore[arg-type]
    return slugs


def _bring_topics(session: Session, alert: Alert) -> tuple[str, ...]:
    """Bring the best score of each topic; gives the slugs that are new. A topic never leaves."""
    best = session.connection().execute(_BEST, {"story": alert.story_id, "dossier": alert.dossier_id}).all()
    known = {row.topic_id: row for row in session.scalars(select(AlertTopic).where(AlertTopic.alert_id == alert.id))}
    new = []
    for topic_id, slug, score in best:
        if topic_id in known:
            known[topic_id].score = score
        else:
            session.add(AlertTopic(alert_id=alert.id, topic_id=topic_id, score=score, since_revision=1))
            new.append(slug)
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
