"""Ids of articles that may answer, newest first, without a look at rows that cannot.

What the index of words knows (words, outlets) it is asked; topics lead over the matches; the rest are conditions on
each candidate. Ids are in arrival order, and nothing is stored before it is published: so times bound the ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, false, func, literal, select
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter
from monitor.domain.words import Word, Words, every, some
from monitor.storage import search_filters as filters
from monitor.storage.search_descent import Descent
from monitor.storage.search_filters import NO_SUCH_ID
from monitor.storage.search_index import (
    EARLIEST,
    LATE,
    FirstPass,
    ids_of_part,
    newest_of_words,
    source_mark,
    year_mark,
)
from monitor.storage.tables import Alert, Article, Match

MOST_OUTLETS = 40  # more are a condition on each candidate instead
LEAD = 20_000  # articles over which it is seen whether topics or words are rarer
FEW_TOPICS = 3  # of more topics, a walk over all matches finds the newest sooner


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Ids from `low` up to below `high`; `mark` must stand in the index, too."""

    low: int
    high: int
    mark: Words | None = None


class Newest:
    """The articles of a filter. `words` are what its expression cannot do without."""

    def __init__(self, session: Session, asked: Filter, words: Words | None) -> None:
        self._session, self._asked = session, asked
        self._resolved = filters.resolve(session, asked)
        sources = self._resolved.sources
        self._by_mark = sources is not None and 0 < len(sources) <= MOST_OUTLETS
        outlets = some(Word(source_mark(name)) for name in sources or ()) if self._by_mark else None
        # the few articles of a story are quicker asked themselves
        self._words = every((words, outlets)) if asked.story is None else None
        self._ceiling = _ceiling(session, asked.until) if asked.until is not None else NO_SUCH_ID

    def take(self, below: int | None, count: int) -> list[int]:
        """The newest `count` ids below `below`; fewer when there are no more."""
        found: list[int] = []
        for stretch in self._stretches(NO_SUCH_ID if below is None else below):
            found += self._within(stretch, count - len(found))
            if len(found) == count:
                break
        return found

    def _within(self, stretch: _Stretch, count: int) -> list[int]:
        words = every((self._words, stretch.mark))
        if words is None:
            return self._run(self._without_words(stretch), count)
        alone = not self._conditions(NO_SUCH_ID)
        if self._session.get_bind().dialect.name == "sqlite":
            if alone:  # in its own words: half of what a page costs is the asking
                return newest_of_words(self._session, words, stretch.low, stretch.high, count)
            first = FirstPass(self._session, words)
            return self._run(self._bounded(first.ids(), first.key, stretch), count)
        return self._descend(words, stretch, count) if alone else self._descend_asking(words, stretch, count)

    def _run(self, statement: Any, count: int) -> list[int]:
        return list(self._session.scalars(statement.limit(count)))

    def _descend(self, words: Words, stretch: _Stretch, count: int) -> list[int]:
        descent = Descent(words, stretch.low, min(stretch.high, self._newest + 1))
        part, found = descent.first(), list[int]()
        while part is not None:
            found += ids_of_part(self._session, words, part, count - len(found))
            if len(found) == count:
                break
            part = descent.next(len(found), len(found), count)
        return found

    def _descend_asking(self, words: Words, stretch: _Stretch, count: int) -> list[int]:
        """The same where a candidate must fulfil conditions, too; when few have the topic asked, topics lead."""
        high = min(stretch.high, self._newest + 1)
        descent = Descent(words, stretch.low, high)
        part, found, hits, seen = descent.first(), list[int](), 0, 0
        first = FirstPass(self._session, words)
        if part is not None:
            seen = part.high - part.low
            hits = len(ids_of_part(self._session, words, part, seen))
            if filters.asks_matches(self._asked, self._resolved) and hits * LEAD > self._matches_since(high) * seen:
                statement = self._without_words(_Stretch(stretch.low, stretch.high))
                return self._run(statement.where(first.of(Match.article_id)), count)
        while part is not None:
            asked = FirstPass(self._session, every((words, part.eras)) or words).newest(part)
            statement = select(asked.c.id).where(*self._conditions(asked.c.id)).order_by(asked.c.id.desc())
            found += self._run(statement, count - len(found))
            if len(found) == count:
                break
            part = descent.next(hits * descent.seen // seen, len(found), count)
        return found

    def _matches_since(self, high: int) -> int:
        """How many of the newest `LEAD` articles have a match that will do."""
        few = select(literal(1)).where(*self._match_conditions(), Match.article_id >= high - LEAD)
        return self._session.scalar(select(func.count()).select_from(few.limit(LEAD).subquery())) or 0

    def _conditions(self, key: Any) -> list[ColumnElement[bool]]:
        """What a candidate of which only the id is known must fulfil."""
        return [*self._of_article(key), *self._of_match(key), *self._of_alert(key)]

    def _stretches(self, below: int) -> Iterator[_Stretch]:
        floor = self._resolved.oldest_article or 0
        if self._asked.until is not None and below > self._ceiling:
            # above the ceiling only what was read long after it was published is old enough
            years = some(Word(year_mark(year)) for year in range(EARLIEST, max(EARLIEST, self._asked.until.year) + 1))
            yield _Stretch(max(floor, self._ceiling), below, years)
        high = min(below, self._ceiling)
        if high > floor:
            yield _Stretch(floor, high)

    @cached_property
    def _newest(self) -> int:
        return self._session.scalar(select(Article.id).order_by(Article.id.desc()).limit(1)) or 0

    def _without_words(self, stretch: _Stretch) -> Any:
        key: Any = Article.id
        if not filters.asks_matches(self._asked, self._resolved):
            conditions = [*filters.article_conditions(self._asked, self._resolved), *self._of_alert(key)]
            return self._bounded(select(key.label("id")).where(*conditions), key, stretch, asked=True)
        key = Match.article_id
        statement: Any = select(key.label("id")).where(*self._match_conditions())
        if len(self._resolved.topics or ()) != 1:
            statement = statement.distinct()
        return self._bounded(statement.where(*self._of_article(key), *self._of_alert(key)), key, stretch, asked=True)

    def _bounded(self, statement: Any, key: Any, stretch: _Stretch, *, asked: bool = False) -> Any:
        conditions = [] if asked else self._conditions(key)
        if stretch.high != NO_SUCH_ID:
            conditions.append(key < stretch.high)
        if stretch.low:
            conditions.append(key >= stretch.low)
        return statement.where(*conditions).order_by(key.desc())

    def _of_article(self, key: Any) -> list[ColumnElement[bool]]:
        """Conditions on the article's own row, for a candidate of which only the id is known."""
        left = self._resolved if not self._by_mark or self._words is None else self._resolved.without_sources()
        conditions = filters.article_conditions(self._asked, left)
        return [filters.each(Article.id == key, *conditions)] if conditions else []

    def _of_match(self, key: Any) -> list[ColumnElement[bool]]:
        if not filters.asks_matches(self._asked, self._resolved):
            return []
        return [filters.each(Match.article_id == key, *filters.match_conditions(self._asked, self._resolved))]

    def _match_conditions(self) -> list[ColumnElement[bool]]:
        topics = self._resolved.topics
        if topics is not None and len(topics) > FEW_TOPICS:
            # `+` keeps SQLite from gathering and sorting all matches of all topics
            scores = filters.scores(self._asked, Match.score)
            return [*scores, (Match.topic_id + 0).in_(topics)]
        if topics is not None and not topics:
            return [false()]
        return filters.match_conditions(self._asked, self._resolved)

    def _of_alert(self, key: Any) -> list[ColumnElement[bool]]:
        if not filters.asks_status(self._asked):
            return []
        told = filters.status_conditions(self._asked)
        if key is Article.id:
            return [filters.each(Alert.story_id == Article.story_id, *told)]
        return [filters.each(Article.id == key, Alert.story_id == Article.story_id, *told)]


def _ceiling(session: Session, until: datetime) -> int:
    """Of articles with this id or a higher one, only those read `LATE` were published before `until`."""
    first = session.scalar(
        select(Article.id).where(Article.created_at >= until + LATE).order_by(Article.created_at, Article.id).limit(1)
    )
    return NO_SUCH_ID if first is None else first + filters.DISORDER
