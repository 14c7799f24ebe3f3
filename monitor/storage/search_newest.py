"""Ids of articles that may answer, newest first, without a look at rows that cannot.

What the index of words knows (words, outlets) it is asked; topics lead over the matches; the rest are conditions on
each candidate. Ids are in arrival order, and nothing is stored before it is published: so times bound the ids.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, false, func, literal, select
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter
from monitor.domain.words import Word, Words, every, has_phrase, has_prefix, some
from monitor.storage import search_filters as filters
from monitor.storage.search_asked import Made, Shape, made, placeholders, values
from monitor.storage.search_descent import Descent, Passed, forms
from monitor.storage.search_filters import Conditions
from monitor.storage.search_forms import Forms, Known, any_has, known_of
from monitor.storage.search_hydrate import Read, Values
from monitor.storage.search_index import NO_SUCH_ID, WORDS, WORDS_KEY, fts5_query, has_words, tsquery, words_ids
from monitor.storage.search_marks import period_marks, source_mark
from monitor.storage.search_pairs import pairs_known, with_pairs
from monitor.storage.search_parts import Asked, Listing, See, look, newest_of_words
from monitor.storage.search_told import newest_told
from monitor.storage.tables import Alert, Article, Match

MOST_OUTLETS = 40  # more are a condition on each candidate instead
LEAD = 20_000  # articles over which it is seen whether topics or words are rarer
_LOW, _HIGH = (bindparam(name, type_=BigInteger()) for name in ("low", "high"))
_BOUNDS: dict[str, Callable[[Any], Any]] = {"low": lambda key: key >= _LOW, "high": lambda key: key < _HIGH}
FEW_MARKS = 16  # of more months and years the index weighs each for all their articles, which takes longer than a turn
FEW_LATE = 1 / 4  # of a page: so few read long after they were published are asked with what is below them
FEW_TOPICS = 3  # of more topics, a walk over all matches finds the newest sooner


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Ids from `low` up to below `high`; `mark` must stand in the index, too. `paired`: pairs are indexed there.
    `apart`: most articles with the words lie elsewhere.
    """

    low: int
    high: int
    mark: Words | None = None
    paired: bool = False
    apart: bool = False


def outlets_of(session: Session, asked: Filter) -> Words | None:
    """What articles of the filter's outlets have in the index of words; None: it is not asked, or of too many."""
    named = Filter(sources=asked.sources, not_sources=asked.not_sources)
    return _marks_of(filters.resolve(session, named)) if named != Filter() else None


def _marks_of(resolved: filters.Resolved) -> Words | None:
    sources = resolved.sources
    if sources is None or not 0 < len(sources) <= MOST_OUTLETS:
        return None
    return some(Word(source_mark(name)) for name in sources)


