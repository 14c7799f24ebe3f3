"""Many things at once, in groups as they finish."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from monitor.steps.flow import as_finished

LONG = 60.0  # seconds: whoever lingers that long fails by the clock of the suite


async def now(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def never(value: int) -> int:
    await asyncio.Event().wait()
    return value


async def failing() -> int:
    raise KeyError("broken")


async def groups(work: list[Awaitable[int]], most: int, linger: float = LONG) -> list[list[int]]:
    return [group async for group in as_finished(work, most, linger)]


def test_each_result_comes_once_in_groups_that_are_full_but_for_the_last() -> None:
    found = asyncio.run(groups([now(number) for number in range(7)], 3))
    assert [len(group) for group in found] == [3, 3, 1]
    assert sorted(one for group in found for one in group) == list(range(7))


def test_nothing_to_do_gives_no_group() -> None:
    assert asyncio.run(groups([], 3)) == []


def test_what_is_ready_does_not_wait_for_what_is_slow() -> None:
    async def first() -> list[int]:
        async for group in as_finished([now(1), never(2), now(3)], 3, 0.0):
            return sorted(group)
        return []

    assert asyncio.run(first()) == [1, 3]


def test_a_failure_ends_all() -> None:
    with pytest.raises(ExceptionGroup):
        asyncio.run(groups([now(1), failing(), never(2)], 3))
