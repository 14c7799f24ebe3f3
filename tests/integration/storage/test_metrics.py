"""Figures are taken from rows, on both databases alike."""

from __future__ import annotations

from datetime import timedelta

from monitor.settings import load_settings
from monitor.steps.watch import metrics_text, readiness
from monitor.storage.dossiers import beat, put_setting
from monitor.storage.engine import Store
from monitor.storage.heartbeats import add_time
from tests.newsroom import NOON, Newsroom

SETTINGS = load_settings({})


def test_alerts_are_counted_by_topic(store: Store) -> None:
    room = Newsroom(store)
    room.alert(room.article("un", matches={"cloud": 0.8}))
    assert 'veille_alerts_by_topic{dossier="huawei",topic="cloud"} 1' in metrics_text(store, NOON)


def test_an_empty_database_has_figures_too(store: Store) -> None:
    text = metrics_text(store, NOON)
    assert "veille_entries_pending 0" in text
    assert "veille_oldest_undelivered_seconds 0" in text
    assert 'veille_deliveries{status="failed"} 0' in text


def test_times_add_up(store: Store) -> None:
    for seconds in ([0.5], [0.25, 0.25]):
        with store.write() as session:
            add_time(session, "extract", seconds, NOON)
    text = metrics_text(store, NOON)
    assert 'veille_step_seconds_total{step="extract"} 1\n' in text
    assert 'veille_step_count_total{step="extract"} 3' in text


def test_readiness_tells_broken_files_by_name_alone(store: Store) -> None:
    with store.write() as session:
        beat(session, "tick", NOON)
        put_setting(session, "config", {"hash": "", "errors": ["config/subscribers.toml:3: 'ada@x y' is no address"]})
    found = readiness(store, SETTINGS, NOON)
    assert (found.status, found.broken) == ("degraded", ["subscribers.toml"])


def test_work_that_is_stuck_is_told_and_requests_are_answered(store: Store) -> None:
    found = readiness(store, SETTINGS, NOON + timedelta(hours=1))
    assert found.fault is None
    assert "no tick" in found.work[0]
