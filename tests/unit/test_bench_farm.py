"""The bench measures a process with all that it started, whether the kernel tells of children or not."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from bench import farm

WAIT = "import sys; sys.stdin.read()"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {WAIT!r}]); print(flush=True); {WAIT}"


@pytest.fixture
def parent() -> Iterator[int]:
    """A process with one child, which ends with its standard input."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_children_are_found_in_both_ways(parent: int) -> None:
    told = farm._told(parent) if farm.tells_children() else None
    found = farm._looked_for()(parent)
    assert len(found) == 1
    assert told in (None, found)
    assert farm._family([parent]) == [parent, *found]


HOLDING = "import sys; sys.stdin.readline(); held = bytearray(b'1') * (64 << 20); print(flush=True)"
HOLDING += "; sys.stdin.readline(); del held; print(flush=True); sys.stdin.read()"


def test_memory_that_is_held_for_a_moment_is_seen_without_adding_all_up() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with farm.Watch([process.pid]) as watch:
            first = farm._pss(process.pid) / 1024
            for pause in (0.35, 0.0):
                process.stdin.write(b"\n")
                process.stdin.flush()
                process.stdout.readline()
                time.sleep(pause)
        process.kill()
    assert 63 < watch.cost.peak - first < 80
