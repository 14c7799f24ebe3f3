"""Who told a story first: the order in which its articles are shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Carrier:
    """One article of a story: who carried it, when it says it was published, when we first saw it, whom it credits."""

    article_id: int
    source: str
    published_at: datetime | None
    seen_at: datetime
    agency: str | None = None


def precedence(carrier: Carrier) -> tuple[bool, datetime, datetime, int]:
    """What carriers of a story are sorted by: the agency's own article first, then by publication.

    A time after its own sighting is a mistake and counts as the sighting, and so does none; a bare day (midnight)
    counts as its last moment, since it claims a precedence that nobody measured.
    """
    own = carrier.agency is not None and _same_name(carrier.source, carrier.agency)
    return not own, _instant(carrier), carrier.seen_at, carrier.article_id


def _same_name(source: str, agency: str) -> bool:
    return re.search(rf"\b{re.escape(agency)}\b", source, re.IGNORECASE) is not None


def _instant(carrier: Carrier) -> datetime:
    seen_at = carrier.seen_at.astimezone(UTC)
    if carrier.published_at is None:
        return seen_at
    at = carrier.published_at.astimezone(UTC)
    if at.time() == time(0):
        at += timedelta(days=1, seconds=-1)
    return min(at, seen_at)
