"""When a subscriber is due: rhythms on the wall clock of a time zone, as instants in UTC.

A *slot* is an instant at which a digest falls due. Slots belong to local days, so a night with 23 or 25 hours has the
same slots as any other: a wall time that is skipped falls an hour later, one that occurs twice counts at its first.
A machine that slept through several slots finds one `Period`, that of the last: catching up is one digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from monitor.domain.holidays import holidays

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# The longest search for a slot: a year of days off is a mistake that the configuration refuses.
HORIZON_DAYS = 400


class Cadence(StrEnum):
    AT_ONCE = "at-once"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local wall times between which nothing is sent; `start > end` goes over midnight."""

    start: time
    end: time

    def covers(self, moment: time) -> bool:
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often somebody is told. `at` are wall times (daily and weekly), `weekday` counts from Monday = 0.

    `working_days` leaves out Saturdays, Sundays, `days_off` and the public holidays of `country` ("fr" or "").
    """

    cadence: Cadence = Cadence.DAILY
    at: tuple[time, ...] = (time(7, 30),)
    weekday: int = 0
    working_days: bool = False
    quiet: QuietHours | None = None
    days_off: frozenset[date] = field(default_factory=frozenset)
    country: str = "fr"

    def works_on(self, day: date) -> bool:
        """False on a day when nothing is sent."""
        if not self.working_days:
            return True
        return day.weekday() < 5 and day not in self.days_off and day not in holidays(self.country, day.year)


@dataclass(frozen=True, slots=True)
class Period:
    """What a digest covers: from the slot before (`start`) to its own (`end`), UTC. `start` is its identity."""

    start: datetime
    end: datetime


def next_due(rhythm: Rhythm, zone: ZoneInfo, after: datetime) -> datetime:
    """The first slot later than `after` (UTC in, UTC out). At once: `after` itself, or the end of the quiet."""
    if rhythm.cadence is Cadence.AT_ONCE:
        return allowed_from(rhythm, zone, after)
    # A weekly slot can have been moved here from far before a long holiday.
    first = after.astimezone(zone).date() - (35 if rhythm.cadence is Cadence.WEEKLY else 2) * DAY
    return next(slot for slot in _slots_from(rhythm, zone, first) if slot > after)


def current_period(rhythm: Rhythm, zone: ZoneInfo, now: datetime) -> Period:
    """The period that ended last at `now`: two calls between the same slots give the same period."""
    if rhythm.cadence is Cadence.AT_ONCE:
        return Period(now, now)
    reach = 35 * DAY if rhythm.cadence is Cadence.WEEKLY else 3 * DAY
    while True:
        first = now.astimezone(zone).date() - reach
        past = [slot for slot in _slots_until(rhythm, zone, first, now) if slot <= now]
        if len(past) >= 2:
            return Period(past[-2], past[-1])
        reach *= 3


def period_start(rhythm: Rhythm, zone: ZoneInfo, now: datetime) -> datetime:
    """The start of the period that ended last: the identity of the digest that is due at `now`."""
    return current_period(rhythm, zone, now).start


def allowed_from(rhythm: Rhythm, zone: ZoneInfo, moment: datetime) -> datetime:
    """The earliest instant from `moment` on that is neither in the quiet hours nor on a day off."""
    local = moment.astimezone(zone)
    quiet = rhythm.quiet
    if quiet is not None and quiet.covers(local.timetz().replace(tzinfo=None)):
        over_midnight = quiet.start > quiet.end and local.time() >= quiet.start
        day = local.date() + (DAY if over_midnight else timedelta())
        return _at(_working_day(rhythm, day), quiet.end, zone)
    if rhythm.works_on(local.date()):
        return moment.astimezone(UTC)
    opening = quiet.end if quiet is not None and quiet.covers(time()) else time()
    return _at(_working_day(rhythm, local.date()), opening, zone)


def _slots_from(rhythm: Rhythm, zone: ZoneInfo, first: date) -> Iterator[datetime]:
    """Slots in order. A slot moved out of quiet hours can pass the next day's, so two days are kept in hand."""
    held: set[datetime] = set()
    for number in range(HORIZON_DAYS):
        day = first + number * DAY
        held.update(_slots_of(rhythm, zone, day))
        settled = sorted(slot for slot in held if slot.astimezone(zone).date() <= day)
        yield from settled
        held.difference_update(settled)


def _slots_until(rhythm: Rhythm, zone: ZoneInfo, first: date, now: datetime) -> Iterator[datetime]:
    for slot in _slots_from(rhythm, zone, first):
        if slot > now:
            return
        yield slot


def _slots_of(rhythm: Rhythm, zone: ZoneInfo, day: date) -> Iterator[datetime]:
    if rhythm.cadence is Cadence.WEEKLY:
        if day.weekday() == rhythm.weekday:
            moved = _working_day(rhythm, day)
            yield from (allowed_from(rhythm, zone, _at(moved, at, zone)) for at in rhythm.at)
    elif rhythm.works_on(day):
        wall = _hours_of(day, zone) if rhythm.cadence is Cadence.HOURLY else [_at(day, at, zone) for at in rhythm.at]
        yield from (allowed_from(rhythm, zone, slot) for slot in wall)


def _hours_of(day: date, zone: ZoneInfo) -> list[datetime]:
    """Every full hour of a local day: 23, 24 or 25 of them."""
    start, end = _at(day, time(), zone), _at(day + DAY, time(), zone)
    return [start + number * HOUR for number in range(round((end - start) / HOUR))]


def _working_day(rhythm: Rhythm, day: date) -> date:
    for number in range(HORIZON_DAYS):
        if rhythm.works_on(day + number * DAY):
            return day + number * DAY
    return day


def _at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """fold=0: a wall time that occurs twice means its first; one that is skipped falls after the change."""
    return datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)
