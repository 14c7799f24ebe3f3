"""Heartbeats, written by the steps' way and read by the bare driver."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.domain.pulse import waiting_since
from monitor.errors import StorageError
from monitor.storage.dossiers import beat
from monitor.storage.engine import Store
from monitor.storage.heartbeats import note_announced
from monitor.storage.pulse import read_beats
from monitor.storage.work import Kind
from tests.newsroom import NOON

MINUTE = timedelta(minutes=1)


def test_the_first_unanswered_announcement_is_what_counts(store: Store, database_url: str) -> None:
    with store.write() as session:
        note_announced(session, Kind.READ, NOON)
        note_announced(session, Kind.READ, NOON + MINUTE)
    assert waiting_since(read_beats(database_url), "read") == NOON


def test_an_announcement_after_an_answer_counts_anew(store: Store, database_url: str) -> None:
    with store.write() as session:
        note_announced(session, Kind.READ, NOON)
        beat(session, "read", NOON + MINUTE)
        note_announced(session, Kind.READ, NOON + 2 * MINUTE)
    assert waiting_since(read_beats(database_url), "read") == NOON + 2 * MINUTE


def test_a_database_that_is_not_there_is_said_in_a_sentence() -> None:
    with pytest.raises(StorageError, match="does not answer"):
        read_beats("sqlite:////nowhere/at/all.db")
