"""Reading with one reader and with two, in turn, each held to a share of a core: what the second one adds.

    .venv/bin/python -m bench.compose_scale ../shared/tools/newsfarm.py [--cpus 0.4] [--seconds 40] [--rounds 3]

The feeds are polled first, so that reading is all that is left to do. The second reader is stopped for the rounds with
one, and started again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.containers import Stack, await_true, farm_stack

READ = "SELECT count(*) FROM entries WHERE outcome IS NOT NULL"
LEFT = "SELECT count(*) FROM entries WHERE outcome IS NULL"
UNPOLLED = "SELECT count(*) FROM feeds WHERE last_success_at IS NULL"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("farm", type=Path, help="newsfarm.py")
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--cpus", type=float, default=0.4, help="of a core, for each reader")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        farm_stack(Path(place), options.farm, feeds=options.feeds, cpus=options.cpus) as stack,
    ):
        fill(stack)
        stack.compose("stop", "worker-poll")
        rates = [measure(stack, options.seconds) for _ in range(options.rounds)]
    ratios = [two / one for one, two in rates]
    print(f"ratio {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    return 0 if median(ratios) > 1.5 else 1


def fill(stack: Stack) -> None:
    """Everything polled, nothing read: the readers start when the feeds are done."""
    stack.compose("up", "-d", "--wait", "--wait-timeout", "300", "--scale", "worker-read=0")
    await_true("polling", lambda: stack.number("SELECT count(*) FROM feeds") > 0 and not stack.number(UNPOLLED), 300)
    print(f"{stack.number(LEFT)} entries to read", flush=True)
    stack.compose("up", "-d", "--no-recreate", "--scale", "worker-read=2", "worker-read")
    await_true("reading by both", lambda: stack.number(READ) > 80, 120)


def measure(stack: Stack, seconds: float) -> tuple[float, float]:
    """Entries a second by one reader, then by two."""
    second = stack.compose("ps", "-q", "worker-read").split()[1]
    subprocess.run(["docker", "stop", second], check=True, capture_output=True)
    one = rate(stack, seconds)
    subprocess.run(["docker", "start", second], check=True, capture_output=True)
    time.sleep(15)  # until it reads
    two = rate(stack, seconds)
    print(f"one reader {one:.2f}/s, two {two:.2f}/s", flush=True)
    return one, two


def rate(stack: Stack, seconds: float) -> float:
    time.sleep(5)
    before, start = stack.number(READ), time.monotonic()
    time.sleep(seconds)
    after, end = stack.number(READ), time.monotonic()
    if not stack.number(LEFT):
        raise RuntimeError("nothing is left to read: more feeds are needed")
    return (after - before) / (end - start)


if __name__ == "__main__":
    sys.exit(main())
