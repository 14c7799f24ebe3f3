"""A short run of bench/faults.py: workers killed outright where it hurts. docs/reliability.md has the long one."""

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
    command = [sys.executable, "-m", "bench.faults", "--repeats", "1"]
    command += [word for point in POINTS for word in ("--point", point)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, run.stdout + run.stderr
    assert [line["kills"] for line in lines] == [1, 1, 1]
    assert lines[-1]["repeated"] == 1
