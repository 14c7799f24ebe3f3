"""How often what fired was dismissed: by topic, and by the rule that counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.model import RULE, AlertStatus
from monitor.storage.tables import Alert, AlertTopic, Article, Dossier, Match, Topic

# New alerts and those to verify are not decided yet.
DECIDED = (AlertStatus.CONFIRMED.value, AlertStatus.FOLLOW_UP.value, AlertStatus.DISMISSED.value)


@dataclass(frozen=True, slots=True)
class Dismissals:
    """Alerts of a topic, or of one of its rules (`rule` is its label), since an instant.

    `decided` are those that somebody confirmed, follows or dismissed; `rate` is the share of `dismissed` among them.
    """

    dossier: str
    topic: str
    rule: str
    alerts: int
    decided: int
    dismissed: int

    @property
    def rate(self) -> float | None:
        return self.dismissed / self.decided if self.decided else None


def dismissals_by_topic(session: Session, since: datetime, dossier: str | None = None) -> list[Dismissals]:
    """One line a topic, the most dismissed first."""
    statement = (
        select(Dossier.slug, Topic.slug, Alert.status)
        .join(AlertTopic, AlertTopic.topic_id == Topic.id)
        .join(Alert, Alert.id == AlertTopic.alert_id)
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .where(Alert.raised_at >= since)
    )
    if dossier is not None:
        statement = statement.where(Dossier.slug == dossier)
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for slug, topic, status in session.execute(statement):
        counts[slug, topic, ""][status] += 1
    return _lines(counts)


def dismissals_by_rule(session: Session, since: datetime, dossier: str | None = None) -> list[Dismissals]:
    """One line a rule that counted for something in an alert's articles, the most dismissed first.

    An alert counts once for a rule, however many of its articles the rule fired in.
    """
    statement = (
        select(Alert.id, Alert.status, Dossier.slug, Topic.slug, Match.arithmetic)
        .join(Article, Article.story_id == Alert.story_id)
        .join(Match, Match.article_id == Article.id)
        .join(Topic, (Topic.id == Match.topic_id) & (Topic.dossier_id == Alert.dossier_id))
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .where(Alert.raised_at >= since)
        .execution_options(yield_per=1000)
    )
    if dossier is not None:
        statement = statement.where(Dossier.slug == dossier)
    statuses: dict[tuple[str, str, str], dict[int, str]] = defaultdict(dict)
    for alert_id, status, slug, topic, arithmetic in session.execute(statement):
        for label in _labels(arithmetic):
            statuses[slug, topic, label][alert_id] = status
    return _lines({key: Counter(alerts.values()) for key, alerts in statuses.items()})


def _labels(arithmetic: list[Any]) -> set[str]:
    """The rules that raised the score; what lowered it fired nothing. A model's own numbers are no rules."""
    raised = {str(line["label"]) for line in arithmetic if isinstance(line, dict) and line.get("value", 0) > 0}
    return {label.removeprefix(RULE) for label in raised if label.startswith(RULE)} or raised


def _lines(counts: dict[tuple[str, str, str], Counter[str]]) -> list[Dismissals]:
    lines = [
        Dismissals(
            *key,
            alerts=sum(statuses.values()),
            decided=sum(statuses[status] for status in DECIDED),
            dismissed=statuses[AlertStatus.DISMISSED.value],
        )
        for key, statuses in counts.items()
    ]
    return sorted(lines, key=lambda line: (-(line.rate or 0), -line.decided, line.topic, line.rule))
