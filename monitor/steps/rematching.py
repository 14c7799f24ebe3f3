"""A changed dossier on what is stored: what it would gain and lose (backtest), and making it so (rematch)."""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.domain.matching import Gathered, compile_dossiers
from monitor.domain.model import Verdict
from monitor.domain.scoring import label_of
from monitor.domain.tallies import squash
from monitor.domain.topics import Dossier, parse_dossier
from monitor.storage.alerts import raise_alert
from monitor.storage.articles import put_matches, topic_ids
from monitor.storage.dossiers import dossiers_in_force
from monitor.storage.engine import Store
from monitor.storage.stored import PAGE, StoredArticle, stored_articles
from monitor.storage.stories import lock_stories

Progress = Callable[[int], None]
_SHOWN = 20
_NEAR = (0.35, 0.5)


@dataclass(slots=True)
class Backtest:
    """What a dossier finds in the stored articles, against what is stored for it."""

    articles: int = 0
    gained: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    lost: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    kept: Counter[str] = field(default_factory=Counter)
    near: list[tuple[int, str, float, str | None]] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    stories_before: set[int] = field(default_factory=set)
    stories_after: set[int] = field(default_factory=set)
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def weeks(self) -> float:
        """The span of the stored articles, at least one week."""
        if self.first_at is None or self.last_at is None:
            return 1.0
        return max(1.0, (self.last_at - self.first_at).total_seconds() / 604_800)

    def report(self, dossier: Dossier) -> dict[str, Any]:
        """The figures as JSON: by topic, alerts a week, terms that never hit, terms that carry a topic alone.

        A near-miss without a topic fell short of relevance; one with a topic (by rules alone) of that.
        """
        labels = [f"{topic.slug}/{label}" for topic in dossier.topics for label in _labels(topic.rules)]
        return {
            "dossier": dossier.slug,
            "weighed": dossier.model is not None,
            "articles": self.articles,
            "alerts_per_week": {
                "before": round(len(self.stories_before) / self.weeks, 2),
                "after": round(len(self.stories_after) / self.weeks, 2),
            },
            "topics": {topic.slug: self._topic(topic.slug) for topic in dossier.topics},
            "dead_terms": [label for label in labels if not self.hits[label]],
            "terms_alone": dict(self.alone.most_common(_SHOWN)),
            "near_misses": [
                {"article": article, "title": title, "score": score, "topic": topic}
                for article, title, score, topic in sorted(self.near, key=lambda near: -near[2])[:_SHOWN]
            ],
        }

    def _topic(self, slug: str) -> dict[str, Any]:
        def shown(found: list[tuple[int, str]]) -> list[dict[str, Any]]:
            return [{"article": article, "title": title} for article, title in found[:_SHOWN]]

        gained, lost = self.gained[slug], self.lost[slug]
        return {
            "kept": self.kept[slug],
            "gained": len(gained),
            "lost": len(lost),
            "gained_articles": shown(gained),
            "lost_articles": shown(lost),
        }


def _labels(rules: tuple[Any, ...]) -> list[str]:
    return list(dict.fromkeys(label_of(rule, expression) for rule in rules for expression in rule.items))


def weighed_as_in_force(store: Store, dossier: Dossier) -> Dossier:
    """A changed copy without a model of its own is weighed by that of the dossier in force, unless it wants none."""
    model = model_in_force(store, dossier.slug) if dossier.model is None else None
    return dossier if model is None else parse_dossier(dossier.text, dossier.where, model=model)


def model_in_force(store: Store, slug: str) -> bytes | None:
    """The model of a dossier in force; None when it has none."""
    with store.read() as session:
        rows = [row for row in dossiers_in_force(session) if row.slug == slug and row.model]
    return base64.b64decode(rows[0].model or "") if rows else None


