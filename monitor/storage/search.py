"""Searches: pages of ids by key, then the rows of a page in a few queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, literal, select
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter, Window
from monitor.storage import search_filters as filters
from monitor.storage.search_hydrate import alert_rows, article_rows, match_rows, story_rows
from monitor.storage.search_index import FirstPass
from monitor.storage.search_rows import AlertRow, ArticleRow, Found, MatchRow, StoryRow
from monitor.storage.search_walk import Keys, own_article, plain_keys, story_articles, true_keys
from monitor.storage.tables import Alert, Article, Match, Story, Topic

if TYPE_CHECKING:  # compiling is loaded when a text is asked
    from monitor.domain.judging import Judge

FEW = 5000  # as many ids are cheaper as a list than asked of the index again and again
Statement = Callable[[Window], Select[Any]]


def find_matches(session: Session, asked: Filter, window: Window, judge: Judge | None = None) -> Found[MatchRow]:
    """Matches with their article, newest or best first; `judge` is that of the filter's expression."""
    keys = _keys(session, match_ids(session, asked, judge), window, judge, own_article)
    rows = match_rows(session, keys.ids)
    told = (replace(row, spans=keys.spans.get(row.article.id, ())) for row in rows)
    return Found(tuple(told), keys.after)


def find_alerts(session: Session, asked: Filter, window: Window, judge: Judge | None = None) -> Found[AlertRow]:
    """Alerts with their topics and articles."""
    keys = _keys(session, alert_ids(session, asked, judge), window, judge, story_articles)
    rows = alert_rows(session, keys.ids)
    told = (
        replace(row, spans={head.id: keys.spans[head.id] for head in row.articles if head.id in keys.spans})
        for row in rows
    )
    return Found(tuple(told), keys.after)


def find_articles(session: Session, asked: Filter, window: Window, judge: Judge | None = None) -> Found[ArticleRow]:
    """Whole articles, newest first."""
    newest = Window(window.limit, window.after)
    keys = _keys(session, article_ids(session, asked, judge), newest, judge, own_article)
    rows = article_rows(session, keys.ids)
    return Found(tuple(replace(row, spans=keys.spans.get(row.id, ())) for row in rows), keys.after)


def find_stories(session: Session, asked: Filter, window: Window, judge: Judge | None = None) -> Found[StoryRow]:
    """Stories with their articles, newest first."""
    newest = Window(window.limit, window.after)
    keys = _keys(session, story_ids(session, asked, judge), newest, judge, story_articles)
    return Found(tuple(story_rows(session, keys.ids)), keys.after)


def _keys(session: Session, statement: Statement, window: Window, judge: Judge | None, articles_of: Any) -> Keys:
    if judge is None:
        return plain_keys(session, statement, window)
    return true_keys(session, statement, window, judge, articles_of)


def match_ids(session: Session, asked: Filter, judge: Judge | None = None) -> Statement:
    """(id, score, article id) of the matches that may answer."""
    resolved = filters.resolve(session, asked)
    conditions = filters.match_conditions(asked, resolved)
    about_article = filters.article_conditions(asked, resolved)
    statement = select(Match.id, Match.score, Match.article_id)
    if about_article or filters.asks_status(asked):
        statement = statement.join(Article, Article.id == Match.article_id).where(*about_article)
    if resolved.oldest_article is not None:
        conditions.append(Match.article_id >= resolved.oldest_article)
    if filters.asks_status(asked):
        statement = statement.join(Topic, Topic.id == Match.topic_id).join(
            Alert, and_(Alert.dossier_id == Topic.dossier_id, Alert.story_id == Article.story_id)
        )
        conditions += filters.status_conditions(asked)
    conditions += _among(session, judge, Match.article_id)
    return _ordered(statement.where(*conditions), Match.id, Match.score)


def alert_ids(session: Session, asked: Filter, judge: Judge | None = None) -> Statement:
    """(id, score, story id) of the alerts that may answer."""
    resolved = filters.resolve(session, asked)
    conditions = filters.alert_conditions(asked, resolved) + _story_among(session, judge, Alert.story_id)
    return _ordered(select(Alert.id, Alert.score, Alert.story_id).where(*conditions), Alert.id, Alert.score)


def article_ids(session: Session, asked: Filter, judge: Judge | None = None) -> Statement:
    """(id, None) of the articles that may answer."""
    resolved = filters.resolve(session, asked)
    conditions = filters.article_conditions(asked, resolved) + filters.article_match_conditions(asked, resolved)
    if judge is None or judge.words is None:
        return _ordered(select(Article.id, literal(None)).where(*conditions), Article.id, None)
    first = FirstPass(session, judge.words)
    statement = select(first.key, literal(None)).select_from(first.table).where(first.condition)
    if conditions:
        statement = statement.join(Article, Article.id == first.key).where(*conditions)
    return _ordered(statement, first.key, None)


def story_ids(session: Session, asked: Filter, judge: Judge | None = None) -> Statement:
    """(id, None, id) of the stories of which an article may answer."""
    resolved = filters.resolve(session, asked)
    conditions = filters.article_conditions(asked, resolved) + filters.article_match_conditions(asked, resolved)
    statement = select(Story.id, literal(None), Story.id)
    if conditions:
        statement = statement.where(select(Article.id).where(Article.story_id == Story.id, *conditions).exists())
    return _ordered(statement.where(*_story_among(session, judge, Story.id)), Story.id, None)


def _among(session: Session, judge: Judge | None, article_id: Any) -> list[ColumnElement[bool]]:
    """The article may make the expression true."""
    if judge is None or judge.words is None:
        return []
    first = FirstPass(session, judge.words)
    few = first.at_most(session, FEW)
    return [article_id.in_(few if few is not None else first.ids())]


def _story_among(session: Session, judge: Judge | None, story_id: Any) -> list[ColumnElement[bool]]:
    """An article of the story may make the expression true."""
    if judge is None or judge.words is None:
        return []
    first = FirstPass(session, judge.words)
    few = first.at_most(session, FEW)
    if few is not None:
        return [story_id.in_(select(Article.story_id).where(Article.id.in_(few)))]
    carried = select(Article.id).where(Article.story_id == story_id, Article.id.in_(first.ids()))
    return [carried.exists()]


def _ordered(statement: Any, key: Any, score: Any) -> Statement:
    def windowed(window: Window) -> Select[Any]:
        after = statement.where(*filters.after_cursor(window, key, score))
        ordered: Select[Any] = after.order_by(*filters.in_order(window, key, score)).limit(window.limit)
        return ordered

    return windowed
