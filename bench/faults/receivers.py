"""Receivers that misbehave, one way a day, and recover: what is tried again, given up, repeated.

The clock is moved by hand along the schedule of retries; the receivers are real servers on loopback.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from bench.faults.points import START
from monitor.app import Monitor, make_monitor
from monitor.settings import load_settings
from monitor.storage.engine import open_store
from monitor.storage.schema import migrate
from monitor.storage.tables import Alert, Channel, Delivery, Digest, DigestAlert, Dossier
from monitor.testing import Clock, InlineQueue, work_until_idle
from tests.integration.channels.receiver import Receiver, open_receiver
from tests.integration.channels.smtp import STAGES, Behaviour, relay
from tests.newsroom import Newsroom

Line = dict[str, Any]

MAIL = '[[subscriber]]\nname = "{0}"\n[[subscriber.channel]]\nkind = "email"\nto = {1}\n'
HOOK = '[[subscriber]]\nname = "hook"\n[[subscriber.channel]]\nkind = "webhook"\nto = "{0}"\nsecret = "whsec_{1}"\n'
SECRET = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
MAILS, HOOKS = 4, 1  # deliveries a day: one subscriber has two addresses
DEADLINE = "7"  # seconds for a sending, five of them in reserve: a receiver that hangs costs two


@dataclass(frozen=True)
class Case:
    """One way to misbehave. `given_up`: how many deliveries of the day end so, after how many `tries`.

    `repeats`: the answer can be lost, so that a mail may come again.
    """

    name: str
    hang: str = ""
    drop: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    delay: float = 0.0
    given_up: int = 0
    tries: int = 2
    repeats: bool = False
    for_good: bool = False


CASES = (
    *(Case(f"SMTP hangs at {stage}", hang=stage, repeats=stage == "text") for stage in STAGES),
    *(Case(f"SMTP drops at {stage}", drop=stage, repeats=stage == "text") for stage in STAGES[1:]),
    *(Case(f"SMTP answers 451 at {stage}", answers={stage: "451 later"}) for stage in STAGES if stage != "EHLO"),
    *(
        Case(f"SMTP answers {code} at EHLO", answers={"EHLO": f"{code} no"}, tries=1) for code in (451, 554)
    ),  # then HELO
    Case("SMTP answers 554 at greeting", answers={"greeting": "554 not today"}),
    *(Case(f"SMTP answers 554 at {stage}", answers={stage: "554 no"}, given_up=MAILS, tries=1) for stage in STAGES[2:]),
    Case("SMTP refuses one recipient of four", answers={"s2@example.org": "550 unknown"}, given_up=1, tries=1),
    Case("SMTP answers 451 for good", answers={"MAIL": "451 later"}, given_up=MAILS, tries=8, for_good=True),
    Case("webhook late", status=204, delay=3.0, repeats=True),
    Case("webhook answers 500", status=500),
    Case("webhook answers 503", status=503),
    Case("webhook answers 404", status=404),
    Case("webhook redirects", status=302),
    Case("webhook answers 410", status=410, given_up=HOOKS, tries=1),
    Case("webhook answers 500 for good", status=500, given_up=HOOKS, tries=8, for_good=True),
)


@dataclass
class Town:
    """Two people by mail, one of them at two addresses more, and a program by webhook; digests at half past seven."""

    folder: Path
    database: str
    hook: Receiver
    clock: Clock = field(default_factory=lambda: Clock(START))

    def __post_init__(self) -> None:
        config = self.folder / "config"
        config.mkdir()
        text = MAIL.format("s0", '"s0@example.org"') + MAIL.format("s1", [f"s{n}@example.org" for n in (1, 2, 3)])
        text += HOOK.format(f"http://{self.hook.place}/hook", SECRET)
        (config / "subscribers.toml").write_text(text.replace("'", '"'), encoding="utf-8")
        self.store = open_store(self.database)
        migrate(self.store)
        self.room = Newsroom(self.store)
        with self.store.write() as session:
            session.execute(update(Dossier).values(origin="cli"))

    def monitor(self, smtp: Behaviour, queue: InlineQueue) -> Monitor:
        environ = {
            "VEILLE_DATABASE_URL": self.database,
            "VEILLE_DATA_DIR": str(self.folder / "var"),
            "VEILLE_CONFIG_DIR": str(self.folder / "config"),
            "VEILLE_SMTP_URL": f"smtp://127.0.0.1:{smtp.port}",
            "VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
            "VEILLE_DELIVER_TIME_LIMIT": DEADLINE,
        }
        return make_monitor(load_settings(environ), announce=queue, now=self.clock)

    def publish(self) -> None:
        at = self.clock() - timedelta(hours=6)
        for number in range(2):
            alert = self.room.alert(self.room.article(f"Huawei, {at:%d %B}, {number}", matches={"cloud": 0.8}))
            with self.store.write() as session:
                session.execute(update(Alert).where(Alert.id == alert).values(raised_at=at, updated_at=at))

    def next_due(self) -> Any:
        """When the next delivery is tried again; None when none waits."""
        with self.store.read() as session:
            return session.scalar(select(func.min(Delivery.due_at)).where(Delivery.status == "planned"))


def run(folder: Path, database: str) -> Iterator[Line]:
    """A line for each case, a day each; one database for all."""
    with open_receiver() as hook:
        town = Town(folder, database, hook)
        with relay() as good:
            queue = InlineQueue()
            with town.monitor(good, queue) as monitor:
                work_until_idle(monitor, queue)
        for number, case in enumerate(CASES, 1):
            line = one_day(town, case)
            line |= {"in_two_digests": twice(town), "missed_digests": number * 3 - digests(town)}
            yield {**line, "broken": broken(line, case)}
        town.store.dispose()


def one_day(town: Town, case: Case) -> Line:
    """Everything fails in the case's way at first; then the receivers are well again, unless it is for good."""
    town.clock.now = START + timedelta(days=(town.clock() - START).days + 3)  # what was tried for days is over
    town.publish()
    town.hook.seen.clear()
    town.hook.status, town.hook.delay = case.status or 204, case.delay
    began, queue = town.clock(), InlineQueue()
    with relay(Behaviour(hang=case.hang, drop=case.drop, answers=dict(case.answers))) as smtp:
        with town.monitor(smtp, queue) as monitor:
            work_until_idle(monitor, queue)
            late = bool(case.hang or case.drop)
            if not (late and case.repeats) and case.answers.get("text"):
                smtp.mails.clear()  # it got the text and refused it
            if not case.for_good:
                smtp.hang, smtp.drop, smtp.answers = "", "", {}
                town.hook.status, town.hook.delay = 204, 0.0
            finish(town, monitor, queue)
        mails = Counter(str(mail["Message-ID"]).strip("<>") for mail in smtp.mails)
    hooks = Counter(headers["webhook-id"] for _, headers, _ in town.hook.seen) if case.repeats else Counter()
    return {"point": case.name, **ledger(town, began, mails, hooks)}


