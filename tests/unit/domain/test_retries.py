"""The retry schedule of deliveries."""

from __future__ import annotations

from datetime import timedelta

from monitor.domain.retries import next_try


def test_eight_tries_over_a_day_and_then_no_more():
    waits = [next_try(failures) for failures in range(1, 9)]
    assert waits[0] == timedelta(seconds=5)
    assert waits[-1] is None
    assert sum((wait for wait in waits if wait), timedelta()) == timedelta(hours=27, minutes=35, seconds=5)


def test_a_receiver_may_ask_for_more_time_but_not_for_less():
    assert next_try(1, timedelta(minutes=10)) == timedelta(minutes=10)
    assert next_try(2, timedelta(seconds=1)) == timedelta(minutes=5)
