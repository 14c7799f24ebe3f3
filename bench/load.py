"""Load: a first poll, an unchanged second poll and a wave of a news farm, beside a plain script on the same farm.

    .venv/bin/python -m bench.load [--feeds 200] [--hosts 50] [--farm ../shared/tools/newsfarm.py]

Each step is `veille run --once` as a whole: broker, workers and schedule start, all that is due is polled, read,
matched and stored, everything stops. Seconds and CPU are of that whole, its children with it. After each step, what is
stored is compared with what the farm published: exit 1 when they differ.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.farm import Cost, Farm, open_farm, run

ROOT = Path(__file__).parents[1]
VEILLE = [sys.executable, "-m", "monitor.cli"]
PLAIN = [sys.executable, str(ROOT / "bench" / "plain_script.py")]
HEADINGS = ("step", "feeds", "articles", "seconds", "cpu s", "peak MiB", "articles/s", "feeds/s", "304/hash")
COLUMNS = "{:<22} {:>6} {:>8} {:>8} {:>8} {:>9} {:>11} {:>9} {:>9}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--farm", type=Path, default=ROOT.parent / "shared" / "tools" / "newsfarm.py")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        open_farm(options.farm, feeds=options.feeds, hosts=options.hosts) as farm,
    ):
        return measure(farm, Path(place))


def measure(farm: Farm, place: Path) -> int:
    """The three steps, each by both; 1 when what is stored is not what was published."""
    feeds = farm.feeds()
    environ = prepare(place, feeds)
    print(
        COLUMNS.format("step", "feeds", "articles", "seconds", "cpu s", "peak MiB", "articles/s", "feeds/s", "304/hash")
    )
    wrong = 0
    for step in ("first poll", "unchanged poll", "wave"):
        if step == "wave":
            farm.ask("tick", "POST")
        if step != "first poll":
            run([*VEILLE, "feeds", "poll", "--all"], environ)
        cost = run([*VEILLE, "run", "--once", "--no-web", "--format", "json"], environ)
        wrong += report(step, place, cost, farm)
        report_plain(step, run([*PLAIN, str(place / "feeds.txt"), str(place / "plain.json")], environ))
    return min(wrong, 1)


def prepare(place: Path, feeds: list[str]) -> dict[str, str]:
    """A configuration for these feeds; gives the environment."""
    config = place / "config"
    shutil.copytree(ROOT / "config" / "dossiers", config / "dossiers")
    tables = (f'[[feed]]\nname = "Courrier {number}"\nurl = "{url}"\n' for number, url in enumerate(feeds))
    (config / "feeds.toml").write_text("\n".join(tables), encoding="utf-8")
    (place / "feeds.txt").write_text("\n".join(feeds), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VEILLE_")}
    ours = {"VEILLE_DATA_DIR": str(place / "var"), "VEILLE_CONFIG_DIR": str(config)}
    return {**kept, **ours, "VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.0/8", "PYTHONPATH": str(ROOT)}


def report(step: str, place: Path, cost: Cost, farm: Farm) -> int:
    """One line; 1 when stored and published differ."""
    summary = json.loads(cost.output)
    read = sum(summary["outcomes"].values())
    show(f"veille {step}", summary["feeds_polled"], read, cost, unchanged(place))
    stored, published = stored_urls(place), farm.published()
    if sorted(stored) == sorted(published):
        return 0
    missing, extra = len(published - set(stored)), len(set(stored) - published)
    print(f"  stored {len(stored)}, published {len(published)}: {missing} missing, {extra} of nowhere")
    return 1


def report_plain(step: str, cost: Cost) -> None:
    summary: dict[str, Any] = json.loads(cost.output)
    show(f"plain  {step}", summary["feeds"], summary["new"], cost, "")


def show(name: str, feeds: int, articles: int, cost: Cost, unchanged: object) -> None:
    seconds = (f"{cost.seconds:.1f}", f"{cost.cpu:.1f}", f"{cost.peak:.0f}")
    rates = (f"{articles / cost.seconds:.1f}", f"{feeds / cost.seconds:.1f}")
    print(COLUMNS.format(name, feeds, articles, *seconds, *rates, unchanged), flush=True)


def stored_urls(place: Path) -> list[str]:
    """The canonical addresses of all articles, as stored."""
    with sqlite3.connect(place / "var" / "veille.db") as base:
        return [row[0] for row in base.execute("select canonical_url from articles")]


def unchanged(place: Path) -> int:
    """How many feeds the last poll found as they were: 304, or a body with the same hash."""
    log = (place / "var" / "veille.log").read_text(encoding="utf-8", errors="replace")
    (place / "var" / "veille.log").unlink()
    return log.count("feed_unchanged")


if __name__ == "__main__":
    sys.exit(main())
