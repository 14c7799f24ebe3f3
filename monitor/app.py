"""The façade: `make_monitor(settings)` gives the object that command line, web part and workers call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from monitor.fetch.http import Door, DoorPolicy
from monitor.fetch.web import Web
from monitor.settings import Settings
from monitor.steps.context import Announce, Context, utc_now
from monitor.steps.deliver import DeliverSummary, deliver
from monitor.steps.digest import DigestSummary, digest
from monitor.steps.dossiers import DossierShelf
from monitor.steps.due import Ticked, tick
from monitor.steps.poll import PollSummary, poll
from monitor.steps.prune import prune
from monitor.steps.read import ReadSummary, read
from monitor.steps.sync import Synced, sync
from monitor.storage.engine import Store, open_store
from monitor.storage.schema import migrate, require_current
from monitor.storage.work import Announcement, Pair

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Monitor:
    """Everything Veille does, on one database. One a process; `close` (or `with`) gives back what it holds."""

    def __init__(self, settings: Settings, store: Store, announce: Announce, now: Callable[[], datetime]) -> None:
        self.settings = settings
        self.store = store
        self._announce = announce
        self._now = now
        self._runner: asyncio.Runner | None = None
        self._context: Context | None = None

    # -- work, called by tasks -------------------------------------------------------------------------------------

    def tick(self) -> Ticked:
        """Take up a changed configuration, then announce all due rows."""
        self.sync()
        return tick(self.context)

    def poll(self, pairs: Sequence[Pair]) -> PollSummary:
        """Poll the announced feeds."""
        return self._run(poll(self.context, _pairs(pairs)))

    def read(self, pairs: Sequence[Pair]) -> ReadSummary:
        """Read the announced entries."""
        return self._run(read(self.context, _pairs(pairs)))

    def digest(self, pairs: Sequence[Pair]) -> DigestSummary:
        """Close the digests of the announced subscribers."""
        return digest(self.context, _pairs(pairs))

    def deliver(self, pairs: Sequence[Pair]) -> DeliverSummary:
        """Send the announced deliveries."""
        return self._run(deliver(self.context, _pairs(pairs)))

    def prune(self) -> dict[str, int]:
        """Let go of what is past its retention; gives rows by kind."""
        return prune(self.context)

    def sync(self, *, force: bool = False) -> Synced:
        """Bring the rows up to the configuration files, if these changed."""
        return sync(self.store, self.settings, self._now(), force=force)

    # -- the schema ------------------------------------------------------------------------------------------------

    def migrate(self) -> str:
        """Bring the database to this program's schema; gives its revision."""
        return migrate(self.store)

    def require_current(self) -> None:
        """Raises `StorageError` unless the schema is this program's."""
        require_current(self.store)

    # -- plumbing --------------------------------------------------------------------------------------------------

    @property
    def context(self) -> Context:
        """What steps are given; made on first use, so that reading commands open no socket."""
        if self._context is None:
            web = self._run(_open_web(self.settings))
            shelf = DossierShelf(self.store, self.settings.data_dir / "cache", _report_dossier)
            self._context = Context(self.store, self.settings, web, shelf, self._announce, self._now)
        return self._context

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """In this process's one event loop, where the door keeps its connections."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(work)

    def close(self) -> None:
        if self._context is not None:
            self._run(self._context.web.close())
            self._context = None
        if self._runner is not None:
            self._runner.close()
            self._runner = None
        self.store.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


async def _open_web(settings: Settings) -> Web:
    door = Door(DoorPolicy.from_settings(settings))
    await door.__aenter__()
    return Web(door)


def _report_dossier(slug: str, reason: str) -> None:
    log.error("dossier_broken", dossier=slug, reason=reason)


def _pairs(pairs: Sequence[Sequence[int]]) -> list[Pair]:
    """JSON brings lists."""
    return [(int(pair[0]), int(pair[1])) for pair in pairs]


def _tell_nobody(announcement: Announcement) -> None:
    """Without a broker, rows wait for the next tick of a running worker."""
    log.debug("not_announced", kind=announcement.kind.value, rows=len(announcement.pairs))


def make_monitor(
    settings: Settings, *, announce: Announce = _tell_nobody, now: Callable[[], datetime] = utc_now
) -> Monitor:
    """A Monitor on the settings' database. Raises `StorageError` when that cannot be opened; migrates nothing."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Monitor(settings, open_store(settings.effective_database_url), announce, now)


__all__ = ["Monitor", "make_monitor"]
