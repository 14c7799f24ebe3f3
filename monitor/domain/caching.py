"""What a server says about when to come back: Cache-Control, Expires, Retry-After (RFC 9111, RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

LONGEST, _NOW = timedelta(days=1), timedelta(0)
_USUAL = 200  # characters: longer ones are not remembered
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_NO_STORE = re.compile(r"(?:^|[\s,])(?:no-cache|no-store)(?:[\s,=]|$)", re.IGNORECASE)


def freshness(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the answer stays fresh, in 0..1 day; None when the server does not say. Header names in lower case."""
    control = headers.get("cache-control", "")
    kept, seconds = _told(control) if len(control) <= _USUAL else _read(control)
    if not kept:
        return None
    if seconds is not None:
        age = headers.get("age", "").strip()
        return clamp(timedelta(seconds=seconds - (int(age) if _few_digits(age) else 0)))
    expires = http_date(headers.get("expires", ""))
    if expires is None:
        return None
    return clamp(expires - (http_date(headers.get("date", "")) or now))


def _read(control: str) -> tuple[bool, int | None]:
    """Of Cache-Control: whether an answer may be kept at all, and its max-age in seconds."""
    found = _MAX_AGE.search(control)
    return _NO_STORE.search(control) is None, min(int(found[1]), 10**8) if found else None


_told = lru_cache(maxsize=256)(_read)  # most sites say one of a few things


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """What Retry-After asks for, in 0..1 day, whether seconds or a date; None when it is absent or senseless."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return clamp(timedelta(seconds=min(int(value[:12]), 10**8)))
    at = http_date(value)
    return None if at is None else clamp(at - now)


def clamp(wait: timedelta) -> timedelta:
    return min(max(wait, _NOW), LONGEST)


def http_date(value: str) -> datetime | None:
    """An HTTP date in UTC; None for what is none (`0` and `-1` are usual)."""
    if not value:
        return None
    try:
        at = parsedate_to_datetime(value[:60])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _few_digits(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 9
