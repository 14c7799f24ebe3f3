from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.app import Monitor
from monitor.fetch import nursery
from monitor.settings import Settings, load_settings
from monitor.testing import Clock, InlineQueue, make_inline_monitor
from tests.installation import compiled_dossiers
from tests.press import Press, open_press

DOSSIERS = Path(__file__).parents[3] / "config" / "dossiers"


@pytest.fixture
def press() -> Iterator[Press]:
    with open_press() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


def settings_for(database_url: str, directory: Path) -> Settings:
    """A configuration with the shipped dossier alone, on loopback."""
    config = directory / "config"
    shutil.copytree(DOSSIERS, config / "dossiers")
    (directory / "var").mkdir()
    (directory / "var" / "cache").symlink_to(compiled_dossiers())
    environ = {
        "VEILLE_DATABASE_URL": database_url,
        "VEILLE_DATA_DIR": str(directory / "var"),
        "VEILLE_CONFIG_DIR": str(config),
        "VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
        "VEILLE_CONTACT": "tests@veille.invalid",
    }
    return load_settings(environ)


@pytest.fixture(scope="session")
def parsers() -> Iterator[None]:
    """The process that holds the parsers is started once, as a worker starts it before it forks; each Monitor has
    children of its own. Starting one takes longer than most tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nursery, "_nursery", None)
        nursery.share_nursery(compiled_dossiers())
        started = nursery._nursery
        yield
    assert started is not None
    started.close()


@pytest.fixture
def bench(
    database_url: str, press: Press, tmp_path: Path, clock: Clock, parsers: None
) -> Iterator[tuple[Monitor, InlineQueue]]:
    """A Monitor with the shipped dossier, and its queue; no request finds a transaction open."""
    monitor, queue = make_inline_monitor(settings_for(database_url, tmp_path), clock)
    opened = note_open_transactions(monitor)
    yield monitor, queue
    monitor.close()
    assert not any(opened), "a transaction was open during outside work"


def note_open_transactions(monitor: Monitor) -> list[int]:
    """The number of open transactions whenever the one event loop goes round: all outside work is done from there.

    A transaction that spans an `await` is open when the loop takes up another task; one within a step's synchronous
    stretch never is.
    """
    opened: list[int] = []

    async def begin() -> None:
        selector: Any = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
        select = selector.select

        def look(timeout: float | None = None) -> Any:
            opened.append(monitor.store.open_transactions)
            return select(timeout)

        selector.select = look

    assert monitor.context.web is not None
    monitor._run(begin())
    return opened


@pytest.fixture
def monitor(bench: tuple[Monitor, InlineQueue]) -> Monitor:
    return bench[0]


@pytest.fixture
def queue(bench: tuple[Monitor, InlineQueue]) -> InlineQueue:
    return bench[1]
