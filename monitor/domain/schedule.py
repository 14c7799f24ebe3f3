"""When a feed is polled again: one pure decision between what a poll saw and what is stored.

`before_poll` says how to ask, `after_poll` what follows from the answer. Nothing here knows of rows or sockets; chance
is injected. A feed is never given up silently: only 410 stops it, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple

from monitor.domain.caching import clamp
from monitor.domain.rhythm import DAY, Rhythm, first_rhythm
from monitor.errors import FetchError, FetchFailure

SHORTEST = timedelta(minutes=5)
FIRST = timedelta(minutes=30)
MOVED_AFTER = 3  # polls with the same permanent target, then the new address is stored
_WANTED_PER_POLL = 0.5  # entries to be expected when the next poll comes: half of them wait under half an interval
_HARD_FIRST = timedelta(hours=1)
_THROTTLED_FIRST = timedelta(hours=1)
_DOUBTED_AFTER = 3  # answers 304 in a row, and a day without a body
_EASING = 0.9  # a slow-down fades by this with each good poll
_CHURN_AFTER = 2  # polls whose new guids had known links, then guids of this feed are not believed
HASHES_KEPT = 2_000
_AT_ONCE, _WEEK, _FOUR_WEEKS = timedelta(0), 7 * DAY, 28 * DAY


class Answer(StrEnum):
    """How a poll ended."""

    PARSED = "parsed"
    NOT_MODIFIED = "not-modified"  # 304
    SAME_BODY = "same-body"  # 200, with the bytes of last time
    SOFT_FAILURE = "soft-failure"  # time-outs, 5xx, DNS: likely to pass
    HARD_FAILURE = "hard-failure"  # 404, 403, no feed, certificates: likely to last
    THROTTLED = "throttled"  # 429, or 503 with Retry-After
    GONE = "gone"  # 410


_PASSING = frozenset(
    [FetchFailure.DNS, FetchFailure.CONNECT, FetchFailure.TIMEOUT, FetchFailure.TRUNCATED, FetchFailure.PROTOCOL]
)
FAILURES = frozenset([Answer.SOFT_FAILURE, Answer.HARD_FAILURE, Answer.THROTTLED])


class FeedState(NamedTuple):
    """All that is remembered of a feed between polls. JSON by `to_json` and `from_json`; instants are UTC-aware.

    `address` is where the feed moved for good (None: where it was listed); `etag` and `last_modified` are byte for byte
    what the server sent; `body_hash` is of the last body, `hashes` of its items (`fetch.feeds.parse_new`), parted by
    blanks, as most polls have no use for them; `slow_down` is a floor under the interval since a 429; `not_modified`
    counts answers 304 in a row. `rhythm` is of `learned_at` (None: the last success): what brings nothing new is
    learned once a day, so that most polls leave it as it is.
    """

    interval: timedelta = FIRST
    slow_down: timedelta = timedelta(0)
    failures: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    ttl: timedelta | None = None
    address: str | None = None
    moved_to: str | None = None
    moved_polls: int = 0
    churn_polls: int = 0
    not_modified: int = 0
    rhythm: Rhythm = Rhythm()
    learned_at: datetime | None = None
    hashes: str = ""
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    last_body_at: datetime | None = None
    last_entry_at: datetime | None = None
    reason: str | None = None

    @property
    def guids_are_believed(self) -> bool:
        return self.churn_polls < _CHURN_AFTER

    def to_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in _READERS:
            value = getattr(self, name)
            if isinstance(value, timedelta):
                values[name] = value.total_seconds()
            elif isinstance(value, datetime):
                values[name] = value.isoformat()
            elif value is not None:
                values[name] = value
        return values | {"rhythm": self.rhythm.to_json(), "hashes": self.hashes.split()}

    @staticmethod
    def from_json(values: Mapping[str, Any], **known: Any) -> FeedState:
        """Unknown keys are left aside and values of a wrong kind forgotten: an older or newer version wrote them.

        What is `known` otherwise counts for more.
        """
        kept: dict[str, Any] = known
        for name, value in values.items():
            if value is None or name in kept or (read := _READERS.get(name)) is None:
                continue
            try:
                kept[name] = read(value)
            except (TypeError, ValueError, AttributeError):
                continue
        return FeedState(**kept)


def _seconds(value: Any) -> timedelta:
    return min(timedelta(seconds=float(value)), _WEEK)


_READERS: dict[str, Any] = {
    "interval": _seconds,
    "slow_down": _seconds,
    "ttl": _seconds,
    **dict.fromkeys(["failures", "moved_polls", "churn_polls", "not_modified"], int),
    **dict.fromkeys(["etag", "last_modified", "body_hash", "address", "moved_to", "reason"], str),
    "rhythm": Rhythm.from_json,
    "hashes": lambda value: " ".join(map(str, value)),
    **dict.fromkeys(
        ["learned_at", "last_polled_at", "last_success_at", "last_body_at", "last_entry_at"], datetime.fromisoformat
    ),
}


class Observation(NamedTuple):
    """What one poll saw.

    `published` are the instants of the new entries (that of the poll for those without a date), `known` the entries
    that were known, `churned` those whose guid was new and whose link was known; `fresh_for` from `caching.freshness`,
    `ttl` from the feed; `moved_to` the final address when every redirect on the way was permanent; `reason` words for a
    failure; `hashes` None: as before.
    """

    answer: Answer
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    hashes: tuple[str, ...] | None = None
    published: tuple[datetime, ...] = ()
    known: int = 0
    churned: int = 0
    fresh_for: timedelta | None = None
    ttl: timedelta | None = None
    retry_after: timedelta | None = None
    moved_to: str | None = None
    reason: str | None = None


class PollDecision(NamedTuple):
    """What follows: the state to store, and when to poll again (None: stopped, and why)."""

    state: FeedState
    due_at: datetime | None
    stopped_reason: str | None = None


def before_poll(state: FeedState, now: datetime) -> dict[str, str]:
    """The validators to send, verbatim.

    None at first, and once a day when the server has only ever said "not modified" since: some say so for ever.
    """
    if state.last_body_at is None or (state.not_modified >= _DOUBTED_AFTER and now - state.last_body_at >= DAY):
        return {}
    sent = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in sent.items() if value}


def after_poll(
    state: FeedState, seen: Observation, now: datetime, rng: Random, *, every: timedelta | None = None
) -> PollDecision:
    """What follows from what a poll saw. `every` forces the interval; what the server asks for still holds."""
    if seen.answer is Answer.GONE:
        reason = seen.reason or "410: the publisher says that this feed is gone"
        stopped = state._replace(failures=state.failures + 1, last_polled_at=now, reason=reason)
        return PollDecision(stopped, None, stopped_reason=reason)
    if seen.answer in FAILURES:
        return _after_failure(state, seen, now, rng)
    return _after_success(state, seen, now, rng, every)


def answer_to_status(status: int, *, retry_after: bool = False) -> Answer:
    """How a poll ended whose HTTP status is no success; `retry_after`: the server named a time."""
    if status == 410:
        return Answer.GONE
    if status == 429 or (status == 503 and retry_after):
        return Answer.THROTTLED
    return Answer.SOFT_FAILURE if status >= 500 or status in {408, 425} else Answer.HARD_FAILURE


def answer_to_error(error: FetchError) -> Answer:
    """How a poll ended that got no usable answer."""
    if error.status is not None and error.kind is FetchFailure.STATUS:
        return answer_to_status(error.status, retry_after=error.retry_after is not None)
    return Answer.SOFT_FAILURE if error.kind in _PASSING else Answer.HARD_FAILURE


def backoff(failures: int, rng: Random, first: timedelta = SHORTEST, most: timedelta = DAY) -> timedelta:
    """The wait after the `failures`-th failure in a row (from 1): doubled up to `most`, then a quarter either way."""
    return min(first * float(2 ** min(max(failures, 1) - 1, 16)), most) * rng.uniform(0.75, 1.25)


def _after_failure(state: FeedState, seen: Observation, now: datetime, rng: Random) -> PollDecision:
    failures = state.failures + 1
    changed = state._replace(failures=failures, last_polled_at=now, reason=seen.reason)
    if seen.answer is Answer.HARD_FAILURE and failures >= MOVED_AFTER:
        changed = changed._replace(address=None, moved_to=None, moved_polls=0)  # perhaps the move was a mistake
    if seen.answer is Answer.THROTTLED:
        # Spread out: all that were turned away at one moment must not come back at one moment.
        slow = clamp(max(state.slow_down, state.interval) * 2)
        wait = max(seen.retry_after or _THROTTLED_FIRST * 2 ** min(failures - 1, 5), SHORTEST) * rng.uniform(1.0, 1.5)
        return PollDecision(changed._replace(slow_down=slow), now + min(wait, DAY * 1.5))
    first = SHORTEST if seen.answer is Answer.SOFT_FAILURE else max(_HARD_FIRST, state.interval)
    wait = max(backoff(failures, rng, first), seen.retry_after or timedelta(0))
    return PollDecision(changed, now + wait)


def _after_success(
    state: FeedState, seen: Observation, now: datetime, rng: Random, every: timedelta | None
) -> PollDecision:
    rhythm = _learned(state, seen, now)
    interval = _interval(state, seen, rhythm, now)
    as_before = not seen.published and state.learned_at is not None and now - state.learned_at < DAY
    moved_to, polls = _moved(state, seen)
    settled = polls >= MOVED_AFTER
    read = seen.answer is not Answer.NOT_MODIFIED
    last_entry_at = state.last_entry_at
    if seen.published:
        last_entry_at = max((*seen.published, *filter(None, [last_entry_at])))
    changed = FeedState(  # all of it: `_replace` takes thrice as long
        interval=interval,
        slow_down=state.slow_down * _EASING if state.slow_down > SHORTEST else _AT_ONCE,
        failures=0,
        etag=seen.etag if read else seen.etag or state.etag,
        last_modified=seen.last_modified if read else seen.last_modified or state.last_modified,
        body_hash=seen.body_hash if seen.answer is Answer.PARSED else state.body_hash,
        hashes=state.hashes if seen.hashes is None else " ".join(seen.hashes[:HASHES_KEPT]),
        ttl=state.ttl if seen.answer is not Answer.PARSED else clamp(seen.ttl) if seen.ttl else None,
        address=moved_to if settled else state.address,
        moved_to=None if settled else moved_to,
        moved_polls=0 if settled else polls,
        churn_polls=_churn(state, seen),
        not_modified=0 if read else state.not_modified + 1,
        rhythm=state.rhythm if as_before else rhythm,
        learned_at=state.learned_at if as_before else now,
        last_polled_at=now,
        last_success_at=now,
        last_body_at=now if read else state.last_body_at,
        last_entry_at=last_entry_at,
        reason=None,
    )
    wait = every or interval
    for floor in (seen.fresh_for, state.slow_down, None if every else changed.ttl):
        if floor:
            wait = max(wait, clamp(floor))
    # Only ever later: a floor is a promise.
    return PollDecision(changed, now + wait * rng.uniform(1.0, 1.1))


def _learned(state: FeedState, seen: Observation, now: datetime) -> Rhythm:
    """The rhythm as of now."""
    if state.last_success_at is None:
        return first_rhythm(seen.published, now)
    since = state.learned_at or state.last_success_at
    return state.rhythm.learn(seen.published, min(max(now - since, _AT_ONCE), _FOUR_WEEKS))


def _interval(state: FeedState, seen: Observation, rhythm: Rhythm, now: datetime) -> timedelta:
    """From the rhythm once it is known, before that by halves and by half more; less when half of a body was new."""
    if rhythm.known:
        interval = rhythm.until_expected(_WANTED_PER_POLL, now, DAY)
    elif state.last_success_at is None:
        interval = FIRST
    else:
        interval = state.interval / 2 if seen.published else state.interval * 1.5
    total = seen.known + len(seen.published)
    if state.last_success_at is not None and total >= 4 and len(seen.published) * 2 >= total:
        interval = min(interval, (now - state.last_success_at) / 2)
    return min(max(interval, SHORTEST), DAY)


def _moved(state: FeedState, seen: Observation) -> tuple[str | None, int]:
    if seen.moved_to is None:
        return None, 0
    return seen.moved_to, state.moved_polls + 1 if seen.moved_to == state.moved_to else 1


def _churn(state: FeedState, seen: Observation) -> int:
    """Once not believed, never again: the identities that are stored are links."""
    if not state.guids_are_believed or seen.answer is not Answer.PARSED:
        return state.churn_polls
    return state.churn_polls + 1 if seen.churned >= 2 and seen.churned > len(seen.published) else 0
