"""The read side: queries over what was stored, as plain values and as the lines of the contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.domain.expressions import Expression
from monitor.domain.filters import MOST_ROWS, Filter, Unknown, Window, unknown_names
from monitor.errors import NotFoundError, QueryError
from monitor.storage import search
from monitor.storage.dismissals import Dismissals, dismissals_by_rule, dismissals_by_topic
from monitor.storage.dossiers import dossiers_in_force
from monitor.storage.engine import Store
from monitor.storage.facts import AlertFacts, alert_facts
from monitor.storage.ledger import sent_times
from monitor.storage.search_facets import (
    DigestRow,
    Facets,
    TopicRow,
    alert_facets,
    digest_rows,
    newest_alert,
    topic_rows,
    topic_sources,
    topic_weeks,
)
from monitor.storage.search_filters import HowFar, asks_articles, how_far
from monitor.storage.search_hydrate import alert_rows, article_rows, findings, revisions, story_rows
from monitor.storage.search_rows import (
    AlertRow,
    ArticleHead,
    ArticleRow,
    Finding,
    Found,
    MatchRow,
    RevisionRow,
    StoryRow,
)

if TYPE_CHECKING:  # compiling is loaded when a text is asked
    from monitor.domain.dossier import Dossier
    from monitor.domain.judging import Judge

Row = TypeVar("Row")
MOST_JUDGES = 64
MOST_COUNTED, MOST_JUDGED = 1000, 200  # alerts whose outlets, and whose text, are asked for counts


_Find = Callable[[Any, Filter, Window, Any], Found[Row]]


class Queries:
    """Reads of one store; every method is one short transaction. `cache_dir` keeps compiled queries between runs."""

    def __init__(self, store: Store, cache_dir: Path | None = None) -> None:
        self._store, self._cache_dir = store, cache_dir
        self._judges: dict[Expression, Judge] = {}

    def matches(self, asked: Filter | None = None, window: Window | None = None) -> Found[MatchRow]:
        """Topics found in articles. Raises `QueryError` for a window that is too wide, or an unknown `@entity`."""
        return self._find(search.find_matches, asked, window)

    def alerts(self, asked: Filter | None = None, window: Window | None = None) -> Found[AlertRow]:
        """Alerts with their follow-up, topics and articles."""
        return self._find(search.find_alerts, asked, window)

    def stories(self, asked: Filter | None = None, window: Window | None = None) -> Found[StoryRow]:
        """Stories with their articles."""
        return self._find(search.find_stories, asked, window)

    def articles(self, asked: Filter | None = None, window: Window | None = None) -> Found[ArticleRow]:
        """Whole articles."""
        window, asked = _usable(window), asked or Filter()
        judge = self.judge(asked.expression) if asked.expression is not None else None
        return self._store.search(lambda session: search.find_articles(session, asked, window, judge))

    def alert(self, alert_id: int) -> AlertRow:
        """One alert. Raises `NotFoundError`."""
        return self._one(alert_rows, alert_id, "alert")

    def article(self, article_id: int) -> ArticleRow:
        """One article. Raises `NotFoundError`."""
        return self._one(article_rows, article_id, "article")

    def story(self, story_id: int) -> StoryRow:
        """One story. Raises `NotFoundError`."""
        return self._one(story_rows, story_id, "story")

    def dismissals(self, since: datetime, dossier: str | None = None, *, by_rule: bool = False) -> list[Dismissals]:
        """How often alerts raised since then were dismissed, by topic or by rule; the worst first."""
        count = dismissals_by_rule if by_rule else dismissals_by_topic
        with self._store.read() as session:
            return count(session, since, dossier)

    def facets(self, asked: Filter | None = None) -> tuple[Facets, bool]:
        """Counts of alerts; false: of the newest only, as text or outlets must be asked of each."""
        asked = asked or Filter()
        if asked.expression is not None:
            judge = self.judge(asked.expression)
            return self._store.search(lambda session: self._facets_of_text(session, asked, judge))
        with self._store.read() as session:
            if not asks_articles(asked):
                return alert_facets(session, asked), True
            keys = search.alert_keys(session, asked, Window(MOST_COUNTED))
            return alert_facets(session, asked, keys.ids), keys.after is None

    @staticmethod
    def _facets_of_text(session: Any, asked: Filter, judge: Judge) -> tuple[Facets, bool]:
        ids, complete = search.true_alerts(session, asked, judge, MOST_JUDGED)
        return alert_facets(session, asked, ids), complete

    def alert_facts(self, ids: Sequence[int]) -> list[AlertFacts]:
        """What stands behind alerts: topics, articles, evidence; in the order of `ids`."""
        with self._store.read() as session:
            return alert_facts(session, ids)

    def findings(self, article_id: int) -> list[Finding]:
        """The topics found in an article with the arithmetic of their scores, best first."""
        with self._store.read() as session:
            return findings(session, article_id)

    def revisions(self, article_id: int) -> list[RevisionRow]:
        """Earlier texts of an article, newest first."""
        with self._store.read() as session:
            return revisions(session, article_id)

    def dossier_text(self, slug: str) -> str:
        """The rules in force. Raises `NotFoundError`."""
        with self._store.read() as session:
            for row in dossiers_in_force(session):
                if row.slug == slug:
                    return row.text
        raise NotFoundError(f"no dossier in force is called {slug}")

    def sent_at(self, delivery_ids: Sequence[int]) -> dict[int, datetime]:
        """When deliveries went out; those that did not are left out."""
        with self._store.read() as session:
            return sent_times(session, delivery_ids)

    def topics(self) -> list[TopicRow]:
        """Every topic with its dossier."""
        with self._store.read() as session:
            return topic_rows(session)

    def digests(self, limit: int = 50, after: int | None = None) -> list[DigestRow]:
        """Closed digests, newest first."""
        with self._store.read() as session:
            return digest_rows(session, limit, after)

    def topic_weeks(self, dossier: str, since: datetime) -> dict[str, dict[date, int]]:
        """Alerts of a dossier by topic and week."""
        with self._store.read() as session:
            return topic_weeks(session, dossier, since)

    def topic_sources(self, dossier: str, since: datetime) -> dict[tuple[str, str], int]:
        """Articles of a dossier by topic and outlet."""
        with self._store.read() as session:
            return topic_sources(session, dossier, since)

    def newest_alert(self) -> int:
        """The highest id of an alert; 0 without any."""
        with self._store.read() as session:
            return newest_alert(session)

    def how_far(self) -> HowFar:
        """What there is to ask at all: what a reader should do first when nothing answers."""
        with self._store.read() as session:
            return how_far(session)

    def unknown(self, asked: Filter) -> list[Unknown]:
        """Topics and dossiers that are asked for and nothing bears: why a list may be empty."""
        return unknown_names(asked, ((topic.dossier, topic.slug) for topic in self.topics()))

    def judge(self, expression: Expression) -> Judge:
        """The compiled expression, from the last ones used. Raises `QueryError`."""
        from monitor.domain.judging import make_judge, references

        judge = self._judges.pop(expression, None)
        if judge is None:
            needed = any(True for _ in references(expression))
            judge = make_judge(expression, self._dossiers() if needed else (), cache_dir=self._cache_dir)
        if not any(True for _ in references(expression)):  # a dossier may change under those that name its parts
            self._judges[expression] = judge
        if len(self._judges) > MOST_JUDGES:
            self._judges.pop(next(iter(self._judges)))
        return judge

    def _dossiers(self) -> list[Dossier]:
        from monitor.domain.topics import parse_dossier

        with self._store.read() as session:
            rows = dossiers_in_force(session)
        return [parse_dossier(row.text, row.slug) for row in rows]

    def _find(self, find: _Find[Row], asked: Filter | None, window: Window | None) -> Found[Row]:
        window, asked = _usable(window), asked or Filter()
        judge = self.judge(asked.expression) if asked.expression is not None else None
        with self._store.read() as session:
            return find(session, asked, window, judge)

    def _one(self, rows: Callable[[Any, list[int]], list[Row]], key: int, noun: str) -> Row:
        with self._store.read() as session:
            found = rows(session, [key]) if 0 < key < 1 << 63 else []
        if not found:
            raise NotFoundError(f"no {noun} has the id {key}")
        return found[0]


def _usable(window: Window | None) -> Window:
    window = window or Window()
    if not 1 <= window.limit <= MOST_ROWS:
        raise QueryError(f"a page has 1 to {MOST_ROWS} rows, not {window.limit}")
    return window


def match_line(row: MatchRow) -> dict[str, Any]:
    """The contract's line of a match."""
    return {
        "dossier": row.dossier,
        "topic": row.topic,
        "score": row.score,
        "article": {**_head_line(row.article), "published_at": iso(row.article.published_at)},
        "evidence": [dict(span) for span in row.evidence],
        "alert_id": row.alert_id,
    }


