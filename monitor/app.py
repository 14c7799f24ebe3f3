"""The façade: `make_monitor(settings)` gives the object that command line, web part and workers call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import structlog

from monitor.channels import sending_deadline
from monitor.channels.base import Message
from monitor.domain.feed_health import FeedHealth, Health, Language
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.domain.urls import canonicalise
from monitor.errors import ConfigError
from monitor.fetch.http import DoorPolicy
from monitor.fetch.nursery import share_nursery
from monitor.fetch.web import Web
from monitor.settings import Settings
from monitor.steps.context import Announce, Context, utc_now
from monitor.steps.deliver import DeliverSummary, deliver
from monitor.steps.digest import DigestSummary, digest, preview
from monitor.steps.dossiers import Compiled, DossierShelf
from monitor.steps.due import Ticked, tick
from monitor.steps.observing import health_of
from monitor.steps.outgoing import door_post
from monitor.steps.poll import PollSummary, poll
from monitor.steps.progress import RunProgress
from monitor.steps.prune import prune
from monitor.steps.push import receive_push, verify_push
from monitor.steps.questions import Questions
from monitor.steps.read import read
from monitor.steps.readings import ReadSummary
from monitor.steps.sending import SentNow, Tested, send_now, test_channels
from monitor.steps.sync import Synced, sync
from monitor.storage.deliveries import subscriber_named
from monitor.storage.engine import Store, open_store
from monitor.storage.feeds import add_feeds, list_feeds, make_due
from monitor.storage.ledger import delivery_with_message, ledger, retry_delivery
from monitor.storage.progress import latest_alerts, totals, troubled_feeds
from monitor.storage.schema_check import make_current
from monitor.storage.tables import Feed
from monitor.storage.work import Announcement, Pair

if TYPE_CHECKING:
    from monitor.fetch.discovery import Preview

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Totals; the newest alerts (raised at, title, outlet, topics); feeds in trouble (name, reason, next attempt)."""

    totals: dict[str, int]
    alerts: list[tuple[datetime, str, str, list[str]]]
    troubled: list[tuple[str, str, datetime | None]]


