"""kill -9 at named points of the way from alert to person.

Every round is a day: alerts are stored, the digests of all subscribers fall due, and a worker process is killed at its
n-th passage of the point. Other workers then tick every 15 seconds of a clock that is moved by hand, until all is sent.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from bench.faults.mailbox import Mailbox
from monitor.app import make_monitor
from monitor.settings import load_settings
from monitor.storage.engine import open_store
from monitor.storage.schema import migrate
from monitor.storage.tables import Alert, Delivery, Digest, DigestAlert, Dossier
from monitor.testing import Clock, InlineQueue, work_until_idle
from tests.newsroom import Newsroom

# name: (module or module:class, function, killed before or after it)
POINTS = {
    "configuration half written": ("monitor.steps.sync", "put_subscriber", "after"),
    "tick announced, nothing sent": ("monitor.testing:InlineQueue", "__call__", "before"),
    "digest taken": ("monitor.steps.digest", "subscribers", "before"),
    "digest's next slot written": ("monitor.steps.digest", "has_candidates", "before"),
    "digest opened": ("monitor.steps.digest", "open_digest", "after"),
    "members added": ("monitor.steps.digest", "add_members", "after"),
    "message rendered": ("monitor.steps.digest", "plan_delivery", "before"),
    "delivery planned": ("monitor.steps.digest", "plan_delivery", "after"),
    "digest committed, not announced": ("monitor.steps.context:Context", "announce_rows", "before"),
    "delivery taken": ("monitor.steps.deliver", "make_channel", "before"),
    "mail accepted": ("monitor.channels.email:EmailChannel", "send", "after"),
    "result being stored": ("monitor.steps.deliver", "_store_one", "after"),
    "result committed": ("monitor.steps.deliver", "_store", "after"),
}
# Between the receiver's acceptance and our commit a repeat is what the promise allows.
MAY_REPEAT = {"mail accepted", "result being stored"}
SUBSCRIBER = '[[subscriber]]\nname = "{0}"\n[[subscriber.channel]]\nkind = "email"\nto = "{0}@example.org"\n'
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)  # eight o'clock in Paris: half an hour after the daily slot
TICK = timedelta(seconds=15)

Line = dict[str, Any]


@dataclass
class Town:
    """A database, a configuration and a mail server; `day` is the clock."""

    folder: Path
    database: str
    subscribers: int
    now: datetime = START
    mailbox: Mailbox = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "config").mkdir()
        self.mailbox = Mailbox(self.folder / "inbox")
        self.write_config("")
        store = open_store(self.database)
        migrate(store)
        Newsroom(store)
        with store.write() as session:
            session.execute(update(Dossier).values(origin="cli"))
        store.dispose()
        in_child(lambda: self.work(self.now))

    def write_config(self, remark: str) -> None:
        """Every text is another version of the configuration."""
        text = f"# {remark}\n" + "".join(SUBSCRIBER.format(f"s{number}") for number in range(self.subscribers))
        (self.folder / "config" / "subscribers.toml").write_text(text, encoding="utf-8")

    def environ(self) -> dict[str, str]:
        return {
            "VEILLE_DATABASE_URL": self.database,
            "VEILLE_DATA_DIR": str(self.folder / "var"),
            "VEILLE_CONFIG_DIR": str(self.folder / "config"),
            "VEILLE_SMTP_URL": self.mailbox.url,
        }

    def work(self, now: datetime) -> None:
        """What a worker does until it finds nothing more; runs in a child."""
        queue = InlineQueue()
        with make_monitor(load_settings(self.environ()), announce=queue, now=Clock(now)) as monitor:
            work_until_idle(monitor, queue)

    def publish(self, alerts: int) -> None:
        store = open_store(self.database)
        room = Newsroom.again(store)
        at = self.now - timedelta(hours=6)
        for _ in range(alerts):
            alert = room.alert(room.article(f"Titre {random.random()}", matches={"cloud": 0.8}))
            with store.write() as session:
                session.execute(update(Alert).where(Alert.id == alert).values(raised_at=at, updated_at=at))
        store.dispose()

    def unfinished(self) -> int:
        """Digests that are missing or deliveries that are not sent."""
        store = open_store(self.database)
        with store.read() as session:
            alerts = session.scalar(select(func.count()).select_from(Alert)) or 0
            members = session.scalar(select(func.count()).select_from(DigestAlert)) or 0
            unsent = session.scalar(select(func.count()).select_from(Delivery).where(Delivery.status != "sent")) or 0
        store.dispose()
        return alerts * self.subscribers - members + unsent

    def counts(self, days: int) -> dict[str, int]:
        """What was lost, what was told twice, what was repeated, after so many days."""
        received = self.mailbox.accepted()
        store = open_store(self.database)
        with store.read() as session:
            alerts = set(session.scalars(select(Alert.id)))
            rows = session.execute(select(DigestAlert.subscriber_id, DigestAlert.alert_id))
            members = Counter((row[0], row[1]) for row in rows)
            deliveries = set(session.scalars(select(Delivery.message_id)))
            closed = session.execute(select(Digest.subscriber_id, Digest.period_end)).all()
        store.dispose()
        digests = {(subscriber, period_end.date()) for subscriber, period_end in closed}
        return {
            "alerts": len(alerts),
            "lost": len(alerts) * self.subscribers - len(members),
            "in_two_digests": sum(count > 1 for count in members.values()),
            "missed_digests": days * self.subscribers - len(digests),
            "mails": sum(map(len, received.values())),
            "mails_lost": len(deliveries - set(received)),
            "repeated": sum(len(at) - 1 for at in received.values()),
        }


def one_round(town: Town, point: str, passage: int) -> tuple[bool, timedelta]:
    """A day with a kill in it; gives whether the kill came, and how long until all was sent."""
    town.now += timedelta(days=1)
    town.publish(2)
    if point.startswith("configuration"):
        town.write_config(f"{town.now}")
    killed = in_child(lambda: (patch(point, passage), town.work(town.now)))
    waited = timedelta(0)
    while town.unfinished():
        waited += TICK
        if waited > timedelta(minutes=10):
            break
        in_child(lambda at=town.now + waited: town.work(at))
    return killed, waited


def patch(point: str, passage: int) -> None:
    """From here on, this process kills itself at its `passage`-th passage of the point."""
    place, name, when = POINTS[point]
    module, _, owner = place.partition(":")
    holder: Any = importlib.import_module(module)
    holder = getattr(holder, owner) if owner else holder
    original, left = getattr(holder, name), [passage]

    def deadly(*args: Any, **options: Any) -> Any:
        left[0] -= 1
        if not left[0] and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **options)
        if not left[0] and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(holder, name, deadly)


def in_child(work: Callable[[], object]) -> bool:
    """Run `work` in a forked process; gives whether it was killed."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - a child must never return into the parent's stack
            sys.stderr.write(f"child: {type(error).__name__}: {error}\n")
            os._exit(3)
    status = os.waitpid(pid, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("a worker failed by itself")
    return os.WIFSIGNALED(status)


def run(folder: Path, database: str, repeats: int, points: Sequence[str], subscribers: int = 3) -> Iterator[Line]:
    """A line for each point; one database for all of them together."""
    before, days = 0, 0
    town = Town(folder, database, subscribers)
    try:
        for point in points:
            rounds = [one_round(town, point, 1 + number % subscribers) for number in range(repeats)]
            days += repeats
            facts = town.counts(days)
            facts["repeated"], before = facts["repeated"] - before, facts["repeated"]
            slowest = max(waited for _, waited in rounds).total_seconds()
            yield {"point": point, "faults": sum(killed for killed, _ in rounds), **facts, "back_after": slowest}
    finally:
        town.mailbox.close()


def broken(line: Line) -> list[str]:
    """What of the promise a line breaks: nothing lost, told twice or missed, 90 s at most, repeats where allowed."""
    found = [name for name in ("lost", "in_two_digests", "missed_digests", "mails_lost") if line[name]]
    if line["repeated"] and line["point"] not in MAY_REPEAT:
        found.append("repeated")
    return found + (["back_after"] if line["back_after"] > 90 else [])
