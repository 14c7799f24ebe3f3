"""Whether a topic surges or goes quiet against its usual rhythm.

Weeks are the seven-day stretches that end at the digest, so the last one is never half over. Counts of rare events
scatter like Poisson variables; twice the square root of count + 3/8 scatters by one whatever the mean (F. J. Anscombe,
Biometrika 35, 1948), so a topic with two alerts a week and one with two hundred are judged alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt

WEEK = timedelta(days=7)
WEEKS = 8
# In standard deviations: one week in forty would surge by chance.
_UNUSUAL = 2.0
# Fewer weeks of history than this say nothing of what is usual.
_HISTORY = 3
_SURGE_AT_LEAST, _QUIET_FROM = 3, 2.0


class Trend(StrEnum):
    USUAL = "usual"
    SURGE = "surge"
    QUIET = "quiet"


def weekly_counts(moments: Iterable[datetime], end: datetime, weeks: int = WEEKS) -> tuple[int, ...]:
    """How many of `moments` fall in each of the `weeks` before `end`, oldest week first; others are left out."""
    counts = [0] * weeks
    for at in moments:
        index = (end - at) // WEEK
        if at <= end and index < weeks:
            counts[weeks - 1 - index] += 1
    return tuple(counts)


def usual_week(weeks: tuple[int, ...]) -> float:
    """The mean of the weeks before the last, from the first with an alert on; 0 without any."""
    known = list(weeks[:-1])
    while known and not known[0]:
        known.pop(0)
    return sum(known) / len(known) if known else 0.0


def trend_of(weeks: tuple[int, ...]) -> Trend:
    """What the last week is, against the mean of the weeks since the topic was first seen."""
    started = next((number for number, count in enumerate(weeks) if count), len(weeks))
    if len(weeks) - 1 - started < _HISTORY:
        return Trend.USUAL
    usual, last = usual_week(weeks), weeks[-1]
    distance = 2 * (sqrt(last + 0.375) - sqrt(usual + 0.375))
    if distance >= _UNUSUAL and last >= _SURGE_AT_LEAST:
        return Trend.SURGE
    return Trend.QUIET if distance <= -_UNUSUAL and usual >= _QUIET_FROM else Trend.USUAL
