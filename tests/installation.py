"""A Veille of one's own for acceptance tests: its directories, its environment, its commands as real processes."""

from __future__ import annotations

import atexit
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.press import Answer, Press, html
from tests.servers import wait_until

ROOT = Path(__file__).parents[1]
VEILLE = [sys.executable, "-m", "monitor.cli"]
WORDS = [
    "réseau", "accord", "ville", "projet", "annonce", "prix", "budget", "équipe", "marché", "rapport", "calendrier",
    "enquête", "service", "client", "usine", "région", "conseil", "étude", "mesure", "plan", "fibre", "logiciel",
    "données", "école", "santé", "banque", "transport", "énergie", "culture", "presse", "justice", "recherche",
]  # fmt: skip


@cache
def compiled_dossiers() -> Path:
    """One cache for all tests of a run: each has the same dossier, which takes a second to compile."""
    folder = Path(tempfile.mkdtemp(prefix="veille-cache-"))
    folder.chmod(0o777)  # a test runs as somebody else
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass
class Installation:
    """`directory` holds config, data and logs; `environ` is all that the commands see of the environment."""

    directory: Path
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shutil.copytree(ROOT / "config" / "dossiers", self.config / "dossiers")
        self.data.mkdir(exist_ok=True)
        (self.data / "cache").symlink_to(compiled_dossiers())

    @property
    def config(self) -> Path:
        return self.directory / "config"

    @property
    def data(self) -> Path:
        return self.directory / "var"

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        ours = {
            "VEILLE_CONFIG_DIR": str(self.config),
            "VEILLE_DATA_DIR": str(self.data),
            "VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.0/8",
            "VEILLE_LOG_FORMAT": "json",
            "PYTHONPATH": str(ROOT),
        }
        return {**kept, **ours, **self.extra}

    def feeds(self, urls: list[str]) -> None:
        """Write feeds.toml."""
        tables = (f'[[feed]]\nname = "F{number}"\nurl = "{url}"\n' for number, url in enumerate(urls))
        (self.config / "feeds.toml").write_text("\n".join(tables), encoding="utf-8")

    def veille(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [*VEILLE, *arguments], env=self.environ, cwd=self.directory, capture_output=True, text=True, timeout=seconds
        )

    def lines(self, *arguments: str) -> list[dict[str, object]]:
        """The JSON lines of a command that must succeed."""
        done = self.veille(*arguments)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    @contextmanager
    def running(self, *arguments: str) -> Iterator[Running]:
        """`veille run` in the background; ended cleanly at the end, which must succeed."""
        log = (self.directory / "run.log").open("ab")
        process = subprocess.Popen(
            [*VEILLE, "run", *arguments], env=self.environ, cwd=self.directory, stdout=log, stderr=log
        )
        running = Running(self, process, self.directory / "run.log")
        try:
            yield running
        finally:
            log.close()
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Cleanly if it will; its children end with it, so that a test that failed leaves nothing at work."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(60)
    finally:
        process.kill()


@dataclass
class Running:
    """A `veille run` under way, seen through its log."""

    installation: Installation
    process: subprocess.Popen[bytes]
    log: Path

    def events(self, name: str) -> list[dict[str, object]]:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [json.loads(line) for line in lines if re.search(rf'"event": "{name}"', line)]

    def child(self, name: str) -> int:
        """The process id of a child as started last."""
        wait_until(lambda: any(event["child"] == name for event in self.events("started")), 30)
        return int(str([event["pid"] for event in self.events("started") if event["child"] == name][-1]))

    def kill(self, name: str) -> None:
        """Kill a child outright, with all that it started."""
        os.killpg(self.child(name), signal.SIGKILL)

    def await_event(self, name: str, count: int = 1, seconds: float = 60) -> bool:
        return wait_until(lambda: len(self.events(name)) >= count, seconds)


def fill_press(press: Press, feeds: int, entries: int, share_alerting: float, latency: float = 0.0) -> list[str]:
    """Feeds of entries with texts that share nothing; a share of them is on the shipped dossier. Gives their paths."""
    rng = random.Random(7)
    paths = []
    for feed in range(feeds):
        items = []
        for entry in range(entries):
            path, title = f"/a/{feed}/{entry}", f"Article {feed}-{entry} sur {rng.choice(WORDS)}"
            body = [" ".join(rng.choices(WORDS, k=60)).capitalize() + "." for _ in range(4)]
            if rng.random() < share_alerting:
                title = f"Huawei exclu de la 5G en Allemagne, acte {feed}-{entry}"
                body[0] = (
                    f"Berlin a décidé d'interdire les équipements de Huawei dans ses réseaux 5G, acte {feed}-{entry}."
                )
                body[1] = "Huawei conteste cette exclusion des réseaux 5G allemands. " + body[1]
            press.answers[path] = _slow(
                Answer(html(title, tuple(body)), headers={"content-type": "text/html"}), latency
            )
            items.append((f"{feed}-{entry}", title, path))
        press.publish(f"/f/{feed}", items)
        paths.append(f"/f/{feed}")
    return paths


def _slow(answer: Answer, seconds: float) -> Callable[[dict[str, str]], Answer]:
    def wait(_headers: dict[str, str]) -> Answer:
        time.sleep(seconds)
        return answer

    return wait
