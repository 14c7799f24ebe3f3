"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.moments import parse_moment
from monitor.errors import QueryError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def moment(text: str) -> datetime:
    return parse_moment(text, now=NOW, zone=PARIS)


def test_a_date_begins_at_midnight_of_the_zone() -> None:
    assert moment("2024-07-14") == datetime(2024, 7, 13, 22, tzinfo=UTC)


@pytest.mark.parametrize(("text", "whole"), [("2024", "2024-01-01"), ("2024-03", "2024-03-01")])
def test_a_year_or_month_is_its_first_day(text: str, whole: str) -> None:
    assert moment(text) == moment(whole)


@pytest.mark.parametrize(("text", "ago"), [("7d", 168), ("7j", 168), ("48h", 48), ("3w", 504), ("3s", 504)])
def test_spans_of_time_are_counted_back(text: str, ago: int) -> None:
    assert moment(text) == NOW - timedelta(hours=ago)


@pytest.mark.parametrize("text", ["", "hier", "2024-13", "2024-02-30", "99999-01-01", "0001-01-01T00:00+14:00"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(QueryError, match="is not a time"):
        moment(text)
