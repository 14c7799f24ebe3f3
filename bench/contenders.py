"""Who is measured: Veille on a warm stack, and the peers, each in a process of its own that is told what to do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.farm import Cost, Watch, run
from bench.venvs import PEERS


@dataclass
class Done:
    """One step of one contender: what it cost, what it says it stored, seconds from a feed's answer to its texts."""

    cost: Cost
    stored: Mapping[str, int]
    delays: Sequence[float] = field(default=())


class Peer:
    """A script of `peers/` under its own interpreter; it answers each command when it is done."""

    def __init__(self, python: Path, script: str, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        command = [str(python), str(PEERS / script), *arguments]
        self._log = Path(arguments[0]).with_suffix(".log").open("wb") if arguments else subprocess.DEVNULL
        self._process = subprocess.Popen(
            command,
            cwd=PEERS,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            bufsize=1,
        )
        self._answer()

    def ask(self, *words: object) -> Done:
        """One command, measured."""
        assert self._process.stdin is not None
        with Watch([self._process.pid]) as watch:
            self._process.stdin.write(" ".join(map(str, words)) + "\n")
            said = self._answer()
        return Done(watch.cost, {k: v for k, v in said.items() if k != "delays"}, said.get("delays", ()))

    def close(self) -> None:
        """It ends when its input does."""
        with suppress(BrokenPipeError):
            self._process.communicate(timeout=20)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        raise RuntimeError(f"{self._process.args!r} ended by itself")


class Newsboat:
    """`newsboat -x reload`: the whole command, its start with it (a few hundredths of a second)."""

    def __init__(self, place: Path, feeds: Sequence[str], threads: int) -> None:
        self._place = place
        place.mkdir()
        (place / "urls").write_text("\n".join(feeds), encoding="utf-8")
        (place / "config").write_text(f"reload-threads {threads}\n", encoding="utf-8")

    def poll(self) -> Done:
        place = self._place
        files = ["-u", str(place / "urls"), "-C", str(place / "config"), "-c", str(place / "cache.db")]
        cost = run(["newsboat", *files, "-x", "reload"], {**os.environ, "HOME": str(place)})
        counted = subprocess.run(
            ["newsboat", *files, "-x", "print-unread"],
            env={**os.environ, "HOME": str(place)},
            capture_output=True,
            check=False,
            text=True,
        )
        unread = re.search(r"\d+", counted.stdout)
        return Done(cost, {"entries": int(unread[0]) if unread else 0})


class Rss2email:
    """`r2e run` into a Maildir: the whole command. It keeps one connection a feed, one feed after the other."""

    def __init__(self, place: Path, feeds: Sequence[str]) -> None:
        self._place = place
        place.mkdir()
        (place / "Maildir").mkdir()
        lines = ["[DEFAULT]", "from = a@example.org", "to = b@example.org", "email-protocol = maildir"]
        lines += [f"maildir-path = {place}/Maildir", "maildir-mailbox = INBOX", ""]
        for number, url in enumerate(feeds):
            lines += [f"[feed.f{number}]", f"url = {url}", ""]
        (place / "r2e.cfg").write_text("\n".join(lines), encoding="utf-8")

    def poll(self) -> Done:
        place = self._place
        command = ["r2e", "-c", str(place / "r2e.cfg"), "-d", str(place / "r2e.json"), "run"]
        cost = run(command, {**os.environ, "HOME": str(place)})
        return Done(cost, {"entries": sum(1 for _ in (place / "Maildir").rglob("new/*"))})


def written(place: Path, name: str, rows: Sequence[str]) -> Path:
    """The rows in a file, one a line."""
    path = place / name
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def feed_of(url: str) -> int:
    """The number of the feed that an article's address of the farm belongs to."""
    return int(urlsplit(url).path.split("/")[2])


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)
