"""How a feed does, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.feed_health import Health, feed_health, span
from monitor.domain.rhythm import Rhythm
from monitor.domain.schedule import FeedState

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TWELVE_A_DAY = Rhythm(counts=(5.0,) * 24, days=10.0)


def state(silent: timedelta, **more: object) -> FeedState:
    times = {"last_success_at": NOW - HOUR, "last_entry_at": NOW - silent, "rhythm": TWELVE_A_DAY}
    return FeedState(**(times | more))  # type: ignore[arg-type]


def test_a_silence_is_said_with_what_is_usual() -> None:
    silent = feed_health(state(30 * HOUR), NOW)
    assert (silent.health, silent.words) == (Health.SILENT, "d’ordinaire 12 par jour, aucun depuis 30 h")
    assert feed_health(state(30 * HOUR), NOW, language="en").words == "usually 12 a day, none for 30 hours"


def test_a_night_is_no_silence() -> None:
    assert feed_health(state(10 * HOUR), NOW).health is Health.OK


def test_a_rare_feed_may_be_silent_for_weeks() -> None:
    rare = state(20 * DAY, rhythm=Rhythm(counts=(0.5,) * 24, days=60.0))
    assert (feed_health(rare, NOW).health, feed_health(rare, NOW).words[:26]) == (
        Health.OK,
        "d’ordinaire 1 par semaine,",
    )


@pytest.mark.parametrize(
    ("failures", "health"), [(1, Health.SHAKY), (2, Health.SHAKY), (3, Health.FAILING), (90, Health.FAILING)]
)
def test_failures_are_said_with_their_reason(failures: int, health: Health) -> None:
    said = feed_health(state(HOUR, failures=failures, reason="status: the server answered 503"), NOW)
    assert said.health is health
    assert "503" in said.words


def test_a_feed_that_never_answered_says_so() -> None:
    assert "never" in feed_health(FeedState(failures=4, reason="dns"), NOW, language="en").words
    assert feed_health(FeedState(), NOW).health is Health.NEW


def test_a_stop_says_why() -> None:
    assert feed_health(state(HOUR), NOW, stopped_reason="410").words == "arrêté : 410"


def test_spans_are_read_easily() -> None:
    assert [span(length) for length in (5 * HOUR / 60, 3 * HOUR, 5 * DAY, -HOUR)] == [
        "5 min",
        "3 h",
        "5 jours",
        "0 min",
    ]
