"""Dates as feeds write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import dates
from monitor.domain.dates import EPOCH, parse_date, plausible

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
AT_1430 = datetime(2026, 11, 22, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 22 Nov 2026 14:30:00 +0100",
        "Sun, 22 Nov 2026 13:30:00 GMT",
        "22 Nov 2026 08:30:00 EST",
        "Sun, 22 Nov 2026 14:30:00 CET",
        "Sun, 22 Nov 2026 14:30:00",
        "Sun, 22 Nov 2026 14:30:00 -0000",
        "2026-11-22T14:30:00+01:00",
        "2026-11-22T13:30:00.123Z",
        "2026-11-22 14:30",
        "20261122T133000Z",
        "1795354200",
        "1795354200000",
        "dimanche 22 novembre 2026 à 14h30",
        "Dim, 22 nov. 2026 14:30:00 +0100",
        "22 NOVEMBRE 2026 - 14:30",
        "22/11/2026 14:30",
        "22.11.2026 à 14h30",
    ],
)
def test_one_instant_has_many_spellings(text: str) -> None:
    assert parse_date(text) == AT_1430


@pytest.mark.parametrize(
    ("text", "day"),
    [("1er août 2026", (2026, 7, 31, 22)), ("2026-11", (2026, 10, 31, 23)), ("3 févr. 2026", (2026, 2, 2, 23))],
)
def test_a_day_alone_begins_at_midnight_in_paris(text: str, day: tuple[int, int, int, int]) -> None:
    assert parse_date(text) == datetime(*day, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "hier", "30 février 2026", "2026-13-45", "0000-00-00T00:00:00", "Sun, 99 Nov 2026 14:30:00 +0100", "9" * 400,
     "2026-11-22T25:99", "12 brumaire 2026"],
)  # fmt: skip
def test_nonsense_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@given(st.text(alphabet="0123456789:/-+TZ .hjanvier", max_size=60))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    parsed = parse_date(text)
    assert parsed is None or parsed.utcoffset() == timedelta(0)


def test_the_future_is_now_and_before_1970_is_unknown() -> None:
    assert plausible(NOW + timedelta(days=400), NOW) == NOW
    assert plausible(datetime(1969, 5, 1, tzinfo=UTC), NOW) is None
    assert plausible(AT_1430, NOW) == AT_1430
    assert plausible(None, NOW) is None


@settings(max_examples=150)
@given(
    st.integers(0, 32),
    st.sampled_from(["Jan", "Feb", "Dec"]),
    st.integers(0, 9999),
    st.tuples(st.integers(0, 25), st.integers(0, 60), st.integers(0, 61)),
    st.sampled_from(["GMT", "+0100", "-0530", "+2400", "-0000", "+9999"]),
)
def test_the_usual_form_takes_a_short_way_to_the_same_instant(
    day: int, month: str, year: int, clock: tuple[int, int, int], zone: str
) -> None:
    text = f"Mon, {day:02} {month} {year:04} {clock[0]:02}:{clock[1]:02}:{clock[2]:02} {zone}"
    known = parse_date(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dates, "_MAIL", re.compile(r"(?!)"))
        assert known == parse_date(text)


@given(
    st.integers(-30_000_000_000, 32_000_000_000).map(lambda seconds: EPOCH + timedelta(seconds=seconds)),
    st.sampled_from(["Z", "+00:00", "-00:00", "+01:00", "-09:30", "+14:59", "+23:59", "+24:00", "+02:60"]),
    st.sampled_from([("T24:00:", "T24:00:"), ("-02-", "-13-"), (":0", ":6")]),
)
@settings(max_examples=100)
def test_an_instant_takes_a_short_way_to_what_the_long_one_says(
    instant: datetime, zone: str, change: tuple[str, str]
) -> None:
    plain = f"{instant:%Y-%m-%dT%H:%M:%S}{zone}"
    for text in (plain, plain.replace(*change), plain[:10] + "T24:00:00" + zone):
        known = parse_date(text)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dates, "_INSTANT", re.compile(r"(?!)"))
            assert parse_date(text) == known
