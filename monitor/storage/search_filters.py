"""Filters to conditions: which rows may answer, before the text itself is asked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import cache, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Engine,
    Select,
    String,
    and_,
    any_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from monitor.domain.filters import Filter, Order, Window
from monitor.domain.text import fold
from monitor.storage.listed import in_array
from monitor.storage.search_index import LATE, NO_SUCH_ID
from monitor.storage.streamed import every_row
from monitor.storage.tables import Alert, AlertTopic, Article, Dossier, Feed, Match, Topic
from monitor.storage.types import UtcDateTime

Conditions = list[ColumnElement[bool]]
DISORDER = 2_000
# an outlet's articles that are looked up: of more, a walk comes to as many rows as a page needs sooner
MOST_LOOKED_UP = 12_000
SOURCES = "sources"  # the parameter of their names as an array


@dataclass(frozen=True, slots=True)
class Resolved:
    """A filter whose names were looked up: small lists of ids instead of joins. None: not asked."""

    topics: tuple[int, ...] | None
    sources: tuple[str, ...] | None
    oldest_article: int | None
    as_array: bool = False  # on PostgreSQL a hundred names are one value, and not a statement of a hundred

    def without_sources(self) -> Resolved:
        """The same where the index of words was asked for the outlets, and the id for its bounds."""
        return replace(self, sources=None, oldest_article=None)


@dataclass(frozen=True, slots=True)
class Edges:
    """What must be known before articles are asked, from one statement.

    `newest` is the highest id, None when it was not needed; of articles with the id `ceiling` or a higher one only
    those read `LATE` were published before the filter's end. From `end` on most were published after it.
    """

    newest: int | None = None
    oldest: int | None = None
    ceiling: int = NO_SUCH_ID
    end: int = NO_SUCH_ID


def edges(session: Session, asked: Filter) -> Edges:
    """The edges of a filter."""
    told: dict[str, Any] = {}
    if asked.since is not None:
        told["oldest"] = asked.since
    if asked.until is not None:
        told |= {"end": asked.until, "late": asked.until + LATE}
    named = bool(asked.sources or asked.not_sources)
    if not (told or named):
        return Edges()
    firsts, at = _FIRSTS.setdefault(session.get_bind().engine, {}), time.monotonic()
    found = {name: known[1] for name in told if (known := firsts.get(told[name])) and at - known[0] <= NAMES_HOLD}
    newest: int | None = None
    if named or len(found) < len(told):
        asked_for = {name: when for name, when in told.items() if name not in found}
        ((newest, *first),) = every_row(session.connection(), _edges(tuple(asked_for)), asked_for)
        newest, seen = newest or 0, dict(zip(asked_for, first, strict=True))
        found |= seen
        if len(firsts) >= MOST_FIRSTS:
            firsts.clear()
        firsts |= {asked_for[name]: (at, one) for name, one in seen.items() if one is not None}
    late, end = found.get("late"), found.get("end")
    return Edges(
        newest=newest,
        oldest=_reaching(found["oldest"]) if "oldest" in found else None,
        ceiling=NO_SUCH_ID if late is None else late + DISORDER,
        end=NO_SUCH_ID if end is None else end,
    )


@cache
def _edges(names: tuple[str, ...]) -> Select[Any]:
    """The newest article's id, and the first ones since the moments of these names."""
    since = [_first_since(bindparam(name, type_=UtcDateTime())).scalar_subquery() for name in names]
    return select(_NEWEST_ID.scalar_subquery(), *since)


def resolve(session: Session, asked: Filter, known: Edges | None = None) -> Resolved:
    """Look up the names of a filter; a name that nothing bears gives an empty list, so no row."""
    known = known or edges(session, asked)
    sources = _sources(session, asked, known.newest or 0)
    return Resolved(_topics(session, asked), sources, known.oldest, session.get_bind().dialect.name == "postgresql")


def _topics(session: Session, asked: Filter) -> tuple[int, ...] | None:
    if not (asked.dossier or asked.topics or asked.not_topics):
        return None
    wanted, refused = set(asked.topics), set(asked.not_topics)
    found = []
    for topic_id, dossier, slug in every_row(session.connection(), _TOPICS, {}):
        names = {slug, f"{dossier}/{slug}"}
        if asked.dossier in {None, dossier} and (not wanted or names & wanted) and not names & refused:
            found.append(topic_id)
    return tuple(found)


_TOPICS = select(Topic.id, Dossier.slug, Topic.slug).join(Dossier, Dossier.id == Topic.dossier_id)


def _sources(session: Session, asked: Filter, newest: int) -> tuple[str, ...] | None:
    """Names are compared without case and accents; a part of a name will do."""
    if not (asked.sources or asked.not_sources):
        return None
    wanted, refused = [fold(name) for name in asked.sources], [fold(name) for name in asked.not_sources]
    return tuple(
        name
        for name in _source_names(session, newest)
        if (not wanted or any(part in _folded(name) for part in wanted))
        and not any(part in _folded(name) for part in refused)
    )


_folded = lru_cache(maxsize=10_000)(fold)


