"""Digests of many alerts to many subscribers: seconds, and whether memory stays flat.

    .venv/bin/python bench/digests.py --alerts 10000 --subscribers 200 [--database postgresql://…]

Prints one line of JSON: seconds (by the wall and of CPU) to close all digests and plan their deliveries in one process,
membership rows, the process's memory after a tenth of the subscribers and at the end (MiB), the largest message (KB).
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import func, insert, select

from monitor.settings import load_settings
from monitor.storage.tables import Alert, AlertTopic, Article, Delivery, DigestAlert, Dossier, Match, Story, Topic
from monitor.storage.work import Kind
from monitor.testing import Clock, make_inline_monitor

TOPICS = 14
BODY = "Un premier paragraphe sans intérêt. L’équipementier Huawei signe en Espagne un contrat de cinq ans. " * 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), options.alerts, options.subscribers, options.database)))


def measure(folder: Path, alerts: int, subscribers: int, database: str) -> dict[str, object]:
    clock = Clock()
    (folder / "config").mkdir()
    (folder / "config" / "subscribers.toml").write_text("".join(_subscriber(n) for n in range(subscribers)))
    environ = {"VEILLE_DATA_DIR": str(folder / "var"), "VEILLE_CONFIG_DIR": str(folder / "config")}
    environ |= {"VEILLE_DATABASE_URL": database} if database else {}
    monitor, queue = make_inline_monitor(load_settings(environ), clock)
    with monitor:
        monitor.sync()
        clock.advance(timedelta(hours=1))
        fill(monitor.store, alerts, clock())
        clock.advance(timedelta(days=1))
        monitor.tick()
        due = [pair for message in queue.messages if message.kind is Kind.DIGEST for pair in message.pairs]
        queue.messages.clear()
        start, cpu, early = time.perf_counter(), time.process_time(), 0.0
        for at in range(0, len(due), 10):  # a message carries ten
            monitor.digest(due[at : at + 10])
            early = early or (memory() if at >= len(due) // 10 else 0.0)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        return {
            "alerts": alerts,
            "subscribers": len(due),
            "database": monitor.store.dialect,
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu, 1),
            **counts(monitor.store),
            "mib_early": round(early),
            "mib_end": round(memory()),
        }


def counts(store: object) -> dict[str, int]:
    with store.read() as session:  # type: ignore[attr-defined]
        members = session.scalar(select(func.count()).select_from(DigestAlert))
        planned = session.scalar(select(func.count()).select_from(Delivery))
        message = session.scalars(select(Delivery.message).limit(1)).first() or {}
    return {"members": members, "deliveries": planned, "message_kb": len(json.dumps(message)) // 1000}


def fill(store: object, count: int, now: object) -> None:
    """Alerts with a story, an article, two topics and evidence each."""
    with store.write() as session:  # type: ignore[attr-defined]
        dossier = {"id": 1, "slug": "d", "title": "Dossier", "origin": "cli", "text": "", "rules_hash": "0"}
        session.execute(insert(Dossier), [{**dossier, "updated_at": now}])
        topics = [{"id": n + 1, "dossier_id": 1, "slug": f"t{n}", "title": f"Thème {n}"} for n in range(TOPICS)]
        session.execute(insert(Topic), topics)
        for start in range(0, count, 1000):
            numbers = range(start + 1, min(start + 1000, count) + 1)
            session.execute(insert(Story), [{"id": n, "title": f"Titre {n}", "created_at": now} for n in numbers])
            session.execute(insert(Article), [_article(n, now) for n in numbers])
            session.execute(insert(Alert), [_alert(n, now) for n in numbers])
            pairs = [(n, topic) for n in numbers for topic in (n % TOPICS + 1, (n + 5) % TOPICS + 1)]
            session.execute(insert(AlertTopic), [{"alert_id": n, "topic_id": t, "score": 0.7} for n, t in pairs])
            session.execute(insert(Match), [_match(n, t, now) for n, t in pairs])


def _article(number: int, now: object) -> dict[str, object]:
    url = f"https://presse.example/{number}"
    texts = {"title": f"Titre {number}", "text": BODY, "text_hash": str(number), "source": f"Gazette {number % 40}"}
    times = {"published_at": now, "created_at": now, "updated_at": now}
    return {"id": number, "canonical_url": url, "url": url, "story_id": number, "access": "free", **texts, **times}


def _alert(number: int, now: object) -> dict[str, object]:
    values = {"id": number, "dossier_id": 1, "story_id": number, "title": f"Titre {number}", "status": "new"}
    return values | {"score": 0.4 + number % 97 / 200, "raised_at": now, "updated_at": now}


def _match(number: int, topic: int, now: object) -> dict[str, object]:
    at = BODY.index("Huawei")
    evidence = [{"field": "body", "start": at, "end": at + 6, "text": "Huawei"}]
    values = {"article_id": number, "topic_id": topic, "score": 0.7, "evidence": evidence}
    return values | {"rules_hash": "0", "created_at": now, "updated_at": now}


def _subscriber(number: int) -> str:
    channel = f'[[subscriber.channel]]\nkind = "file"\nto = "s{number}"\nformat = "eml"\n'
    return f'[[subscriber]]\nname = "s{number}"\n{channel}'


def memory() -> float:
    """Resident memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


if __name__ == "__main__":
    main()
