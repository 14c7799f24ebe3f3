"""Stamps of pages at the ends of the calendar, and midnights said in UTC."""

from datetime import timedelta

import pytest

from monitor.fetch.pages.dates import parse_stamp


@pytest.mark.parametrize(
    "stamp",
    [
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T01:00:00Z",
        "0000-01-01",
    ],
)
def test_a_stamp_at_the_ends_of_the_calendar_is_none(stamp: str) -> None:
    assert parse_stamp(stamp) is None


@pytest.mark.parametrize(
    ("stamp", "day", "offset"),
    [
        ("2026-03-01T23:00:00Z", "2026-03-02", timedelta(hours=1)),
        ("2026-07-01T22:00:00Z", "2026-07-02", timedelta(hours=2)),
        ("2026-03-01T22:00:00Z", "2026-03-01", timedelta(0)),
    ],
)
def test_midnight_in_paris_said_in_utc_is_that_day(stamp: str, day: str, offset: timedelta) -> None:
    at = parse_stamp(stamp)
    assert at is not None
    assert at.date().isoformat() == day
    assert at.utcoffset() == offset
