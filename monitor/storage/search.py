"""Searches: pages of ids by key, then the rows of a page in a few queries."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, Select, cast, null, select
from sqlalchemy.orm import Session

from monitor.domain.filters import Cursor, Filter, Order, Window
from monitor.domain.words import Words
from monitor.storage import search_filters as filters
from monitor.storage.listed import one_of
from monitor.storage.search_forms import known_of, present_words
from monitor.storage.search_hydrate import Read, alert_rows, article_row, match_rows, story_rows
from monitor.storage.search_index import FirstPass, prefer_index
from monitor.storage.search_newest import Newest
from monitor.storage.search_rows import AlertRow, ArticleRow, Found, MatchRow, StoryRow
from monitor.storage.search_walk import (
    FIRST_BATCH,
    LARGEST_BATCH,
    LARGEST_WALK,
    MARGIN,
    SPARE,
    Keys,
    Walked,
    every_row,
    is_common,
    judged,
    own_article,
    plain_keys,
    story_articles,
    true_articles,
    true_keys,
)
from monitor.storage.search_within import MANY, WithWords
from monitor.storage.tables import Alert, Article, Match, Story, Topic

if TYPE_CHECKING:  # compiling is loaded when a text is asked
    from monitor.domain.judging import Judge

FEW = 1000  # as many lead: of more, the rows asked for do
Statement = Callable[[Window], Select[Any]]
Ids = Callable[[Session, Filter, Sequence[int] | None], Statement]


def find_matches(session: Session, asked: Filter, window: Window, judge: Judge | None = None) -> Found[MatchRow]:
    """Matches with their article, newest or best first; `judge` is that of the filter's expression."""
    keys = _keys(session, match_ids, asked, window, judge)
    rows = match_rows(session, keys.ids)
    told = (replace(row, spans=keys.spans.get(row.article.id, ())) for row in rows)
    return Found(tuple(told), keys.after)


def find_alerts(session: Session, asked: Filter, window: Window, judge: Judge | None = None) -> Found[AlertRow]:
    """Alerts with their topics and articles."""
    keys = alert_keys(session, asked, window, judge)
    rows = alert_rows(session, keys.ids)
    told = (
        replace(row, spans={head.id: keys.spans[head.id] for head in row.articles if head.id in keys.spans})
        for row in rows
    )
    return Found(tuple(told), keys.after)


def alert_keys(session: Session, asked: Filter, window: Window, judge: Judge | None = None) -> Keys:
    """The ids of those alerts."""
    return _keys(session, alert_ids, asked, window, judge, of_stories=True)


def true_alerts(session: Session, asked: Filter, judge: Judge, most: int) -> tuple[list[int], bool]:
    """The ids of alerts with an article that makes the expression true, found by their newest articles; whether these
    are all, or `most` and more."""
    conditions = filters.alert_conditions(asked, filters.resolve(session, asked))
    newest = Newest(session, Filter(), judge.words, conditions)
    found, below, size, walked = set[int](), None, most, Walked()
    while len(found) <= most:
        rows = newest.take(below, size)
        true = list(judged(session, judge, [row[0] for row in rows]))
        stories = select(Article.story_id).where(one_of(session, Article.id, true))
        found |= set(session.scalars(select(Alert.id).where(Alert.story_id.in_(stories), *conditions)))
        if len(rows) < size:
            return sorted(found), True
        if walked.enough(len(rows), len(rows)):
            break
        likely = int(MARGIN * (most + 1 - len(found)) * (walked.examined + 1) / (len(found) + 1)) + SPARE
        below, size = rows[-1][0], min(likely, LARGEST_BATCH)
    return sorted(found), False


def find_articles(session: Session, asked: Filter, window: Window, judge: Judge | None = None) -> Found[ArticleRow]:
    """Whole articles, newest first."""
    below = window.after.id if window.after else None
    if judge is None:
        rows = Newest(session, asked, None).take(below, window.limit + 1, read=Read.WHOLE)
        after = Cursor(rows[window.limit - 1][0]) if len(rows) > window.limit else None
        return Found(tuple(map(article_row, rows[: window.limit])), after)
    newest = Newest(session, asked, judge.words)
    if newest.begins and is_common(session, every_one := Newest(session, asked, None), judge, below):
        newest = every_one
    return true_articles(session, newest, judge, below, window.limit)


def find_stories(session: Session, asked: Filter, window: Window, judge: Judge | None = None) -> Found[StoryRow]:
    """Stories with their articles, newest first."""
    keys = _keys(session, story_ids, asked, Window(window.limit, window.after), judge, of_stories=True)
    return Found(tuple(story_rows(session, keys.ids)), keys.after)