class Newest:
    """The articles of a filter. `words` are what its expression cannot do without, `alerts` what an alert of their
    story must fulfil; `told` are all articles with such an alert, newest first, where that is known.

    Rows begin with the id, and have what else is to be read of the articles.
    """

    def __init__(
        self,
        session: Session,
        asked: Filter,
        words: Words | None,
        alerts: Conditions | None = None,
        told: Sequence[int] | None = None,
    ) -> None:
        self._session, self._asked, self._alerts, self._told_articles = session, asked, alerts, told
        self._dialect = session.get_bind().dialect.name
        self._sqlite = self._dialect == "sqlite"
        edges = filters.edges(session, asked)
        self._newest, self._ceiling, self._end = edges.newest, edges.ceiling, edges.end
        self._resolved = filters.resolve(session, asked, edges)
        outlets = _marks_of(self._resolved)
        left = self._resolved.without_sources() if outlets is not None and asked.story is None else self._resolved
        self._shape, self._values = Shape.of(asked, left), values(asked, left)
        self._form = placeholders(self._shape)
        with_some = with_pairs(words, pairs_known(session)) if words is not None and has_phrase(words) else None
        paired, self._paired_from = with_some or (None, NO_SUCH_ID)
        self._forms = Forms(session, words, paired)
        self._none, self._outlets = False, outlets
        self._there(self._forms.present())
        self.begins = self._sqlite and self._words is not None and has_prefix(self._words)
        """On SQLite: whether the index is asked for the beginning of a word."""
        self._descents: dict[Words, Descent] = {}

    def _there(self, words: Words | None) -> None:
        self._none = words is None and self._forms.asked
        # the few articles of a story are quicker asked themselves
        self._words = every((words, self._outlets)) if self._asked.story is None else None
        self._pairs = every((self._forms.paired, self._outlets))

    def take(self, below: int | None, count: int, *, read: Read = Read.IDS, see: See | None = None) -> list[Values]:
        """The newest `count` rows below `below`; fewer when there are no more.

        `see` is shown what comes while the server still sends more; some of it may not be given in the end.
        """
        found: list[Values] = []
        if self._none:
            return found
        for stretch, late in self._joined(NO_SUCH_ID if below is None else below):
            rows = self._within(stretch, count - len(found), read=read, late=late, see=see)
            found += rows
            if len(found) == count:
                break
            if stretch.mark is not None and not self._sqlite and self._alerts is None:
                known_of(self._session).learn_late(self._asked, few=len(rows) <= FEW_LATE * count)
        return found

    def late(self, most: int) -> list[int]:
        """The newest `most` of those that lie above the period's ceiling: read long after they were published."""
        first = next(self._periods(NO_SUCH_ID), None)
        if first is None or first.mark is None:
            return []
        return [row[0] for row in self._within(first, most, read=Read.IDS, see=None)]

    def _joined(self, below: int) -> Iterator[tuple[_Stretch, _Stretch | None]]:
        """Stretches, each with the one above it if the index may be asked for both at once."""
        late: _Stretch | None = None
        for stretch in self._stretches(below):
            if late is not None and (stretch.mark is not None or stretch.paired is not late.paired):
                yield late, None
                late = None
            if late is None and self._few_late(stretch):
                late = stretch
                continue
            yield stretch, late
            late = None
        if late is not None:
            yield late, None

    def _few_late(self, stretch: _Stretch) -> bool:
        """Whether the stretch has a mark, and gave few articles when it was asked alone."""
        if self._sqlite or stretch.mark is None or self._words is None or forms(stretch.mark) > FEW_MARKS:
            return False
        return self._asked in known_of(self._session).late and not filters.asks_matches(self._asked, self._resolved)

    def _within(
        self, stretch: _Stretch, count: int, *, read: Read, see: See | None, late: _Stretch | None = None
    ) -> list[Values]:
        words = every((self._pairs if stretch.paired else self._words, stretch.mark))
        if words is None:
            return self._listed("alone", self._without_words, None, stretch, count, read=read)
        if self._told_articles is not None:
            return self._among_told(self._told_articles, words, stretch, count)
        if not self._sqlite:
            return self._descend(words, stretch, count, read=read, late=late, see=see)
        if not self._conditions():  # in its own words: half of what a page costs is the asking
            return newest_of_words(self._session, words, stretch.low, stretch.high, count, read=read)
        return self._listed("words", self._of_words, fts5_query(words), stretch, count, read=read)

    def _among_told(self, told: Sequence[int], words: Words, stretch: _Stretch, count: int) -> list[Values]:
        if any_has(self._session, self._forms.absent):
            self._there(self._forms.present(found=True))
            return self._within(stretch, count, read=Read.IDS, see=None)
        near = [key for key in told if stretch.low <= key < stretch.high]
        return [(key,) for key in newest_told(self._session, words, near, count)]

    def _listed(
        self,
        kind: str,
        ids: Callable[[], tuple[Any, Any]],
        words: str | None,
        stretch: _Stretch,
        count: int,
        *,
        read: Read,
    ) -> list[Values]:
        """The rows of a statement that gives ids, newest first."""
        bounds = {"high": stretch.high} if stretch.high != NO_SUCH_ID else {}
        bounds |= {"low": stretch.low} if stretch.low else {}

        connection = self._session.connection()

        def make() -> Listing:
            found, key = ids()
            found = found.where(*(_BOUNDS[name](key) for name in bounds)).order_by(key.desc())
            return Listing(found, connection, read=read)

        asked = {**self._values, **bounds, WORDS: words, "count": count}
        return self._made((kind, *bounds, read), make).rows(connection, asked)

    def _made(self, kind: Hashable, make: Callable[[], Made]) -> Made:
        """What is made of the question's shape, once for all questions of that shape."""
        return make() if self._alerts is not None else made((self._dialect, self._shape, kind), make)

    def _descend(
        self, words: Words, stretch: _Stretch, count: int, *, read: Read, see: See | None, late: _Stretch | None = None
    ) -> list[Values]:
        """Part by part; topics lead where they are rarer than the words. `late`: a stretch above, to be asked, too."""
        found = list[Values]()
        others = Asked(bool(self._conditions()), self._without_alerts, self._told, self._values, self._made)
        known = known_of(self._session)
        # an end of the period lies elsewhere on the next page
        once = self._alerts is not None or self._asked.until is not None
        share = Passed() if once else known.passed(self._asked)
        if known.newest is None:
            known.newest = filters.newest_article(self._session)
        top = stretch.high == NO_SUCH_ID and self._newest is None  # then it is a guess where they begin
        descent = self._descent(words, stretch, known)
        if (likely := known.share(words)) and self._topics_are_rarer(likely, 1, descent.high):
            if any_has(self._session, self._forms.absent):
                self._there(self._forms.present(found=True))
                return self._within(stretch, count, read=read, late=late, see=see)
            return self._listed("led", self._led_by_topics, tsquery(words), stretch, count, read=read)
        while len(found) < count and (part := descent.next(count - len(found), share)) is not None:
            whole = part
            if late is not None and part.eras is not None and late.mark is not None:
                whole = replace(part, high=late.high, eras=some((late.mark, part.eras)), bits=0)
            elif late is not None:
                found += self._within(late, count, read=read, see=see)
                if len(found) == count:
                    break
            looked = look(
                self._session,
                words,
                whole,
                count - len(found),
                others,
                top=top,
                floor=stretch.low,
                absent=self._forms.absent,
                read=read,
                see=see,
            )
            known.newest = looked.newest
            if looked.absent_found:
                self._there(self._forms.present(found=True))
                return self._within(stretch, count, read=read, late=late, see=see)
            late = None
            if top:
                self._newest = looked.newest
                if looked.newest < stretch.low:  # what was newest is there no longer
                    break
                part, top = descent.begin_at(looked.newest, part), False
            if not share.asked and self._topics_are_rarer(looked.hits, part.high - part.low, part.high):
                return self._listed("led", self._led_by_topics, tsquery(words), stretch, count, read=read)
            found += looked.rows
            full = len(found) == count
            descent.saw(part, looked.hits, found[-1][0] if full and not others.some else None)
            ids = max(0, part.high - (found[-1][0] if full else part.low))
            share.saw(looked.hits * ids // (part.high - part.low), len(looked.rows), ids)
        return found

    def _descent(self, words: Words, stretch: _Stretch, known: Known) -> Descent:
        """The next page's descent knows what the last one's found, when it is the same question."""
        high, newest = stretch.high, known.newest if self._newest is None else self._newest
        if self._newest is not None or high == NO_SUCH_ID:
            high = min(high, (newest or 0) + 1)
        so_far, old = self._descents.get(words), stretch.apart or stretch.mark is not None
        later = max(0, high - self._end) if stretch.mark is None else 0
        descent = Descent(words, stretch.low, high, so_far, known.share(words), old=old, spare=later)
        self._descents[words] = descent
        return descent

    def _led_by_topics(self) -> tuple[Any, Any]:
        ids, key = self._without_words()
        return ids.where(has_words(key)), key

    def _topics_are_rarer(self, hits: float, articles: int, high: int) -> bool:
        """Than words that so many of the `articles` have; `high`: where that was."""
        if not filters.asks_matches(self._asked, self._resolved):
            return False
        return hits * LEAD > self._matches_since(high) * articles

    def _matches_since(self, high: int) -> int:
        """How many of the newest `LEAD` articles have a match that will do."""
        counted, key = known_of(self._session).matches, (self._asked, high // LEAD)
        if key not in counted:
            statement = self._made("since", self._count_of_matches)
            asked = {**self._values, "low": high - LEAD}
            counted[key] = int(self._session.connection().execute(statement, asked).scalar_one())
        return counted[key]

    def _count_of_matches(self) -> Any:
        few = select(literal(1)).where(*self._match_conditions(), Match.article_id >= _LOW)
        return select(func.count()).select_from(few.limit(LEAD).subquery())

    def _conditions(self) -> list[ColumnElement[bool]]:
        """What an article must fulfil beside its words."""
        return self._made("conditions", lambda: self._of(Article.id))

    def _of(self, key: Any) -> list[ColumnElement[bool]]:
        """The same of a candidate of which only the id is known."""
        return [*self._of_article(key), *self._of_match(key), *self._of_alert(key)]

    def _stretches(self, below: int) -> Iterator[_Stretch]:
        for stretch in self._periods(below):
            since = max(stretch.low, self._paired_from)
            if self._words is None or self._beyond(since):
                yield stretch
                continue
            if since >= stretch.high:
                yield replace(stretch, apart=True)
                continue
            yield replace(stretch, low=since, paired=True)
            if since > stretch.low:
                yield replace(stretch, high=since, apart=True)

    def _beyond(self, since: int) -> bool:
        """Whether no article has an id so high yet."""
        if self._paired_from == NO_SUCH_ID:
            return True
        if self._newest is None:
            if not self._sqlite and since <= (known_of(self._session).newest or 0):
                return False  # seen before: no turn to the server for it
            self._newest = filters.newest_article(self._session)
        return since > self._newest

    def _periods(self, below: int) -> Iterator[_Stretch]:
        floor = self._resolved.oldest_article or 0
        if self._asked.until is not None and below > self._ceiling:
            # above the ceiling only what was read long after it was published is old enough
            marks = some(map(Word, period_marks(self._asked.since, self._asked.until)))
            if marks is not None:
                yield _Stretch(max(floor, self._ceiling), below, marks)
        high = min(below, self._ceiling)
        if high > floor:
            yield _Stretch(floor, high)

    def _without_words(self) -> tuple[Any, Any]:
        """The ids of articles that fulfil the conditions, and what they are ordered by."""
        ids, key = self._without_alerts()
        return ids.where(*self._of_alert(key)), key

    def _without_alerts(self) -> tuple[Any, Any]:
        """The same but for what an alert of their story must fulfil."""
        key: Any = Article.id
        if not filters.asks_matches(*self._form):
            return select(key.label("id")).where(*filters.article_conditions(*self._form)), key
        key = Match.article_id
        statement: Any = select(key.label("id")).where(*self._match_conditions())
        if len(self._resolved.topics or ()) != 1:
            statement = statement.distinct()
        return statement.where(*self._of_article(key)), key

    def _of_words(self) -> tuple[Any, Any]:
        """On SQLite: the same of articles with the words."""
        return words_ids().where(*self._of(WORDS_KEY)), WORDS_KEY

    def _of_article(self, key: Any) -> list[ColumnElement[bool]]:
        """Conditions on the article's own row, for a candidate of which only the id is known."""
        conditions = filters.article_conditions(*self._form)
        if key is Article.id:
            return conditions
        return [filters.each(Article.id == key, *conditions)] if conditions else []

    def _of_match(self, key: Any) -> list[ColumnElement[bool]]:
        if not filters.asks_matches(self._asked, self._resolved):
            return []
        return [filters.each(Match.article_id == key, *filters.match_conditions(*self._form))]

    def _match_conditions(self) -> list[ColumnElement[bool]]:
        asked, resolved = self._form
        topics = resolved.topics
        if topics is not None and len(topics) > FEW_TOPICS:
            # `+` keeps SQLite from gathering and sorting all matches of all topics
            scores = filters.scores(asked, Match.score)
            return [*scores, (Match.topic_id + 0).in_(topics)]
        if topics is not None and not topics:
            return [false()]
        return filters.match_conditions(asked, resolved)

    def _told(self) -> Conditions:
        """What an alert of their story must fulfil."""
        if self._alerts is not None:
            return self._alerts
        return filters.status_conditions(self._form[0]) if filters.asks_status(self._asked) else []

    def _of_alert(self, key: Any) -> list[ColumnElement[bool]]:
        told = self._told()
        if not told:
            return []
        if key is Article.id:
            return [filters.each(Alert.story_id == Article.story_id, *told)]
        return [filters.each(Article.id == key, Alert.story_id == Article.story_id, *told)]
