"""The lists that a page is taken from: matches, alerts and stories that may answer, before the text itself is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, and_, cast, null, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from monitor.domain.filters import Filter, Order, Window
from monitor.storage import search_filters as filters
from monitor.storage.listed import in_array, led_by, one_of
from monitor.storage.search_index import in_one_process
from monitor.storage.search_until import before
from monitor.storage.tables import Alert, Article, Match, Story, Topic


@dataclass(frozen=True, slots=True)
class Rows:
    """A statement of (id, score, of_id) without order: called with a window, the rows of a page.

    `of` is the column of the article that a row is of, or of the story. `beside` are other rows of the list, by id.
    `walked` is the same statement, to be walked along newest first, where the database would take another way.
    """

    statement: Any
    key: InstrumentedAttribute[int]
    of: InstrumentedAttribute[int]
    score: InstrumentedAttribute[float] | None = None
    beside: Any = None
    walked: Any = None

    def __call__(self, window: Window) -> Select[Any]:
        along = self.walked is not None and window.order is Order.NEWEST
        ordered = self._ordered(self.walked if along else self.statement, window)
        if self.beside is None:
            return ordered
        parts = (part.subquery() for part in (ordered, self._ordered(self.beside, window)))
        both = union_all(*map(select, parts)).subquery()
        return select(both).order_by(both.c.id.desc()).limit(window.limit)

    def _ordered(self, statement: Any, window: Window) -> Select[Any]:
        after = statement.where(*filters.after_cursor(window, self.key, self.score))
        ordered: Select[Any] = after.order_by(*filters.in_order(window, self.key, self.score)).limit(window.limit)
        return ordered

    @property
    def of_stories(self) -> bool:
        """Whether a row has all articles of a story, and not one."""
        return self.of is not Match.article_id

    @property
    def whole(self) -> bool:
        """Whether every row of its table is in the list."""
        return bool(self.statement.whereclause is None)


def match_ids(session: Session, asked: Filter, few: Sequence[int] | None = None) -> Rows:
    """(id, score, article id) of the matches that may answer."""
    edges = filters.edges(session, asked)
    resolved = filters.resolve(session, asked, edges)
    conditions = filters.match_conditions(asked, resolved)
    bounds = before(session, asked, edges) if few is None else None
    about_article = filters.article_conditions(asked, resolved)
    if about_article:
        conditions.append(filters.each(Article.id == Match.article_id, *about_article))
    if filters.asks_status(asked):
        told = (Topic.id == Match.topic_id, Alert.dossier_id == Topic.dossier_id, Alert.story_id == Article.story_id)
        conditions.append(filters.each(Article.id == Match.article_id, *told, *filters.status_conditions(asked)))
    if few is not None:
        conditions.append(led_by(session, Match.article_id, few))
    of = Match.article_id
    statement: Any = select(Match.id, Match.score, of.label("of_id")).where(*conditions)

    def within(key: Any) -> Any:
        since = [] if resolved.oldest_article is None else [key >= resolved.oldest_article]
        return statement.where(*since, *([] if bounds is None else [bounds.condition(session, key)]))

    # `+` keeps SQLite from gathering and sorting all matches of a long period, each with a look at its article
    walked = bounds is not None and bounds.is_long(resolved.oldest_article or 0) and not _is_postgresql(session)
    return Rows(within(of), Match.id, of, Match.score, walked=within(of + 0) if walked else None)


def alert_ids(session: Session, asked: Filter, few: Sequence[int] | None = None) -> Rows:
    """(id, score, story id) of the alerts that may answer."""
    resolved = filters.resolve(session, asked)
    conditions = filters.alert_conditions(asked, resolved, _way(session, asked, resolved, few))
    if few is not None:
        conditions.append(_of_stories(session, Alert.story_id, few))
    of = Alert.story_id
    return Rows(select(Alert.id, Alert.score, of.label("of_id")).where(*conditions), Alert.id, of, Alert.score)


def _way(session: Session, asked: Filter, resolved: filters.Resolved, few: Sequence[int] | None) -> filters.Carried:
    """Beside words PostgreSQL's planner, which takes outlets for rarer than the page needs, finds all their alerts."""
    if asked.expression is None or few is not None or resolved.sources is None or not _is_postgresql(session):
        return filters.Carried.AS_PLANNED
    if filters.few_of_outlets(session, resolved):
        return filters.Carried.LOOKED_UP
    return filters.Carried.ASKED


_NO_SCORE = cast(null(), Float()).label("score")


def story_ids(session: Session, asked: Filter, few: Sequence[int] | None = None) -> Rows:
    """(id, None, id) of the stories of which an article may answer."""
    edges = filters.edges(session, asked)
    resolved = filters.resolve(session, asked, edges)
    conditions = filters.article_conditions(asked, resolved) + filters.article_match_conditions(asked, resolved)
    if resolved.oldest_article is not None:
        conditions.append(Article.id >= resolved.oldest_article)
    far_apart = filters.asks_matches(asked, resolved) or filters.asks_status(asked) or asked.until is not None
    grouped = far_apart and (asked.expression is not None or asked.until is not None) and _is_postgresql(session)
    # the planner would find all stories that are in question, and ask each as often as there are outlets
    one_look = few is not None and resolved.sources is not None and not grouped and _is_postgresql(session)
    if grouped:
        # every article has its story: PostgreSQL, which would go through all of these as well, is asked for articles
        in_one_process(session)
        key = Article.story_id
        statement: Any = select(key.label("id"), _NO_SCORE, key.label("of_id")).where(*conditions).group_by(key)
    else:
        key = Story.id
        statement = select(key, _NO_SCORE, key.label("of_id"))
        if conditions and one_look:
            statement = statement.where(filters.once(and_(*conditions), Article.story_id == key))
        elif conditions:
            statement = statement.where(select(Article.id).where(Article.story_id == key, *conditions).exists())
    if few is not None:
        by_array = grouped or one_look or not conditions
        statement = statement.where(_of_stories(session, key, few, by_array=by_array))
    bounds = before(session, asked, edges) if few is None else None
    parts = [statement.where(part) for part in bounds.parts(session, key)] if bounds is not None else []
    return Rows(parts[0] if parts else statement, key, key, beside=parts[1] if len(parts) > 1 else None)


def _of_stories(session: Session, key: Any, few: Sequence[int], *, by_array: bool = True) -> ColumnElement[bool]:
    """Whether `key` is the story of one of these articles; `by_array`: PostgreSQL looks these stories up."""
    if by_array and _is_postgresql(session):
        return in_array(key, select(Article.story_id).where(led_by(session, Article.id, few)))
    within: ColumnElement[bool] = key.in_(select(Article.story_id).where(one_of(session, Article.id, few)))
    return within


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