def _keys(
    session: Session, ids: Ids, asked: Filter, window: Window, judge: Judge | None, *, of_stories: bool = False
) -> Keys:
    if judge is None:
        return plain_keys(session, ids(session, asked, None), window)
    prefer_index(session)
    words = present_words(session, judge.words) if judge.words is not None else None
    if words is None and judge.words is not None:
        return Keys()  # no article has them
    articles_of, few = story_articles if of_stories else own_article, None
    if words is not None:
        first = FirstPass(session, words)
        # SQLite counts them; of PostgreSQL's planner the guess for a rare word is in the thousands
        found = first.at_most(session, FEW if first.ordered or _is_near(session, words, asked, window) else MANY)
        if found is None or len(found) > FEW:
            look = WithWords(session, ids(session, asked, None), first, found, of_stories=of_stories)
            rows = int(_rows_for(window, look.share)) if look.share else FIRST_BATCH
            size = min(max(rows, FIRST_BATCH), LARGEST_WALK)
            return true_keys(session, look, window, judge, size)
        few = found
    statement = ids(session, asked, few)
    return true_keys(session, lambda part: every_row(session, statement, part, articles_of), window, judge)


def _is_near(session: Session, words: Words, asked: Filter, window: Window) -> bool:
    """Whether a short walk over a list fills the page sooner than all articles of the words are read."""
    alone = replace(asked, expression=None, since=None, until=None) == Filter()  # else rows are far from one another
    if not alone or window.order is Order.SCORE:
        return False
    return _rows_for(window, known_of(session).share(words)) <= LARGEST_WALK


def _rows_for(window: Window, share: float | None) -> float:
    """How many rows should hold a page, when so many of them have the words."""
    return MARGIN * window.limit / share if share else math.inf


def match_ids(session: Session, asked: Filter, few: Sequence[int] | None = None) -> Statement:
    """(id, score, article id) of the matches that may answer."""
    resolved = filters.resolve(session, asked)
    conditions = filters.match_conditions(asked, resolved)
    about_article = filters.article_conditions(asked, resolved)
    if about_article:
        conditions.append(filters.each(Article.id == Match.article_id, *about_article))
    if resolved.oldest_article is not None:
        conditions.append(Match.article_id >= resolved.oldest_article)
    if filters.asks_status(asked):
        told = (Topic.id == Match.topic_id, Alert.dossier_id == Topic.dossier_id, Alert.story_id == Article.story_id)
        conditions.append(filters.each(Article.id == Match.article_id, *told, *filters.status_conditions(asked)))
    if few is not None:
        conditions.append(one_of(session, Match.article_id, few))
    return _ordered(
        select(Match.id, Match.score, Match.article_id.label("of_id")).where(*conditions), Match.id, Match.score
    )


def alert_ids(session: Session, asked: Filter, few: Sequence[int] | None = None) -> Statement:
    """(id, score, story id) of the alerts that may answer."""
    conditions = filters.alert_conditions(asked, filters.resolve(session, asked))
    if few is not None:
        conditions.append(Alert.story_id.in_(select(Article.story_id).where(one_of(session, Article.id, few))))
    return _ordered(
        select(Alert.id, Alert.score, Alert.story_id.label("of_id")).where(*conditions), Alert.id, Alert.score
    )


_NO_SCORE = cast(null(), Float()).label("score")


def story_ids(session: Session, asked: Filter, few: Sequence[int] | None = None) -> Statement:
    """(id, None, id) of the stories of which an article may answer."""
    resolved = filters.resolve(session, asked)
    conditions = filters.article_conditions(asked, resolved) + filters.article_match_conditions(asked, resolved)
    if resolved.oldest_article is not None:
        conditions.append(Article.id >= resolved.oldest_article)
    statement = select(Story.id, _NO_SCORE, Story.id.label("of_id"))
    if conditions:
        statement = statement.where(select(Article.id).where(Article.story_id == Story.id, *conditions).exists())
    if few is not None:
        statement = statement.where(Story.id.in_(select(Article.story_id).where(one_of(session, Article.id, few))))
    return _ordered(statement, Story.id, None)


def _ordered(statement: Any, key: Any, score: Any) -> Statement:
    def windowed(window: Window) -> Select[Any]:
        after = statement.where(*filters.after_cursor(window, key, score))
        ordered: Select[Any] = after.order_by(*filters.in_order(window, key, score)).limit(window.limit)
        return ordered

    return windowed
