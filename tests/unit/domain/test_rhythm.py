"""A feed's own rhythm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.rhythm import Rhythm, first_rhythm

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # noon in Paris
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def office_hours(days: int) -> Rhythm:
    """Two entries an hour from 9 to 17, Paris time."""
    rhythm = Rhythm()
    for day in range(days):
        start = NOON - DAY * (days - day)
        rhythm = rhythm.learn([start + HOUR * h for h in range(-3, 5) for _ in range(2)], DAY)
    return rhythm


def test_a_day_counts_its_entries() -> None:
    assert 15 < office_hours(20).per_day < 17


def test_the_night_is_quiet() -> None:
    rhythm = office_hours(20)
    assert rhythm.expected(NOON, NOON + HOUR) > 5 * rhythm.expected(NOON + 12 * HOUR, NOON + 13 * HOUR)


def test_an_entry_is_awaited_longer_in_the_evening() -> None:
    rhythm = office_hours(20)
    assert rhythm.until_expected(0.5, NOON, DAY) < timedelta(minutes=30)
    assert rhythm.until_expected(0.5, NOON + 9 * HOUR, DAY) > 2 * HOUR


@given(st.integers(0, 60 * 24 * 365), st.floats(0.01, 5))
def test_what_is_awaited_is_what_is_expected_until_then_when_clocks_change_too(minutes: int, entries: float) -> None:
    rhythm, now = office_hours(5), NOON + timedelta(minutes=minutes, seconds=17)
    awaited = rhythm.until_expected(entries, now, DAY)
    assert abs(rhythm.expected(now, now + awaited) - entries) < 1e-6


def test_nothing_is_awaited_for_longer_than_asked() -> None:
    assert office_hours(5).until_expected(1000, NOON, DAY) == DAY
    assert Rhythm().until_expected(0.5, NOON, 7 * HOUR) == 7 * HOUR


def test_an_old_rhythm_fades() -> None:
    rhythm = office_hours(20)
    for _ in range(60):
        rhythm = rhythm.learn([], DAY)
    assert rhythm.per_day < 2


def test_a_month_is_counted_without_walking_it() -> None:
    assert office_hours(20).expected(NOON, NOON + 3000 * DAY) > 40_000


def test_a_backlog_of_one_entry_teaches_nothing() -> None:
    assert not first_rhythm([NOON], NOON).known


@given(st.lists(st.integers(0, 60 * 24 * 20), max_size=40), st.integers(0, 10**6))
def test_expectation_adds_up(minutes: list[int], later: int) -> None:
    rhythm = first_rhythm([NOON - timedelta(minutes=m) for m in minutes], NOON)
    middle, end = NOON + timedelta(minutes=later % 5000), NOON + timedelta(minutes=later % 5000 + 700)
    parts = rhythm.expected(NOON, middle) + rhythm.expected(middle, end)
    assert abs(parts - rhythm.expected(NOON, end)) < 1e-6
    assert Rhythm.from_json(rhythm.to_json()).per_day >= 0
