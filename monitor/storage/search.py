"""Searches: pages of ids by key, then the rows of a page in a few queries."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.filters import Cursor, Filter, Order, Window
from monitor.domain.words import Words, every
from monitor.storage import search_filters as filters
from monitor.storage.listed import one_of
from monitor.storage.search_forms import frequent_of, known_of, present_words
from monitor.storage.search_hydrate import Read, alert_rows, article_row, match_rows, story_rows
from monitor.storage.search_index import FirstPass, prefer_index
from monitor.storage.search_lists import Rows, alert_ids, match_ids, story_ids
from monitor.storage.search_newest import Newest, outlets_of
from monitor.storage.search_rows import AlertRow, ArticleRow, Found, MatchRow, StoryRow
from monitor.storage.search_told import told_articles
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
from monitor.storage.search_within import MANY, LedByWords, WithWords
from monitor.storage.tables import Alert, Article

if TYPE_CHECKING:  # compiling is loaded when a text is asked
    from monitor.domain.judging import Judge

FEW = 1000  # as many lead: of more, the rows asked for do
DENSE = 0.1  # of all articles
LEADING = 3  # articles looked up in the time of a row that is walked over and asked
Ids = Callable[[Session, Filter, Sequence[int] | None], Rows]


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
    return _keys(session, alert_ids, asked, window, judge)


def true_alerts(session: Session, asked: Filter, judge: Judge, most: int) -> tuple[list[int], bool]:
    """The ids of alerts with an article that makes the expression true, found by their newest articles; whether these
    are all, or `most` and more."""
    resolved = filters.resolve(session, asked)
    conditions = filters.alert_conditions(asked, resolved, filters.Carried.ONE_BY_ONE)
    told = told_articles(session, asked, judge.words, most)
    newest = Newest(session, Filter(), judge.words, conditions, told)
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
    keys = _keys(session, story_ids, asked, Window(window.limit, window.after), judge)
    return Found(tuple(story_rows(session, keys.ids)), keys.after)


def _keys(session: Session, ids: Ids, asked: Filter, window: Window, judge: Judge | None) -> Keys:
    if judge is None:
        return plain_keys(session, ids(session, asked, None), window)
    prefer_index(session)
    words = present_words(session, judge.words) if judge.words is not None else None
    if words is None and judge.words is not None:
        return Keys()  # no article has them
    if words is not None:
        first = FirstPass(session, words)
        found = _all_of(session, first, asked, window)
        if found is None and ids is match_ids:
            found = _all_of_outlets(session, first, asked)
        if found is None or (len(found) > FEW and not _lead(session, found, window)):
            look = WithWords(session, ids(session, asked, None), first, found)
            needed = int(_rows_for(window, look.share)) if look.share else FIRST_BATCH
            size = min(max(needed, FIRST_BATCH), LARGEST_WALK)
            return true_keys(session, look, window, judge, size)
        return true_keys(session, LedByWords(session, ids(session, asked, found), found), window, judge)
    rows = ids(session, asked, None)
    articles_of = story_articles if rows.of_stories else own_article
    return true_keys(session, lambda part: every_row(session, rows, part, articles_of), window, judge)


def _all_of(session: Session, first: FirstPass, asked: Filter, window: Window) -> list[int] | None:
    """All articles of the words, where these are few enough; None: too many."""
    if not first.ordered:
        # the guess of PostgreSQL's planner for a rare word is in the thousands
        return first.at_most(session, FEW if _is_near(session, first.asked, asked, window) else MANY)
    frequent = frequent_of(session)
    known = frequent.share(first.words)
    if known is not None:
        first.share = known
        return None
    found = first.at_most(session, FEW)
    if found is None and first.share is not None:
        frequent.keep(first.words, first.share)
    return found


def _all_of_outlets(session: Session, first: FirstPass, asked: Filter) -> list[int] | None:
    """The same of the articles of the outlets, which the index of words knows: a match is of one article."""
    share = first.share if first.ordered else known_of(session).share(first.asked)
    if share is not None and share > DENSE:
        return None  # a walk soon comes to a page of them
    both = every((first.asked, outlets_of(session, asked)))
    return FirstPass(session, both).at_most(session, MANY) if both not in {None, first.asked} else None


def _is_near(session: Session, words: Words, asked: Filter, window: Window) -> bool:
    """Whether a short walk over a list fills the page sooner than all articles of the words are read."""
    alone = replace(asked, expression=None, since=None, until=None) == Filter()  # else rows are far from one another
    if not alone or window.order is Order.SCORE:
        return False
    return _rows_for(window, known_of(session).share(words)) <= LARGEST_WALK


def _lead(session: Session, found: Sequence[int], window: Window) -> bool:
    """Whether all articles of the words are sooner looked up than a walk comes to a page of rows with them.

    Of a walk rows are asked one by one, and read whether they have the words or not.
    """
    return len(found) < LEADING * _rows_for(window, len(found) / max(filters.newest_article(session), 1))


def _rows_for(window: Window, share: float | None) -> float:
    """How many rows should hold a page, when so many of them have the words."""
    return MARGIN * window.limit / share if share else math.inf
