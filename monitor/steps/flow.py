"""Many things at once, written down in small groups as they finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")


async def as_finished(work: Sequence[Awaitable[T]], most: int = 50) -> AsyncIterator[list[T]]:
    """Results in groups of at most `most`: whatever is ready when the writer comes back for more."""
    ready: asyncio.Queue[T] = asyncio.Queue()

    async def run(one: Awaitable[T]) -> None:
        ready.put_nowait(await one)

    async with asyncio.TaskGroup() as group:
        for one in work:
            group.create_task(run(one))
        left = len(work)
        while left:
            batch = [await ready.get()]
            while len(batch) < most and not ready.empty():
                batch.append(ready.get_nowait())
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
