"""Health is told from rows: what was announced must be answered."""

from __future__ import annotations

from datetime import timedelta

from monitor.domain.pulse import ailments, patience, waiting_since
from monitor.settings import load_settings
from tests.newsroom import NOON

SETTINGS = load_settings({})
MINUTE = timedelta(minutes=1)


def test_without_a_tick_nothing_is_well() -> None:
    assert "no tick" in ailments({}, SETTINGS, NOON, ["tick"])[0]


def test_a_tick_that_stopped_is_told_with_its_age() -> None:
    assert ailments({"tick": NOON}, SETTINGS, NOON + MINUTE, ["tick"]) == []
    assert "300 s ago" in ailments({"tick": NOON}, SETTINGS, NOON + 5 * MINUTE, ["tick"])[0]


def test_idle_workers_are_well() -> None:
    assert ailments({}, SETTINGS, NOON, ["poll", "read", "deliver"]) == []


def test_announced_work_without_an_answer_is_stuck_after_its_patience() -> None:
    beats = {"announced:read": NOON, "read": NOON - MINUTE}
    late = NOON + patience(SETTINGS, "read") + timedelta(seconds=1)
    assert "queue `read`" in ailments(beats, SETTINGS, late, ["read"])[0]
    assert ailments(beats, SETTINGS, NOON + MINUTE, ["read"]) == []
    assert ailments(beats, SETTINGS, late, ["poll"]) == []


def test_digests_are_done_by_who_delivers() -> None:
    assert "queue `deliver`" in ailments({"announced:digest": NOON}, SETTINGS, NOON + 9 * MINUTE, ["deliver"])[0]


def test_an_answer_ends_the_wait() -> None:
    assert waiting_since({"announced:read": NOON, "read": NOON}, "read") is None
