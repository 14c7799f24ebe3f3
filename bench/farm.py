"""What the load benchmarks share: a news farm as a process, and what a command costs, its children with it."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen


@dataclass
class Farm:
    """The farm's control."""

    url: str

    def ask(self, what: str, method: str = "GET") -> Any:
        """What the farm answers to a control request, JSON or text."""
        with urlopen(Request(f"{self.url}/__farm/{what}", method=method), timeout=60) as answer:
            body = answer.read().decode()
        return json.loads(body) if body.startswith("{") else body

    def feeds(self) -> list[str]:
        return list(self.ask("feeds").split())

    def published(self) -> set[str]:
        """The addresses of all articles that are online."""
        return {row["url"] for row in self.ask("truth")["rows"]}


@contextmanager
def open_farm(script: Path, *, feeds: int, hosts: int, options: Sequence[str] = ()) -> Iterator[Farm]:
    """`newsfarm.py serve` on a free port, with more of its options."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(script), "serve", "--feeds", str(feeds), "--hosts", str(hosts), "--port", str(port)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    farm = Farm(f"http://127.0.0.1:{port}")
    try:
        for _ in range(600):
            try:
                farm.ask("stats")
                break
            except OSError:
                time.sleep(0.1)
        yield farm
    finally:
        process.terminate()
        process.wait()


@dataclass
class Cost:
    """`seconds` by the clock, `cpu` in seconds of all its processes, `peak` in MiB of memory that is theirs (PSS)."""

    seconds: float
    cpu: float
    peak: float
    output: str


def run(command: Sequence[str], environ: Mapping[str, str]) -> Cost:
    """A command to its end. Raises `CalledProcessError`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, text=True)
    peak = Peak(process.pid)
    peak.start()
    output, _ = process.communicate()
    seconds = time.monotonic() - start
    peak.done.set()
    peak.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), output)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, cpu, peak.mib, output)


class Peak(threading.Thread):
    """Samples the memory of a process and its descendants: proportional set size, so that shared pages count once."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.mib, self.done = pid, 0.0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.5):
            self.mib = max(self.mib, sum(map(_pss, _family(self.pid))) / 1024)


def _family(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _pss(pid: int) -> int:
    """KiB; 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
