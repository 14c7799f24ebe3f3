"""What a server says about when to come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.caching import freshness, retry_after

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = "Sun, 22 Nov 2026 13:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": 'max-age="600"', "age": "100"}, 500),
        ({"cache-control": "s-maxage=10"}, None),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "max-age=99999999999999"}, 86_400),
        ({"cache-control": "max-age=0", "expires": LATER}, 0),
        ({"expires": LATER}, 3600),
        ({"expires": LATER, "date": "Sun, 22 Nov 2026 12:30:00 GMT"}, 1800),
        ({"expires": "0"}, None),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({}, None),
    ],
)
def test_an_answer_stays_fresh_as_long_as_it_says(headers: dict[str, str], seconds: int | None) -> None:
    assert freshness(headers, NOW) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), (LATER, 3600), ("9" * 50, 86_400), ("-5", None), ("bientôt", None), ("", None), ("1.5", None),
     ("Sat, 21 Nov 2026 13:00:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("²", None)],
)  # fmt: skip
def test_the_wait_a_server_asks_for_is_bounded(value: str, seconds: int | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_the_reader(one: str, two: str) -> None:
    for wait in (freshness({"cache-control": one, "expires": two}, NOW), retry_after({"retry-after": two}, NOW)):
        assert wait is None or timedelta(0) <= wait <= timedelta(days=1)
