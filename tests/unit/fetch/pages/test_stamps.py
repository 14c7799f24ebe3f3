"""Stamps of pages at the ends of the calendar, and midnights said in UTC."""

from datetime import timedelta

import pytest

from monitor.fetch.pages import extract_page
from monitor.fetch.pages.dates import parse_stamp


@pytest.mark.parametrize(
    "stamp",
    [
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T01:00:00Z",
        "0000-01-01",
    ],
)
def test_a_stamp_at_the_ends_of_the_calendar_is_none(stamp: str) -> None:
    assert parse_stamp(stamp) is None


@pytest.mark.parametrize(
    ("stamp", "day", "offset"),
    [
        ("2026-03-01T23:00:00Z", "2026-03-02", timedelta(hours=1)),
        ("2026-07-01T22:00:00Z", "2026-07-02", timedelta(hours=2)),
        ("2026-03-01T22:00:00Z", "2026-03-01", timedelta(0)),
    ],
)
def test_midnight_in_paris_said_in_utc_is_that_day(stamp: str, day: str, offset: timedelta) -> None:
    at = parse_stamp(stamp)
    assert at is not None
    assert at.date().isoformat() == day
    assert at.utcoffset() == offset


@pytest.mark.parametrize(
    "line",
    [
        "Mis à jour le 5 mars 2026 à 10h, publié le 3 mars 2026",
        "Publié le 3 mars 2026, mis à jour le 5 mars 2026",
        "Créée le 3 mars 2026, modifiée le 5 mars 2026",
        "Mise en ligne le 3 mars 2026",
        "Mis en ligne le 3 mars 2026 ; actualisé le 5 mars 2026",
    ],
)
def test_the_day_of_publication_stands_before_or_after_that_of_the_last_change(line: str) -> None:
    text = "<p>Le chantier commence en avril, selon la préfecture, et doit durer dix-huit mois dans la commune.</p>"
    body = f"<html lang=fr><title>Un pont</title><article><h1>Un pont</h1><p>{line}</p>{text * 3}</article></html>"
    at = extract_page(body.encode(), url="https://gazette.example/pont").published_at
    assert at is not None
    assert at.date().isoformat() == "2026-03-03"