def _source_names(session: Session, newest: int) -> list[str]:
    """Every source's name, in order; walked anew only after another article than `newest` was stored."""
    connection, engine, at = session.connection(), session.get_bind().engine, time.monotonic()
    known, known_at, names = _NAMES.get(engine, (-1, 0.0, []))
    if newest != known or at - known_at > NAMES_HOLD:
        # along the index from name to name, not over the articles
        names = [name for name in connection.execute(_SOURCE_NAMES).scalars() if name is not None]
        _NAMES[engine] = (newest, at, names)
    return list(names)


def _walk_of_names() -> Select[Any]:
    first = select(func.min(Article.source).label("name")).cte("names", recursive=True)
    following = select(func.min(Article.source)).where(Article.source > first.c.name).scalar_subquery()
    walk = first.union_all(select(following).where(first.c.name.is_not(None)))
    return select(walk.c.name)


_SOURCE_NAMES = _walk_of_names()
_NEWEST_ID = select(func.max(Article.id))
NAMES_HOLD = 30.0  # seconds: of two articles stored at once the later may be seen first
_NAMES: WeakKeyDictionary[Engine, tuple[int, float, list[str]]] = WeakKeyDictionary()
MOST_FIRSTS = 500
# The first article stored since a moment, and when that was seen. What is stored later comes after it (`DISORDER` is
# allowed for), and when it is pruned the next one does, so a bound that was right stays right; none is not kept.
_FIRSTS: WeakKeyDictionary[Engine, dict[datetime, tuple[float, int]]] = WeakKeyDictionary()


def newest_article(session: Session) -> int:
    """The highest id of an article; 0 without any."""
    return session.scalar(_NEWEST_ID) or 0


def oldest_article(session: Session, since: datetime) -> int:
    """No article published since then has a smaller id: nothing is stored before it is published.

    Ids follow arrival only roughly, as several workers write at once; `DISORDER` is far more than they can be out by.
    """
    return _reaching(session.scalar(_first_since(since)))


def _first_since(when: Any) -> Select[Any]:
    """The first article stored from then on."""
    return select(Article.id).where(Article.created_at >= when).order_by(Article.created_at, Article.id).limit(1)


def _reaching(first: int | None) -> int:
    return max(0, first - DISORDER) if first is not None else NO_SUCH_ID


class HowFar(Enum):
    """The first thing that is missing on the way from a feed to an alert."""

    NO_FEED = 0
    NOT_POLLED = 1
    NOT_READ = 2
    NO_ALERT = 3
    ALERTS = 4


def how_far(session: Session) -> HowFar:
    """What was stored so far, asked from the end: alerts stay when their feed is gone."""
    steps = (Alert.id, Article.id, Feed.last_polled_at, Feed.id)
    for step, column in zip(reversed(HowFar), steps, strict=False):
        if session.scalar(select(column).where(column.is_not(None)).limit(1)) is not None:
            return step
    return HowFar.NO_FEED


def article_conditions(asked: Filter, resolved: Resolved) -> Conditions:
    """Conditions on `articles` alone."""
    conditions: Conditions = _period(asked, Article.published_at)
    if resolved.sources is not None:
        conditions.append(_told_by(resolved.sources, as_array=resolved.as_array))
    if asked.access is not None:
        conditions.append(Article.access == asked.access)
    if asked.story is not None:
        conditions.append(Article.story_id == asked.story)
    return conditions


def match_conditions(asked: Filter, resolved: Resolved) -> Conditions:
    """Conditions on `matches` alone."""
    conditions = scores(asked, Match.score)
    if resolved.topics is not None:
        conditions.append(_among(Match.topic_id, resolved.topics))
    return conditions


class Carried(Enum):
    """How the alerts are found that outlets carried, or that are about topics."""

    AS_PLANNED = 0
    ASKED = 1
    """on PostgreSQL each alert is asked, newest first"""
    LOOKED_UP = 2
    """by all articles of the outlets"""
    ONE_BY_ONE = 3
    """of one alert after the other it is asked whether it is about the topics"""


def alert_conditions(asked: Filter, resolved: Resolved, way: Carried = Carried.AS_PLANNED) -> Conditions:
    """Conditions on `alerts`, its topics and the articles of its story."""
    conditions = [*_period(asked, Alert.raised_at), *scores(asked, Alert.score), *status_conditions(asked)]
    if (about := about_topics(resolved)) is not None:
        # SQLite would make the list of the topics' alerts anew for each that is asked
        alone = way is Carried.ONE_BY_ONE and not resolved.as_array
        conditions.append(
            about.where(AlertTopic.alert_id == Alert.id).correlate(Alert).exists() if alone else Alert.id.in_(about)
        )
    carried: Conditions = []
    if resolved.sources is not None:
        carried.append(_told_by(resolved.sources, as_array=resolved.as_array))
    if asked.access is not None:
        carried.append(Article.access == asked.access)
    if carried and resolved.sources is None:
        # no index has what is partial, so all articles would be looked through
        conditions.append(each(Article.story_id == Alert.story_id, *carried, of=Alert))
    elif carried and way is Carried.ASKED:
        conditions.append(once(and_(*carried), Article.story_id == Alert.story_id))
    elif carried and way is Carried.LOOKED_UP:
        stories = select(Article.story_id).where(*carried)
        conditions.append(in_array(Alert.story_id, stories) if resolved.as_array else Alert.story_id.in_(stories))
    elif carried:
        told = select(Article.id).where(Article.story_id == Alert.story_id, *carried)
        conditions.append(told.correlate(Alert).exists())
    if asked.story is not None:
        conditions.append(Alert.story_id == asked.story)
    return conditions


