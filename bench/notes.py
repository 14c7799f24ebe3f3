"""A scenario's farm, place and options, and the notes of what its steps cost."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.contenders import Done, Peer, say, written
from bench.farm import Farm
from bench.venvs import python_of

VENVS = Path(__file__).parents[1] / "var" / "bench" / "venvs"
ENVIRONMENTS = {
    "reader": "reader",
    "plain": "plain",
    "celery": "celery",
    "newspaper4k": "newspaper4k",
    "news-please": "news-please",
    "fundus": "fundus",
}
Step = Callable[[], Done]


class Bench:
    """One scenario's farm, place and options; `note` writes what a step cost and checks what it left."""

    def __init__(self, farm: Farm, place: Path, options: argparse.Namespace) -> None:
        self.farm, self.place, self.options, self.wrong = farm, place, options, 0
        every = farm.feeds()
        self.feeds, self.warm = every[: options.feeds], every[options.feeds :]
        self.list = written(place, "feeds.txt", self.feeds)
        self.held = ExitStack()

    def wants(self, name: str) -> bool:
        words = self.options.contenders.split(",")
        return any(word in name for word in words)

    def peer(self, kind: str, script: str, *arguments: str, **environ: str) -> Peer | None:
        python = python_of(ENVIRONMENTS[kind], VENVS)
        if python is None:
            return None
        try:
            peer = Peer(python, script, *arguments, environ=environ)
        except RuntimeError as error:
            say(f"{kind} is left out: {error}")
            return None
        self.held.callback(peer.close)
        return peer

    def asked(self, peer: Peer, *words: object) -> bool:
        """What a peer does before it is measured; one that dies over it is left out."""
        try:
            peer.ask(*words)
        except RuntimeError as error:
            say(f"left out: {error}")
            return False
        return True

    def fresh(self, name: str) -> Path:
        path = self.place / f"{name}-{time.monotonic_ns()}"
        path.mkdir()
        return path

    def note(self, scenario: str, step: str, name: str, units: int, run: Step, expect: Mapping[str, int]) -> None:
        """Run one step and write it down; a result that is not `expect` counts as wrong."""
        self.farm.ask("reset", "POST")
        try:
            done = run()
        except RuntimeError as error:
            if name.startswith("veille"):
                raise
            say(f"{scenario:10} {step:11} {name:22} is left out: {error}")
            return
        served = self.farm.ask("stats")
        if name.startswith("veille"):
            again = max(0, served.get("article 200", 0) - units)
            done = replace(done, stored={**done.stored, "fetched_again": again})
        wrong = {key: (done.stored.get(key), value) for key, value in expect.items() if done.stored.get(key) != value}
        line = {
            "scenario": scenario,
            "step": step,
            "name": name,
            "units": units,
            "seconds": round(done.cost.seconds, 4),
            "cpu": round(done.cost.cpu, 3),
            "peak": round(done.cost.peak, 1),
            "stored": dict(done.stored),
            "wrong": wrong,
            "served": served,
            "delays": sorted(round(delay, 3) for delay in done.delays),
        }
        with self.options.out.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
        rate = units / done.cost.seconds
        say(
            f"{scenario:10} {step:11} {name:22} {done.cost.seconds:8.2f} s  cpu {done.cost.cpu:8.2f}  {rate:9.1f}/s",
            wrong or "",
        )
        self.wrong += bool(wrong) and name.startswith("veille")
