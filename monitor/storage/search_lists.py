"""The lists that a page is taken from: matches, alerts and stories that may answer, before the text itself is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, Select, cast, null, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from monitor.domain.filters import Filter, Window
from monitor.storage import search_filters as filters
from monitor.storage.listed import one_of
from monitor.storage.tables import Alert, Article, Match, Story, Topic


@dataclass(frozen=True, slots=True)
class Rows:
    """A statement of (id, score, of_id) without order: called with a window, the rows of a page.

    `of` is the column of the article that a row is of, or of the story.
    """

    statement: Any
    key: InstrumentedAttribute[int]
    of: InstrumentedAttribute[int]
    score: InstrumentedAttribute[float] | None = None

    def __call__(self, window: Window) -> Select[Any]:
        after = self.statement.where(*filters.after_cursor(window, self.key, self.score))
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
    of = Match.article_id
    return Rows(select(Match.id, Match.score, of.label("of_id")).where(*conditions), Match.id, of, Match.score)


def alert_ids(session: Session, asked: Filter, few: Sequence[int] | None = None) -> Rows:
    """(id, score, story id) of the alerts that may answer."""
    conditions = filters.alert_conditions(asked, filters.resolve(session, asked))
    if few is not None:
        conditions.append(Alert.story_id.in_(select(Article.story_id).where(one_of(session, Article.id, few))))
    of = Alert.story_id
    return Rows(select(Alert.id, Alert.score, of.label("of_id")).where(*conditions), Alert.id, of, Alert.score)


_NO_SCORE = cast(null(), Float()).label("score")


def story_ids(session: Session, asked: Filter, few: Sequence[int] | None = None) -> Rows:
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
    return Rows(statement, Story.id, Story.id)
