"""Many things at once, written down in small groups as they finish."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")


LINGER = 0.25  # seconds that a first result waits for company: a transaction costs more than the rows in it


def _alike(_one: object) -> int:
    return 1


async def as_finished(
    work: Iterable[Awaitable[T]],
    most: int = 50,
    linger: float = LINGER,
    at_once: int | None = None,
    weigh: Callable[[T], int] = _alike,
) -> AsyncIterator[list[T]]:
    """Results in groups of at most `most`: what is ready within `linger` seconds of the first.

    With `at_once` so many run at a time, and `work` is asked for the next as one is done. A result counts for as many
    as `weigh` says.
    """
    # Woken for each result, the one who takes them would cost as much as a tenth of an unchanged feed's poll.
    ready: list[T] = []
    enough, wanted, running, weight = asyncio.Event(), 1, 0, 0
    waiting = iter(work)
    first = list(islice(waiting, at_once))

    async def run(one: Awaitable[T] | None) -> None:
        nonlocal running, weight
        while one is not None:
            result = await one
            ready.append(result)
            weight += weigh(result)
            one = next(waiting, None)
            if weight >= wanted:
                enough.set()
        running -= 1
        if not running:
            enough.set()

    async def until(count: int) -> None:
        nonlocal wanted
        wanted = count
        if weight < count and running:
            enough.clear()
            await enough.wait()

    async with asyncio.TaskGroup() as group:
        for one in first:
            running += 1
            group.create_task(run(one))
        while running or ready:
            await until(1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(linger):
                    await until(most)
            count, heavy = _first_of(ready, most, weigh)
            batch, ready[:], weight = ready[:count], ready[count:], weight - heavy
            if batch:
                yield batch


def _first_of(ready: Sequence[T], most: int, weigh: Callable[[T], int]) -> tuple[int, int]:
    """How many of the first are a group, one at least, and their weight."""
    count = heavy = 0
    for one in ready:
        more = weigh(one)
        if count and heavy + more > most:
            break
        count, heavy = count + 1, heavy + more
    return count, heavy


def write_group(group: Sequence[T], write: Callable[[Sequence[T]], None], event: str) -> list[T]:
    """Write a group in one transaction; when that fails, each alone, so that one bad row costs only itself.

    Gives what could not be written: its lease brings it back.
    """
    try:
        write(group)
    except Exception:  # whatever the database refuses: each row is then tried alone
        log.warning(event, rows=len(group), exc_info=True)
    else:
        return []
    lost = []
    for one in group:
        try:
            write([one])
        except Exception:
            log.exception(event, rows=1)
            lost.append(one)
    return lost