class Monitor:
    """Everything Veille does, on one database. One a process; `close` (or `with`) gives back what it holds."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        announce: Announce,
        now: Callable[[], datetime],
        compiled: Compiled | None = None,
    ) -> None:
        self.settings = settings
        self._compiled = compiled
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

    # -- people ----------------------------------------------------------------------------------------------------

    def feeds(self) -> list[Feed]:
        """All feeds, by name."""
        with self.store.read() as session:
            return list_feeds(session)

    def add_feed(self, url: str, name: str, tags: tuple[str, ...] = ()) -> bool:
        """Watch a feed; false when it is known. Raises `ConfigError` for what is no http address."""
        canonical = canonicalise(url)
        if canonical is None:
            raise ConfigError(f"{url!r} is not an http or https address", code="C010")
        with self.store.write() as session:
            return add_feeds(session, [FeedSpec(name, url, tags=tags)], Origin.CLI, self._now()) == 1

    def discover_feeds(self, url: str) -> list[Preview]:
        """The feeds at a site's address, with a preview of each. Raises `FetchError` when it does not answer."""
        return self._run(self.context.web.discover(url, self._now()))

    def verify_push(self, token: str, parameters: Mapping[str, str]) -> str | None:
        """What to answer to a WebSub hub's question (GET /websub/<token>): the challenge, or None: 404."""
        return verify_push(self.context, token, parameters)

    def receive_push(
        self, token: str, body: bytes, *, signature: str | None, content_type: str | None = None
    ) -> int | None:
        """Store what a hub sent (POST /websub/<token>): new entries, None: 404. Raises `ContentError`."""
        return self._run(receive_push(self.context, token, body, signature=signature, content_type=content_type))

    def feeds_health(self, language: Language | None = None) -> list[tuple[Feed, FeedHealth]]:
        """Each enabled feed and how it does, the worst first."""
        speak: Language = language or self.settings.language
        found = [(feed, health_of(feed, self._now(), speak)) for feed in self.feeds() if feed.enabled]
        worst_first = list(reversed(Health))
        return sorted(found, key=lambda pair: worst_first.index(pair[1].health))

    def make_feeds_due(self, url: str | None = None) -> int:
        """Make one feed (address or name), or all, due now; gives how many. Raises `NotFoundError`."""
        with self.store.write() as session:
            return make_due(session, self._now(), url)

    def preview_digest(self, subscriber: str) -> Message:
        """What the digest would be if it closed now. Raises `NotFoundError`."""
        with self.store.read() as session:
            return preview(self.context, session, subscriber_named(session, subscriber))

    def send_digest(self, subscriber: str) -> SentNow:
        """Close the digest now and send it from this process. Raises `NotFoundError`."""
        return self._run(send_now(self.context, subscriber))

    def deliveries(self, status: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The newest deliveries, as they are printed."""
        with self.store.read() as session:
            return ledger(session, status, limit)

    def delivery(self, delivery_id: int) -> dict[str, Any]:
        """One delivery with its message. Raises `NotFoundError`."""
        with self.store.read() as session:
            return delivery_with_message(session, delivery_id)

    def retry_delivery(self, delivery_id: int) -> None:
        """Make a delivery that failed for good due again. Raises `NotFoundError`."""
        with self.store.write() as session:
            retry_delivery(session, delivery_id, self._now())

    def test_channels(self, subscriber: str) -> list[Tested]:
        """Send a marked test by every channel of a subscriber. Raises `NotFoundError`."""
        return self._run(test_channels(self.context, subscriber))

    # -- watching a run --------------------------------------------------------------------------------------------

    def progress_of_run(self) -> RunProgress:
        """Follows what is due now until it is done."""
        return RunProgress(self.store, self._now)

    def snapshot(self) -> Snapshot:
        """What the live view shows."""
        with self.store.read() as session:
            return Snapshot(totals(session), latest_alerts(session, 8), troubled_feeds(session, 6))

    # -- the schema ------------------------------------------------------------------------------------------------

    def migrate(self) -> str:
        """Bring the database to this program's schema; gives its revision."""
        from monitor.storage.schema import migrate  # with Alembic: 12 MiB that a worker has no use for

        return migrate(self.store)

    def make_current(self, *, may_migrate: bool) -> None:
        """`migrate` where it is needed and allowed. Raises `StorageError` for a schema that is not this program's."""
        make_current(self.store, may_migrate=may_migrate)

    # -- plumbing --------------------------------------------------------------------------------------------------

    @property
    def context(self) -> Context:
        """What steps are given; made on first use, so that reading commands open no socket."""
        if self._context is None:
            web = self._run(Web.open(self.settings))
            shelf, questions = self._shelf(), Questions(self.store, self.settings.cache_dir)
            post = door_post(DoorPolicy.from_settings(self.settings), sending_deadline(self.settings))
            heard = self._announce is not _tell_nobody
            self._context = Context(
                self.store, self.settings, web, shelf, questions, self._announce, self._now, post, announces=heard
            )
        return self._context

    def compiled(self) -> Compiled:
        """The dossiers in force, compiled, for the processes that are forked from this one; opens no socket."""
        return self._shelf().compiled()

    def _shelf(self) -> DossierShelf:
        return DossierShelf(self.store, self.settings.cache_dir, _report_dossier, self._compiled)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """In this process's one event loop, where the door keeps its connections; log lines have the caller's task."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(work, context=copy_context())

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


def _report_dossier(slug: str, reason: str) -> None:
    log.error("dossier_broken", dossier=slug, reason=reason)


def _pairs(pairs: Sequence[Sequence[int]]) -> list[Pair]:
    """JSON brings lists."""
    return [(int(pair[0]), int(pair[1])) for pair in pairs]


def _tell_nobody(announcement: Announcement) -> None:
    """Without a broker, rows wait for the next tick of a running worker."""
    log.debug("not_announced", kind=announcement.kind.value, rows=len(announcement.pairs))


def make_monitor(
    settings: Settings,
    *,
    announce: Announce = _tell_nobody,
    now: Callable[[], datetime] = utc_now,
    compiled: Compiled | None = None,
) -> Monitor:
    """A Monitor on the settings' database. Raises `StorageError` when that cannot be opened; migrates nothing.

    `compiled` dossiers, of another Monitor, are used while they are in force.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Monitor(settings, open_store(settings.effective_database_url), announce, now, compiled)


__all__ = ["Compiled", "Monitor", "make_monitor", "share_nursery"]
