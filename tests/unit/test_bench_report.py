"""What two processes do beside one is told round by round."""

from __future__ import annotations

from bench.report import beside


def lines(*seconds: float, units: int = 100) -> list[dict[str, float]]:
    return [{"units": units, "seconds": each} for each in seconds]


def test_the_last_is_held_against_each_other_of_its_own_round() -> None:
    told = beside({"one": lines(10, 20, 30), "one, bound": lines(20, 20, 20), "two": lines(5, 5, 10, units=100)})
    assert told == ["  two: 3.00 x one (2.00 to 4.00)", "  two: 4.00 x one, bound (2.00 to 4.00)"]


def test_rates_are_compared_not_seconds() -> None:
    """Two loops extract twice as many pages as one."""
    assert beside({"one": lines(2.0), "both": lines(2.0, units=200)}) == ["  both: 2.00 x one (2.00 to 2.00)"]
