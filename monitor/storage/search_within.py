"""Rows of a list and the words they need, from one statement: the database walks and leaves out what lacks the words.

A page of a word that one article in forty has looks at thousands of rows; read one by one, then asked of the index,
then thrown away, they took most of the page's time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Float, Integer, Select, String, bindparam, column, select, text
from sqlalchemy.orm import Session

from monitor.domain.filters import Order, Window
from monitor.storage.search_descent import ERAS
from monitor.storage.search_forms import known_of
from monitor.storage.search_index import SPREAD, FirstPass
from monitor.storage.search_walk import Batch, every_row, own_article, story_articles

SPREAD_OF_ERAS = 20  # ids an article that PostgreSQL is asked for by stretches: beyond, each is looked up
FEW_ERAS = 40  # small ones; of more, large ones are asked
MANY_ROWS = 400  # of fewer, a statement more is as quick
MANY = 12_000  # as many ids are read from the index once, rather than asked of it again and again
SELDOM = 60  # of so many articles one with the words: fewer, and all that have them are soon read


class WithWords:
    """Rows whose articles have the words: asked of each batch, and of the whole index once they turn out rare.

    `found` are all such articles, where that is known; None: too many.
    """

    def __init__(
        self,
        session: Session,
        statement: Callable[[Window], Select[Any]],
        first: FirstPass,
        found: Sequence[int] | None,
        *,
        of_stories: bool,
    ) -> None:
        self._session, self._statement, self._first, self._of_stories = session, statement, first, of_stories
        self.share = first.share if first.ordered else known_of(session).share(first.asked)
        self._asked, self._found, self._apart = 0, 0, False
        self._counted = not first.ordered
        self._all = None if found is None else frozenset(found)

    def __call__(self, window: Window) -> Batch:
        if self._near(window):
            walk, words = self._statement(window), self._first.questions
            found = within(self._session, walk, words, self.share, of_stories=self._of_stories)
            self._apart = found.apart  # so are those that come next
            return self._kept(found)
        articles_of = story_articles if self._of_stories else own_article
        return every_row(self._session, self._statement, window, articles_of, self._having)

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


def within(
    session: Session, walk: Select[Any], words: Sequence[str], share: float | None, *, of_stories: bool
) -> Within:
    """The rows of a statement of (id, score, of_id), newest first, that have the words.

    `of_id` is the article, or (`of_stories`) the story that it is in. `words`: questions of the index, which must all
    hold. `share`: of articles how many should have them, which only PostgreSQL needs.
    """
    asked: dict[str, Any] = {f"asked_words{number}": one for number, one in enumerate(words)}
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        asked["spread"] = SPREAD
    else:
        asked |= {"spread": SPREAD_OF_ERAS, "share": 1.0 if share is None else share, "few_eras": FEW_ERAS}
    kind = "stories" if of_stories else "own"
    walks = [walk.cte("walk")]
    if dialect == "sqlite" and not of_stories and walk.whereclause is None:
        # a copy of the walk for each use, as SQLite keeps the rows of what is used twice: here it but counts them
        kind = "whole"
        walks.append(walk.limit(None).order_by(None).cte("list"))
        walks.append(select(_OF_ONE).select_from(walk.subquery("counted_walk")).cte("counted"))
    parts, both = _statements(dialect, kind, len(words))
    found = session.connection().execute(both.add_cte(*walks, *parts), asked).all()
    # the order of two statements' rows together is not promised
    rows = sorted([row[:2] for row in found if row.walked is None], reverse=True)
    end = next(row for row in found if row.walked is not None)
    return Within(rows, end.walked, end.told, end.id, not end.near)


# how many rows the walk has, how many with each of their articles, and between which articles these lie
_OF_ONE: Any = text("count(*) AS walked, count(*) AS told, min(id) AS last, min(of_id) AS low, max(of_id) AS high")
_OF_ALL = "(SELECT count(*) FROM walk) AS walked, count(*) AS told, (SELECT min(id) FROM walk) AS last, "
_COUNTED = {
    "own": f"SELECT {_OF_ONE.text} FROM walk",  # noqa: S608 - of constants
    "stories": f"SELECT {_OF_ALL} min(article_id) AS low, max(article_id) AS high FROM told",  # noqa: S608
}
_TOLD = {
    # SQLite keeps to this order
    "sqlite": """
        SELECT walk.id, articles.id AS article_id FROM walk CROSS JOIN articles ON articles.story_id = of_id
    """,
    # OFFSET 0 keeps PostgreSQL from reading all articles of a store that is not large
    "postgresql": """
        SELECT walk.id, articles.id AS article_id
        FROM walk CROSS JOIN LATERAL (SELECT id FROM articles WHERE story_id = of_id OFFSET 0) AS articles
    """,
}
_REACHING = (
    f"(SELECT *, ((high >> bits) - (low >> bits) + 1) << bits AS ids FROM (SELECT *, "  # noqa: S608 - of constants
    f"CASE WHEN (high >> {ERAS[0]}) - (low >> {ERAS[0]}) < :few_eras THEN {ERAS[0]} ELSE {ERAS[1]} END AS bits "
    "FROM counted) AS marked)"
)
_ENDS = {
    "sqlite": "SELECT *, high - low <= :spread * told AS near FROM counted",
    "postgresql": "SELECT *, ids <= :spread * told AND ids * :share <= told AS near "  # noqa: S608 - of constants
    f"FROM {_REACHING} AS reaching",
}
_HAS = {
    "sqlite": """
        SELECT rowid AS id FROM ends CROSS JOIN article_words
        WHERE near AND article_words MATCH {words} AND rowid BETWEEN low AND high
    """,
    "postgresql": """
        SELECT article_id AS id FROM article_words WHERE {words} AND words @@ (
        SELECT CAST((SELECT string_agg(quote_literal('¤e' || bits || '_' || era), ' | ')
        FROM generate_series(low >> bits, high >> bits) AS era) AS tsquery) FROM ends WHERE near)
    """,
}
_KEPT = {
    # few have the words, and the list knows each; `+` keeps SQLite from going along the key for each. Of a list with
    # conditions it would look at each row first, to be spared some of these
    "whole": """
        SELECT list.id, has.id AS article_id, NULL AS walked, NULL AS told, NULL AS near
        FROM ends CROSS JOIN has CROSS JOIN list ON list.of_id = has.id WHERE +list.id >= ends.last
    """,
    "own": """
        SELECT id, of_id AS article_id, NULL AS walked, NULL AS told, NULL AS near
        FROM walk WHERE of_id IN (SELECT id FROM has)
    """,
    "stories": """
        SELECT id, article_id, NULL AS walked, NULL AS told, NULL AS near
        FROM told WHERE article_id IN (SELECT id FROM has)
    """,
}
_ALL_OF_WALK = "SELECT id, of_id, NULL, NULL, NULL FROM walk"
_ALL = {"whole": _ALL_OF_WALK, "own": _ALL_OF_WALK, "stories": "SELECT id, article_id, NULL, NULL, NULL FROM told"}
_END = "SELECT last, NULL, walked, told, coalesce(near, 1 = 1) FROM ends"
_TYPES: dict[str, Any] = {"spread": BigInteger(), "share": Float(), "few_eras": Integer()}


@cache
def _statements(dialect: str, kind: str, questions: int) -> tuple[list[Any], Any]:
    """Tables beside the walk: what is told and counted of it, its ends, what has the words; and what is read of all."""
    names = [f"asked_words{number}" for number in range(questions)]
    if dialect == "sqlite":
        words = f":{names[0]}"
    else:
        words = " AND ".join(f"words @@ CAST(:{name} AS tsquery)" for name in names)
    ends = text(_ENDS[dialect])
    ends = ends.bindparams(*(bindparam(name, type_=kind) for name, kind in _TYPES.items() if f":{name}" in ends.text))
    has = text(_HAS[dialect].format(words=words)).bindparams(*(bindparam(name, type_=String()) for name in names))
    parts = {"ends": ends, "has": has}
    if kind in _COUNTED:
        parts = {"counted": text(_COUNTED[kind]), **parts}
    if kind == "stories":
        parts = {"told": text(_TOLD[dialect]), **parts}
    apart = f"{_ALL[kind]} WHERE NOT (SELECT near FROM ends)"  # noqa: S608 - of constants
    both = text(f"{_KEPT[kind]} UNION ALL {_END} UNION ALL {apart}")
    columns: list[Any] = [column(name) for name in ("id", "article_id", "walked", "told", "near")]
    return [part.columns(column("id")).cte(name) for name, part in parts.items()], both.columns(*columns)
