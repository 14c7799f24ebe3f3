"""Memory of an idle stack, process by process: `python -m bench.memory [--minutes 10]`.

`veille run` in a directory of its own, with the shipped dossier and no feed: broker, worker, beat, web. PSS, so that
what processes share counts once; after the start, and again after `--minutes`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from bench.farm import _family, _pss
from monitor.starter import init_config

# what a command line holds, the first that does; the order matters
ROLES = {
    "unixsocket": "broker",
    "monitor.fetch.sandbox_child": "parsers",
    "\0worker\0": "worker",
    "\0beat\0": "beat",
    "\0web\0": "web",
    "workers.embedded": "supervisor",
    "\0run\0": "command",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    with running() as pid:
        started = by_role(pid)
        time.sleep(60 * options.minutes)
        idle = by_role(pid)
    print(f"{'MiB (PSS)':12} {'started':>9} {f'{options.minutes:g} min':>9}")
    for role in sorted(started | idle, key=lambda name: -idle[name]):
        print(f"{role:12} {started[role]:9.1f} {idle[role]:9.1f}")
    print(f"{'together':12} {started.total():9.1f} {idle.total():9.1f}")


@contextmanager
def running() -> Iterator[int]:
    """The process id of `veille run`, once its web part answers and its worker has done a tick."""
    home = Path(tempfile.mkdtemp(prefix="veille-memory-"))
    init_config(home / "config")
    (home / "config" / "feeds.toml").write_text("", encoding="utf-8")
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VEILLE_")}
    environ |= {"VEILLE_DATA_DIR": str(home / "var"), "VEILLE_CONFIG_DIR": str(home / "config")}
    command = [sys.executable, "-m", "monitor.cli", "run", "--port", str(port)]
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        time.sleep(20)  # a tick, and whatever the worker makes for the first time
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the address answers. Raises `RuntimeError` when the process ends or takes a minute."""
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            with urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def by_role(pid: int) -> Counter[str]:
    """MiB of the processes of each role."""
    found: Counter[str] = Counter()
    for one in _family([pid]):
        found[role_of(one)] += _pss(one) / 1024
    return found


def role_of(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except OSError:
        return "gone"
    if "valkey" in words or "redis-server" in words:
        return "broker"
    return next((role for mark, role in ROLES.items() if mark in words), "other")


if __name__ == "__main__":
    main()