def backtest(
    store: Store, dossier: Dossier, cache_dir: Path | None = None, progress: Progress = lambda _: None
) -> Backtest:
    """What `dossier` would gain and lose on every stored article. Nothing is written."""
    matcher, found = compile_dossiers([dossier], cache_dir), Backtest()
    for article in stored_articles(store, dossier.slug):
        verdict = matcher.match_one(article.document, dossier.slug)
        gathered = matcher.gathered(article.document, dossier.slug)
        _compare(found, article, verdict)
        _count_terms(found, verdict, gathered)
        if dossier.model is None and verdict.relevant:
            _nearly(found, article, verdict, gathered, dossier)
        progress(found.articles)
    return found


def _count_terms(found: Backtest, verdict: Verdict, gathered: dict[str, Gathered]) -> None:
    fired = {match.topic for match in verdict.topics}
    for slug, (labels, _) in gathered.items():
        found.hits.update(f"{slug}/{label}" for label in labels)
        if len(labels) == 1 and slug in fired:
            found.alone[f"{slug}/{next(iter(labels))}"] += 1


def _nearly(
    found: Backtest, article: StoredArticle, verdict: Verdict, gathered: dict[str, Gathered], dossier: Dossier
) -> None:
    """Topics that fall short of their threshold in a relevant article: a model has scores of its own for them."""
    fired = {match.topic for match in verdict.topics}
    for topic in dossier.topics:
        if topic.slug in gathered and topic.slug not in fired:
            score = squash(gathered[topic.slug].raw, topic.threshold)
            if _NEAR[0] <= score < _NEAR[1]:
                found.near.append((article.id, article.document.title, score, topic.slug))


def _compare(found: Backtest, article: StoredArticle, verdict: Verdict) -> None:
    now, title = {match.topic for match in verdict.topics}, article.document.title
    found.articles += 1
    found.first_at = min(found.first_at or article.created_at, article.created_at)
    found.last_at = max(found.last_at or article.created_at, article.created_at)
    found.kept.update(now & article.topics)
    for slug in now - article.topics:
        found.gained[slug].append((article.id, title))
    for slug in article.topics - now:
        found.lost[slug].append((article.id, title))
    if article.topics:
        found.stories_before.add(article.story_id)
    if now:
        found.stories_after.add(article.story_id)
    elif _NEAR[0] <= verdict.score < _NEAR[1]:
        found.near.append((article.id, title, verdict.score, None))


@dataclass(slots=True)
class Rematched:
    """What a rematch did."""

    articles: int = 0
    changed: int = 0
    alerts_raised: int = 0


def rematch(
    store: Store,
    dossier: Dossier,
    *,
    now: datetime,
    deliver: bool = False,
    cache_dir: Path | None = None,
    progress: Progress = lambda _: None,
) -> Rematched:
    """Give every stored article the matches that the dossier in force finds.

    Alerts raised that way are marked retroactive; they go into digests, as a backlog, only with `deliver`.
    """
    matcher, done = compile_dossiers([dossier], cache_dir), Rematched()
    batch: list[tuple[StoredArticle, Verdict]] = []
    for article in stored_articles(store, dossier.slug):
        verdict = matcher.match_one(article.document, dossier.slug)
        done.articles += 1
        if verdict.topics or article.topics:
            batch.append((article, verdict))
        if len(batch) >= PAGE:
            _write(store, batch, now, done, deliver=deliver)
            batch.clear()
            progress(done.articles)
    _write(store, batch, now, done, deliver=deliver)
    progress(done.articles)
    return done


def _write(
    store: Store, batch: list[tuple[StoredArticle, Verdict]], now: datetime, done: Rematched, *, deliver: bool
) -> None:
    with store.write() as session:
        lock_stories(session)
        ids = topic_ids(session)
        for article, verdict in batch:
            put_matches(session, article.id, {verdict.dossier: verdict}, ids, now)
            topics = {match.topic for match in verdict.topics}
            done.changed += topics != article.topics
            if topics - article.topics:
                raised = raise_alert(
                    session,
                    dossier=verdict.dossier,
                    article_id=article.id,
                    score=verdict.score,
                    now=now,
                    backlog=deliver,
                    retroactive=True,
                )
                done.alerts_raised += raised is not None and raised.fresh
