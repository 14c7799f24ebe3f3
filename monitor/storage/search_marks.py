"""Words of the index that no text holds: an article's outlet, and when it was published if it was read long after."""

from __future__ import annotations

from datetime import UTC, datetime

import xxhash

MONTH = "¤m"
# what was published before counts as of then: few, and the article itself is asked
FIRST = datetime(1995, 1, 1, tzinfo=UTC)


def source_mark(source: str) -> str:
    """The outlet's word in the index."""
    return f"¤s{xxhash.xxh3_64_hexdigest(source.encode())}"


def year_mark(when: datetime) -> str:
    """The word of articles that were published in the year of an instant, and read long after."""
    return f"¤y{_counted(when).year}"


def month_mark(when: datetime) -> str:
    """The same of its month."""
    return f"{MONTH}{_counted(when):%Y%m}"


def period_marks(since: datetime | None, until: datetime) -> list[str]:
    """The marks of whole years, and of the months of years that are asked in part, that a period has a share in."""
    first, last = _counted(since or FIRST), _counted(until)
    marks, year, month = list[str](), first.year, first.month
    while (year, month) <= (last.year, last.month):
        if month == 1 and year < last.year:
            marks.append(f"¤y{year}")
            year += 1
        else:
            marks.append(f"{MONTH}{year}{month:02}")
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return marks


def _counted(when: datetime) -> datetime:
    return max(when.astimezone(UTC), FIRST)