def alert_line(row: AlertRow) -> dict[str, Any]:
    """The contract's line of an alert; topics are slugs, best first."""
    return {
        "id": row.id,
        "dossier": row.dossier,
        "story_id": row.story_id,
        "title": row.title,
        "topics": [topic.slug for topic in row.topics],
        "score": row.score,
        "status": row.status,
        "raised_at": iso(row.raised_at),
        "articles": [_head_line(article) for article in row.articles],
    }


def alert_detail(row: AlertRow) -> dict[str, Any]:
    """An alert's line with its follow-up."""
    return {
        **alert_line(row),
        "revision": row.revision,
        "reason": row.reason,
        "assignee": row.assignee,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "tags": list(row.tags),
        "snoozed_until": iso(row.snoozed_until),
        "backlog": row.backlog,
        "retroactive": row.retroactive,
        "updated_at": iso(row.updated_at),
    }


def dismissal_line(row: Dismissals) -> dict[str, Any]:
    """False positives of a topic or rule; `rate` is null until something was decided."""
    return {
        "dossier": row.dossier,
        "topic": row.topic,
        "rule": row.rule or None,
        "alerts": row.alerts,
        "decided": row.decided,
        "dismissed": row.dismissed,
        "rate": None if row.rate is None else round(row.rate, 3),
    }


