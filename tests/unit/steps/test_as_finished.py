"""Many things at once, in groups as they finish."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator

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


def test_no_more_than_asked_for_run_at_a_time_and_work_is_only_begun_when_its_turn_comes() -> None:
    begun: list[int] = []
    running, most = 0, 0

    async def one(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return number

    def work() -> Iterator[Awaitable[int]]:
        for number in range(7):
            begun.append(number)
            yield one(number)

    async def all_of() -> list[int]:
        found = []
        async for group in as_finished(work(), 1, LONG, at_once=2):
            found += [*group, len(begun)]
        return found

    found = asyncio.run(all_of())
    assert sorted(found[::2]) == list(range(7))
    assert most == 2
    assert found[1] < 7  # after the first result not all were begun


def test_work_that_cannot_be_had_ends_all() -> None:
    def work() -> Iterator[Awaitable[int]]:
        yield now(1)
        raise KeyError("broken")

    async def all_of() -> None:
        async for _ in as_finished(work(), 3, LONG, at_once=1):
            pass

    with pytest.raises(ExceptionGroup):
        asyncio.run(all_of())


@pytest.mark.parametrize(
    ("weights", "groups"),
    [
        ([1] * 7, [[1] * 5, [1] * 2]),
        ([2] * 5, [[2, 2], [2, 2], [2]]),
        ([1, 2, 2, 1, 1, 1], [[1, 2, 2], [1, 1, 1]]),
        ([1, 1, 1, 1, 2, 1], [[1, 1, 1, 1], [2, 1]]),
        ([9, 1, 9], [[9], [1], [9]]),
    ],
)
async def test_what_weighs_more_counts_for_more(weights: list[int], groups: list[list[int]]) -> None:
    async def give(weight: int) -> int:
        return weight

    found = [group async for group in as_finished(map(give, weights), 5, weigh=lambda weight: weight)]
    assert found == groups
