"""Veille as it runs, warm, for measuring: a broker of its own, a Celery worker with the queues asked for, no beat.

Everything stays on: the guard at the socket, robots.txt, the parsing children, leases, the schedule. What the bench
does in beat's place is to send `veille.tick`.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from celery import Celery
from sqlalchemy import func, select, update

from bench.farm import Cost, Watch
from monitor.app import Monitor, make_monitor
from monitor.settings import load_settings
from monitor.storage.tables import Article, Entry, Feed, Match, Topic
from workers.app import make_app
from workers.broker import prepare_socket, server_command, wait_for

ROOT = Path(__file__).parents[1]
CHECK = ROOT / "bench" / "check.toml"
# Asked after each commit while something is measured, of the driver itself and of one row while it is left: what the
# looking takes is taken from the cores that are measured. The last feed first, since it is polled last.
UNREAD = "SELECT id FROM entries WHERE due_at IS NOT NULL AND outcome IS NULL LIMIT 1"
_UNPOLLED = "SELECT id FROM feeds WHERE enabled AND (last_polled_at IS NULL OR last_polled_at < :start OR attempts > 0)"
UNPOLLED, THIS_UNPOLLED = f"{_UNPOLLED} ORDER BY id DESC LIMIT 1", f"{_UNPOLLED} AND id = :feed"


class Stack:
    """One installation in `place`. `settings` are VEILLE_ variables without the prefix."""

    def __init__(self, place: Path, *, processes: int = 2, fast: bool = True, **settings: str) -> None:
        self.place, self.processes = place, processes
        config = place / "config"
        config.mkdir(parents=True)
        shutil.copytree(ROOT / "config" / "dossiers", config / "dossiers")
        shutil.copy(CHECK, config / "dossiers" / "check.toml")
        paths = ([] if fast else [str(ROOT / "bench" / "by_feedparser")]) + [str(ROOT)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VEILLE_")}
        ours = {"VEILLE_DATA_DIR": str(place / "var"), "VEILLE_CONFIG_DIR": str(config)}
        ours |= {"VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.0/8", "VEILLE_LOG_LEVEL": "warning"}
        ours |= {f"VEILLE_{name.upper()}": value for name, value in settings.items()}
        self.environ = {**kept, **ours, "PYTHONPATH": os.pathsep.join(paths)}
        self.monitor: Monitor = make_monitor(load_settings(ours))
        self.monitor.migrate()
        self.app: Celery = make_app(self.monitor.settings)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._last_unpolled: int | None = None

    def __enter__(self) -> Stack:
        socket = self.monitor.settings.broker_socket
        prepare_socket(socket)
        self._start(server_command(socket, self.place))
        wait_for(self.monitor.settings.effective_broker_url, 10)
        return self

    def __exit__(self, *_: object) -> None:
        self.monitor.close()
        self.app.close()
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()
            process.wait()

    def start_worker(self, queues: str, cores: str | None = None) -> None:
        """A worker of these queues, perhaps bound to `cores` (as taskset has them). Cold: warm it by a first step."""
        command = [sys.executable, "-m", "workers", "worker", "-Q", queues]
        command += ["-c", str(self.processes), "--without-mingle", "--without-gossip", "-n", f"{uuid.uuid4()}@%h"]
        self._start([*(["taskset", "-c", cores] if cores else []), *command])

    @property
    def pids(self) -> list[int]:
        """The broker's and the workers' process ids."""
        return [process.pid for process in self._processes]

    def stop_worker(self) -> None:
        """The worker ends, and with it what it knew of; its messages go too."""
        worker = self._processes.pop()
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
        self.app.control.purge()

    def follow(self, feeds: Sequence[str]) -> None:
        """Poll these feeds and no others; written and synchronised as an edit of the file would be."""
        path = self.place / "config" / "feeds.toml"
        tables = (f'[[feed]]\nname = "{url}"\nurl = "{url}"\n' for url in feeds)
        path.write_text("\n".join(tables), encoding="utf-8")
        self.monitor.sync()

    def all_due(self) -> None:
        """Every feed is due now."""
        self.monitor.make_feeds_due()

    def entries_due(self, limit: int) -> list[str]:
        """`limit` unread entries from all over are due, the others never; gives their links: in each stack the same."""
        with self.monitor.store.write() as session:
            session.execute(update(Entry).where(Entry.outcome.is_(None)).values(due_at=None, turn=Entry.turn + 1))
            rows = session.execute(
                select(Entry.id, Entry.link).where(Entry.outcome.is_(None)).order_by(Entry.link)
            ).all()
            chosen = random.Random(len(rows)).sample(rows, min(limit, len(rows)))
            ids = [row.id for row in chosen]
            session.execute(update(Entry).where(Entry.id.in_(ids)).values(due_at=datetime.now(UTC)))
        return [row.link for row in chosen]

    def only_due(self, urls: Sequence[str]) -> None:
        """The unread entries of these addresses are due, no others."""
        self.entries_due(0)
        with self.monitor.store.write() as session:
            for url in urls:
                session.execute(
                    update(Entry).where(Entry.link == url, Entry.outcome.is_(None)).values(due_at=datetime.now(UTC))
                )

    def tick(self) -> None:
        self.app.send_task("veille.tick")

    def poll(self) -> Cost:
        """From a tick until every feed was polled."""
        return self._measured(self._unpolled)

    def read(self) -> Cost:
        """From a tick until no entry waits."""
        return self._measured(self._unread)

    def wave(self) -> Cost:
        """From a tick until every feed was polled and every entry read."""
        return self._measured(lambda *given: self._unpolled(*given) or self._unread(*given))

    def entries_left(self) -> bool:
        """Whether an entry is due and unread."""
        with closing(self.monitor.store.engine.raw_connection()) as connection:
            return self._unread(connection, "")

    def stored(self) -> dict[str, int]:
        """Entries stored of the feeds that are followed, texts stored, and texts in which the check topic was found."""
        found = (
            select(func.count())
            .select_from(Match)
            .join(Topic, Topic.id == Match.topic_id)
            .where(Topic.slug == "europe")
        )
        return {
            "entries": self._count(select(func.count()).select_from(Entry).join(Feed).where(Feed.enabled)),
            "texts": self._count(select(func.count()).select_from(Article)),
            "found": self._count(found),
        }

    def found(self) -> set[str]:
        """The addresses of the texts in which the check topic was found."""
        chosen = (
            select(Article.canonical_url)
            .join(Match)
            .join(Topic, Topic.id == Match.topic_id)
            .where(Topic.slug == "europe")
        )
        with self.monitor.store.read() as session:
            return set(session.scalars(chosen))

    def delays(self, since: datetime) -> list[float]:
        """Seconds from each feed's answer to each of its new texts stored."""
        with self.monitor.store.read() as session:
            rows = session.execute(select(Entry.created_at, Entry.read_at).where(Entry.created_at >= since)).all()
        return [(row.read_at - row.created_at).total_seconds() for row in rows if row.read_at]

    def _topic(self) -> Any:
        return select(Topic.id).where(Topic.slug == "europe").scalar_subquery()

    def _count(self, statement: Any) -> int:
        with self.monitor.store.read() as session:
            return int(session.scalar(statement) or 0)

    def _unpolled(self, connection: Any, start: str) -> bool:
        """Whether an enabled feed was not polled since `start`."""
        given = {"start": start, "feed": self._last_unpolled}
        if self._last_unpolled is None or not _one(connection, THIS_UNPOLLED, given):
            self._last_unpolled = _one(connection, UNPOLLED, given)
        return self._last_unpolled is not None

    def _unread(self, connection: Any, _start: str) -> bool:
        """Whether an entry is due and unread."""
        return _one(connection, UNREAD) is not None

    def _measured(self, left: Callable[[Any, str], bool]) -> Cost:
        start = str(datetime.now(UTC).replace(tzinfo=None))  # as SQLite has it
        with Watch(self.pids) as watch:
            self.tick()
            self._wait(left, start)
        return watch.cost

    def _wait(self, left: Callable[[Any, str], bool], start: str, seconds: float = 400) -> None:
        """Peers say at once that they are done: here each write is looked at as soon as it is committed."""
        end, seen = time.monotonic() + seconds, None
        with closing(self.monitor.store.engine.raw_connection()) as watching:
            while True:
                written = _one(watching, "PRAGMA data_version")
                if written != seen and not left(watching, start):
                    return
                if time.monotonic() > end:
                    raise TimeoutError(f"not done after {seconds:g} s")
                seen = written
                time.sleep(0.002)

    def _start(self, command: Sequence[str]) -> None:
        self._processes.append(subprocess.Popen(command, env=self.environ, stdin=subprocess.DEVNULL))


def _one(connection: Any, statement: str, given: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """The first value of the first row, outside of any transaction; None without a row."""
    rows = connection.cursor().execute(statement, dict(given)).fetchall()
    return rows[0][0] if rows else None
