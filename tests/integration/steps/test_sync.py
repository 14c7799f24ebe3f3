"""Configuration taken up while work goes on; what is broken stops nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.app import Monitor, make_monitor
from monitor.domain.model import Document
from monitor.storage.tables import Dossier, Feed, Subscriber
from monitor.testing import Clock, make_inline_monitor
from tests.integration.steps.conftest import settings_for

FEED = '[[feed]]\nname = "{0}"\nurl = "https://{0}.example/feed"\n'
SUBSCRIBER = '[[subscriber]]\nname = "{0}"\n[[subscriber.channel]]\nkind = "console"\n'
SMALL = 'slug = "essai"\ntitle = "Essai"\n[relevance]\nthreshold = 0.0\n[[topics]]\nslug = "a"\ntitle = "A"\n'
SMALL += 'rules = [{ any = ["usine"] }]\n'
# it can be opened and not read, by root either
UNREADABLE = Path("/proc/self/mem")


@pytest.fixture
def monitor(sqlite_url: str, tmp_path: Path, clock: Clock) -> Iterator[Monitor]:
    made, _ = make_inline_monitor(settings_for(sqlite_url, tmp_path), clock)
    write(made, "feeds.toml", FEED.format("un"))
    write(made, "subscribers.toml", SUBSCRIBER.format("ada"))
    made.tick()
    yield made
    made.close()


def write(monitor: Monitor, name: str, text: str) -> None:
    (monitor.settings.config_dir / name).write_text(text, encoding="utf-8")


def in_force(monitor: Monitor) -> tuple[list[str], list[str], list[str]]:
    """Names of the feeds, subscribers and dossiers that are enabled."""
    with monitor.store.read() as session:
        asked = ((Feed.name, Feed), (Subscriber.name, Subscriber), (Dossier.slug, Dossier))
        found = [sorted(session.scalars(select(name).where(table.enabled.is_(True)))) for name, table in asked]
    return found[0], found[1], found[2]


def test_a_changed_file_is_in_force_with_the_next_tick(monitor: Monitor) -> None:
    write(monitor, "feeds.toml", FEED.format("deux"))
    write(monitor, "subscribers.toml", SUBSCRIBER.format("eve"))
    monitor.tick()
    assert in_force(monitor) == (["deux"], ["eve"], ["huawei-europe"])


def test_an_edit_that_leaves_length_and_time_is_in_force_with_the_next_tick(monitor: Monitor) -> None:
    path = monitor.settings.config_dir / "feeds.toml"
    os.utime(path, (1, 1))
    monitor.tick()
    write(monitor, "feeds.toml", FEED.format("su"))
    os.utime(path, (1, 1))
    monitor.tick()
    assert in_force(monitor)[0] == ["su"]


@pytest.mark.parametrize("name", ["feeds.toml", "subscribers.toml", "dossiers/huawei-europe.toml"])
def test_a_broken_file_leaves_its_last_good_version_and_the_others_go_on(monitor: Monitor, name: str) -> None:
    before = in_force(monitor)
    write(monitor, name, "this is = = no TOML")
    write(monitor, "dossiers/another.toml", "= = neither is this")
    told = [error.partition(":")[0] for error in monitor.sync().errors]
    assert sorted(told) == sorted(str(monitor.settings.config_dir / each) for each in (name, "dossiers/another.toml"))
    assert in_force(monitor) == before


@pytest.mark.parametrize(
    ("name", "broken", "words"),
    [
        ("dossiers/essai.toml", SMALL.replace("usine", "exclure interdire bannir"), "expands to"),
        ("dossiers/essai.toml", SMALL.replace('"usine"', "3"), "not a list of strings"),
        ("dossiers/essai.model.json.gz", "no model", "veille train essai"),
    ],
)
def test_a_dossier_that_does_not_compile_leaves_the_workers_on_its_last_good_version(
    monitor: Monitor, name: str, broken: str, words: str
) -> None:
    write(monitor, "dossiers/essai.toml", SMALL)
    monitor.tick()
    write(monitor, name, broken)
    assert [words in error for error in monitor.sync().errors] == [True]
    matcher = monitor.context.dossiers.matcher()
    assert {dossier.slug for dossier in matcher.dossiers} == {"essai", "huawei-europe"}
    assert matcher.match_one(Document("Une usine"), "essai").relevant


def test_a_file_that_cannot_be_read_ends_no_tick(monitor: Monitor) -> None:
    before = in_force(monitor)
    for name in ("feeds.toml", "dossiers/huawei-europe.model.json.gz", "notes.txt"):
        (monitor.settings.config_dir / name).unlink(missing_ok=True)
        (monitor.settings.config_dir / name).symlink_to(UNREADABLE)
    monitor.tick()
    told = monitor.sync().errors
    assert sorted(Path(error.partition(": ")[0]).name for error in told) == ["feeds.toml", "huawei-europe.toml"]
    assert in_force(monitor) == before


def test_what_was_mended_is_told_no_longer(monitor: Monitor) -> None:
    write(monitor, "feeds.toml", "= =")
    monitor.tick()
    write(monitor, "feeds.toml", FEED.format("trois"))
    assert monitor.sync().errors == []
    assert in_force(monitor)[0] == ["trois"]


def test_ticks_that_take_a_configuration_up_together_do_not_trip_each_other(
    postgres_url: str, tmp_path: Path, clock: Clock
) -> None:
    monitor, _ = make_inline_monitor(settings_for(postgres_url, tmp_path), clock)
    write(monitor, "feeds.toml", FEED.format("un"))
    write(monitor, "subscribers.toml", SUBSCRIBER.format("ada"))
    with ThreadPoolExecutor(4) as threads:
        told = list(threads.map(lambda _: monitor.sync(force=True).errors, range(8)))
    assert told == [[]] * 8
    assert in_force(monitor) == (["un"], ["ada"], ["huawei-europe"])
    monitor.close()


def test_dossiers_that_were_compiled_before_are_used_while_they_are_in_force(monitor: Monitor) -> None:
    made = monitor.compiled()
    with make_monitor(monitor.settings, compiled=made) as forked:
        assert forked.context.dossiers.matcher() is made.matcher
        write(monitor, "dossiers/essai.toml", SMALL)
        monitor.sync()
        assert {dossier.slug for dossier in forked.context.dossiers.matcher().dossiers} == {"essai", "huawei-europe"}
