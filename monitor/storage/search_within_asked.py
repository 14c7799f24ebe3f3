"""The statement that walks over a list and leaves out what lacks the words, for `search_within`.

It gives (id, article id) of each row that has them, and one row more with what was walked over.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Float, Integer, Select, String, bindparam, column, text

from monitor.storage.search_descent import ERAS


class Kind(Enum):
    """What a row of the list has of articles."""

    OWN = "one of its own"
    TOLD = "those of a story"
    STORIES = "those of the story that it is"


@cache
def of_whole(dialect: str, kind: Kind, table: str, of: str, questions: int, *, further: bool) -> Any:
    """Of a whole table, whose column `of` is the article or the story; `further` asks for what follows a row.

    One text, which is made once: SQLAlchemy takes longer to put it together of parts than SQLite to answer it.
    """
    below = "WHERE id < :after " if further else ""
    names = {"table": table, "of": of}
    names["walk"] = f"SELECT id, {of} AS of_id FROM {table} {below}ORDER BY id DESC LIMIT :most"  # noqa: S608 - names
    whole = {**_WHOLE[dialect, kind]}
    kept, apart = whole.pop("kept").format(**names), whole.pop("apart")
    parts = {name: part.format(**names) for name, part in whole.items()} | _ends_and_words(dialect, questions)
    tables = ", ".join(f"{name} AS ({part})" for name, part in parts.items())
    return _with_columns(f"WITH {tables} {_together(kept, apart)}")


def of_conditions(dialect: str, kind: Kind, walk: Select[Any], questions: int) -> Any:
    """Of the rows of a statement of (id, score, of_id), newest first; `of_id` is the article or the story."""
    parts, both = _beside(dialect, kind is not Kind.OWN, questions)
    return both.add_cte(walk.cte("walk"), *parts)


@cache
def _beside(dialect: str, of_stories: bool, questions: int) -> tuple[list[Any], Any]:
    """Tables beside the walk: what is told and counted of it, its ends, what has the words; and what is read of all."""
    sides = {"told": _TOLD[dialect], "counted": _COUNTED_TOLD} if of_stories else {"counted": _COUNTED}
    parts = sides | _ends_and_words(dialect, questions)
    both = _together(**(_OF_TOLD if of_stories else _OF_WALK))
    return [_bound(part).columns(column("id")).cte(name) for name, part in parts.items()], _with_columns(both)


def _ends_and_words(dialect: str, questions: int) -> dict[str, str]:
    """How far apart the articles are, and which of all between them have the words."""
    names = [f"asked_words{number}" for number in range(questions)]
    if dialect == "sqlite":
        words = f":{names[0]}"
    else:
        words = " AND ".join(f"words @@ CAST(:{name} AS tsquery)" for name in names)
    return {"ends": _ENDS[dialect], "has": _HAS[dialect].format(words=words)}


def _together(kept: str, apart: str) -> str:
    return f"{kept} UNION ALL {_END} UNION ALL {apart}"


def _with_columns(said: str) -> Any:
    columns: list[Any] = [column(name) for name in ("id", "article_id", "walked", "told", "near")]
    return _bound(said).columns(*columns)


def _bound(said: str) -> Any:
    """The text with the types of its parameters."""
    names = dict.fromkeys(re.findall(r":(\w+)", said))
    return text(said).bindparams(*(bindparam(name, type_=_TYPES.get(name, String())) for name in names))


_TYPES: dict[str, Any] = {
    "spread": BigInteger(),
    "share": Float(),
    "few_eras": Integer(),
    "most": BigInteger(),
    "after": BigInteger(),
}
# how many rows the walk has, how many with each of their articles, and between which articles these lie
_OF_ONE = (
    "count(*) AS walked, count(*) AS told, min(id) AS last, max(id) AS first, min(of_id) AS low, max(of_id) AS high"
)
_COUNTED = f"SELECT {_OF_ONE} FROM walk"  # noqa: S608 - of constants, as all below
_COUNTED_TOLD = (
    "SELECT (SELECT count(*) FROM walk) AS walked, count(*) AS told, (SELECT min(id) FROM walk) AS last, "
    "min(article_id) AS low, max(article_id) AS high FROM told"
)
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
    f"(SELECT *, ((high >> bits) - (low >> bits) + 1) << bits AS ids FROM (SELECT *, "  # noqa: S608
    f"CASE WHEN (high >> {ERAS[0]}) - (low >> {ERAS[0]}) < :few_eras THEN {ERAS[0]} ELSE {ERAS[1]} END AS bits "
    "FROM counted) AS marked)"
)
_ENDS = {
    "sqlite": "SELECT *, high - low <= :spread * told AS near FROM counted",
    "postgresql": "SELECT *, ids <= :spread * told AND ids * :share <= told AS near "  # noqa: S608
    f"FROM {_REACHING} AS reaching",
}
_HAS = {
    # from the newest down: up from an article FTS5 goes through all that it knows of a frequent word. LIMIT keeps
    # the order where this is made part of another question
    "sqlite": """
        SELECT rowid AS id FROM article_words WHERE (SELECT near FROM ends) AND article_words MATCH {words}
        AND rowid BETWEEN (SELECT low FROM ends) AND (SELECT high FROM ends) ORDER BY rowid DESC LIMIT -1
    """,
    "postgresql": """
        SELECT article_id AS id FROM article_words WHERE {words} AND words @@ (
        SELECT CAST((SELECT string_agg(quote_literal('¤e' || bits || '_' || era), ' | ')
        FROM generate_series(low >> bits, high >> bits) AS era) AS tsquery) FROM ends WHERE near)
    """,
}
_END = "SELECT last, NULL, walked, told, coalesce(near, 1 = 1) FROM ends"
_NOT_NEAR = "NOT (SELECT near FROM ends)"
_READ = "NULL AS walked, NULL AS told, NULL AS near"
_OF_WALK = {
    "kept": f"SELECT id, of_id AS article_id, {_READ} FROM walk WHERE of_id IN (SELECT id FROM has)",  # noqa: S608
    "apart": f"SELECT id, of_id, NULL, NULL, NULL FROM walk WHERE {_NOT_NEAR}",  # noqa: S608
}
_OF_TOLD = {
    "kept": f"SELECT id, article_id, {_READ} FROM told WHERE article_id IN (SELECT id FROM has)",  # noqa: S608
    "apart": f"SELECT id, article_id, NULL, NULL, NULL FROM told WHERE {_NOT_NEAR}",  # noqa: S608
}
# stories lie side by side in a list of all, and so do their articles in the index by story
_SIDE_BY_SIDE = (
    "articles WHERE story_id BETWEEN (SELECT min(id) FROM walk) AND (SELECT max(id) FROM walk)",
    "articles WHERE story_id BETWEEN (SELECT last FROM walk) AND (SELECT first FROM walk)",
)
_WALK = {"walk": "{walk}"}
_WHOLE: dict[tuple[str, Kind], dict[str, str]] = {
    ("postgresql", Kind.OWN): {**_WALK, "counted": _COUNTED, **_OF_WALK},
    ("postgresql", Kind.TOLD): {
        **_WALK,
        "told": _TOLD["postgresql"],
        "counted": _COUNTED_TOLD,
        **_OF_TOLD,
    },
    ("postgresql", Kind.STORIES): {
        **_WALK,
        "told": f"SELECT story_id AS id, id AS article_id FROM {_SIDE_BY_SIDE[0]}",  # noqa: S608
        "counted": _COUNTED_TOLD,
        **_OF_TOLD,
    },
    # SQLite keeps the rows of what is used twice, which takes longer than to go along an index twice
    ("sqlite", Kind.OWN): {
        **_WALK,
        "counted": f"SELECT {_OF_ONE} FROM ({{walk}})",  # noqa: S608
        # few have the words, and the list knows each; `+` keeps SQLite from going along the key for each
        "kept": f"SELECT list.id, has.id AS article_id, {_READ} "  # noqa: S608
        "FROM has CROSS JOIN {table} AS list ON list.{of} = has.id "
        "WHERE +list.id BETWEEN (SELECT last FROM ends) AND (SELECT first FROM ends)",
        "apart": _OF_WALK["apart"],
    },
    ("sqlite", Kind.TOLD): {**_WALK, "told": _TOLD["sqlite"], "counted": _COUNTED_TOLD, **_OF_TOLD},
    ("sqlite", Kind.STORIES): {
        "walk": "SELECT count(*) AS walked, min(id) AS last, max(id) AS first FROM ({walk})",
        "counted": "SELECT walked, last, told, low, high FROM walk CROSS JOIN "  # noqa: S608
        f"(SELECT count(*) AS told, min(id) AS low, max(id) AS high FROM {_SIDE_BY_SIDE[1]})",
        "kept": f"SELECT story_id AS id, id AS article_id, {_READ} "  # noqa: S608
        f"FROM {_SIDE_BY_SIDE[1]} AND +id IN (SELECT id FROM has)",
        "apart": f"SELECT story_id, id, NULL, NULL, NULL FROM {_SIDE_BY_SIDE[1]} AND {_NOT_NEAR}",  # noqa: S608
    },
}
