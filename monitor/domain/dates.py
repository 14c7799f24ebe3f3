"""Dates as feeds write them: RFC 822, ISO 8601, French words, numbers of seconds; with and without a zone.

A date that cannot be right is bent or forgotten, never a reason to drop what it dates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BELIEVABLE = EPOCH + timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")
_MONTHS = ["janv", "fevr", "mars", "avr", "mai", "juin", "juil", "aout", "sept", "oct", "nov", "dec"]
_ACCENTS = str.maketrans("éèêûôàç", "eeeuoac")
_ISO = re.compile(
    r"(\d{4})-?(\d\d)(?:-?(\d\d))?(?:[T ]\s*(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE,
)
# The form of nearly every Atom feed, which the standard library reads at once.
_INSTANT = re.compile(r"[12]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(?:Z|[+-]\d\d:[0-5]\d)", re.ASCII)
_ENGLISH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# The form of nearly every RSS feed; others go through the standard library's parser.
_MAIL = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ({_ENGLISH}) ([12]\d{{3}})"
    r" ((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d) (?:GMT|([+-][01]\d[0-5]\d))",
    re.ASCII,
)
_MONTH = {name: f"{number:02}" for number, name in enumerate(_ENGLISH.split("|"), 1)}
_FRENCH = re.compile(
    r"\b(\d{1,2})(?:er)?\s+([a-z]{3,9})\.?,?\s+(\d{4})\b(?:\D{0,5}?(\d{1,2})\s*[h:]\s*(\d\d)?(?::(\d\d))?)?"
    r"\s*(Z|UTC|GMT|CES?T|[+-]\d\d:?\d\d)?"
)
_NUMERIC = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:\D{1,5}?(\d{1,2})\s*[h:]\s*(\d\d)?(?::(\d\d))?)?")
_SECONDS = re.compile(r"\d{9,10}|\d{12,13}")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?")
_CLOCK_ZONE = re.compile(r":\d\d\s*([+-]\d\d:?\d\d|[A-Za-z]{1,5})\b")
_AHEAD = {"CET": 1, "MET": 1, "BST": 1, "WEST": 1, "CEST": 2, "MEST": 2, "EET": 2, "EEST": 3}
_BEHIND = {"AST": 4, "EST": 5, "EDT": 4, "CST": 6, "CDT": 5, "MST": 7, "MDT": 6, "PST": 8, "PDT": 7}
_HOURS = {"Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, **_AHEAD, **{name: -hours for name, hours in _BEHIND.items()}}


def parse_date(text: str, zone: tzinfo = PARIS) -> datetime | None:
    """The instant that `text` says, in UTC; without a zone it is read in `zone`. None when it says none."""
    text = text.strip()[:80]
    if not text:
        return None
    try:
        if (mail := _MAIL.fullmatch(text)) is not None and mail[5] != "-0000":
            return _mail(mail)
        if _INSTANT.fullmatch(text) and text[11:13] != "24":
            return datetime.fromisoformat(text).astimezone(UTC)
        return _seconds(text) or _iso(text, zone) or _rfc822(text, zone) or _words(text, zone) or _numeric(text, zone)
    except (ValueError, OverflowError):  # the thirtieth of February, the year 0, an offset of three days
        return None


def plausible(instant: datetime | None, now: datetime) -> datetime | None:
    """`instant` in UTC, not after `now`; None when it lies before 1970 (the mark of a broken clock)."""
    if instant is None or instant < _BELIEVABLE:
        return None
    return min(instant if instant.tzinfo is UTC else instant.astimezone(UTC), now)


def _mail(found: re.Match[str]) -> datetime:
    day, month, year, clock, offset = found.groups()
    instant = datetime.fromisoformat(f"{year}-{_MONTH[month]}-{day}T{clock}{offset or '+00:00'}")
    return instant.astimezone(UTC) if offset else instant


def _seconds(text: str) -> datetime | None:
    if not _SECONDS.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), UTC)


def _iso(text: str, zone: tzinfo) -> datetime | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, offset = found.groups()
    return _instant((year, month, day or 1, hour, minute, second), _zone(offset, zone))


def _rfc822(text: str, zone: tzinfo) -> datetime | None:
    parts = parsedate_tz(text)
    if parts is None:
        return None
    said = _CLOCK_ZONE.search(text)
    # `-0000` says that the zone is unknown.
    known = _zone(said[1] if said and said[1] != "-0000" else None, zone)
    return _instant(parts[:6], known)


def _words(text: str, zone: tzinfo) -> datetime | None:
    found = _FRENCH.search(text.lower().translate(_ACCENTS))
    if found is None:
        return None
    day, name, year, hour, minute, second, offset = found.groups()
    month = next((n for n, word in enumerate(_MONTHS, 1) if name.startswith(word) or name == word[:3]), None)
    if month is None:
        return None
    return _instant((year, month, day, hour, minute, second), _zone(offset, zone))


def _numeric(text: str, zone: tzinfo) -> datetime | None:
    """The day stands first, as in French."""
    found = _NUMERIC.search(text)
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups()
    return _instant((year, month, day, hour, minute, second), zone)


def _zone(name: str | None, default: tzinfo) -> tzinfo:
    """The zone of that name or offset; `default` for none and for names that nobody knows."""
    if not name:
        return default
    found = _OFFSET.fullmatch(name)
    if found is None:
        return timezone(timedelta(hours=_HOURS[name.upper()])) if name.upper() in _HOURS else default
    away = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-away if found[1] == "-" else away)


def _instant(parts: Sequence[str | int | None], zone: tzinfo) -> datetime:
    """Year, month, day, hour, minute, second; a leap second and midnight written 24:00 are understood."""
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    late = hour == 24 and minute == 0
    local = datetime(year, month, day, 0 if late else hour, minute, min(second, 59), tzinfo=zone).astimezone(UTC)
    return local + timedelta(days=1) if late else local
