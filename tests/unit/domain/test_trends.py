"""Surges and silences against the usual rhythm of a topic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.trends import Trend, trend_of, usual_week, weekly_counts

END = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def test_weeks_end_at_the_digest_and_the_last_is_whole():
    moments = [
        END,
        END - timedelta(days=6, hours=23),
        END - timedelta(days=7),
        END - timedelta(weeks=9),
        END + timedelta(1),
    ]
    assert weekly_counts(moments, END, 3) == (0, 1, 2)


@pytest.mark.parametrize(
    ("weeks", "trend"),
    [
        ((3, 2, 4, 1, 2, 3, 2, 9), Trend.SURGE),
        ((6, 8, 5, 7, 6, 5, 6, 0), Trend.QUIET),
        ((5, 4, 6, 5, 7, 4, 5, 4), Trend.USUAL),
        ((200, 210, 190, 205, 195, 200, 198, 215), Trend.USUAL),
        ((200, 210, 190, 205, 195, 200, 198, 260), Trend.SURGE),
        ((0, 0, 1, 0, 0, 1, 0, 2), Trend.USUAL),
        ((0, 0, 1, 0, 0, 1, 0, 0), Trend.USUAL),
        ((0, 0, 0, 0, 0, 0, 0, 12), Trend.USUAL),
        ((0, 0, 0, 0, 0, 0, 4, 30), Trend.USUAL),
        ((), Trend.USUAL),
    ],
)
def test_what_a_week_is_against_those_before(weeks, trend):
    assert trend_of(weeks) is trend


def test_weeks_before_a_topic_was_watched_do_not_count_as_usual():
    assert usual_week((0, 0, 4, 6, 9)) == 5
    assert usual_week((0, 0, 3)) == 0
