"""Public holidays, for the rhythms that keep to working days. France only; other countries give an empty set."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

COUNTRIES = ("fr",)
_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Days after Easter Sunday: Easter Monday, Ascension, Whit Monday.
_MOVABLE = (1, 39, 50)


@lru_cache(maxsize=64)
def holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of `country` ("fr") in `year`; empty for a country that is not known."""
    if country not in COUNTRIES:
        return frozenset()
    fixed = {date(year, month, day) for month, day in _FIXED}
    return frozenset(fixed | {easter(year) + timedelta(days=days) for days in _MOVABLE})


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (anonymous algorithm, Meeus, Astronomical Algorithms, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
