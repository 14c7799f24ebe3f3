"""Searches in the text: the index narrows down, the judge decides, batch by batch until a page is full."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from monitor.domain.filters import Cursor, Order, Window
from monitor.domain.model import Document, Span
from monitor.storage.listed import among, listed
from monitor.storage.search_hydrate import (
    Read,
    Values,
    article_document,
    article_row,
    article_values,
    articles_ahead,
    documents,
    judged_document,
)
from monitor.storage.search_newest import Newest
from monitor.storage.search_rows import ArticleRow, Found
from monitor.storage.tables import Article

if TYPE_CHECKING:  # compiling is loaded when a text is asked
    from monitor.domain.judging import Judge

FIRST_BATCH, LARGEST_BATCH, LARGEST_WALK = 60, 1000, 3000
MARGIN = 1.3  # more candidates than should fill the page
DOUBT = 1.3  # deviations of chance that a batch allows for: another turn is dearer than the candidates
LITTLE_DOUBT = 0.7  # the same of hundreds, each of which is read and judged
SPARE = 10  # candidates beyond a page: some are not true, and one more tells of a next page
FEW = 3  # the same where it is known how many are true
MOST_EXAMINED = 20_000  # articles; a page may end here before it is full, and goes on at its cursor
MOST_ROWS = 200_000
FASTER = 12  # times as many rows as in the batch before, at most
SAMPLE = 24
MOST_UNTRUE, ENOUGH_MORE = 3, 1.2  # rows read beyond a page; times a page's rows that are worth two turns
MOSTLY_LIKELY = 0.9  # of those that a first look left so many true: they are read before they are judged
MOSTLY = 0.8  # of rows with the words so many true: as good as all
WHOLE = 100  # of so few candidates all is read at once, and not in two turns
ENOUGH_JUDGED, MOST_JUDGED = 50, 2000  # articles that tell the rate of a question; that are counted for it
Key = tuple[int, float | None]


@dataclass(slots=True)
class Keys:
    """Keys of a page in order, where it ended, and what the judge found: article id → spans."""

    keys: list[Key] = field(default_factory=list)
    after: Cursor | None = None
    spans: dict[int, tuple[Span, ...]] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        return [key for key, _ in self.keys]


def plain_keys(session: Session, statement: Callable[[Window], Select[Any]], window: Window) -> Keys:
    """A page of a list that no expression is asked of. One row more than asked tells whether there is a next page."""
    wider = Window(window.limit + 1, window.after, window.order)
    keys = [_key(row, window) for row in session.execute(statement(wider))]
    after = Cursor(*keys[window.limit - 1]) if len(keys) > window.limit else None
    return Keys(keys[: window.limit], after)


class Batch(NamedTuple):
    """Rows of a list that begin (id, score), in order, and by their ids the articles that may be true."""

    rows: Sequence[Any]
    articles: Mapping[int, Sequence[int]]
    walked: int
    """how many rows were looked at, of which these are left"""
    last: Any
    """the last of those"""


def true_keys(
    session: Session, look: Callable[[Window], Batch], window: Window, judge: Judge, size: int = FIRST_BATCH
) -> Keys:
    """A page of those rows of which an article makes the expression true; `size`: how many are looked at first."""
    found, after, walked, told = Keys(), window.after, Walked(), 0
    while True:
        batch = look(Window(size, after, window.order))
        examined = 0
        for rows in _in_turn(batch, window.limit + 1 - len(found.keys), mostly=len(found.keys) >= MOSTLY * told):
            told += len(rows)
            asked = {article for row in rows for article in batch.articles[row[0]]}
            spans = judged(session, judge, sorted(asked))
            examined += len(asked)
            for row in rows:
                true = [article for article in batch.articles[row[0]] if article in spans]
                if not true:
                    continue
                if len(found.keys) == window.limit:
                    found.after = Cursor(*found.keys[-1])
                    return found
                found.keys.append(_key(row, window))
                found.spans |= {article: spans[article] for article in true}
        if batch.walked < size:
            return found
        after = Cursor(*_key(batch.last, window))
        if walked.enough(batch.walked, examined):
            found.after = after
            return found
        # not fewer than before: for a few PostgreSQL's planner walks over all
        size = max(
            size,
            min(
                size * FASTER,
                LARGEST_WALK,
                _likely(window.limit + 1 - len(found.keys), len(found.keys), walked.rows) + SPARE,
            ),
        )


def _in_turn(batch: Batch, needed: int, *, mostly: bool) -> Iterator[Sequence[Any]]:
    """Rows that have articles: as many as fill the page where they are `mostly` true, then all others.

    To read a text and judge it is the dearest step, while another statement costs what some of them do.
    """
    rows = [row for row in batch.rows if batch.articles.get(row[0])]
    first = needed + MOST_UNTRUE if mostly and len(rows) > ENOUGH_MORE * needed else len(rows)
    yield rows[:first]
    if first < len(rows):
        yield rows[first:]


def every_row(
    session: Session,
    statement: Callable[[Window], Select[Any]],
    window: Window,
    articles_of: Callable[[Session, Sequence[Any]], Mapping[int, Sequence[int]]],
    having: Callable[[Session, Sequence[int]], Set[int]] | None = None,
) -> Batch:
    """The rows of a statement of (id, score, …) with their articles; `having` leaves out articles without the words."""
    rows = session.connection().execute(statement(window)).all()
    of = articles_of(session, rows)
    if having is not None:
        has = having(session, sorted({article for articles in of.values() for article in articles}))
        of = {key: kept for key, articles in of.items() if (kept := [one for one in articles if one in has])}
    return Batch(rows, of, len(rows), rows[-1] if rows else None)


def is_common(session: Session, newest: Newest, judge: Judge, below: int | None) -> bool:
    """Whether so many of the newest articles are true that walking over them is quicker than the index.

    Asked of a beginning that many words have: SQLite gathers all articles of all of them before it gives the newest.
    """
    sample = documents(session, [key for key, *_ in newest.take(below, SAMPLE)])
    return sum(judge.spans(document) is not None for _, document in sample) * 6 >= SAMPLE


def true_articles(session: Session, newest: Newest, judge: Judge, below: int | None, limit: int) -> Found[ArticleRow]:
    """A page of the newest articles that make the expression true."""
    found: list[ArticleRow] = []
    rate, walked, left = rate_of(judge), Walked(), limit + 1
    texts = Read.TEXTS if judge.of_text else Read.JUDGED
    if rate.is_known:
        size = _likely(left, rate.true, rate.judged, LITTLE_DOUBT) + FEW
    else:
        size = max(FIRST_BATCH, limit + SPARE)
    while True:
        size = min(size, LARGEST_BATCH, MOST_EXAMINED - walked.examined)
        candidates = _Candidates(judge, left, rate, whole=size <= WHOLE)
        rows = newest.take(below, size, read=Read.WHOLE if size <= WHOLE else texts, see=candidates.see)
        found += candidates.true_rows(session, rows)
        if len(found) > limit:
            return Found(tuple(found[:limit]), Cursor(found[limit - 1].id))
        if len(rows) < size:
            return Found(tuple(found))
        below, left = rows[-1][0], limit + 1 - len(found)
        if walked.enough(len(rows), len(rows)):
            return Found(tuple(found), Cursor(below))
        size = _likely(left, rate.true, rate.judged) + SPARE


def _likely(left: int, true: int, examined: int, doubt: float = DOUBT) -> int:
    """How many more should hold those that are left, at the rate of those examined; more than as many again when none
    was true.

    More the less is known: of few that are left, or after few that were true, chance counts for more; of a question
    that nearly all make true it counts for less.
    """
    rate = (true + 1) / (examined + 1)
    more = 1 + doubt * math.sqrt(max(1 - rate, 0) * (1 / left + 1 / (true + 1)))
    return int(more * left / rate)


@dataclass(slots=True)
class Rate:
    """Of the newest articles that were judged, how many were true."""

    judged: int = 0
    true: int = 0
    likely: int = 0
    """Those that the judge's first look left, where it has one."""

    def likely_for(self, most: int) -> int | None:
        """How many likely ones should hold `most` true ones; None: too few of them are true, or it is not known."""
        if self.likely < ENOUGH_JUDGED or self.true < MOSTLY_LIKELY * self.likely:
            return None
        untrue = self.likely - self.true
        return most + (1 + 2 * most * untrue // self.likely if untrue else 0)

    @property
    def is_known(self) -> bool:
        """Whether it tells how many to read for the next page."""
        return self.judged >= ENOUGH_JUDGED

    def saw(self, judged: int, true: int, likely: int = 0) -> None:
        """Count them; what was seen long ago counts for less."""
        self.judged, self.true, self.likely = self.judged + judged, self.true + true, self.likely + likely
        if self.judged > MOST_JUDGED:
            self.judged, self.true, self.likely = self.judged // 2, self.true // 2, self.likely // 2


_RATES: WeakKeyDictionary[Judge, Rate] = WeakKeyDictionary()


def rate_of(judge: Judge) -> Rate:
    """What is known of a question from its pages before: the next one, or the same anew, needs one turn for it."""
    rate = _RATES.get(judge)
    if rate is None:
        rate = _RATES[judge] = Rate()
    return rate


class _Candidates:
    """Of candidates the first `most` that make the expression true. They are judged as they come, while the server
    still sends others; what is not `whole` is read so once it is true.

    Where nearly all that a first look leaves are true, they are asked for before they are judged, and judged while the
    server reads them.
    """

    def __init__(self, judge: Judge, most: int, rate: Rate, *, whole: bool) -> None:
        self._judge, self._most, self._rate, self._whole = judge, most, rate, whole
        self._document = article_document if whole else judged_document
        self._said: dict[int, tuple[Span, ...] | None] = {}
        self._enough = rate.likely_for(most) if judge.looks_first and not whole else None
        self._likely = dict[int, Document]()
        self._seen = 0

    def see(self, rows: Sequence[Values]) -> None:
        """Judge rows until enough are true, or likely."""
        if self._enough is None:
            for values in rows:
                if self._seen == self._most:
                    return
                self._seen += self._spans(values) is not None
            return
        rules_out = self._judge.rules_out
        for values in rows:
            if self._seen == self._enough:
                return
            document = judged_document(values)
            if rules_out(document):
                self._said[values[0]] = None
            else:
                self._likely[values[0]] = document
                self._seen += 1

    def _spans(self, values: Values) -> tuple[Span, ...] | None:
        """Of an article that was not judged before."""
        key, said = values[0], None
        document = self._likely.get(key)
        if document is None and not self._judge.rules_out(other := self._document(values)):
            document = self._likely[key] = other
        if document is not None:
            said = self._judge.spans_of_likely(document)
        self._said[key] = said
        return said

    def true_rows(self, session: Session, rows: Sequence[Values]) -> list[ArticleRow]:
        """Those of all `rows`, newest first, of which some were seen."""
        if self._whole:
            return [article_row(values, said) for values, said in self._true(rows)]
        ahead = [values[0] for values in rows if values[0] in self._likely] if self._enough is not None else []
        with articles_ahead(session, ahead) as read:
            spans = {values[0]: said for values, said in self._true(rows)}
            whole = read()
        if more := [key for key in spans if key not in whole]:
            whole |= {values[0]: values for values in article_values(session, more)}
        return [article_row(whole[key], said) for key, said in spans.items() if key in whole]

    def _true(self, rows: Sequence[Values]) -> list[tuple[Values, tuple[Span, ...]]]:
        """The true ones with their spans; what was looked at is counted."""
        found, examined, likely = list[tuple[Values, tuple[Span, ...]]](), 0, 0
        for values in rows:
            examined += 1
            said = self._said[values[0]] if values[0] in self._said else self._spans(values)
            likely += values[0] in self._likely
            if said is not None:
                found.append((values, said))
                if len(found) == self._most:
                    break
        self._rate.saw(examined, len(found), likely if self._judge.looks_first else 0)
        return found


@dataclass(slots=True)
class Walked:
    """What a search has looked at; past its bounds the page ends early and says where it goes on."""

    rows: int = 0
    examined: int = 0

    def enough(self, rows: int, examined: int) -> bool:
        self.rows += rows
        self.examined += examined
        return self.rows >= MOST_ROWS or self.examined >= MOST_EXAMINED


def _key(row: Any, window: Window) -> Key:
    return (row[0], row[1] if window.order is Order.SCORE else None)


def judged(session: Session, judge: Judge, article_ids: Sequence[int]) -> dict[int, tuple[Span, ...]]:
    """The spans of those articles that make the expression true."""
    found = {}
    for start in range(0, len(article_ids), LARGEST_BATCH):
        for article_id, document in documents(session, article_ids[start : start + LARGEST_BATCH]):
            spans = judge.spans(document)
            if spans is not None:
                found[article_id] = spans
    return found


def newest_documents(session: Session, most: int) -> list[tuple[int, Document]]:
    """The newest articles as matching sees them, newest first."""
    ids = list(session.scalars(select(Article.id).order_by(Article.id.desc()).limit(most)))
    found: list[tuple[int, Document]] = []
    for start in range(0, len(ids), LARGEST_BATCH):
        found += sorted(documents(session, ids[start : start + LARGEST_BATCH]), reverse=True, key=lambda one: one[0])
    return found


def own_article(_session: Session, rows: Sequence[Any]) -> dict[int, list[int]]:
    """Of rows (id, score, article id), or of articles themselves (id, score)."""
    return {row[0]: [row[2] if len(row) > 2 else row[0]] for row in rows}


def story_articles(session: Session, rows: Sequence[Any]) -> dict[int, list[int]]:
    """Of rows (id, score, story id): all articles of the story."""
    by_story: dict[int, list[int]] = {}
    for article_id, story_id in listed(session, _OF_STORIES, sorted({row[2] for row in rows})):
        by_story.setdefault(story_id, []).append(article_id)
    return {row[0]: by_story.get(row[2], []) for row in rows}


_OF_STORIES = {
    dialect: select(Article.id, Article.story_id).where(condition).order_by(Article.id)
    for dialect, condition in among(Article.story_id).items()
}
