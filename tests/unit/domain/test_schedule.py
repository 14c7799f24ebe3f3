"""When a feed is polled again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.rhythm import Rhythm
from monitor.domain.schedule import (
    Answer,
    FeedState,
    Observation,
    after_poll,
    answer_to_error,
    answer_to_status,
    backoff,
    before_poll,
)
from monitor.errors import FetchError, FetchFailure

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KNOWN = FeedState(interval=30 * MINUTE, last_success_at=NOW - HOUR, last_body_at=NOW - HOUR, etag='W/"a b"')


def wait(state: FeedState, seen: Observation, seed: int = 1, every: timedelta | None = None) -> timedelta:
    due_at = after_poll(state, seen, NOW, Random(seed), every=every).due_at
    assert due_at is not None
    return due_at - NOW


def parsed(*published: datetime, known: int = 0, **more: object) -> Observation:
    return Observation(Answer.PARSED, published=published, known=known, **more)  # type: ignore[arg-type]


def test_the_first_request_is_unconditional_and_later_ones_send_validators_verbatim() -> None:
    assert before_poll(FeedState(), NOW) == {}
    assert before_poll(KNOWN, NOW) == {"If-None-Match": 'W/"a b"'}


def test_a_server_that_always_says_not_modified_is_asked_without_condition_once_a_day() -> None:
    state = FeedState(etag="x", last_body_at=NOW - 25 * HOUR, last_success_at=NOW - HOUR, not_modified=5)
    assert before_poll(state, NOW) == {}
    assert before_poll(after_poll(state, Observation(Answer.SAME_BODY, etag="x"), NOW, Random(1)).state, NOW + HOUR)


def test_not_modified_keeps_what_was_known() -> None:
    state = after_poll(KNOWN, Observation(Answer.NOT_MODIFIED), NOW, Random(1)).state
    assert (state.etag, state.last_body_at, state.not_modified) == (KNOWN.etag, KNOWN.last_body_at, 1)


def test_a_quiet_feed_is_polled_less_and_a_lively_one_more() -> None:
    assert wait(KNOWN, parsed(known=20)) > wait(KNOWN, parsed(NOW, known=20))


def test_a_body_of_which_half_is_new_was_polled_too_late() -> None:
    late = parsed(*[NOW] * 10, known=10)
    assert wait(KNOWN, late) <= 33 * MINUTE


def test_a_backlog_teaches_the_rhythm_at_once() -> None:
    backlog = [NOW - timedelta(hours=n) for n in range(1, 72)]  # one an hour for three days
    decision = after_poll(FeedState(), parsed(*backlog), NOW, Random(1))
    assert 20 < decision.state.rhythm.per_day < 28
    assert decision.due_at is not None
    assert 25 * MINUTE < decision.due_at - NOW < 50 * MINUTE


def test_what_the_server_asks_for_is_honoured() -> None:
    assert wait(KNOWN, parsed(NOW, fresh_for=6 * HOUR)) >= 6 * HOUR
    assert wait(KNOWN, parsed(NOW, ttl=4 * HOUR)) >= 4 * HOUR
    assert wait(KNOWN, parsed(NOW, fresh_for=400 * DAY)) <= 1.1 * DAY


def test_a_forced_interval_overrides_the_rhythm_but_not_the_cache() -> None:
    assert 10 * MINUTE <= wait(KNOWN, parsed(NOW, ttl=4 * HOUR), every=10 * MINUTE) <= 11 * MINUTE
    assert wait(KNOWN, parsed(NOW, fresh_for=HOUR), every=10 * MINUTE) >= HOUR


def test_what_will_pass_is_tried_again_sooner_than_what_will_last() -> None:
    soft, hard = Observation(Answer.SOFT_FAILURE), Observation(Answer.HARD_FAILURE)
    assert wait(KNOWN, soft) < 7 * MINUTE
    assert wait(KNOWN, hard) >= 45 * MINUTE


def test_failures_space_out_to_a_day_and_never_end() -> None:
    state = KNOWN
    for _ in range(200):
        decision = after_poll(state, Observation(Answer.HARD_FAILURE, reason="404"), NOW, Random(1))
        state = decision.state
    assert decision.due_at is not None
    assert DAY * 0.7 < decision.due_at - NOW < DAY * 1.3
    assert (state.failures, state.reason) == (200, "404")


def test_a_success_forgets_failures() -> None:
    failed = after_poll(KNOWN, Observation(Answer.SOFT_FAILURE, reason="timeout"), NOW, Random(1)).state
    state = after_poll(failed, parsed(NOW), NOW, Random(1)).state
    assert (state.failures, state.reason) == (0, None)


def test_those_that_were_turned_away_together_come_back_apart() -> None:
    seen = Observation(Answer.THROTTLED, retry_after=HOUR)
    waits = {wait(KNOWN, seen, seed) for seed in range(20)}
    assert min(waits) >= HOUR
    assert max(waits) - min(waits) > 15 * MINUTE


def test_a_server_that_said_slow_down_is_polled_less_for_a_while() -> None:
    state = after_poll(KNOWN, Observation(Answer.THROTTLED), NOW, Random(1)).state
    assert wait(state, parsed(NOW)) >= HOUR
    for _ in range(60):
        state = after_poll(state, parsed(NOW), NOW, Random(1)).state
    assert state.slow_down == timedelta(0)


def test_gone_is_the_only_end_and_says_so() -> None:
    decision = after_poll(KNOWN, Observation(Answer.GONE), NOW, Random(1))
    assert decision.due_at is None
    assert "410" in str(decision.stopped_reason)


def test_a_new_address_is_taken_over_after_three_polls_that_agree() -> None:
    state, urls = KNOWN, []
    for target in ["https://b.fr/", "https://c.fr/", "https://c.fr/", "https://c.fr/"]:
        decision = after_poll(state, parsed(moved_to=target), NOW, Random(1))
        state = decision.state
        urls.append(state.address)
    assert urls == [None, None, None, "https://c.fr/"]
    assert state.moved_to is None


def test_a_move_that_leads_nowhere_is_taken_back() -> None:
    state = FeedState(address="https://c.fr/", failures=2)
    assert after_poll(state, Observation(Answer.SOFT_FAILURE), NOW, Random(1)).state.address
    assert after_poll(state, Observation(Answer.HARD_FAILURE), NOW, Random(1)).state.address is None


def test_a_time_to_live_holds_until_the_feed_says_another() -> None:
    state = after_poll(KNOWN, parsed(NOW, ttl=4 * HOUR), NOW, Random(1)).state
    assert wait(state, Observation(Answer.NOT_MODIFIED)) >= 4 * HOUR


def test_an_address_that_stops_moving_is_forgotten() -> None:
    state = after_poll(KNOWN, parsed(moved_to="https://b.fr/"), NOW, Random(1)).state
    assert after_poll(state, parsed(), NOW, Random(1)).state.moved_polls == 0


def test_guids_that_change_at_each_poll_are_no_longer_believed() -> None:
    state = KNOWN
    for _ in range(2):
        state = after_poll(state, parsed(churned=10), NOW, Random(1)).state
    assert not state.guids_are_believed
    assert not after_poll(state, parsed(), NOW, Random(1)).state.guids_are_believed


@pytest.mark.parametrize(
    ("status", "answer"),
    [(410, Answer.GONE), (429, Answer.THROTTLED), (500, Answer.SOFT_FAILURE), (404, Answer.HARD_FAILURE),
     (403, Answer.HARD_FAILURE), (408, Answer.SOFT_FAILURE), (503, Answer.SOFT_FAILURE)],
)  # fmt: skip
def test_a_status_says_how_lasting_it_is(status: int, answer: Answer) -> None:
    assert answer_to_status(status) is answer


def test_an_error_says_how_lasting_it_is() -> None:
    assert answer_to_error(FetchError(FetchFailure.TIMEOUT, "slow")) is Answer.SOFT_FAILURE
    assert answer_to_error(FetchError(FetchFailure.REFUSED_ADDRESS, "inside")) is Answer.HARD_FAILURE
    assert answer_to_error(FetchError(FetchFailure.STATUS, "busy", status=503, retry_after=HOUR)) is Answer.THROTTLED


INSTANTS = st.integers(0, 60 * 24 * 40).map(lambda minutes: NOW - minutes * MINUTE)
WAITS = st.none() | st.integers(0, 10**7).map(lambda s: timedelta(seconds=s))
OBSERVATIONS = st.builds(
    Observation,
    answer=st.sampled_from(list(Answer)),
    published=st.lists(INSTANTS, max_size=30).map(tuple),
    known=st.integers(0, 50),
    churned=st.integers(0, 50),
    fresh_for=WAITS,
    ttl=WAITS,
    retry_after=WAITS.filter(lambda wait: wait is None or wait <= DAY),
    etag=st.none() | st.text(max_size=5),
    moved_to=st.none() | st.just("https://b.fr/"),
    hashes=st.none() | st.just(("a", "b")),
)


@given(st.lists(OBSERVATIONS, max_size=8), st.integers(0, 99))
def test_whatever_happens_the_next_poll_is_five_minutes_to_two_days_away(seen: list[Observation], seed: int) -> None:
    state = FeedState()
    for observation in seen:
        decision = after_poll(state, observation, NOW, Random(seed))
        state = decision.state
        assert (decision.due_at is None) == (observation.answer is Answer.GONE)
        assert decision.due_at is None or 3 * MINUTE <= decision.due_at - NOW <= 2 * DAY


@given(st.lists(OBSERVATIONS, max_size=5))
def test_the_state_survives_storage(seen: list[Observation]) -> None:
    state = FeedState(last_polled_at=NOW)
    for observation in seen:
        state = after_poll(state, observation, NOW, Random(1)).state
    stored = json.loads(json.dumps(state.to_json()))
    assert set(stored) == {name for name in state._fields if getattr(state, name) is not None}
    assert FeedState.from_json(stored).to_json() == state.to_json()


def test_a_state_written_by_another_version_is_read_as_far_as_it_goes() -> None:
    state = FeedState.from_json({"etag": "x", "failures": "many", "rhythm": {"counts": [1]}, "new": 1, "interval": {}})
    assert (state.etag, state.failures, state.rhythm) == ("x", 0, Rhythm())


@given(st.integers(1, 10**6), st.integers(0, 99))
def test_backing_off_has_an_end(failures: int, seed: int) -> None:
    assert 3 * MINUTE <= backoff(failures, Random(seed)) <= 1.25 * DAY
