"""A feed's own rhythm: how many entries it publishes at each hour of the day, old days counting less and less.

Hours are those of Paris: a newsroom gets up at the same hour all year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any, NamedTuple

from monitor.domain.dates import PARIS

HALF_LIFE = timedelta(days=14)
DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_NUMBERS = (int, float)
_EVEN_SHARE = 0.2  # of the rate is spread over the whole day, so that no hour is ever taken for dead
_ENOUGH_DAYS, _ENOUGH_ENTRIES = 1.0, 4.0


class Rhythm(NamedTuple):
    """`counts` are entries by hour of the day (24 numbers, faded), `days` the time they were counted in (faded too)."""

    counts: tuple[float, ...] = (0.0,) * 24
    days: float = 0.0

    @property
    def known(self) -> bool:
        """Whether enough was seen to rely on it."""
        return self.days >= _ENOUGH_DAYS and sum(self.counts) >= _ENOUGH_ENTRIES

    @property
    def per_day(self) -> float:
        return sum(self.counts) / self.days if self.days else 0.0

    def learn(self, published: Iterable[datetime], elapsed: timedelta) -> Rhythm:
        """With the entries that `elapsed` brought."""
        fade = 0.5 ** (elapsed / HALF_LIFE)
        counts = [count * fade for count in self.counts]
        for instant in published:
            counts[instant.astimezone(PARIS).hour] += 1
        return Rhythm(tuple(counts), self.days * fade + elapsed / DAY)

    def expected(self, since: datetime, until: datetime) -> float:
        """Entries to be expected between two instants."""
        total, at, rates = 0.0, since, self._rates()
        if until - since > 30 * DAY:
            return self.per_day * ((until - since) / DAY)
        while at < until:
            end = min(until, at + _to_next_hour(at))
            total += rates[at.astimezone(PARIS).hour] * ((end - at) / _HOUR)
            at = end
        return total

    def until_expected(self, entries: float, now: datetime, most: timedelta) -> timedelta:
        """How long until `entries` are to be expected; at most `most`."""
        counts, days = self.counts, self.days
        if not days:
            return most
        # An hour's rate as `_rates` has it, of the few hours that are looked at.
        even = _EVEN_SHARE * sum(counts) / 24
        start = now.replace(minute=0, second=0, microsecond=0)
        missing, passed, step = entries, 0.0, (_HOUR - (now - start)) / _HOUR
        for hour in _hours(start, ceil(most / _HOUR) + 1):
            rate = ((1 - _EVEN_SHARE) * counts[hour] + even) / days
            share = rate * step
            if share >= missing:
                return min(_HOUR * (passed + missing / rate), most)
            missing -= share
            passed += step
            step = 1.0
        return most

    def _rates(self) -> list[float]:
        """Entries an hour, by hour of the day."""
        if not self.days:
            return [0.0] * 24
        even = _EVEN_SHARE * sum(self.counts) / 24
        return [((1 - _EVEN_SHARE) * own + even) / self.days for own in self.counts]

    def to_json(self) -> dict[str, Any]:
        return {"counts": [round(count, 3) for count in self.counts], "days": round(self.days, 4)}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Rhythm:
        """An empty one for what was not written by `to_json`."""
        counts, days = values.get("counts"), values.get("days")
        if not isinstance(counts, list) or len(counts) != 24 or not isinstance(days, _NUMBERS):
            return Rhythm()
        return Rhythm(tuple(map(float, counts)), float(days))


def first_rhythm(published: Iterable[datetime], now: datetime) -> Rhythm:
    """What the backlog of a first poll tells: its entries of the last four weeks, over the time that they span."""
    recent = [instant for instant in published if now - 28 * DAY <= instant <= now]
    if len(recent) < 2:
        return Rhythm()
    return Rhythm().learn(recent, max(now - min(recent), _HOUR))


@lru_cache(maxsize=16)  # the same for all feeds that are polled in one hour
def _hours(start: datetime, count: int) -> tuple[int, ...]:
    """The hours of Paris, one after the other, from the one that begins at `start`."""
    return tuple((start + _HOUR * number).astimezone(PARIS).hour for number in range(count))


def _to_next_hour(at: datetime) -> timedelta:
    return _HOUR - timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
