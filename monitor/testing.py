"""Fakes that ship with the library, for tests of Veille and of what is built on it."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

from monitor.app import Monitor, make_monitor
from monitor.settings import Settings
from monitor.storage.work import Announcement, Kind


class Clock:
    """A clock that stands still until it is moved; call it for the time (UTC)."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


class InlineQueue:
    """A queue within the process: what is announced is kept until `drain` hands it to the steps, in order.

    The same messages that Celery would carry, so a test can lose one (`messages.clear()`) or handle one twice.
    """

    def __init__(self) -> None:
        self.messages: deque[Announcement] = deque()

    def __call__(self, announcement: Announcement) -> None:
        self.messages.append(announcement)

    def drain(self, monitor: Monitor, most: int = 1000) -> list[Announcement]:
        """Handle messages until none is left; gives what was handled."""
        handled: list[Announcement] = []
        while self.messages and len(handled) < most:
            message = self.messages.popleft()
            handle(monitor, message)
            handled.append(message)
        return handled


def handle(monitor: Monitor, message: Announcement) -> None:
    """Do what a worker does with one message."""
    pairs = list(message.pairs)
    match message.kind:
        case Kind.POLL:
            monitor.poll(pairs)
        case Kind.READ:
            monitor.read(pairs)
        case Kind.DIGEST:
            monitor.digest(pairs)
        case Kind.DELIVER:
            monitor.deliver(pairs)


def make_inline_monitor(settings: Settings, clock: Clock | None = None) -> tuple[Monitor, InlineQueue]:
    """A migrated Monitor that works within this process, and its queue."""
    queue = InlineQueue()
    monitor = make_monitor(settings, announce=queue, now=clock or _utc_now)
    monitor.migrate()
    return monitor, queue


def _utc_now() -> datetime:
    return datetime.now(UTC)


def work_until_idle(monitor: Monitor, queue: InlineQueue, most: int = 1000) -> None:
    """Tick and drain until a tick announces nothing."""
    for _ in range(most):
        monitor.tick()
        if not queue.drain(monitor):
            return
