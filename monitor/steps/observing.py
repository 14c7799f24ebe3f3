"""Between a feed's row and the schedule: the state a row holds, what a poll saw, what the row then says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus
from operator import attrgetter
from typing import Any

from monitor.domain.caching import freshness
from monitor.domain.feed_health import FeedHealth, Language, feed_health
from monitor.domain.model import EntryData
from monitor.domain.schedule import Answer, FeedState, Observation, PollDecision, answer_to_error
from monitor.errors import ContentError, FetchError
from monitor.fetch.web import FeedAnswer
from monitor.storage.entries import StoredEntries
from monitor.storage.feeds import PollJob
from monitor.storage.tables import Feed

# What has a column of its own.
_COLUMNS = ("etag", "last_modified", "body_hash", "failures", "last_polled_at", "last_success_at", "last_entry_at")
_of_columns = attrgetter(*_COLUMNS)
# `not_modified` and `last_body_at` too, but a version that did not know of the columns wrote them into the JSON, and
# then without this mark.
_MARK = "columns"


def state_of(row: PollJob | Feed) -> FeedState:
    """The state that the feed's row holds, in its columns and in its JSON."""
    known: dict[str, Any] = dict(zip(_COLUMNS, _of_columns(row), strict=True))
    if _MARK in row.state:
        known["not_modified"], known["last_body_at"] = row.not_modified, row.last_body_at
        known["hashes"] = row.item_hashes
        if row.interval_seconds is not None:
            known["interval"] = timedelta(seconds=row.interval_seconds)
    return FeedState.from_json(row.state, **known)


def health_of(feed: Feed, now: datetime, language: Language) -> FeedHealth:
    """How the feed of this row does."""
    state = state_of(feed)._replace(reason=feed.last_error)
    return feed_health(state, now, stopped_reason=feed.stopped_reason, language=language)


def every(job: PollJob) -> timedelta | None:
    """The interval that the feed's list forces."""
    seconds = job.options.get("every")
    return timedelta(seconds=seconds) if isinstance(seconds, int | float) and seconds > 0 else None


def seen_answer(answer: FeedAnswer, stored: StoredEntries | None, at: datetime) -> Observation:
    """What a poll saw that was answered; `stored` is what became of the entries, None when nothing changed."""
    feed = answer.feed
    kind = Answer.NOT_MODIFIED if answer.status == HTTPStatus.NOT_MODIFIED else Answer.SAME_BODY
    return Observation(
        Answer.PARSED if feed else kind,
        etag=answer.etag,
        last_modified=answer.last_modified,
        body_hash=answer.body_hash,
        hashes=answer.hashes if feed else None,
        published=_published(feed.entries, stored.new, at) if feed and stored else (),
        known=answer.known + (len(feed.entries) - len(stored.new) if feed and stored else 0),
        churned=stored.churned if stored else 0,
        fresh_for=freshness(answer.headers, at),
        ttl=feed.ttl if feed else None,
        moved_to=answer.moved_to,
    )


def seen_error(error: FetchError | ContentError) -> Observation:
    """What a poll saw that failed."""
    if isinstance(error, FetchError):
        return Observation(answer_to_error(error), retry_after=error.retry_after, reason=str(error))
    return Observation(Answer.HARD_FAILURE, reason=str(error))


def row_values(job: PollJob, before: FeedState, decision: PollDecision) -> dict[str, Any]:
    """The columns that the decision writes: what every poll changes, and of the rest what this one changed."""
    state = decision.state
    values: dict[str, Any] = {
        "due_at": decision.due_at,
        "last_error": state.reason,
        "stopped_reason": decision.stopped_reason,
        "interval_seconds": round(state.interval.total_seconds()),
        "not_modified": state.not_modified,
        "last_polled_at": state.last_polled_at,
        "last_success_at": state.last_success_at,
    }
    if _seldom(state) != _seldom(before):
        values |= {name: value for name in _SELDOM if (value := getattr(state, name)) != getattr(before, name)}
    if _MARK in job.state and _in_json(state) == _in_json(before) and state.hashes == before.hashes:
        return values
    kept = {name: value for name, value in state.to_json().items() if name not in _NOT_IN_JSON}
    return values | {"state": kept | {_MARK: 1}, "item_hashes": state.hashes}


_SELDOM = ("etag", "last_modified", "body_hash", "failures", "last_entry_at", "last_body_at")
_seldom = attrgetter(*_SELDOM)
_NOT_IN_JSON = frozenset([*_COLUMNS, "hashes", "reason"])
# What only the JSON holds.
_in_json = attrgetter("slow_down", "ttl", "rhythm", "learned_at", "address", "moved_to", "moved_polls", "churn_polls")


def _published(entries: Iterable[EntryData], new: frozenset[str], at: datetime) -> tuple[datetime, ...]:
    return tuple(entry.published_at or at for entry in entries if entry.identity in new)
