"""Alerts of articles that were read together are raised in one go, and are what they would be one after the other."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.storage.alerts import Raised, Told, raise_alert, raise_alerts
from monitor.storage.engine import Store
from monitor.storage.stories import lock_stories
from monitor.storage.tables import Alert, AlertEvent, AlertTopic, Topic
from tests.newsroom import NOON, Newsroom

TOPICS = ("5g-exclusion", "cloud", "devices")


def press(store: Store, rng: random.Random) -> list[Told]:
    """What is told of some stories, of which some have an alert already; each story once in each dossier."""
    rooms = [Newsroom(store, TOPICS), Newsroom(store, TOPICS, slug="honor")]
    told = []
    for number in range(12):
        room = rooms[number % 2]
        first = room.article(f"Titre {number}", matches={rng.choice(TOPICS): round(rng.random(), 3)})
        if rng.random() < 0.5:
            room.alert(first)
        found = {topic: round(rng.random(), 3) for topic in rng.sample(TOPICS, rng.randrange(4))}
        newest = room.article("Titre", story=room.story_of(first), matches=found)
        dossiers = rng.sample(["huawei", "honor", "unknown"], rng.randrange(1, 4))
        changes = tuple(rng.sample(["Une phrase.", "Une autre."], rng.randrange(3)))
        told += [Told(slug, newest, rng.random(), NOON, rng.random() < 0.3, False, changes) for slug in dossiers]
    return told


def undone(store: Store, told: list[Told], *, together: bool) -> Any:
    """What raising gives and leaves, numbered from the first new alert on; none of it stays."""
    with store.engine.execution_options(veille_write=True).connect() as connection:
        with Session(connection) as session:
            lock_stories(session)
            known = session.scalar(select(func.max(Alert.id))) or 0
            raised = (
                raise_alerts(session, told) if together else [raise_alert(session, **one._asdict()) for one in told]
            )
            session.flush()
            found = left(session, known, raised)
        connection.rollback()
    return found


def left(session: Session, known: int, raised: list[Raised | None]) -> Any:
    new = list(session.scalars(select(Alert.id).where(Alert.id > known).order_by(Alert.id)))

    def named(alert: int) -> str:
        return f"new {new.index(alert)}" if alert in new else f"known {alert}"

    said = ("dossier_id", "story_id", "title", "score", "revision", "status", "tags", "backlog", "updated_at")
    alerts = [(named(one.id), *(getattr(one, name) for name in said)) for one in session.scalars(select(Alert))]
    topics = select(AlertTopic.alert_id, Topic.slug, AlertTopic.score, AlertTopic.since_revision).join(Topic)
    trail = select(AlertEvent.alert_id, AlertEvent.kind, AlertEvent.at, AlertEvent.detail).order_by(AlertEvent.id)
    return (
        [
            one and (named(one.alert_id), one.revision, one.fresh, one.new_topics, one.backlog, one.muted)
            for one in raised
        ],
        sorted(map(repr, alerts)),
        sorted((named(alert), *map(repr, row)) for alert, *row in session.execute(topics)),
        [(named(alert), *row) for alert, *row in session.execute(trail)],
    )


@pytest.mark.parametrize("seed", range(6))
def test_alerts_are_raised_together_as_one_after_the_other(store: Store, seed: int) -> None:
    told = press(store, random.Random(seed))
    together, in_turn = (undone(store, told, together=together) for together in (True, False))
    assert together == in_turn
    kinds = {kind for _, kind, *_ in together[3]}
    assert {"raised", "joined"} <= kinds
