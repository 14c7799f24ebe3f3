"""Medians and ratios of what `speed.py` measured."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

Lines = list[dict[str, Any]]
HEAD = "{:<22} {:>6} {:>9} {:>9} {:>10} {:>9} {:>8} {:>9} {:>8} {:>9}"


def report(path: Path) -> None:
    """One table a step: medians of each contender, and how many times Veille's rate is theirs."""
    groups: dict[tuple[str, str], dict[str, Lines]] = defaultdict(lambda: defaultdict(list))
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        groups[line["scenario"], line["step"]][line["name"]].append(line)
    for (scenario, step), contenders in groups.items():
        print(f"\n{scenario}: {step}")
        print(HEAD.format("", "rounds", "seconds", "cpu s", "a second", "cpu ms", "peak MiB", "304", "x rate", "x cpu"))
        best = contenders.get("veille")
        for name, lines in contenders.items():
            print(HEAD.format(name, len(lines), *figures(lines), *ratios(lines, best)))
        if scenario == "processes":
            for text in beside(contenders):
                print(text)
        if any(line["delays"] for lines in contenders.values() for line in lines):
            for name, lines in contenders.items():
                print(f"  {name}: from the feed's answer to the text stored: {spread(lines)}")


def figures(lines: Lines) -> list[str]:
    seconds, cpu = median(lines, "seconds"), median(lines, "cpu")
    rate, each = per(lines, "seconds"), 1000 * statistics.median(line["cpu"] / max(1, line["units"]) for line in lines)
    unchanged = statistics.median(line["served"].get("feed 304", 0) for line in lines)
    return [
        f"{seconds:.2f}",
        f"{cpu:.2f}",
        f"{rate:.1f}",
        f"{each:.2f}",
        f"{median(lines, 'peak'):.0f}",
        f"{unchanged:.0f}",
    ]


def ratios(lines: Lines, best: Lines | None) -> list[str]:
    """How many times faster, and how many times less processor, Veille is."""
    if not best:
        return ["", ""]
    cpu = statistics.median(line["cpu"] / max(1, line["units"]) for line in lines)
    our_cpu = statistics.median(line["cpu"] / max(1, line["units"]) for line in best)
    return [f"{per(best, 'seconds') / per(lines, 'seconds'):.1f}", f"{cpu / max(our_cpu, 1e-6):.1f}"]


def beside(contenders: dict[str, Lines]) -> list[str]:
    """How many times the others' rate the last contender's is, each round by itself: median and span of the pairs."""
    *others, (last, lines) = contenders.items()
    said = []
    for name, its in others:
        pairs = sorted(
            one["units"] / one["seconds"] * other["seconds"] / other["units"]
            for one, other in zip(lines, its, strict=False)
        )
        said.append(f"  {last}: {statistics.median(pairs):.2f} x {name} ({pairs[0]:.2f} to {pairs[-1]:.2f})")
    return said


def per(lines: Lines, key: str) -> float:
    return statistics.median(line["units"] / line[key] for line in lines)


def median(lines: Lines, key: str) -> float:
    return statistics.median(line[key] for line in lines)


def spread(lines: Lines) -> str:
    delays = sorted(delay for line in lines for delay in line["delays"])
    if not delays:
        return "-"
    late = delays[int(len(delays) * 0.95)]
    return f"median {statistics.median(delays):.2f} s, p95 {late:.2f} s, last {delays[-1]:.2f} s"
