"""kill -9 at named points of the way from alert to person, and what that costs: nothing lost, nothing in two digests.

    .venv/bin/python -m bench.faults --repeats 20 [--database postgresql://…]

Every round is a day: alerts are stored, the digests of all subscribers fall due, and a worker process is killed at its
n-th passage of the point. Other workers then tick every 15 seconds of a clock that is moved by hand, until all is
sent. A real SMTP server in its own process keeps what it accepts. Prints one line of JSON for each point; exit code
1 when the promise of docs/delivery.md was broken.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select, update

from monitor.app import make_monitor
from monitor.settings import load_settings
from monitor.storage.engine import Store, open_store
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


@dataclass
class Town:
    """A database, a configuration and a mail server; `day` is the clock."""

    folder: Path
    database: str
    subscribers: int
    now: datetime = START
    inbox: Path = field(init=False)
    mailer: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self.inbox = self.folder / "inbox"
        self.inbox.touch()
        (self.folder / "config").mkdir()
        self.mailer, self.port = start_mail_server(self.inbox)
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
            "VEILLE_SMTP_URL": f"smtp://127.0.0.1:{self.port}",
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

    def close(self) -> None:
        os.kill(self.mailer, signal.SIGKILL)
        os.waitpid(self.mailer, 0)


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


def in_child(work: Any) -> bool:
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


def start_mail_server(inbox: Path) -> tuple[int, int]:
    """A real SMTP server in its own process, which appends the Message-ID and address of each mail to `inbox`."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        with os.fdopen(read) as pipe:
            return pid, int(pipe.readline())
    from tests.integration.channels.smtp import relay

    with relay() as behaviour:
        original = behaviour.handle_DATA

        async def keep(server: Any, session: Any, envelope: Any) -> str:
            answer = await original(server, session, envelope)
            with inbox.open("a", encoding="utf-8") as file:
                file.write(f"{behaviour.mails.pop()['Message-ID']}\n")
            behaviour.raw.clear()
            return str(answer)

        behaviour.handle_DATA = keep  # type: ignore[method-assign]
        os.write(write, f"{behaviour.port}\n".encode())
        signal.pause()
    os._exit(0)


def ledger(store: Store, inbox: Path, subscribers: int, days: int) -> dict[str, int]:
    """What was lost, what was told twice, what was repeated."""
    received = Counter(inbox.read_text(encoding="utf-8").split())
    with store.read() as session:
        alerts = set(session.scalars(select(Alert.id)))
        rows = session.execute(select(DigestAlert.subscriber_id, DigestAlert.alert_id))
        members = Counter((row[0], row[1]) for row in rows)
        deliveries = set(session.scalars(select(Delivery.message_id)))
        digests = session.scalar(select(func.count()).select_from(Digest)) or 0
    return {
        "alerts": len(alerts),
        "lost": len(alerts) * subscribers - len(members),
        "in_two_digests": sum(count > 1 for count in members.values()),
        "missed_digests": days * subscribers - digests,
        "mails": sum(received.values()),
        "mails_lost": sum(f"<{message_id}>" not in received for message_id in deliveries),
        "repeated": sum(count - 1 for count in received.values()),
    }


def run(
    database: str, repeats: int, subscribers: int = 3, points: tuple[str, ...] = tuple(POINTS)
) -> list[dict[str, Any]]:
    """One line for each point; a fresh database for all of them together."""
    before, days = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder), database or f"sqlite:///{folder}/veille.db", subscribers)
        try:
            for point in points:
                rounds = [one_round(town, point, 1 + number % subscribers) for number in range(repeats)]
                days += repeats
                store = open_store(town.database)
                facts = ledger(store, town.inbox, subscribers, days)
                line = {"point": point, "database": store.dialect, "kills": sum(killed for killed, _ in rounds)}
                store.dispose()
                facts["repeated"], before = facts["repeated"] - before, facts["repeated"]
                yield {**line, **facts, "slowest_seconds": int(max(waited for _, waited in rounds).total_seconds())}
        finally:
            town.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite when left out")
    parser.add_argument("--point", action="append", choices=list(POINTS), help="only this one; may be repeated")
    options = parser.parse_args()
    quiet()
    good = True
    for line in run(options.database, options.repeats, points=options.point or tuple(POINTS)):
        print(json.dumps(line, ensure_ascii=False), flush=True)
        good = good and kept_the_promise(line)
    raise SystemExit(0 if good else 1)


def kept_the_promise(line: dict[str, Any]) -> bool:
    """Nothing lost, nothing twice, no digest missing, back at work within 90 s; repeats only where they may be."""
    broken = ("lost", "in_two_digests", "missed_digests", "mails_lost")
    may_repeat = line["point"] in MAY_REPEAT or not line["repeated"]
    return not any(line[name] for name in broken) and may_repeat and line["slowest_seconds"] <= 90


def quiet() -> None:
    import logging

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    main()
