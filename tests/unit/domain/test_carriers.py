"""Who told a story first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitor.domain.carriers import Carrier, precedence


def first(carriers: Sequence[Carrier]) -> Carrier:
    return min(carriers, key=precedence)


def carrier(number: int, source: str, hour: int, agency: str | None = None) -> Carrier:
    at = datetime(2026, 3, 2, hour, 5, tzinfo=UTC)
    return Carrier(number, source, at, at + timedelta(minutes=20), agency)


def test_the_earliest_publication_comes_first() -> None:
    assert first([carrier(1, "La Gazette", 9), carrier(2, "Le Fil", 8)]).article_id == 2


def test_the_agency_itself_comes_before_those_that_credit_it() -> None:
    assert first([carrier(1, "Le Fil", 8, "AFP"), carrier(2, "AFP", 9, "AFP")]).article_id == 2


def test_a_bare_day_claims_no_precedence() -> None:
    day = datetime(2026, 3, 2, tzinfo=UTC)
    dated = Carrier(1, "La Gazette", day, day + timedelta(hours=12))
    assert first([dated, carrier(2, "Le Fil", 8)]).article_id == 2


def test_a_time_to_come_and_none_count_as_the_sighting() -> None:
    seen = datetime(2026, 3, 2, 9, tzinfo=UTC)
    undated, late = Carrier(1, "A", None, seen), Carrier(2, "B", seen + timedelta(days=3), seen + timedelta(minutes=1))
    assert first([late, undated]) == undated
    assert first([late, carrier(3, "C", 10)]) == late
