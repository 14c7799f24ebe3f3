"""Faults at random times while alerts come in: workers killed, the broker emptied or away, beat killed, the database
restarted. Entries are stored as a poll stores them; workers read, match, raise, close digests and send."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bench.faults.site import PACE, Site
from bench.faults.verdict import counts
from monitor.app import make_monitor
from monitor.domain.model import EntryData
from monitor.storage.engine import Store, open_store
from monitor.storage.entries import add_entries
from monitor.storage.tables import Alert, Delivery, DigestAlert, Entry, Feed
from tests.servers import PostgresServer

Line = dict[str, Any]

TOPICS = ("accord", "brevet", "contrat", "danger", "emploi", "fibre", "grève", "hausse", "impôt", "juge", "kit", "loi")
HEAD = 'slug = "essai"\ntitle = "Essai"\n[relevance]\nthreshold = 0\n[entities.huawei]\nnames = ["Huawei"]\n'
TOPIC = '[[topics]]\nslug = "t{0}"\ntitle = "{1}"\nthreshold = 0.5\nrules = [{{ any = ["{1}"], weight = 1.0 }}]\n'
DIGESTED = 4  # subscribers d0, d1 …, whose digests close every minute
AT_ONCE = 4  # subscribers a0, a1 …, each told at once of one topic
SUBSCRIBER = """
[[subscriber]]
name = "{name}"
rhythm = "{rhythm}"
at_most = {most}
topics = {topics}
[[subscriber.channel]]
kind = "email"
to = "{name}@example.org"
"""
MOST_UNREAD = 800


@dataclass
class Town:
    """A site with a dossier, subscribers whose digests close every minute, one who is told at once, and a press."""

    site: Site
    published: int = 0
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        config = self.site.folder / "config"
        (config / "dossiers").mkdir()
        dossier = HEAD + "".join(TOPIC.format(number, word) for number, word in enumerate(TOPICS))
        (config / "dossiers" / "essai.toml").write_text(dossier, encoding="utf-8")
        (config / "subscribers.toml").write_text(subscribers(), encoding="utf-8")
        with make_monitor(self.site.settings) as monitor:
            monitor.migrate()
            monitor.sync(force=True)
        self.store = open_store(self.site.settings.effective_database_url)
        with self.store.write() as session:
            now = datetime.now(UTC)
            session.add(Feed(url="https://presse.example/flux", name="La Gazette", origin="cli", created_at=now))

    def publish(self, count: int) -> None:
        """As a poll stores what is new; the next tick announces it."""
        now = datetime.now(UTC)
        entries = [entry(number, now) for number in range(self.published, self.published + count)]
        with self.store.write() as session:
            feed = session.scalars(select(Feed.id)).one()
            add_entries(session, feed, entries, now=now, due_at=now, backlog=False)
        self.published += count

    def count(self, table: type, *where: Any) -> int:
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0

    @property
    def unread(self) -> int:
        return self.count(Entry, Entry.outcome.is_(None))

    def idle(self) -> bool:
        """Everything read, every alert in the digest of everybody who has digests, every message sent."""
        if self.unread or self.count(Delivery, Delivery.status == "planned"):
            return False
        return self.count(DigestAlert) >= DIGESTED * self.count(Alert)


def subscribers() -> str:
    """Digests close at every full minute of the next three hours."""
    start = datetime.now(ZoneInfo("Europe/Paris"))
    minutes = " ".join(f"{start + timedelta(minutes=number):%H:%M}" for number in range(180))
    texts = [
        SUBSCRIBER.format(name=f"d{number}", rhythm=f"daily {minutes}", most=40, topics=[])
        for number in range(DIGESTED)
    ]
    texts += [
        SUBSCRIBER.format(name=f"a{number}", rhythm="at once", most=1000, topics=[f"t{number}"])
        for number in range(AT_ONCE)
    ]
    return "".join(texts).replace("'", '"')


def entry(number: int, now: datetime) -> EntryData:
    """An alert of its own: the text shares nothing with others but what makes it fire."""
    word = TOPICS[number % len(TOPICS)]
    text = " ".join(f"mot{random.randrange(10**6)}" for _ in range(30))
    return EntryData(
        str(number), f"Huawei : {word}, acte {number}", summary=f"Huawei et le {word} : {text}.", published_at=now
    )


@dataclass
class Phase:
    """One kind of fault, `times` times, `every` so many seconds on average; `alerts` is how many come in meanwhile."""

    name: str
    act: Callable[[Site], None]
    times: int
    every: float
    alerts: int
    pace: dict[str, str] = field(default_factory=lambda: PACE)

    def pause(self) -> float:
        """Seconds until the next one: at random, but so that what was started again has begun to work."""
        return self.every / 2 + random.expovariate(2 / self.every)


def away(site: Site) -> None:
    """The broker refuses connections for one to three seconds."""
    site.parts["broker"].kill()
    time.sleep(random.uniform(1, 3))
    site.start_broker()


KILLS = Phase("worker killed at a random time", Site.kill_worker, 300, 1.0, 10_000)
FLUSHES = Phase("FLUSHALL", Site.empty_broker, 50, 2.0, 800)
BEATS = Phase("beat killed", Site.kill_beat, 50, 3.0, 800)
AWAY = Phase("broker away for 1 to 3 s", away, 20, 5.0, 600)
RESTARTS = Phase("database restarted at once", Site.restart_database, 20, 5.0, 600)


def run(folder: Path, database: str, server: PostgresServer | None, phase: Phase) -> Line:
    """The line of a phase, on a fresh database."""
    site = Site(folder, database, server, phase.pace)
    try:
        return weather(Town(site), phase)
    finally:
        site.close()


def weather(town: Town, phase: Phase) -> Line:
    """Let alerts come in and faults happen, wait until all is quiet, and count."""
    town.site.start()
    town.publish(20)
    wait(lambda: town.count(Alert) >= 20, 60)
    done, started, last = 0, time.time(), time.time()
    pause = phase.pause()
    while done < phase.times or town.published < phase.alerts:
        with suppress(SQLAlchemyError):  # the database is away: the press waits
            feed(town, phase, done)
        if done < phase.times and time.time() - last >= pause and ahead(town, phase, done):
            phase.act(town.site)
            done, last, pause = done + 1, time.time(), phase.pause()
        time.sleep(0.05)
    over = time.time()
    idle = wait(town.idle, 900)
    line = {"point": phase.name, "faults": done, "seconds": round(time.time() - started), "unfinished": int(not idle)}
    return {**line, **counts(town, started, over), "quiet_after": round(time.time() - over)}


def feed(town: Town, phase: Phase, done: int) -> None:
    """Alerts come in step with the faults, and never many more than are being read."""
    wanted = phase.alerts * (done + 1) // phase.times + 40
    if town.published < min(wanted, phase.alerts) and town.unread < MOST_UNREAD:
        town.publish(min(40, phase.alerts - town.published))


def ahead(town: Town, phase: Phase, done: int) -> bool:
    """Whether the press kept up: the faults must spread over all the alerts."""
    return town.published >= min(phase.alerts, phase.alerts * done // phase.times)


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Until it is so; false after `seconds`."""
    deadline = time.time() + seconds
    while time.time() < deadline:
        with suppress(SQLAlchemyError):
            if condition():
                return True
        time.sleep(0.2)
    return False
