"""Searches: pages of ids by key, then the rows of a page in a few queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from monitor.domain.filters import Cursor, Filter, Order, Window
from monitor.storage import search_filters as filters
from monitor.storage.search_hydrate import alert_rows, article_rows, match_rows, story_rows
from monitor.storage.search_rows import AlertRow, ArticleRow, Found, MatchRow, StoryRow
from monitor.storage.tables import Alert, Article, Match, Story, Topic

Row = TypeVar("Row")
Key = tuple[int, float | None]


def find_matches(session: Session, asked: Filter, window: Window) -> Found[MatchRow]:
    """Matches with their article, newest or best first."""
    keys = _keys(session, match_ids(session, asked, window), window)
    return _found(match_rows(session, _page(keys, window)), keys, window)


def find_alerts(session: Session, asked: Filter, window: Window) -> Found[AlertRow]:
    """Alerts with their topics and articles."""
    keys = _keys(session, alert_ids(session, asked, window), window)
    return _found(alert_rows(session, _page(keys, window)), keys, window)


def find_articles(session: Session, asked: Filter, window: Window) -> Found[ArticleRow]:
    """Whole articles, newest first."""
    newest = Window(window.limit, window.after)
    keys = _keys(session, article_ids(session, asked, newest), newest)
    return _found(article_rows(session, _page(keys, newest)), keys, newest)


def find_stories(session: Session, asked: Filter, window: Window) -> Found[StoryRow]:
    """Stories with their articles, newest first."""
    newest = Window(window.limit, window.after)
    keys = _keys(session, story_ids(session, asked, newest), newest)
    return _found(story_rows(session, _page(keys, newest)), keys, newest)


def match_ids(session: Session, asked: Filter, window: Window) -> Select[Any]:
    """(id, score) of the matches that may answer."""
    resolved = filters.resolve(session, asked)
    statement = select(Match.id, Match.score).where(*filters.match_conditions(asked, resolved))
    about_article = filters.article_conditions(asked, resolved)
    if about_article or filters.asks_status(asked):
        statement = statement.join(Article, Article.id == Match.article_id).where(*about_article)
    if resolved.oldest_article is not None:
        statement = statement.where(Match.article_id >= resolved.oldest_article)
    if filters.asks_status(asked):
        statement = statement.join(Topic, Topic.id == Match.topic_id).join(
            Alert, and_(Alert.dossier_id == Topic.dossier_id, Alert.story_id == Article.story_id)
        )
        statement = statement.where(*filters.status_conditions(asked))
    return _ordered(statement, window, Match.id, Match.score)


def alert_ids(session: Session, asked: Filter, window: Window) -> Select[Any]:
    """(id, score) of the alerts that may answer."""
    resolved = filters.resolve(session, asked)
    statement = select(Alert.id, Alert.score).where(*filters.alert_conditions(asked, resolved))
    return _ordered(statement, window, Alert.id, Alert.score)


def article_ids(session: Session, asked: Filter, window: Window) -> Select[Any]:
    """(id, None) of the articles that may answer."""
    resolved = filters.resolve(session, asked)
    conditions = filters.article_conditions(asked, resolved) + filters.article_match_conditions(asked, resolved)
    return _ordered(select(Article.id).where(*conditions), window, Article.id, None)


def story_ids(session: Session, asked: Filter, window: Window) -> Select[Any]:
    """(id, None) of the stories of which an article may answer."""
    resolved = filters.resolve(session, asked)
    conditions = filters.article_conditions(asked, resolved) + filters.article_match_conditions(asked, resolved)
    statement = select(Story.id)
    if conditions:
        statement = statement.where(select(Article.id).where(Article.story_id == Story.id, *conditions).exists())
    return _ordered(statement, window, Story.id, None)


def _ordered(statement: Any, window: Window, key: Any, score: Any) -> Select[Any]:
    """One row more than asked tells whether there is a next page."""
    ordered: Select[Any] = statement.where(*filters.after_cursor(window, key, score))
    return ordered.order_by(*filters.in_order(window, key, score)).limit(window.limit + 1)


def _keys(session: Session, statement: Select[Any], window: Window) -> list[Key]:
    by_score = window.order is Order.SCORE
    return [(row[0], row[1] if by_score else None) for row in session.execute(statement)]


def _page(keys: Sequence[Key], window: Window) -> list[int]:
    return [key for key, _ in keys[: window.limit]]


def _found(rows: Sequence[Row], keys: Sequence[Key], window: Window) -> Found[Row]:
    more = len(keys) > window.limit
    return Found(tuple(rows), Cursor(*keys[window.limit - 1]) if more else None)
