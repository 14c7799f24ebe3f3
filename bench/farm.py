"""What the load benchmarks share: a news farm as a process, and what a command costs, its children with it."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

TICKS, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
# What `fetch_once` asks for is kept, 130 KB an article: by itself the farm keeps some 2,000 and makes each other page
# anew, a millisecond of the cores that are shared, in all rounds but the first.
KEPT_PAGES = ("--cache-mb", "4096")


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


def fetch_once(urls: Sequence[str]) -> None:
    """The farm makes its pages before anybody is measured, as it does not again."""
    for url in urls:
        for headers in ({"Accept-Encoding": "gzip"}, {}):
            with urlopen(Request(url, headers=headers), timeout=30) as answer:
                answer.read()


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
    with Watch([process.pid]) as watch:
        output, _ = process.communicate()
    seconds = time.monotonic() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), output)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, cpu, watch.cost.peak, output)


class Watch:
    """What running processes and their descendants cost from entering to leaving: read from /proc ten times a second.

    A process that lives for less than that may be missed. Memory is added up before the clock starts, after it has
    stopped, when a process is new and at every fifth look from the third: for seven processes that takes ten
    milliseconds of the cores that are shared, and would weigh most on whoever has the most processes. Between, what
    each holds by itself is seen to grow.
    """

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots, self._done = roots, threading.Event()
        self._first: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self._peak, self._start = 0.0, 0.0
        self._added, self._held = 0.0, dict[int, float]()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def cost(self) -> Cost:
        """Final once left."""
        cpu = sum(last - self._first.get(pid, 0.0) for pid, last in self._last.items())
        return Cost(self._seconds, cpu, self._peak, "")

    def __enter__(self) -> Watch:
        self._first = self._look(memory=True)
        self._start = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._seconds = time.monotonic() - self._start
        self._done.set()
        self._thread.join()
        self._last |= self._look(memory=True)

    def _watch(self) -> None:
        looks = 0
        while not self._done.wait(0.1):
            self._last |= self._look(memory=looks % 5 == 2)
            looks += 1

    def _look(self, *, memory: bool = False) -> dict[int, float]:
        family = _family(self._roots)
        held = {pid: _held(pid) for pid in family}
        if memory or not held.keys() <= self._held.keys():
            self._added, self._held = sum(map(_pss, family)) / 1024, held
        grown = sum(held.values()) - sum(self._held.values())
        self._peak = max(self._peak, self._added + grown)
        return {pid: spent for pid in family if (spent := _spent(pid)) is not None}


def children_cpu(apart: int = 0) -> float:
    """Processor seconds of this process's descendants that run now; one of them, and what is its own, left out."""
    theirs = set(_family([apart])) if apart else set()
    return sum(_spent(pid) or 0.0 for pid in _family([os.getpid()])[1:] if pid not in theirs)


def _spent(pid: int) -> float | None:
    """Processor seconds of a process alone; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS


def _held(pid: int) -> float:
    """MiB in memory that are no file's: what was there before a fork counts in each process; 0 once it is gone."""
    try:
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
    except (OSError, ValueError):
        return 0.0
    return (resident - shared) * PAGE / 2**20


def _family(roots: Sequence[int]) -> list[int]:
    """The roots and what descends from them."""
    children = _told if tells_children() else _looked_for()
    found = list(roots)
    for pid in found:
        found += children(pid)
    return found


def tells_children() -> bool:
    """Whether this kernel tells the children of a process (CONFIG_PROC_CHILDREN)."""
    return Path(f"/proc/self/task/{os.getpid()}/children").exists()


def _told(pid: int) -> list[int]:
    """The children of a process, as the kernel tells them: looking at all of /proc takes six milliseconds instead."""
    found = list[int]()
    with suppress(OSError):  # it ended as we looked
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def _looked_for() -> Callable[[int], list[int]]:
    """The same, where a kernel does not tell."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    return lambda pid: [child for child, parent in parents.items() if parent == pid]


def _pss(pid: int) -> int:
    """KiB; 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
