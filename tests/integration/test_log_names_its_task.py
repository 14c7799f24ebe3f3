"""What a step logs names the task that runs it, not the first that this process ran."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.press import open_press

# In a process of its own: a logger that an earlier test has used keeps to what was configured then.
_POLL = """
import json, sys
import structlog
from structlog.testing import capture_logs
from monitor.app import make_monitor
from monitor.settings import load_settings
from monitor.storage.work import Kind

folder, *urls = sys.argv[1:]
settings = load_settings({"VEILLE_DATA_DIR": folder + "/var", "VEILLE_CONFIG_DIR": folder + "/config"})
settings.config_dir.mkdir()
announced, told = [], []
with make_monitor(settings, announce=announced.append) as monitor:
    monitor.migrate()
    for url in urls:
        monitor.add_feed(url, url)
    monitor.tick()
    pairs = [pair for one in announced if one.kind is Kind.POLL for pair in one.pairs]
    for number, pair in enumerate(pairs):
        with (
            structlog.contextvars.bound_contextvars(task_id=number),
            capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged,
        ):
            monitor.poll([pair])
        told.append(sorted({line.get("task_id") for line in logged}))
print(json.dumps(told))
"""


def test_each_poll_logs_the_task_that_asked_for_it(tmp_path: Path) -> None:
    with open_press() as press:
        urls = [f"{press.url}/{name}" for name in ("first", "second")]
        done = subprocess.run(
            [sys.executable, "-c", _POLL, str(tmp_path), *urls], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [[0], [1]]
