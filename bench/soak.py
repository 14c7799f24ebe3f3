"""Hours of work at a steady rate: do memory and descriptors stay flat, does work fall behind, is anything lost?

`python -m bench.soak ../shared/tools/newsfarm.py --minutes 30 --feeds 200 --out docs/images/soak.svg`

A news farm publishes a wave a minute; every feed is polled each `--every` minutes; `veille run` works. Each ten seconds
the memory (PSS) and open descriptors of all processes of Veille, the age of the oldest unread entry and how late the
latest due row is are noted, in a `.jsonl` beside the picture. At the end what the farm published is held against what
was stored.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.farm import Farm, open_farm
from bench.soak_picture import draw
from monitor.domain.urls import canonicalise
from monitor.starter import init_config

EVERY = 10.0  # seconds between two notes
WAVE = 60.0
ROLES = {"unixsocket": "broker", "sandbox_child": "parser", "\0worker\0": "worker", "\0beat\0": "beat"}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("farm", type=Path, help="newsfarm.py")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--every", type=int, default=3, help="minutes between two polls of a feed")
    parser.add_argument("--share", type=float, default=0.06, help="of the feeds that publish in a wave")
    parser.add_argument("--home", type=Path, default=Path("var/soak-data"), help="made anew, for its data")
    parser.add_argument("--out", type=Path, default=Path("var/soak/soak.svg"))
    options = parser.parse_args()
    home = options.home.absolute()
    home.mkdir(parents=True)
    waves = ["--wave-share", str(options.share), "--wave-max", "3"]
    with open_farm(options.farm, feeds=options.feeds, hosts=50, options=waves) as farm:
        configure(home, farm, options.every)
        process = subprocess.Popen([sys.executable, "-m", "monitor.cli", "run", "--no-web"], env=environment(home))
        try:
            notes = watch(home, farm, process.pid, options.minutes * 60, options.out.with_suffix(".jsonl"))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
        result = compare(home, farm, notes)
    draw(notes, options.out)
    print(json.dumps(result))


def configure(home: Path, farm: Farm, every: int) -> None:
    """The shipped dossier, and the farm's feeds, polled every so many minutes."""
    init_config(home / "config")
    blocks = [
        f'[[feed]]\nname = "farm {number}"\nurl = "{url}"\nevery_minutes = {every}\n'
        for number, url in enumerate(farm.feeds())
    ]
    (home / "config" / "feeds.toml").write_text("\n".join(blocks), encoding="utf-8")


def environment(home: Path) -> dict[str, str]:
    return os.environ | {
        "VEILLE_DATA_DIR": str(home / "var"),
        "VEILLE_CONFIG_DIR": str(home / "config"),
        "VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.0/8",
        "VEILLE_LOG_LEVEL": "warning",
    }


def watch(home: Path, farm: Farm, pid: int, seconds: float, log: Path) -> list[dict[str, Any]]:
    """Notes until the time is over; the farm's waves stop two minutes before, so that the last is read."""
    notes: list[dict[str, Any]] = []
    start = time.monotonic()
    waves = 0
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        while (elapsed := time.monotonic() - start) < seconds:
            if elapsed > waves * WAVE and elapsed < seconds - 120:
                waves += 1
                farm.ask("tick", "POST")
            note = {"seconds": round(elapsed, 1), **processes(pid), **rows(home / "var" / "veille.db")}
            notes.append(note)
            file.write(json.dumps(note) + "\n")
            file.flush()
            time.sleep(EVERY)
    return notes


def processes(root: int) -> dict[str, Any]:
    """Memory in MiB (PSS) and descriptors of Veille's processes by role."""
    found: dict[str, Any] = {f"{role}_{what}": 0 for role in ROLES.values() for what in ("mib", "fds", "processes")}
    for pid in descendants(root):
        with suppress(OSError, ValueError):
            command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
            role = next((role for mark, role in ROLES.items() if mark in command), None)
            if role is None:
                continue
            pss = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").split("Pss:")[1].split()[0]
            found[f"{role}_mib"] = round(found[f"{role}_mib"] + int(pss) / 1024, 1)
            found[f"{role}_fds"] += len(list(Path(f"/proc/{pid}/fd").iterdir()))
            found[f"{role}_processes"] += 1
    return found


def descendants(root: int) -> list[int]:
    """All processes below `root`."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, left = [], [root]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


# Feeds that were announced and not yet taken are still due here.
DUE = " UNION ALL ".join(
    ("SELECT due_at FROM feeds WHERE enabled", "SELECT due_at FROM entries", "SELECT due_at FROM deliveries")
)
QUESTIONS = {
    "entries": "SELECT count(*) FROM entries",
    "pending": "SELECT count(*) FROM entries WHERE outcome IS NULL",
    "oldest_pending": "SELECT min(created_at) FROM entries WHERE outcome IS NULL",
    "oldest_poll": "SELECT min(coalesce(last_polled_at, created_at)) FROM feeds WHERE enabled",
    "oldest_due": f"SELECT min(due_at) FROM ({DUE}) WHERE due_at <= strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "alerts": "SELECT count(*) FROM alerts",
}


def rows(database: Path) -> dict[str, Any]:
    """Counts, and ages in seconds of the oldest unfinished entry and the feed that was polled longest ago."""
    found: dict[str, Any] = dict.fromkeys(QUESTIONS)
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for name, question in QUESTIONS.items():
            value = connection.execute(question).fetchone()[0]
            found[name] = age(value) if name.startswith("oldest") and value else value
    return found


def age(text: str) -> float:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return round((datetime.now(UTC) - moment).total_seconds(), 1)


def compare(home: Path, farm: Farm, notes: list[dict[str, Any]]) -> dict[str, Any]:
    """What was published and is not stored, what is stored without an outcome, and growth after the first third."""
    published = {canonicalise(url) for url in farm.published()}
    with closing(sqlite3.connect(home / "var" / "veille.db")) as connection:
        stored = {canonicalise(row[0]) for row in connection.execute("SELECT link FROM entries")}
        outcomes = dict(connection.execute("SELECT coalesce(outcome, 'pending'), count(*) FROM entries GROUP BY 1"))
        twice = connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM entries GROUP BY feed_id, link HAVING count(*) > 1)"
        ).fetchone()[0]
    steady = notes[len(notes) // 3 :]
    third = max(len(steady) // 3, 1)
    growth = {
        name: [mean(steady[:third], name), mean(steady[-third:], name)]
        for name in ("worker_mib", "parser_mib", "worker_fds", "parser_fds", "beat_mib", "broker_mib")
    }
    return {
        "published": len(published),
        "stored": len(stored),
        "missing": len(published - stored),
        "twice": twice,
        "outcomes": outcomes,
        "first_and_last_third": growth,
        "oldest_pending_at_most": max((note["oldest_pending"] or 0 for note in steady), default=0),
        "due_lag_at_most": max((note["oldest_due"] or 0 for note in steady), default=0),
        "oldest_poll_at_most": max((note["oldest_poll"] or 0 for note in steady), default=0),
    }


def mean(notes: list[dict[str, Any]], name: str) -> float:
    return round(sum(note[name] for note in notes) / len(notes), 1)


if __name__ == "__main__":
    main()