def story_line(row: StoryRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "agency": row.agency,
        "created_at": iso(row.created_at),
        "articles": [{**_head_line(head), "published_at": iso(head.published_at)} for head in row.articles],
        "alert_ids": list(row.alert_ids),
    }


def article_line(row: ArticleRow) -> dict[str, Any]:
    """The contract's line of an article."""
    return {
        "id": row.id,
        "url": row.url,
        "canonical_url": row.canonical_url,
        "title": row.title,
        "lead": row.lead,
        "text": row.text,
        "source": row.source,
        "published_at": iso(row.published_at),
        "authors": list(row.authors),
        "language": row.language,
        "access": row.access,
        "outcome": row.outcome,
    }


def feed_line(feed: Any) -> dict[str, Any]:
    """A feed as it is printed."""
    return {
        "id": feed.id,
        "name": feed.name,
        "url": feed.url,
        "enabled": feed.enabled,
        "origin": feed.origin,
        "last_success_at": iso(feed.last_success_at),
        "due_at": iso(feed.due_at),
        "error": feed.last_error or feed.stopped_reason,
    }


def _head_line(head: ArticleHead) -> dict[str, Any]:
    return {"id": head.id, "url": head.url, "title": head.title, "source": head.source}


def iso(moment: datetime | None) -> str | None:
    """A time as lines have it: ISO 8601, UTC, seconds."""
    return moment.isoformat(timespec="seconds") if moment else None
