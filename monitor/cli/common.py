"""What commands share: settings, an open Monitor, progress on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.app import Monitor
    from monitor.settings import Settings


def settings(*, quiet: bool = True) -> Settings:
    """The environment's settings, with logs set up; `quiet` keeps information off the screen of a command."""
    from monitor.logs import configure_logs
    from monitor.settings import load_settings

    loaded = load_settings()
    configure_logs(loaded.model_copy(update={"log_level": "error"}) if quiet else loaded)
    return loaded


@contextmanager
def open_monitor(*, sync: bool = True) -> Iterator[Monitor]:
    """A Monitor on a database of this program's schema (an embedded one is migrated on the way)."""
    from monitor.app import make_monitor

    loaded = settings()
    with make_monitor(loaded) as monitor:
        monitor.make_current(may_migrate=loaded.database_url is None)
        if sync:
            monitor.sync()
        yield monitor


def stderr() -> Console:
    """For progress and remarks: standard output is for results."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal's standard error; what it gives takes the count so far."""
    from rich.progress import Progress

    with Progress(console=stderr(), transient=True, disable=not stderr().is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
