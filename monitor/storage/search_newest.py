"""Ids of articles that may answer, newest first, without a look at rows that cannot.

What the index of words knows (words, outlets) it is asked; topics lead over the matches; the rest are conditions on
each candidate. Ids are in arrival order, and nothing is stored before it is published: so times bound the ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, func, literal, select
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter
from monitor.domain.words import Word, Words, every, some
from monitor.storage import search_filters as filters
from monitor.storage.listed import one_of
from monitor.storage.search_descent import MARGIN, Descent, Part
from monitor.storage.search_filters import NO_SUCH_ID
from monitor.storage.search_forms import present_words
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


@dataclass(slots=True)
class Share:
    """How many of the candidates fulfilled the conditions so far."""

    asked: int = 0
    passed: int = 0

    @property
    def value(self) -> float:
        return (self.passed + 1) / (self.asked + 1)

    def saw(self, asked: int, passed: int) -> None:
        self.asked += asked
        self.passed += passed

    def cut(self, ids: list[int], wanted: int) -> tuple[list[int], list[int]]:
        """So many of the ids as should give those wanted, and the others."""
        size = int(MARGIN * wanted / self.value) + 1
        return ids[:size], ids[size:]


class Newest:
    """The articles of a filter. `words` are what its expression cannot do without; `newest` is the highest id."""

    def __init__(self, session: Session, asked: Filter, words: Words | None, newest: int | None = None) -> None:
        self._session, self._asked, self._newest = session, asked, NO_SUCH_ID if newest is None else newest
        self._resolved = filters.resolve(session, asked)
        sources = self._resolved.sources
        self._by_mark = sources is not None and 0 < len(sources) <= MOST_OUTLETS
        outlets = some(Word(source_mark(name)) for name in sources or ()) if self._by_mark else None
        # the few articles of a story are quicker asked themselves
        self._words = every((words, outlets)) if asked.story is None else None
        self._none = False
        if self._words is not None:
            there = present_words(session, self._words)
            self._words, self._none = there or self._words, there is None
        self._descents: dict[Words, Descent] = {}
        self._ceiling = _ceiling(session, asked.until) if asked.until is not None else NO_SUCH_ID

    def take(self, below: int | None, count: int) -> list[int]:
        """The newest `count` ids below `below`; fewer when there are no more."""
        found: list[int] = []
        if self._none:
            return found
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

    def _descent(self, words: Words, stretch: _Stretch) -> Descent:
        """The next page's descent knows what the last one's found, when it is the same question."""
        so_far = self._descents.get(words)
        self._descents[words] = Descent(words, stretch.low, min(stretch.high, self._newest + 1), so_far)
        return self._descents[words]

    def _descend(self, words: Words, stretch: _Stretch, count: int) -> list[int]:
        descent, found = self._descent(words, stretch), list[int]()
        while len(found) < count and (part := descent.next(count - len(found))) is not None:
            ids = ids_of_part(self._session, words, part, count - len(found))
            found += ids
            descent.saw(part, len(ids), ids[-1] if len(found) == count else None)
        return found

    def _descend_asking(self, words: Words, stretch: _Stretch, count: int) -> list[int]:
        """The same where a candidate must fulfil conditions, too; topics lead where they are rarer than the words."""
        descent, found, share = self._descent(words, stretch), list[int](), Share()
        while len(found) < count and (part := descent.next(count - len(found), share.value)) is not None:
            ids = ids_of_part(self._session, words, part, part.high - part.low)
            if not share.asked and self._topics_are_rarer(len(ids), part):
                return self._run(self._led_by_topics(words, stretch), count)
            descent.saw(part, len(ids))
            while ids and len(found) < count:
                some_ids, ids = share.cut(ids, count - len(found))
                passing = self._passing(some_ids)
                share.saw(len(some_ids), len(passing))
                found += passing
        return found[:count]

    def _passing(self, ids: list[int]) -> list[int]:
        """Of these ids those that fulfil the conditions, newest first."""
        for condition in self._conditions(Article.id):
            statement = select(Article.id).where(one_of(self._session, Article.id, ids), condition)
            ids = list(self._session.scalars(statement))
        return sorted(ids, reverse=True)

    def _led_by_topics(self, words: Words, stretch: _Stretch) -> Any:
        first = FirstPass(self._session, words)
        return self._without_words(stretch).where(first.of(Match.article_id))

    def _topics_are_rarer(self, hits: int, part: Part) -> bool:
        if not filters.asks_matches(self._asked, self._resolved):
            return False
        return hits * LEAD > self._matches_since(part.high) * (part.high - part.low)

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
            earliest = self._asked.since.year if self._asked.since else EARLIEST
            last = max(earliest, self._asked.until.year, EARLIEST)
            years = some(Word(year_mark(year)) for year in range(max(earliest, EARLIEST), last + 1))
            yield _Stretch(max(floor, self._ceiling), below, years)
        high = min(below, self._ceiling)
        if high > floor:
            yield _Stretch(floor, high)

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
        if key is Article.id:
            return conditions
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
