"""Articles of alerts that fulfil conditions, found by these alerts: so a count beside frequent words does not go
through all that have the words, to find the few of which there is such an alert.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, BigInteger, Engine, String, bindparam, column, select, text
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter
from monitor.domain.words import Words
from monitor.storage import search_filters as filters
from monitor.storage.listed import one_of
from monitor.storage.search_filters import Carried
from monitor.storage.search_forms import KNOWN_HOLDS, MOST_QUESTIONS, known_of
from monitor.storage.search_index import FirstPass, fts5_query, tsquery
from monitor.storage.tables import Alert, Article

MOST_ALERTS, MOST_ENDED = 25_000, 100_000  # of all time; of a period that has ended, as the words cost most there
FEW = 1_000  # articles of words, which are soon asked
# articles of words that are asked for an alert in the time in which one alert is found and its article asked for words
ASKED = 2.5
AT_ONCE = 4_000  # articles that PostgreSQL is asked for the words of
MARGIN = 1.3


def told_articles(session: Session, asked: Filter, words: Words | None, wanted: int) -> list[int] | None:
    """The ids of articles whose story has an alert that fulfils the filter but for its expression, newest first; None
    where the words lead sooner to `wanted` of these alerts."""
    beside = replace(asked, expression=None)
    if words is None or replace(beside, access=None) == Filter():
        return None  # all alerts, or of each it is asked whether it is of a partial article
    most = _most(session, words, wanted, ended=asked.until is not None)
    known, now = _MANY.setdefault(session.get_bind().engine, {}), time.monotonic()
    more, since = known.get(beside, (0, now))
    if not most or (more >= most and now - since < KNOWN_HOLDS):
        return None
    resolved, way = filters.resolve(session, asked), Carried.AS_PLANNED
    if resolved.sources is not None:
        if filters.few_of_outlets(session, resolved):
            way = Carried.LOOKED_UP
        elif replace(beside, sources=(), not_sources=()) == Filter():
            return None  # to find their alerts takes longer than the words do
    conditions = filters.alert_conditions(asked, resolved, way)
    found = select(Alert.story_id).where(*conditions).limit(most + 1)
    stories = session.connection().execute(found).scalars().all()
    if len(stories) > most:
        if len(known) >= MOST_QUESTIONS:
            known.clear()
        known[beside] = most, now
        return None
    articles = select(Article.id).where(one_of(session, Article.story_id, stories))
    return sorted(session.connection().execute(articles).scalars(), reverse=True)


# of how many alerts a filter was found to have more, and when: that they are fewer by now costs time alone
_MANY: WeakKeyDictionary[Engine, dict[Filter, tuple[int, float]]] = WeakKeyDictionary()


def _most(session: Session, words: Words, wanted: int, *, ended: bool) -> int:
    """How many alerts are sooner found than the articles of the words are asked for them.

    The more alerts there are, the fewer of these articles are asked for a page; but in a period that has ended, none of
    what came later is of it, and that may be most.
    """
    first, newest = FirstPass(session, words), filters.newest_article(session)
    if not first.ordered:
        share = known_of(session).share(words)
    elif first.at_most(session, FEW) is None:
        share = first.share
    else:
        return 0
    many = int((share or 0) * newest)
    if many <= FEW:
        return 0
    if ended:
        return min(MOST_ENDED, many)
    return min(MOST_ALERTS, int(min(many / ASKED, math.sqrt(wanted * newest / ASKED))))


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
