"""A tick gives its place in the main process up as it begins, for the first message of what it announces."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import redis
from celery import Celery

from monitor.app import make_monitor
from monitor.settings import load_settings
from tests.servers import valkey_server
from workers.app import make_app

WORKER = ("-m", "workers", "worker", "-Q", "deliver", "-c", "1", "--without-mingle", "--without-gossip")
SECONDS = 60.0


def test_another_message_is_at_hand_while_a_tick_still_runs(tmp_path: Path) -> None:
    database = tmp_path / "veille.db"
    with valkey_server() as url:
        ours = {"VEILLE_DATA_DIR": str(tmp_path), "VEILLE_DATABASE_URL": f"sqlite:///{database}"}
        ours["VEILLE_BROKER_URL"] = url
        settings = load_settings(ours)
        with make_monitor(settings) as monitor:
            monitor.migrate()
        with make_app(settings) as app, closing(sqlite3.connect(database, isolation_level=None)) as writing:
            app.send_task("veille.tick")
            app.send_task("veille.tick")
            writing.execute("BEGIN IMMEDIATE")  # the tick waits to write that it lives
            worker = subprocess.Popen([sys.executable, *WORKER], env=os.environ | ours, stderr=subprocess.DEVNULL)
            try:
                # of the two and the one that a worker sends itself, one runs, and its process has another at hand
                assert until(lambda: answers(app) and waiting(url) == 1)
            finally:
                writing.execute("ROLLBACK")
                worker.terminate()
                worker.wait()


def answers(app: Celery) -> bool:
    """Whether the worker is there: it has sent its own tick by then."""
    return bool(app.control.ping(timeout=1.0))


def waiting(url: str) -> int:
    """Messages that no worker has fetched."""
    with closing(redis.Redis.from_url(url)) as client:
        return int(client.llen("deliver"))  # type: ignore[arg-type]


def until(holds: Callable[[], bool]) -> bool:
    """Whether it came to hold."""
    end = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
