"""A short run of bench.faults: workers killed where it hurts and at random. docs/reliability.md has the long one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POINTS = ("configuration half written", "members added", "mail accepted")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_worker_killed_at_a_bad_moment_loses_nothing_and_tells_nothing_twice() -> None:
    lines = programme("points", *(word for point in POINTS for word in ("--point", point)))
    assert [line["faults"] for line in lines] == [1, 1, 1]
    assert lines[-1]["repeated"] == 1


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_workers_killed_at_random_times_lose_nothing_and_tell_nothing_twice() -> None:
    (line,) = programme("kills")
    assert (line["faults"], line["alerts"], line["lost"], line["in_two_digests"]) == (10, 333, 0, 0)


def programme(part: str, *options: str) -> list[dict[str, object]]:
    """The lines of a short run, which must keep the promise."""
    command = [sys.executable, "-m", "bench.faults", "--programme", "short", "--database", "sqlite", "--part", part]
    run = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]
