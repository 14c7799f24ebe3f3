"""Every service of compose killed in turn under load, then what was published held against what is stored.

    .venv/bin/python -m bench.compose_faults ../shared/tools/newsfarm.py      (Docker and the image are there)

A news farm publishes waves all the while, subscribers get each alert at once by mail. A service dies by SIGKILL to its
first process; the engine starts it again (`restart: unless-stopped`). Exit code 1 when anything is lost or doubled.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.containers import Stack, await_true, farm_stack
from monitor.domain.urls import canonicalise

SERVICES = ("worker-poll", "worker-read", "worker-deliver", "redis", "postgres", "beat", "web")
BUSY = "SELECT count(*) FROM entries WHERE outcome IS NULL"
WAITING = "SELECT count(*) FROM deliveries WHERE status = 'planned'"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("farm", type=Path, help="newsfarm.py")
    parser.add_argument("--feeds", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        farm_stack(Path(place), options.farm, feeds=options.feeds) as stack,
    ):
        stack.compose("up", "-d", "--wait", "--wait-timeout", "300")
        await_true(
            "the first poll", lambda: stack.number("SELECT count(*) FROM feeds WHERE last_success_at IS NULL") == 0, 300
        )
        for service in SERVICES * options.rounds:
            unread, seconds = killed(stack, service)
            print(f"{service} killed with {unread} pages unread, healthy again after {seconds:.1f} s", flush=True)
        settle(stack)
        found = count(stack)
    print(json.dumps(found, indent=1))
    return 1 if any(found["faults"].values()) else 0


def killed(stack: Stack, service: str) -> tuple[int, float]:
    """Publish, poll, kill in the middle of it, publish again; pages unread, seconds until the service is healthy."""
    stack.farm("tick", "POST")
    stack.veille("feeds", "poll", "--all")
    time.sleep(random.uniform(0.5, 3))
    unread, before = stack.number(BUSY), stack.started(service)
    start = time.monotonic()
    stack.kill(service)
    stack.farm("tick", "POST")
    await_true(f"{service} is started again", lambda: stack.started(service) > before, 60, 0.2)
    await_true(f"{service} healthy", lambda: stack.healthy(service), 180, 0.5)
    return unread, time.monotonic() - start


def settle(stack: Stack) -> None:
    """Until all that was published is polled and read, and all that is planned is sent."""
    wanted = len(published(stack))
    await_true("polling", lambda: stack.number("SELECT count(DISTINCT link) FROM entries") >= wanted, 300, 5)
    await_true("reading", lambda: not stack.number(BUSY), 420, 2)
    await_true("sending", lambda: not stack.number(WAITING), 240, 2)


def published(stack: Stack) -> set[str | None]:
    return {canonicalise(row["url"]) for row in json.loads(stack.farm("truth"))["rows"]}


def count(stack: Stack) -> dict[str, Any]:
    """What there is, and under `faults` what must be zero."""
    truth = published(stack)
    links = Counter(canonicalise(row[0]) for row in stack.query("SELECT link FROM entries"))
    alerts, stories = stack.query("SELECT count(*), count(DISTINCT (dossier_id, story_id)) FROM alerts")[0]
    sent = {row[0] for row in stack.query("SELECT message_id FROM deliveries WHERE status = 'sent'")}
    heard = Counter(stack.ask("mail", "sh", "-c", "grep -him1 '^message-id:' /mail/*.eml | cut -d' ' -f2").split())
    outcomes = dict(stack.query("SELECT coalesce(outcome, 'pending'), count(*) FROM entries GROUP BY 1 ORDER BY 1"))
    return {
        "published": len(truth),
        "entries": sum(links.values()),
        "outcomes": outcomes,
        "alerts": int(alerts),
        "deliveries": dict(stack.query("SELECT status, count(*) FROM deliveries GROUP BY 1")),
        "mails": sum(heard.values()),
        "mails_repeated_under_the_same_id": sum(heard.values()) - len(heard),
        "faults": {
            "published_and_not_stored": len(truth - set(links)),
            "stored_twice": sum(links.values()) - len(links),
            "without_an_outcome": int(outcomes.get("pending", 0)),
            "crashed": int(outcomes.get("failed", 0)),
            "no_text": int(outcomes.get("no_text", 0)),
            "alerts_twice": int(alerts) - int(stories),
            "sent_and_not_received": len({bare(one) for one in sent} - {bare(one) for one in heard}),
            "alerts_of_waves_not_delivered": stack.number(UNTOLD),
        },
    }


UNTOLD = """SELECT count(*) FROM alerts a WHERE NOT a.backlog
  AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.alert_id = a.id AND d.status = 'sent')"""


def bare(message_id: str) -> str:
    return message_id.strip("<>\r\n ")


if __name__ == "__main__":
    sys.exit(main())
