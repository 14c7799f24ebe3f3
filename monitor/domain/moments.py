"""Times as people write them in a query: 2024, 2024-03, 2024-03-18, 2024-03-18T09:00, 7d, 48h, 3w."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.errors import QueryError

# French letters too: j(our), s(emaine)
_UNITS = {"h": "hours", "d": "days", "j": "days", "w": "weeks", "s": "weeks"}
_AGO = re.compile(r"(\d{1,4})\s*([hdjws])", re.IGNORECASE)
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


def parse_moment(text: str, *, now: datetime, zone: ZoneInfo, position: int = 0) -> datetime:
    """The instant (UTC) that `text` names: a date begins in `zone`; `7d` is seven days before `now`.

    Raises `QueryError`.
    """
    text = text.strip()
    ago = _AGO.fullmatch(text)
    if ago:
        return now - timedelta(**{_UNITS[ago.group(2).lower()]: int(ago.group(1))})
    if _DATE.fullmatch(text):
        text += "-01-01"[3 * text.count("-") :]
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "write 2024-03, 2024-03-18, 2024-03-18T09:00, or 7d, 48h, 3w"
        raise QueryError(f"{text[:40]!r} is not a time", position=position, hint=hint) from None
