"""The fault programme: what is done to make Veille lose, repeat or forget.

    .venv/bin/python -m bench.faults --programme full [--database sqlite|postgresql|both] [--part NAME …]
    .venv/bin/python -m bench.faults --programme short      a minute or so, as in CI
    .venv/bin/python -m bench.faults --repeats 20 --part points --point "mail accepted"

Prints a line of JSON for each kind of fault; exit code 1 when anything was lost, told in two digests or missed, when a
mail was repeated where the promise of docs/delivery.md does not allow it, or when deliveries were not back at work
after 90 seconds. PostgreSQL is a server of its own, started here.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from bench.faults import points, receivers, storm, verdict
from bench.faults.site import QUICK, database
from tests.servers import PostgresServer

PARTS = ("kills", "services", "points", "receivers")
KINDS = ("sqlite", "postgresql")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--programme", choices=("full", "short"), default="full")
    parser.add_argument("--database", choices=(*KINDS, "both"), default="both")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    parser.add_argument("--point", action="append", choices=list(points.POINTS), help="only this one of the points")
    parser.add_argument("--share", type=float, default=1.0, help="of the storms' faults and alerts, such as 0.25")
    parser.add_argument("--repeats", type=int, help="how often each named point; 20, or 1 in short")
    options = parser.parse_args()
    quiet()
    good = True
    for kind in KINDS if options.database == "both" else (options.database,):
        for line in programme(kind, options):
            print(json.dumps({"database": kind, **line}, ensure_ascii=False), flush=True)
            good = good and not line["broken"]
    raise SystemExit(0 if good else 1)


def programme(kind: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every part that was asked for, each on a fresh database."""
    short = options.programme == "short"
    repeats = options.repeats or (1 if short else 20)
    for part in options.part or PARTS:
        for phase in phases(part, kind, short=short, share=options.share):
            with fresh(kind) as (folder, url, server):
                line = storm.run(folder, url, server, phase)
                yield {**line, "broken": verdict.broken(line)}
        with fresh(kind) as (folder, url, _):
            if part == "points":
                for line in points.run(folder, url, repeats, options.point or tuple(points.POINTS)):
                    yield {**line, "broken": points.broken(line)}
            elif part == "receivers":
                yield from receivers.run(folder, url)


@contextmanager
def fresh(kind: str) -> Iterator[tuple[Path, str, PostgresServer | None]]:
    """A folder and an empty database of this kind."""
    with database(kind) as (url, server), tempfile.TemporaryDirectory() as folder:
        yield Path(folder), url or f"sqlite:///{folder}/veille.db", server


def phases(part: str, kind: str, *, short: bool, share: float) -> list[storm.Phase]:
    """The storms of a part; a short one has a thirtieth of the faults and of the alerts."""
    found = {"kills": [storm.KILLS], "services": [storm.FLUSHES, storm.BEATS, storm.AWAY]}.get(part, [])
    if part == "services" and kind == "postgresql":
        found.append(storm.RESTARTS)
    if short:
        return [
            replace(phase, times=max(2, phase.times // 30), alerts=phase.alerts // 30, pace=QUICK) for phase in found
        ]
    return [replace(phase, times=round(phase.times * share), alerts=round(phase.alerts * share)) for phase in found]


def quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    main()
