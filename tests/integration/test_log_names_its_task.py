"""What a step logs names the task that runs it, not the first that this process ran."""

from __future__ import annotations

from pathlib import Path

import structlog
from structlog.testing import capture_logs

from monitor.app import make_monitor
from monitor.settings import load_settings
from monitor.storage.work import Announcement, Kind
from tests.press import open_press


def test_each_poll_logs_the_task_that_asked_for_it(tmp_path: Path) -> None:
    settings = load_settings({"VEILLE_DATA_DIR": str(tmp_path / "var"), "VEILLE_CONFIG_DIR": str(tmp_path / "config")})
    settings.config_dir.mkdir()
    announced: list[Announcement] = []
    with open_press() as press, make_monitor(settings, announce=announced.append) as monitor:
        monitor.migrate()
        for name in ("first", "second"):
            monitor.add_feed(f"{press.url}/{name}", name)
        monitor.tick()
        pairs = [pair for one in announced if one.kind is Kind.POLL for pair in one.pairs]
        for number, pair in enumerate(pairs):
            with (
                structlog.contextvars.bound_contextvars(task_id=number),
                capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged,
            ):
                monitor.poll([pair])
            assert {line.get("task_id") for line in logged} == {number}
    assert len(pairs) == 2
