"""One Monitor a process, made on first use after the fork, never shared across it.

What may be shared is made before: the compiled dossiers, of which the processes then hold one copy in memory, and the
process that holds the parsers.
"""

from __future__ import annotations

import ctypes
import gc
import random
from contextlib import suppress
from itertools import chain

import structlog
from kombu.exceptions import OperationalError

from monitor.app import Compiled, Monitor, make_monitor, share_nursery
from monitor.domain.kept import in_another_process
from monitor.settings import Settings, load_settings
from monitor.storage.work import Announcement, Kind

log = structlog.get_logger(__name__)

_TOGETHER = 30  # batches of pages in one message
_YOUNG = 20_000  # objects: those of a message of feeds are fewer
_FEW = 25  # feeds: to share out fewer costs more than it gains

_monitor: Monitor | None = None
_prepared = False
_compiled: Compiled | None = None


def prepare() -> None:
    """In the worker's main process, before its first fork. What fails here each process does by itself later."""
    global _prepared, _compiled  # noqa: PLW0603 - what a fork hands on is the process's
    if _prepared:
        return
    _prepared = True
    settings = load_settings()
    share_nursery(settings.cache_dir)
    # Compiled for the first time they leave 40 MiB of holes: that is done elsewhere, and what is kept is loaded.
    in_another_process(lambda: _dossiers(settings))
    try:
        _compiled = _dossiers(settings)
    except Exception as error:  # noqa: BLE001 - no database yet, or an old schema: a worker starts all the same
        log.info("dossiers_not_prepared", reason=str(error))
    # What was loaded stays shared between the forks: the collector does not write to it. What is free goes back, else
    # each fork would fill its own copy of it.
    gc.collect()
    trim()
    gc.freeze()


def _dossiers(settings: Settings) -> Compiled:
    """From the rows: only ticks take a configuration up, where one is (a poller's host may have none)."""
    with make_monitor(settings) as opened:
        return opened.compiled()


def spare_the_collector() -> None:
    """In each process, after its fork: hundreds of requests under way are alive, and were gone through again and again.

    What is not is found by `tidy` between two tasks, or once there is much of it.
    """
    gc.set_threshold(_YOUNG, 10, 10)


def tidy() -> None:
    """After a task: let go of what it left behind in circles, and of the memory that it took."""
    gc.collect(1)
    trim()


def trim() -> None:
    """Give free memory back to the system, where the C library can (glibc)."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def monitor() -> Monitor:
    """This process's Monitor, which announces work by Celery messages."""
    global _monitor  # noqa: PLW0603 - one a process is the point
    if _monitor is None:
        _monitor = make_monitor(load_settings(), announce=send, compiled=_compiled)
    return _monitor


def close() -> None:
    """Give back connections; the process ends."""
    global _monitor  # noqa: PLW0603
    if _monitor is not None:
        _monitor.close()
    _monitor = None


def send(announcement: Announcement) -> None:
    """Send messages about the rows, expiring with their lease. A lost one comes back by the next tick."""
    settings = monitor().settings
    lease = settings.deliver_lease if announcement.kind in {Kind.DELIVER, Kind.DIGEST} else settings.poll_lease
    pairs = list(announcement.pairs)
    if announcement.kind is Kind.READ:
        size = share(len(pairs), settings.pages_worth_sharing, settings.pages_together, settings.workers)
        messages = together(dealt(pairs, size), settings.workers)
    elif announcement.kind is Kind.POLL:
        messages = shared_out(pairs, settings.poll_batch, settings.workers)
    else:
        messages = sliced(pairs, 10)
    try:
        for message in messages:
            _send(announcement.kind, message, lease.total_seconds())
    except OperationalError as error:
        log.warning("announcement_lost", kind=announcement.kind.value, rows=len(announcement.pairs), reason=str(error))


def first_batch(pairs: list[tuple[int, int]], expires: str | float | None) -> list[tuple[int, int]]:
    """The pages that this process reads of a message; the others go on as a message of their own, before that.

    So a first poll's thousands of entries cost a thirtieth of the messages while feeds are polled, and what expires
    unread was never taken apart.
    """
    size = monitor().settings.pages_together
    if len(pairs) > size:
        try:
            _send(Kind.READ, pairs[size:], expires)
        except OperationalError as error:
            log.warning("announcement_lost", kind=Kind.READ.value, rows=len(pairs) - size, reason=str(error))
    return pairs[:size]


def _send(kind: Kind, pairs: list[tuple[int, int]], expires: str | float | None) -> None:
    from workers.app import app

    # To spell the pairs out for people, as Celery would, takes longer than to send them.
    words = f"{len(pairs)} rows"
    app.send_task(f"veille.{kind.value}", args=[pairs], expires=expires, retry=False, argsrepr=words, kwargsrepr="")


def shared_out(pairs: list[tuple[int, int]], most: int, processes: int) -> list[list[tuple[int, int]]]:
    """Batches of at most `most`, in order; those of the last round are alike, so that none has it to itself.

    None has fewer than `_FEW` but the last. Smaller pieces for whoever is ahead by then cost more than they even out:
    a message takes as long as fifteen unchanged feeds.
    """
    rounds = max(-(-len(pairs) // (most * processes)) - 1, 0)
    full, rest = pairs[: rounds * processes * most], pairs[rounds * processes * most :]
    return sliced(full, most) + sliced(rest, min(max(-(-len(rest) // processes), _FEW), most))


def share(count: int, least: int, most: int, processes: int) -> int:
    """How many of `count` pages are read together: `most`, or fewer, so that each process has `least` or its part."""
    batches = max(-(-count // most), min(processes, -(-count // least)), 1)
    return max(-(-count // batches), 1)


def sliced(pairs: list[tuple[int, int]], size: int) -> list[list[tuple[int, int]]]:
    """Batches of at most `size`, in order: where only some find their time, it is what has been due longest."""
    return [pairs[start : start + size] for start in range(0, len(pairs), size)]


def dealt(pairs: list[tuple[int, int]], size: int) -> list[list[tuple[int, int]]]:
    """Batches of at most `size`, dealt out like cards, so that neighbours (one feed, one host) go apart."""
    count = -(-len(pairs) // size)
    batches = [pairs[start::count] for start in range(count)]
    random.shuffle(batches)
    return batches


def together(batches: list[list[tuple[int, int]]], processes: int = 1) -> list[list[tuple[int, int]]]:
    """Several batches to a message, one after the other; a message for each process, so that none waits for another."""
    size = min(_TOGETHER, max(-(-len(batches) // processes), 1))
    return [list(chain.from_iterable(batches[at : at + size])) for at in range(0, len(batches), size)]
