"""Speed, side by side with every peer, on a news farm; every figure of docs/performance.md comes from here.

    .venv/bin/python -m bench.speed SCENARIO… [--rounds 1] [--feeds 1000] [--hosts 100] [--out var/bench/speed.jsonl]
    .venv/bin/python -m bench.speed report [--out var/bench/speed.jsonl]

Scenarios: polls, same-body, latency, articles, wave, processes. Each measured step is a line in `--out`; `report`
prints medians over all of its rounds and the ratios. In a round every contender does the same step, one after the
other, on the same farm. Everything of Veille is on and warm; hosts of the farm have no politeness gap.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import scenarios
from bench.farm import Farm, open_farm
from bench.notes import Bench
from bench.report import report

ROOT = Path(__file__).parents[1]
WARM = 100  # feeds beside those that count, polled first
FARM = ROOT.parent / "shared" / "tools" / "newsfarm.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("scenarios", nargs="+", choices=[*scenarios.ALL, "report"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--articles", type=int, default=600, help="read in a round")
    parser.add_argument("--contenders", default="", help="only those whose name holds one of these words")
    parser.add_argument("--farm", type=Path, default=FARM)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "bench" / "speed.jsonl")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for name in options.scenarios:
        if name == "report":
            report(options.out)
            continue
        scenario = scenarios.ALL[name]
        with room() as place, farm_for(options, scenario.farm) as farm:
            bench = Bench(farm, place, options)
            scenario.run(bench)
            wrong += bench.wrong
    return min(wrong, 1)


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """A place for the databases of a scenario."""
    place = Path(tempfile.mkdtemp(prefix="veille-bench-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def farm_for(options: argparse.Namespace, extra: tuple[str, ...]) -> contextlib.AbstractContextManager[Farm]:
    return open_farm(options.farm, feeds=options.feeds + WARM, hosts=options.hosts, options=extra)


if __name__ == "__main__":
    sys.exit(main())
