"""The demo in containers, from nothing to an answered query, each step timed.

    .venv/bin/python -m bench.compose_demo        (Docker and the image are there; the data of an earlier demo go)

Exit code 1 when a step does not come within two minutes.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from urllib.request import Request, urlopen

from bench.containers import Stack, await_true

IMAGES = ("veille:local", "python:3.11-slim-bookworm", "postgres:16", "redis:7")
PENDING = "SELECT count(*) FROM entries WHERE outcome IS NULL"


def main() -> int:
    port = free_port()
    stack = Stack(environ={"VEILLE_WEB_PORT": str(port)})
    stack.compose("down", "-v", "--remove-orphans")
    start = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - start:6.1f} s  {what}", flush=True)

    stack.compose("up", "-d")
    tell("all containers created and started")
    for service, seconds in until_healthy(stack, start).items():
        print(f"{seconds:6.1f} s  healthy: {service}", flush=True)
    await_true("alerts", lambda: stack.number("SELECT count(*) FROM alerts") > 0, 120)
    tell("the first alert is raised")
    await_true("reading", lambda: stack.number("SELECT count(*) FROM entries") > 40 and not stack.number(PENDING), 120)
    entries, alerts = stack.query("SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM alerts)")[0]
    tell(f"the archive is read: {entries} entries, {alerts} alerts")
    tell(f"veille digest send lea: {stack.veille('digest', 'send', 'lea').strip()}")
    await_true("mail", lambda: "la-strategie-de-huawei" in stack.ask("mail", "ls", "/mail"), 120)
    tell("the digest is in the mail sink")
    found = query(stack, port)
    tell(f"the published port answers a query: {len(found)} alerts, the best {found[0]['title']!r}")
    sizes()
    return 0


def until_healthy(stack: Stack, start: float) -> dict[str, float]:
    """Seconds after `start` at which each service with a health check was healthy."""
    times: dict[str, float] = {}

    def look() -> bool:
        waiting = 0
        for one in stack.containers():
            if one["Health"] == "healthy":
                times.setdefault(one["Service"], time.monotonic() - start)
            waiting += one["Health"] == "starting"
        return not waiting

    await_true("health", look, 180, 0.5)
    return times


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def query(stack: Stack, port: int) -> list[dict[str, str]]:
    """The alerts by score, asked on this host with a token of our own."""
    token = stack.ask("web", "veille", "tokens", "add", "bench").strip()
    request = Request(
        f"http://127.0.0.1:{port}/api/v1/alerts?sort=score&limit=10", headers={"authorization": f"Bearer {token}"}
    )
    with urlopen(request, timeout=20) as answer:
        found: list[dict[str, str]] = json.load(answer)["rows"]
    return found


def sizes() -> None:
    for name in IMAGES:
        command = ["docker", "image", "inspect", "-f", "{{.Size}}", name]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        print(f"{name}: {int(done.stdout) / 1e6:.0f} MB" if done.returncode == 0 else f"{name}: not here")


if __name__ == "__main__":
    sys.exit(main())
