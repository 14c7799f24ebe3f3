"""Rows of a list and the words they need, from one statement: the database walks and leaves out what lacks the words.

A page of a word that one article in forty has looks at thousands of rows; read one by one, then asked of the index,
then thrown away, they took most of the page's time.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from monitor.domain.filters import Order, Window
from monitor.storage.search_forms import known_of
from monitor.storage.search_index import SPREAD, FirstPass
from monitor.storage.search_lists import Rows
from monitor.storage.search_walk import LARGEST_WALK, Batch, every_row, own_article, story_articles
from monitor.storage.search_within_asked import Kind, of_conditions, of_whole

SPREAD_OF_ERAS = 20  # ids an article that PostgreSQL is asked for by stretches: beyond, each is looked up
FEW_ERAS = 40  # small ones; of more, large ones are asked
MANY_ROWS = 400  # of fewer, a statement more is as quick
MANY = 12_000  # as many ids are read from the index once, rather than asked of it again and again
FEW_STORIES = 300  # of a first statement, most of which should be true
SELDOM = 60  # of so many articles one with the words: fewer, and all that have them are soon read


class WithWords:
    """Rows whose articles have the words: asked of each batch, and of the whole index once they turn out rare.

    `found` are all such articles, where that is known; None: too many.
    """

    def __init__(self, session: Session, rows: Rows, first: FirstPass, found: Sequence[int] | None) -> None:
        self._session, self._rows, self._first = session, rows, first
        self.share = first.share if first.ordered else known_of(session).share(first.asked)
        self._asked, self._found, self._apart = 0, 0, False
        self._counted = not first.ordered
        self._all = None if found is None else frozenset(found)

    def __call__(self, window: Window) -> Batch:
        if self._near(window):
            found = within(self._session, self._rows, window, self._first.questions, self.share)
            self._apart = found.apart  # so are those that come next
            return self._kept(found)
        articles_of = story_articles if self._rows.of_stories else own_article
        return every_row(self._session, self._rows, window, articles_of, self._having)

    def _near(self, window: Window) -> bool:
        """Whether so many rows may be left out together: their articles may be near one another."""
        if window.limit < MANY_ROWS or window.order is Order.SCORE or self._all is not None or self._apart:
            return False
        return bool(self.share) if self._counted else self._found * SELDOM >= self._asked

    def _kept(self, found: Within) -> Batch:
        has: Set[int] = {article for _, article in found.rows}
        if found.apart:
            has = self._having(self._session, sorted(has)) & has
        else:
            self._asked, self._found = self._asked + found.told, self._found + len(found.rows)
        articles: dict[int, list[int]] = {}
        for key, article in found.rows:
            if article in has:
                articles.setdefault(key, []).append(article)
        return Batch([(key, None) for key in articles], articles, found.walked, (found.last, None))

    def _having(self, session: Session, article_ids: Sequence[int]) -> Set[int]:
        if not article_ids:
            return frozenset()
        if not self._counted and (self._found * SELDOM < self._asked or self._first.apart(article_ids)):
            self._counted, known = True, self._first.at_most(session, MANY)
            self._all = None if known is None else frozenset(known)
        if self._all is not None:
            return self._all
        found = self._first.among(session, article_ids)
        self._asked, self._found = self._asked + len(article_ids), self._found + len(found)
        return found


class LedByWords:
    """Rows of a list of the articles that have the words, which are all known: looked up once and given part by part.

    `rows` are those of these articles.
    """

    def __init__(self, session: Session, rows: Rows, found: Sequence[int]) -> None:
        self._session, self._rows, self._found = session, rows, frozenset(found)
        self._read: Sequence[Any] = ()
        self._whole = False
        # stories are asked what stands beside the words newest first, while matches are all found, to be put in order
        self._most = FEW_STORIES if rows.of_stories else LARGEST_WALK

    def __call__(self, window: Window) -> Batch:
        if len(self._read) < window.limit and not self._whole:
            # SQLite finds them as soon again as it gives more than are needed
            most = window.limit if self._session.get_bind().dialect.name == "sqlite" else self._most
            self._most = LARGEST_WALK
            wider = Window(max(window.limit, most), window.after, window.order)
            self._read = self._session.connection().execute(self._rows(wider)).all()
            self._whole = len(self._read) < wider.limit
        part, self._read = self._read[: window.limit], self._read[window.limit :]
        of = (story_articles if self._rows.of_stories else own_article)(self._session, part)
        articles = {key: kept for key, told in of.items() if (kept := [one for one in told if one in self._found])}
        return Batch(part, articles, len(part), part[-1] if part else None)


class Within(NamedTuple):
    """What a walk gave; `rows` are (id, article id), newest first, one for each article that has the words; for each
    article at all where these are `apart`: too far from one another to be asked for together.
    """

    rows: Sequence[Any]
    walked: int
    """rows of the list"""
    told: int
    """rows of the list, one for each of their articles"""
    last: int | None
    """the last of the rows walked over"""
    apart: bool


def within(session: Session, rows: Rows, window: Window, words: Sequence[str], share: float | None) -> Within:
    """The rows of a window of a list, newest first, that have the words.

    `words`: questions of the index, which must all hold. `share`: of articles how many should have them, which only
    PostgreSQL needs.
    """
    asked: dict[str, Any] = {f"asked_words{number}": one for number, one in enumerate(words)}
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        asked["spread"] = SPREAD
    else:
        asked |= {"spread": SPREAD_OF_ERAS, "share": 1.0 if share is None else share, "few_eras": FEW_ERAS}
    kind = Kind.OWN if not rows.of_stories else Kind.STORIES if rows.of is rows.key else Kind.TOLD
    if rows.whole:
        asked["most"] = window.limit
        if window.after is not None:
            asked["after"] = window.after.id
        table, of = rows.key.class_.__tablename__, rows.of.key
        statement = of_whole(dialect, kind, table, of, len(words), further=window.after is not None)
    else:
        statement = of_conditions(dialect, kind, rows(window), len(words))
    found = session.connection().execute(statement, asked).all()
    # the order of two statements' rows together is not promised
    kept = sorted([row[:2] for row in found if row.walked is None], reverse=True)
    end = next(row for row in found if row.walked is not None)
    return Within(kept, end.walked, end.told, end.id, not end.near)
