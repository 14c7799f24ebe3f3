"""What is in force is asked of the dossiers' rows, which are large, only when it may have changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from monitor.app import Monitor
from monitor.domain.model import Origin
from monitor.steps.versions import ANYWAY, Versions
from monitor.storage.dossiers import DossierRow, put_dossier
from monitor.testing import Clock, make_inline_monitor
from tests.integration.steps.conftest import settings_for
from tests.integration.steps.test_sync import SMALL, write


@pytest.fixture
def monitor(sqlite_url: str, tmp_path: Path, clock: Clock) -> Iterator[Monitor]:
    made, _ = make_inline_monitor(settings_for(sqlite_url, tmp_path), clock)
    write(made, "dossiers/essai.toml", SMALL)
    made.tick()
    yield made
    made.close()


@contextmanager
def asked_of_dossiers(monitor: Monitor) -> Iterator[list[str]]:
    """The statements that read the dossiers' rows."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM dossiers" in statement:
            found.append(statement)

    event.listen(monitor.store.engine, "before_cursor_execute", note)
    yield found
    event.remove(monitor.store.engine, "before_cursor_execute", note)


def test_the_rows_are_asked_once_while_no_configuration_is_taken_up(monitor: Monitor) -> None:
    shelf = monitor.context.dossiers
    with asked_of_dossiers(monitor) as first:
        matcher = shelf.matcher()
    with asked_of_dossiers(monitor) as then:
        assert [shelf.matcher(), shelf.matcher()] == [matcher, matcher]
    assert (bool(first), then) == (True, [])


def test_what_is_taken_up_is_in_force_with_the_next_batch(monitor: Monitor) -> None:
    shelf = monitor.context.dossiers
    assert len(shelf.matcher().dossiers) == 2
    (monitor.settings.config_dir / "dossiers" / "essai.toml").unlink()
    monitor.sync()
    assert [dossier.slug for dossier in shelf.matcher().dossiers] == ["huawei-europe"]


def test_what_nobody_noted_is_seen_a_minute_later(monitor: Monitor, clock: Clock) -> None:
    seconds = 0.0
    versions = Versions(lambda: seconds)
    seen = []
    for seconds in (0.0, ANYWAY - 1, ANYWAY + 1):
        with monitor.store.read() as session:
            seen.append(dict(versions.in_force(session)).get("essai"))
        if not seconds:
            with monitor.store.write() as session:
                row = DossierRow("essai", "Essai", SMALL, None, "another")
                put_dossier(session, row, [("a", "A")], Origin.FILE, clock())
    assert seen[0] == seen[1]
    assert seen[2] == "another"
