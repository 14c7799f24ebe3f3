"""One timer for all: who is over is told in time, who is done is not, and cancellations are told apart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from monitor.fetch.http_deadlines import Deadline, Line

LIMIT = 0.1


def deadlines(seconds: float = LIMIT) -> Line[Deadline]:
    return Line(asyncio.get_running_loop(), seconds, Deadline.expire)


async def within(line: Line[Deadline], seconds: float) -> str:
    try:
        async with Deadline(line):
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "over"
    return "done"


async def test_each_is_over_after_its_own_time() -> None:
    """They begin one after the other, and the first is done before its time."""
    loop, over = asyncio.get_running_loop(), dict[int, float]()
    line = Line[int](loop, LIMIT, lambda one: over.setdefault(one, loop.time()))
    begun = dict[int, float]()
    for one in range(5):
        begun[one] = loop.time()
        line.add(one)
        await asyncio.sleep(0.01)
    line.remove(0)
    line.remove(3)
    await asyncio.sleep(2 * LIMIT)
    assert sorted(over) == [1, 2, 4]
    assert all(over[one] - begun[one] >= LIMIT for one in over)


async def test_it_goes_on_after_a_pause_in_which_nobody_waited() -> None:
    line = deadlines()
    assert await within(line, 0) == "done"
    await asyncio.sleep(2 * LIMIT)
    assert await within(line, 1) == "over"
    line.rest()
    assert await within(line, 1) == "over"


async def test_resting_leaves_who_waits_their_end() -> None:
    line = deadlines()
    waiting = asyncio.create_task(within(line, 1))
    await asyncio.sleep(0)
    line.rest()
    assert await waiting == "over"


async def test_a_timer_is_left_only_while_it_may_be_needed() -> None:
    line = deadlines()
    assert await asyncio.gather(*(within(line, 0) for _ in range(50))) == ["done"] * 50
    assert line._timer is not None
    line.rest()
    assert line._timer is None


@pytest.mark.parametrize("limit", [lambda: Deadline(deadlines()), lambda: asyncio.timeout(LIMIT)])
async def test_a_cancellation_counts_for_more_as_with_asyncios_own(limit: Callable[[], Deadline]) -> None:
    """The one that asks for the end at the very moment at which the time is over too."""
    begun = asyncio.Event()

    async def work() -> None:
        async with limit():
            begun.set()
            await asyncio.sleep(1)

    task = asyncio.create_task(work())
    await begun.wait()
    asyncio.get_running_loop().call_later(LIMIT / 2, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    task = asyncio.create_task(work())
    begun.clear()
    await begun.wait()
    await asyncio.sleep(0)
    time.sleep(2 * LIMIT)  # noqa: ASYNC251 - both come due before the task runs again
    asyncio.get_running_loop().call_later(0, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelling() == 1


@pytest.mark.parametrize("limit", [lambda: Deadline(deadlines()), lambda: asyncio.timeout(LIMIT)])
async def test_other_errors_pass_and_a_time_that_is_over_leaves_no_cancellation(
    limit: Callable[[], Deadline],
) -> None:
    with pytest.raises(KeyError):
        async with limit():
            raise KeyError
    with pytest.raises(TimeoutError) as told:
        async with limit():
            await asyncio.sleep(1)
    assert isinstance(told.value.__cause__, asyncio.CancelledError)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_an_inner_deadline_leaves_an_outer_one_alone() -> None:
    outer, inner = deadlines(1), deadlines()
    async with Deadline(outer):
        assert await within(inner, 1) == "over"
        assert await within(inner, 0) == "done"
