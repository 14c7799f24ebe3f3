"""Many things at once, written down in small groups as they finish."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")


LINGER = 0.25  # seconds that a first result waits for company: a transaction costs more than the rows in it


async def as_finished(work: Sequence[Awaitable[T]], most: int = 50, linger: float = LINGER) -> AsyncIterator[list[T]]:
    """Results in groups of at most `most`: what is ready within `linger` seconds of the first."""
    ready: asyncio.Queue[T] = asyncio.Queue()

    async def run(one: Awaitable[T]) -> None:
        ready.put_nowait(await one)

    async with asyncio.TaskGroup() as group:
        for one in work:
            group.create_task(run(one))
        left = len(work)
        while left:
            batch = [await ready.get()]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(linger):
                    while len(batch) < min(most, left):
                        batch.append(await ready.get())
            left -= len(batch)
            yield batch


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
