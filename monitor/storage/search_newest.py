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

from sqlalchemy import ColumnElement, false, select, union_all
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter
from monitor.domain.words import Word, Words, every, some
from monitor.storage import search_filters as filters
from monitor.storage.search_filters import NO_SUCH_ID
from monitor.storage.search_index import (
    EARLIEST,
    ERAS,
    LATE,
    FirstPass,
    era_mark,
    newest_of_words,
    source_mark,
    year_mark,
)
from monitor.storage.tables import Alert, Article, Match

MOST_OUTLETS = 40  # more are a condition on each candidate instead
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
        stretches = self._stretches(NO_SUCH_ID if below is None else below)
        if self._words is not None and not self._conditions(NO_SUCH_ID):
            return self._words_alone(self._words, stretches, count)
        parts = [self._statement(stretch, f"found_{n}").limit(count) for n, stretch in enumerate(stretches)]
        if not parts:
            return []
        if len(parts) == 1:
            return list(self._session.scalars(parts[0]))
        # one after the other, and no further than the page is full: so both databases run a union without an order
        whole = union_all(*(select(part.subquery().c.id) for part in parts)).limit(count)
        return list(self._session.scalars(whole))

    def _words_alone(self, words: Words, stretches: Iterator[_Stretch], count: int) -> list[int]:
        """What the index knows by itself is asked in its own words: half of what a page costs is the asking."""
        found: list[int] = []
        for stretch in stretches:
            asked = every((words, stretch.mark)) or words
            found += newest_of_words(self._session, asked, stretch.low, stretch.high, count - len(found))
            if len(found) == count:
                break
        return found

    def _conditions(self, key: Any) -> list[ColumnElement[bool]]:
        """What a candidate of which only the id is known must fulfil."""
        return [*self._of_article(key), *self._of_match(key), *self._of_alert(key)]

    def _stretches(self, below: int) -> Iterator[_Stretch]:
        floor = self._resolved.oldest_article or 0
        if self._asked.until is not None and below > self._ceiling:
            # above the ceiling only what was read long after it was published is old enough
            years = some(Word(year_mark(year)) for year in range(EARLIEST, max(EARLIEST, self._asked.until.year) + 1))
            yield from self._eras(_Stretch(max(floor, self._ceiling), below, years))
        high = min(below, self._ceiling)
        if high > floor:
            yield from self._eras(_Stretch(floor, high))

    def _eras(self, whole: _Stretch) -> Iterator[_Stretch]:
        """On PostgreSQL the index is asked for the newest thousand ids first, then for eight times as many …"""
        asks_index = self._words is not None or whole.mark is not None
        if self._session.get_bind().dialect.name == "sqlite" or not asks_index:
            yield whole
            return
        high = min(whole.high, self._newest + 1)
        for bits in ERAS:
            era = (high - 1) >> bits
            if high <= whole.low:
                return
            yield _Stretch(max(whole.low, era << bits), high, every((whole.mark, Word(era_mark(bits, high - 1)))))
            high = era << bits
        if high > whole.low:
            yield _Stretch(whole.low, high, whole.mark)

    @cached_property
    def _newest(self) -> int:
        return self._session.scalar(select(Article.id).order_by(Article.id.desc()).limit(1)) or 0

    def _statement(self, stretch: _Stretch, name: str) -> Any:
        words = every((self._words, stretch.mark))
        key: Any = Article.id
        statement: Any = select(key.label("id"))
        if words is not None:
            first = FirstPass(self._session, words)
            if first.ordered:
                key, statement = first.key, first.ids()
            else:
                newest = first.newest(name, stretch.low, stretch.high)
                key, statement = newest.c.id, select(newest.c.id)
            conditions = self._conditions(key)
        elif filters.asks_matches(self._asked, self._resolved):
            key = Match.article_id
            several = len(self._resolved.topics or ()) != 1
            statement = select(key.label("id")).distinct() if several else select(key.label("id"))
            conditions = [*self._match_conditions(), *self._of_article(key), *self._of_alert(key)]
        else:
            conditions = [*filters.article_conditions(self._asked, self._resolved), *self._of_alert(key)]
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
