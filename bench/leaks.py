"""What reading leaves behind: `python -m bench.leaks [--feeds 100] [--rounds 6]`.

One worker of two processes reads a farm's articles, the same number each round; after each round PSS and descriptors of
its processes by role, and the processes that it took. Nothing of it is asserted: what grows is for people to see.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from bench.farm import _family, open_farm
from bench.memory import by_role, role_of
from bench.speed import FARM, room
from bench.stack import Stack

SETTLED = 3.0  # seconds after a round: what is read is written, children that were too many are gone


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--feeds", type=int, default=100, help="of thirty articles each")
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    roles = ("worker", "parsers", "broker")
    print("articles  " + "  ".join(f"{role + ' MiB':>12} {'fds':>4} {'of':>2}" for role in roles))
    with room() as place, open_farm(FARM, feeds=options.feeds, hosts=20) as farm, Stack(place / "veille") as stack:
        stack.start_worker("deliver,read,poll")
        stack.follow(farm.feeds())
        share = len(farm.published()) // options.rounds
        stack.poll()
        stack.entries_due(0)
        for number in range(1, options.rounds + 1):
            stack.entries_due(share)
            stack.read()
            time.sleep(SETTLED)
            memory, held, counted = looked_at(stack)
            row = "  ".join(f"{memory[role]:12.1f} {held[role]:4} {counted[role]:2}" for role in roles)
            print(f"{number * share:8}  {row}", flush=True)


def looked_at(stack: Stack) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By role: MiB, descriptors, processes."""
    memory, held, counted = Counter[str](), Counter[str](), Counter[str]()
    for root in stack.pids:
        memory += by_role(root)
        for pid in _family([root]):
            counted[role_of(pid)] += 1
            held[role_of(pid)] += descriptors(pid)
    return memory, held, counted


def descriptors(pid: int) -> int:
    """0 for a process that is gone."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


if __name__ == "__main__":
    main()
