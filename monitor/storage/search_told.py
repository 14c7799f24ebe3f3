"""Articles of alerts that fulfil conditions, found by these alerts: so a count beside frequent words does not go
through all that have the words, to find the few of which there is such an alert.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ARRAY, BigInteger, String, bindparam, column, select, text
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter
from monitor.domain.words import Words
from monitor.storage import search_filters as filters
from monitor.storage.listed import one_of
from monitor.storage.search_filters import Carried
from monitor.storage.search_forms import known_of
from monitor.storage.search_index import FirstPass, fts5_query, tsquery
from monitor.storage.tables import Alert, Article

MOST_ALERTS = 25_000  # of more, one of some forty articles has one: words soon come to a page
FEW = 1_000  # articles of words, on SQLite
FEW_ASKED = 5_000  # and on PostgreSQL, which asks each of them the conditions in less time than an alert is found
AT_ONCE = 4_000  # articles that PostgreSQL is asked for the words of
MARGIN = 1.3


def told_articles(session: Session, asked: Filter, words: Words | None) -> list[int] | None:
    """The ids of articles whose story has an alert that fulfils the filter but for its expression, newest first; None
    where the words are rarer, or the alerts too many."""
    if words is None or (most := _most(session, words)) is None:
        return None
    resolved, way = filters.resolve(session, asked), Carried.AS_PLANNED
    if resolved.sources is not None:
        if filters.few_of_outlets(session, resolved):
            way = Carried.LOOKED_UP
        elif replace(asked, expression=None, sources=(), not_sources=()) == Filter():
            return None  # to find their alerts takes longer than the words do
    conditions = filters.alert_conditions(asked, resolved, way)
    if not conditions:
        return None
    found = select(Alert.story_id).where(*conditions).limit(most + 1)
    stories = session.connection().execute(found).scalars().all()
    if len(stories) > most:
        return None
    articles = select(Article.id).where(one_of(session, Article.story_id, stories))
    return sorted(session.connection().execute(articles).scalars(), reverse=True)


def _most(session: Session, words: Words) -> int | None:
    """As many alerts are sooner found than the articles of the words are asked; None: no alert is."""
    first = FirstPass(session, words)
    if first.ordered:
        return MOST_ALERTS if first.at_most(session, FEW) is None else None
    share = known_of(session).share(words)
    many = int((share or 0) * filters.newest_article(session))
    return min(MOST_ALERTS, many) if many > FEW_ASKED else None


def newest_told(session: Session, words: Words, told: Sequence[int], count: int) -> list[int]:
    """The first `count` of these articles, which are in order, that have the words."""
    connection = session.connection()
    if not told:
        return []
    if session.get_bind().dialect.name == "sqlite":
        asked = {"words": fts5_query(words), "ids": json.dumps(list(told)), "high": told[0], "low": told[-1]}
        return list(connection.execute(_SQLITE, {**asked, "count": count}).scalars())
    found, said, at = list[int](), tsquery(words), 0
    share = known_of(session).share(words) or 1
    while len(found) < count and at < len(told):
        size = min(int(MARGIN * (count - len(found)) / share) + 1, AT_ONCE)
        part, at = told[at : at + size], at + size
        has = set(connection.execute(_POSTGRESQL, {"words": said, "ids": list(part)}).scalars())
        found += [key for key in part if key in has]
    return found[:count]


# `+` keeps SQLite from asking the index for each of them
_SQLITE: Any = text(
    "SELECT rowid FROM article_words WHERE article_words MATCH :words AND rowid BETWEEN :low AND :high "
    "AND +rowid IN (SELECT value FROM json_each(:ids)) ORDER BY rowid DESC LIMIT :count"
).columns(column("rowid", BigInteger))
# the function behind @@ is no operator, so these articles are asked, and not the index for all that have the words
_POSTGRESQL: Any = (
    text(
        "SELECT article_id FROM article_words "
        "WHERE article_id = ANY(:ids) AND ts_match_vq(words, CAST(:words AS tsquery))"
    )
    .bindparams(bindparam("ids", type_=ARRAY(BigInteger)), bindparam("words", type_=String()))
    .columns(column("article_id", BigInteger))
)