def finish(town: Town, monitor: Monitor, queue: InlineQueue) -> None:
    """Move the clock from one retry to the next until nothing waits."""
    while (due := town.next_due()) is not None:
        town.clock.now = max(town.clock(), due)
        work_until_idle(monitor, queue)


def ledger(town: Town, began: Any, mails: Counter[str], hooks: Counter[str]) -> Line:
    """How the day's deliveries ended, and what its receivers took."""
    with town.store.read() as session:
        statement = select(Delivery, Channel.kind).join(Channel).where(Delivery.created_at >= began)
        rows = [(row.message_id, row.status, row.tries, row.error, kind) for row, kind in session.execute(statement)]
    sent = {message_id for message_id, status, *_, kind in rows if status == "sent" and kind == "email"}
    return {
        "deliveries": len(rows),
        "sent": sum(status == "sent" for _, status, *_ in rows),
        "given_up": sum(status == "failed" for _, status, *_ in rows),
        "without_words": sum(status == "failed" and not error for _, status, _, error, _ in rows),
        "tries": max(tries for _, _, tries, *_ in rows),
        "lost": MAILS + HOOKS - len(rows) + len(sent - set(mails)),
        "repeated": sum(count - 1 for count in (mails + hooks).values()),
        "hours": round((town.clock() - began).total_seconds() / 3600, 1),
    }


def twice(town: Town) -> int:
    with town.store.read() as session:
        pair = (DigestAlert.subscriber_id, DigestAlert.alert_id)
        return len(session.execute(select(*pair).group_by(*pair).having(func.count() > 1)).all())


def digests(town: Town) -> int:
    with town.store.read() as session:
        return session.scalar(select(func.count()).select_from(Digest)) or 0


def broken(line: Line, case: Case) -> list[str]:
    """What of the promise a line breaks."""
    found = [name for name in ("lost", "in_two_digests", "missed_digests", "without_words") if line[name]]
    found += ["repeated"] if line["repeated"] and not case.repeats else []
    found += ["given_up"] if line["given_up"] != case.given_up else []
    return found + (["tries"] if line["tries"] < case.tries else [])  # more of them: the machine was busy