def few_of_outlets(session: Session, resolved: Resolved) -> bool:
    """Whether the outlets have so few articles that all are looked up."""
    told = _told_by(resolved.sources or (), as_array=resolved.as_array)
    some = select(literal(1)).select_from(Article).where(told).limit(MOST_LOOKED_UP + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) <= MOST_LOOKED_UP


def about_topics(resolved: Resolved) -> Select[Any] | None:
    """The ids of alerts of the topics; None: not asked."""
    if resolved.topics is None:
        return None
    return select(AlertTopic.alert_id).where(_among(AlertTopic.topic_id, resolved.topics))


def status_conditions(asked: Filter) -> Conditions:
    """Conditions on an alert's follow-up."""
    conditions: Conditions = []
    if asked.statuses:
        conditions.append(Alert.status.in_(asked.statuses))
    if asked.not_statuses:
        conditions.append(Alert.status.not_in(asked.not_statuses))
    if asked.assignee is not None:
        conditions.append(Alert.assignee == asked.assignee)
    return conditions


def each(*conditions: ColumnElement[bool], of: Any = None) -> ColumnElement[bool]:
    """Something is there for a candidate: asked of one after the other, while EXISTS may become a join of all.

    `of` is the table that the candidate is of; None: each that the statement around it asks of."""
    there = select(literal(1)).where(*conditions).limit(1)
    return (there if of is None else there.correlate(of)).scalar_subquery().is_not(None)


def once(holds: ColumnElement[bool], of_story: ColumnElement[bool]) -> ColumnElement[bool]:
    """On PostgreSQL: that it holds of an article of the story, with one look for all outlets, where a list of them
    would be as many looks."""
    told = select(holds).select_from(Article).where(of_story).correlate_except(Article).scalar_subquery()
    found: ColumnElement[bool] = literal(True) == func.any(func.array(told))
    return found


def asks_status(asked: Filter) -> bool:
    return bool(asked.statuses or asked.not_statuses or asked.assignee is not None)


def asks_articles(asked: Filter) -> bool:
    """Whether a question about alerts must look at each one's articles."""
    return bool(asked.sources or asked.not_sources or asked.access is not None)


def asks_matches(asked: Filter, resolved: Resolved) -> bool:
    """Whether a question about articles concerns the topics found in them."""
    return resolved.topics is not None or asked.min_score is not None or asked.max_score is not None


def article_match_conditions(asked: Filter, resolved: Resolved) -> Conditions:
    """Conditions on an article by what was found in it: topics, scores, its alert's follow-up."""
    conditions: Conditions = []
    if asks_matches(asked, resolved):
        found = select(Match.id).where(Match.article_id == Article.id, *match_conditions(asked, resolved))
        conditions.append(found.correlate(Article).exists())
    if asks_status(asked):
        told = select(Alert.id).where(Alert.story_id == Article.story_id, *status_conditions(asked))
        conditions.append(told.correlate(Article).exists())
    return conditions


def _period(asked: Filter, column: InstrumentedAttribute[Any]) -> Conditions:
    conditions: Conditions = []
    if asked.since is not None:
        conditions.append(column >= asked.since)
    if asked.until is not None:
        conditions.append(column < asked.until)
    return conditions


def scores(asked: Filter, column: InstrumentedAttribute[float]) -> Conditions:
    """The bounds of a score."""
    conditions: Conditions = []
    if asked.min_score is not None:
        conditions.append(column >= asked.min_score)
    if asked.max_score is not None:
        conditions.append(column <= asked.max_score)
    return conditions


def _among(column: InstrumentedAttribute[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    return column.in_(values) if values else false()


def _told_by(sources: Sequence[str], *, as_array: bool) -> ColumnElement[bool]:
    if not as_array:
        return _among(Article.source, sources)
    told: ColumnElement[bool] = Article.source == any_(bindparam(SOURCES, list(sources), ARRAY(String)))
    return told


def after_cursor(window: Window, key: Any, score: Any) -> Conditions:
    """Rows that come after the cursor in the window's order."""
    if window.after is None:
        return []
    if window.order is Order.SCORE and window.after.score is not None:
        at = window.after.score
        return [or_(score < at, and_(score == at, key < window.after.id))]
    return [key < window.after.id]


def in_order(window: Window, key: Any, score: Any) -> Iterable[Any]:
    return (score.desc(), key.desc()) if window.order is Order.SCORE else (key.desc(),)
