"""What the benchmarks in containers share: the compose project under test, driven by its command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.starter import init_config

ROOT = Path(__file__).parents[1]
FARM = "http://127.0.0.1:9100"
PSQL = "PGPASSWORD=$(cat /run/secrets/postgres_password) psql -h 127.0.0.1 -U veille -d veille -At -F '\t' -c \"$1\""
SUBSCRIBER = """\
[[subscriber]]
name = "permanence"
rhythm = "at once"
at_most = 1000

  [[subscriber.channel]]
  kind = "email"
  to = "permanence@demo.invalid"
"""


@dataclass
class Stack:
    """A compose project; `environ` is added to this process's, `files` to docker-compose.yml."""

    files: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)

    def compose(self, *words: str, check: bool = True) -> str:
        """What `docker compose …` prints. Raises `RuntimeError` with what it complained of."""
        names = ["docker-compose.yml", *self.files] if self.files else []
        command = ["docker", "compose", *(part for name in names for part in ("-f", name)), *words]
        environ = os.environ | {"COMPOSE_PROFILES": "demo"} | self.environ
        done = subprocess.run(command, check=False, cwd=ROOT, env=environ, capture_output=True, text=True)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr[-2000:]}")
        return done.stdout

    def ask(self, service: str, *words: str) -> str:
        """What a command prints inside a service's first container. Raises `CalledProcessError`."""
        command = ["docker", "exec", f"veille-{service}-1", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def veille(self, *words: str) -> str:
        """`veille …` where ticks are done."""
        return self.ask("worker-deliver", "veille", *words)

    def query(self, sql: str) -> list[list[str]]:
        """Rows, as text."""
        found = self.ask("postgres", "sh", "-c", PSQL, "psql", sql)
        return [line.split("\t") for line in found.splitlines()]

    def number(self, sql: str) -> int:
        return int(self.query(sql)[0][0])

    def containers(self) -> list[dict[str, Any]]:
        """Each container's `Service`, `ID`, `State`, `Health`."""
        return [json.loads(line) for line in self.compose("ps", "-a", "--format", "json").splitlines()]

    def healthy(self, service: str) -> bool:
        return any(one["Service"] == service and one["Health"] == "healthy" for one in self.containers())

    def started(self, service: str) -> int:
        """How often the engine has started it again."""
        command = ["docker", "inspect", "-f", "{{.RestartCount}}", f"veille-{service}-1"]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def kill(self, service: str) -> None:
        """SIGKILL to the first process of a service's container, as the system would: the engine starts it again."""
        (name,) = self.compose("ps", "-q", service).split()
        found = subprocess.run(["docker", "inspect", "-f", "{{.State.Pid}}", name], capture_output=True, check=True)
        os.kill(int(found.stdout), signal.SIGKILL)

    def farm(self, what: str, method: str = "GET") -> str:
        """What the farm answers to a control request."""
        request = f"u.Request('{FARM}/__farm/{what}', method='{method}')"
        return self.ask(
            "farm", "python", "-c", f"import urllib.request as u; print(u.urlopen({request}).read().decode())"
        )


@contextmanager
def farm_stack(place: Path, farm: Path, *, feeds: int, cpus: float = 0) -> Iterator[Stack]:
    """The services on a news farm's feeds, each polled every minute; all is taken away at the end."""
    config = place / "config"
    init_config(config)
    (config / "subscribers.toml").write_text(SUBSCRIBER, encoding="utf-8")
    place.chmod(0o755)
    environ = {"BENCH_FARM": str(farm.absolute()), "BENCH_CONFIG": str(config), "BENCH_FEEDS": str(feeds)}
    stack = Stack(("bench/compose-farm.yml",), environ | {"BENCH_CPUS": str(cpus)})
    stack.compose("down", "-v", "--remove-orphans")
    try:
        stack.compose("up", "-d", "--wait", "farm")
        write_feeds(config, stack.farm("feeds").split())
        yield stack
    finally:
        stack.compose("down", "-v", "--remove-orphans", check=False)


def write_feeds(config: Path, urls: list[str]) -> None:
    rows = (f'[[feed]]\nname = "farm {number}"\nurl = "{url}"\nevery_minutes = 1\n' for number, url in enumerate(urls))
    (config / "feeds.toml").write_text("\n".join(rows), encoding="utf-8")


def await_true(what: str, condition: Any, seconds: float, every: float = 1.0) -> float:
    """Wait until `condition()` is true; gives the seconds it took. Raises `TimeoutError` naming `what`."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - start
