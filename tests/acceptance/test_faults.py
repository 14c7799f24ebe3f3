"""Killed workers, an emptied broker, poisonous rows: the rows end as in a run that nobody disturbed."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from monitor.settings import load_settings
from tests.installation import Installation, Running, fill_press
from tests.press import Press
from tests.servers import wait_until

FEEDS, ENTRIES = 20, 20
SUBSCRIBERS = """
[[subscriber]]
name = "veilleur"
rhythm = "at once"
at_most = 1000

[[subscriber.channel]]
kind = "email"
to = "veilleur@example.org"
"""


def rows(installation: Installation) -> dict[str, list[tuple[object, ...]]]:
    """What must be the same whatever happened on the way: no ids, no clocks."""
    queries = {
        "entries": "SELECT identity, outcome FROM entries ORDER BY 1, 2",
        "articles": "SELECT canonical_url, title, text_hash, revision FROM articles ORDER BY 1",
        "matches": "SELECT a.canonical_url, t.slug, m.score FROM matches m JOIN articles a ON a.id = m.article_id "
        "JOIN topics t ON t.id = m.topic_id ORDER BY 1, 2",
        "alerts": "SELECT title, revision FROM alerts ORDER BY 1",
        "deliveries": "SELECT al.title, d.status FROM deliveries d JOIN alerts al ON al.id = d.alert_id ORDER BY 1",
    }
    with sqlite3.connect(installation.data / "veille.db") as database:
        return {name: database.execute(query).fetchall() for name, query in queries.items()}


def pending(installation: Installation) -> int:
    with sqlite3.connect(installation.data / "veille.db") as database:
        (entries,) = database.execute("SELECT count(*) FROM entries WHERE outcome IS NULL").fetchone()
        (polled,) = database.execute("SELECT count(*) FROM feeds WHERE last_polled_at IS NULL").fetchone()
        (sending,) = database.execute("SELECT count(*) FROM deliveries WHERE status = 'planned'").fetchone()
    return int(entries) + int(polled) + int(sending)


def read_so_far(installation: Installation) -> int:
    with sqlite3.connect(installation.data / "veille.db") as database:
        return int(database.execute("SELECT count(*) FROM entries WHERE outcome IS NOT NULL").fetchone()[0])


class Sink:
    """A mail server that counts Message-IDs."""

    def __init__(self) -> None:
        self.ids: Counter[str] = Counter()

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        content = envelope.content
        assert isinstance(content, bytes)
        self.ids[str(message_from_bytes(content)["Message-ID"])] += 1
        return "250 taken"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    handler = Sink()
    with socket.socket() as probe:  # aiosmtpd asks its own port whether it is up, so 0 will not do
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    controller.stop()


def await_read(installation: Installation, count: int) -> None:
    wait_until(lambda: read_so_far(installation) >= count, 90)


def prepare(directory: Path, press: Press, smtp_url: str) -> Installation:
    directory.mkdir()
    fast = {"VEILLE_TICK_INTERVAL": "1", "VEILLE_POLL_LEASE": "20", "VEILLE_POLL_TIME_LIMIT": "18"}
    fast |= {"VEILLE_DELIVER_LEASE": "15", "VEILLE_DELIVER_TIME_LIMIT": "12"}
    installation = Installation(directory, {**fast, "VEILLE_SMTP_URL": smtp_url})
    (installation.config / "subscribers.toml").write_text(SUBSCRIBERS, encoding="utf-8")
    installation.feeds([press.url + path for path in fill_press(press, FEEDS, ENTRIES, 0.1, latency=0.1)])
    # what a first poll brings is backlog and alerts nobody at once: these feeds have been polled before
    installation.veille("migrate")
    installation.veille("feeds", "list")
    with sqlite3.connect(installation.data / "veille.db") as database:
        database.execute("UPDATE feeds SET first_success_at = '2026-01-01 00:00:00'")
    return installation


def finish(installation: Installation, disturb: Callable[[Running], None] | None = None) -> Running:
    with installation.running("--no-web") as running:
        running.await_event("started", 3)
        if disturb is not None:
            disturb(running)
        wait_until(lambda: pending(installation) == 0 and read_so_far(installation) == FEEDS * ENTRIES, 150)
    return running


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_rows_end_the_same_after_kills_and_an_emptied_broker(
    tmp_path: Path, press: Press, sink: tuple[Sink, str]
) -> None:
    mail, smtp_url = sink
    calm = prepare(tmp_path / "calm", press, smtp_url)
    finish(calm)
    assert set(mail.ids.values()) == {1}
    mail.ids.clear()
    stormy = prepare(tmp_path / "stormy", press, smtp_url)

    def storm(running: Running) -> None:
        for killed_at, emptied_at in ((40, 60), (130, 160), (220, 260)):
            await_read(stormy, killed_at)
            running.kill("worker")
            time.sleep(0.5)
            await_read(stormy, emptied_at)
            broker = redis.Redis.from_url(load_settings(stormy.environ).effective_broker_url)
            broker.flushall()
            broker.close()

    finish(stormy, storm)
    expected, found = rows(calm), rows(stormy)
    assert len(expected["deliveries"]) > 10
    assert {name: len(lines) for name, lines in found.items()} == {name: len(lines) for name, lines in expected.items()}
    assert found == expected
    repeated = sum(count - 1 for count in mail.ids.values())
    print(f"deliveries {len(mail.ids)}, sent more than once {repeated}")
    assert len(mail.ids) == len(expected["deliveries"])
    assert repeated <= 6  # a kill can cost the messages under way, one each worker process


@pytest.mark.timeout(200)
def test_a_broker_that_restarts_while_a_task_runs_costs_no_worker(
    tmp_path: Path, press: Press, sink: tuple[Sink, str]
) -> None:
    installation = prepare(tmp_path / "one", press, sink[1])
    with installation.running("--no-web") as running:
        await_read(installation, 20)
        running.kill("broker")
        wait_until(lambda: pending(installation) == 0 and read_so_far(installation) == FEEDS * ENTRIES, 150)
    assert [event["child"] for event in running.events("started")].count("worker") == 1
    assert running.events("child_died")
