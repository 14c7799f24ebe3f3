"""A step that outlives its lease, a row that kills its process: neither harms the others."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.app import Monitor
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.settings import Settings
from monitor.storage.feeds import add_feeds
from monitor.storage.tables import Article, Entry
from monitor.storage.work import Kind
from monitor.testing import Clock, InlineQueue, handle, make_inline_monitor
from tests.integration.steps.conftest import settings_for
from tests.press import Answer, Press, html

ROOT = Path(__file__).parents[3]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path)


def start(settings: Settings, press: Press, clock: Clock) -> tuple[Monitor, InlineQueue]:
    """Feeds polled, entries announced, nothing read."""
    monitor, queue = make_inline_monitor(settings, clock)
    monitor.sync()
    with monitor.store.write() as session:
        add_feeds(session, [FeedSpec("F", press.url + "/feed")], Origin.CLI, clock())
    monitor.tick()
    handle(monitor, queue.messages.popleft())
    return monitor, queue


def test_a_step_that_outlives_its_lease_cannot_write_over_its_successor(
    settings: Settings, press: Press, clock: Clock
) -> None:
    asked, released = threading.Event(), threading.Event()

    def slow_then_quick(_headers: dict[str, str]) -> Answer:
        if asked.is_set():
            return Answer(html("La suite", ("Le texte du successeur. " * 30,)), headers={"content-type": "text/html"})
        asked.set()
        released.wait(20)
        return Answer(html("Trop tard", ("Le texte du retardataire. " * 30,)), headers={"content-type": "text/html"})

    press.publish("/feed", [("1", "Un titre", "/a")])
    press.answers["/a"] = slow_then_quick
    first, queue = start(settings, press, clock)
    message = queue.messages.popleft()
    late = threading.Thread(target=handle, args=(first, message))
    late.start()
    assert asked.wait(20)
    clock.advance(settings.poll_lease)
    second, again = make_inline_monitor(settings, clock)
    second.tick()
    again.drain(second)
    released.set()
    late.join()
    with second.store.read() as session:
        assert [article.title for article in session.scalars(select(Article))] == ["La suite"]
        assert [entry.outcome for entry in session.scalars(select(Entry))] == ["unmatched"]
    first.close()
    second.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_row_that_kills_its_process_ends_as_crashed_and_holds_nobody_up(
    sqlite_url: str, tmp_path: Path, press: Press, clock: Clock
) -> None:
    settings = settings_for(sqlite_url, tmp_path)  # the rows' own rules are tested on both databases in test_work
    entries = [(str(number), f"Titre {number}", f"/{number}") for number in range(2)]
    press.publish("/feed", [*entries, ("poison", "Poison", "/poison")])
    for number, title, path in entries:
        press.page(path, title, f"Le texte numéro {number} ne ressemble à aucun autre. " * 20)
    press.page("/poison", "Poison")
    monitor, queue = start(settings, press, clock)
    for _ in range(8):
        while queue.messages:
            message = queue.messages.popleft()
            if message.kind is Kind.READ:
                handle_in_a_process(settings, list(message.pairs), clock)
        clock.advance(settings.poll_lease)
        monitor.tick()
    with monitor.store.read() as session:
        outcomes = {entry.guid: (entry.outcome, entry.reason) for entry in session.scalars(select(Entry))}
    assert outcomes.pop("poison") == ("failed", "failed: crashed")
    assert {outcome for outcome, _ in outcomes.values()} == {"unmatched"}
    with monitor.store.read() as session:
        poison = session.scalars(select(Entry).where(Entry.guid == "poison")).one()
        assert poison.due_at == poison.read_at + timedelta(days=1)  # once more, in case it was not its fault
    monitor.close()


def handle_in_a_process(settings: Settings, pairs: list[tuple[int, int]], clock: Clock) -> None:
    """Read in a process of its own, which dies at the poisonous page."""
    words = {
        "VEILLE_DATABASE_URL": settings.effective_database_url,
        "VEILLE_DATA_DIR": str(settings.data_dir),
        "VEILLE_CONFIG_DIR": str(settings.config_dir),
        "VEILLE_ALLOW_PRIVATE_HOSTS": settings.allow_private_hosts,
    }
    script = Path(__file__).with_name("dying_reader.py")
    told = json.dumps({"environ": words, "pairs": pairs, "now": clock().isoformat()})
    subprocess.run([sys.executable, script], input=told, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, timeout=60)
