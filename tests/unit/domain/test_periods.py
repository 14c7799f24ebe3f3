"""Slots on the wall clock: rhythms, quiet hours, days off, and the two nights that change the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.holidays import easter, holidays
from monitor.domain.periods import Cadence, QuietHours, Rhythm, allowed_from, current_period, next_due, period_start

PARIS = ZoneInfo("Europe/Paris")
NIGHT = QuietHours(time(22), time(7))


def paris(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold).astimezone(UTC)


def daily(at: str = "07:30", **options: object) -> Rhythm:
    return Rhythm(Cadence.DAILY, (time.fromisoformat(at),), **options)  # type: ignore[arg-type]


def all_slots(rhythm: Rhythm, start: datetime, end: datetime) -> list[datetime]:
    slots, at = [], start
    while (at := next_due(rhythm, PARIS, at)) <= end:
        slots.append(at)
    return slots


def test_a_daily_rhythm_is_due_the_same_day_before_its_hour_and_the_next_day_at_it():
    assert next_due(daily(), PARIS, paris("2026-11-23 07:29")) == paris("2026-11-23 07:30")
    assert next_due(daily(), PARIS, paris("2026-11-23 07:30")) == paris("2026-11-24 07:30")


def test_several_hours_a_day_follow_each_other():
    rhythm = Rhythm(Cadence.DAILY, (time(8), time(18)))
    assert next_due(rhythm, PARIS, paris("2026-11-23 08:00")) == paris("2026-11-23 18:00")


def test_a_weekly_rhythm_waits_for_its_day():
    rhythm = Rhythm(Cadence.WEEKLY, (time(8),), weekday=4)
    assert next_due(rhythm, PARIS, paris("2026-11-23 09:00")) == paris("2026-11-27 08:00")


def test_a_weekly_digest_on_a_holiday_moves_to_the_next_working_day():
    rhythm = Rhythm(Cadence.WEEKLY, (time(8),), weekday=4, working_days=True)
    assert next_due(rhythm, PARIS, paris("2026-12-23 09:00")) == paris("2026-12-28 08:00")


def test_working_days_leave_out_the_weekend_and_the_day_off():
    rhythm = daily(working_days=True, days_off=frozenset({date(2026, 11, 30)}))
    assert next_due(rhythm, PARIS, paris("2026-11-27 08:00")) == paris("2026-12-01 07:30")


def test_hourly_slots_in_the_quiet_hours_become_one_at_their_end():
    rhythm = Rhythm(Cadence.HOURLY, quiet=NIGHT)
    slots = all_slots(rhythm, paris("2026-11-23 20:30"), paris("2026-11-24 08:00"))
    assert slots == [paris("2026-11-23 21:00"), paris("2026-11-24 07:00"), paris("2026-11-24 08:00")]


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize("at", ["00:30", "02:00", "02:30", "03:00", "03:30", "07:30"])
def test_a_night_that_changes_the_clocks_gives_exactly_one_digest(night, at):
    day = datetime.fromisoformat(night)
    slots = all_slots(
        daily(at),
        paris(f"{(day - timedelta(days=1)).date()} 23:59"),
        paris(f"{(day + timedelta(days=1)).date()} 00:00"),
    )
    assert len(slots) == 1


@pytest.mark.parametrize(("night", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-22", 24)])
def test_an_hourly_rhythm_counts_the_hours_that_night_really_has(night, hours):
    start = paris(f"{night} 00:00") - timedelta(seconds=1)
    end = paris(f"{(datetime.fromisoformat(night) + timedelta(days=1)).date()} 00:00") - timedelta(seconds=1)
    assert len(all_slots(Rhythm(Cadence.HOURLY), start, end)) == hours


def test_the_second_two_thirty_of_autumn_is_not_due_again():
    first, second = paris("2026-10-25 02:30"), paris("2026-10-25 02:30", fold=1)
    assert second - first == timedelta(hours=1)
    assert next_due(daily("02:30"), PARIS, first) == paris("2026-10-26 02:30")
    assert period_start(daily("02:30"), PARIS, first) == period_start(daily("02:30"), PARIS, second)


def test_a_machine_that_slept_through_three_slots_finds_one_period():
    period = current_period(daily(), PARIS, paris("2026-11-25 15:00"))
    assert (period.start, period.end) == (paris("2026-11-24 07:30"), paris("2026-11-25 07:30"))


def test_two_beats_in_one_period_name_the_same_digest():
    starts = {period_start(daily(), PARIS, paris("2026-11-25 07:30") + timedelta(seconds=s)) for s in (0, 1, 3600)}
    assert len(starts) == 1


def test_at_once_waits_for_the_end_of_the_quiet_and_of_the_weekend():
    rhythm = Rhythm(Cadence.AT_ONCE, working_days=True, quiet=NIGHT)
    assert next_due(rhythm, PARIS, paris("2026-11-23 12:00")) == paris("2026-11-23 12:00")
    assert next_due(rhythm, PARIS, paris("2026-11-23 23:00")) == paris("2026-11-24 07:00")
    assert next_due(rhythm, PARIS, paris("2026-11-24 03:00")) == paris("2026-11-24 07:00")
    assert next_due(rhythm, PARIS, paris("2026-11-27 23:00")) == paris("2026-11-30 07:00")
    assert next_due(rhythm, PARIS, paris("2026-11-28 12:00")) == paris("2026-11-30 07:00")


def test_easter_and_the_holidays_that_follow_it():
    assert [easter(year) for year in (2000, 2024, 2026, 2038)] == [
        date(2000, 4, 23),
        date(2024, 3, 31),
        date(2026, 4, 5),
        date(2038, 4, 25),
    ]
    assert {date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)} <= holidays("fr", 2026)
    assert holidays("xx", 2026) == frozenset()


rhythms = st.builds(
    Rhythm,
    cadence=st.sampled_from([Cadence.HOURLY, Cadence.DAILY, Cadence.WEEKLY]),
    at=st.lists(st.times().map(lambda t: t.replace(second=0, microsecond=0)), min_size=1, max_size=3).map(tuple),
    weekday=st.integers(0, 6),
    working_days=st.booleans(),
    quiet=st.sampled_from([None, NIGHT, QuietHours(time(12), time(14))]),
)
moments = st.integers(0, 3 * 365 * 1440).map(lambda m: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=m))
zones = st.sampled_from(
    [ZoneInfo(z) for z in ("Europe/Paris", "UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia")]
)


@settings(max_examples=60, deadline=None)
@given(rhythms, zones, moments)
def test_slots_are_later_allowed_and_end_the_current_period(rhythm, zone, now):
    due = next_due(rhythm, zone, now)
    period = current_period(rhythm, zone, due)
    assert due > now
    assert allowed_from(rhythm, zone, due) == due
    assert period.end == due
    assert period.start < due
    assert next_due(rhythm, zone, period.start) == due
