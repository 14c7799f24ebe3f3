"""Bodies sent ahead to a parsing child: it has work while nobody listens, and only whose turn it is bears the blame."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import ContentError
from monitor.fetch.sandbox import Sandbox

PARSERS = """
import os, time

def clock(body):
    return str(time.monotonic()).encode()

def echo(body):
    return body

def pid(body):
    return str(os.getpid()).encode()

def loop(body):
    while True:
        pass

def die(body):
    os.kill(os.getpid(), 11)

def eat(body):
    return b"x" * 2_000_000_000
"""


@pytest.fixture
async def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    (tmp_path / "parsers.py").write_text(PARSERS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with Sandbox(time_limit=timedelta(seconds=8), memory_limit=256 * 1024 * 1024) as opened:
        await asked(opened, "echo")
        yield opened


def asked(sandbox: Sandbox, name: str, body: bytes = b"") -> asyncio.Task[bytes]:
    """As feeds are asked for; what comes is a status byte and what the parser gave."""
    return asyncio.create_task(sandbox._reply(f"parsers:{name}", body, {}, ahead=True))


def echoes(sandbox: Sandbox) -> list[asyncio.Task[bytes]]:
    return [asked(sandbox, "echo", str(number).encode()) for number in range(10)]


ECHOED = [f"r{number}".encode() for number in range(10)]


async def test_a_child_goes_on_while_nobody_listens(sandbox: Sandbox) -> None:
    calls = [asked(sandbox, "clock", bytes(5000)) for _ in range(30)]
    await asyncio.sleep(0)
    time.sleep(0.5)  # noqa: ASYNC251 - as a worker does that stores what came before
    listening = time.monotonic()
    assert max(float(reply[1:]) for reply in await asyncio.gather(*calls)) < listening


async def test_more_than_fits_is_answered_by_the_same_child(sandbox: Sandbox) -> None:
    large = [asked(sandbox, "echo", str(number).encode() * 60_000) for number in range(9)] * 12
    assert [len(reply) for reply in await asyncio.gather(*large)] == [60_001] * 108
    assert len(set(await asyncio.gather(*(asked(sandbox, "pid") for _ in range(300))))) == 1


@pytest.mark.parametrize("poison", ["die", "loop"])
async def test_what_stands_behind_a_poisonous_body_is_asked_of_another_child(sandbox: Sandbox, poison: str) -> None:
    poisonous = asked(sandbox, poison)
    assert await asyncio.gather(*echoes(sandbox)) == ECHOED
    poisonous.cancel()
    kept = await asyncio.gather(poisonous, return_exceptions=True)
    assert isinstance(kept[0], ContentError if poison == "die" else asyncio.CancelledError)


async def test_what_stands_behind_one_that_takes_too_much_memory_is_asked_of_another_child(sandbox: Sandbox) -> None:
    greedy, others = asked(sandbox, "eat"), echoes(sandbox)
    assert (await greedy)[:1] == b"x"
    assert await asyncio.gather(*others) == ECHOED


async def test_what_stands_behind_a_cancelled_one_is_asked_of_another_child(sandbox: Sandbox) -> None:
    given_up, others = asked(sandbox, "loop"), echoes(sandbox)
    await asyncio.sleep(0.02)
    given_up.cancel()
    assert await asyncio.gather(*others) == ECHOED
    assert sandbox.killed == 1


async def test_one_that_is_cancelled_before_its_turn_costs_no_child(sandbox: Sandbox) -> None:
    child = await asked(sandbox, "pid")
    calls = echoes(sandbox)
    await asyncio.sleep(0)
    calls.pop(5).cancel()
    assert await asyncio.gather(*calls) == ECHOED[:5] + ECHOED[6:]
    assert await asked(sandbox, "pid") == child


async def test_what_stands_behind_one_in_a_frozen_child_is_asked_of_another(sandbox: Sandbox) -> None:
    child = int((await asked(sandbox, "pid"))[1:])
    os.kill(child, signal.SIGSTOP)
    frozen, others = asked(sandbox, "pid"), echoes(sandbox)
    assert await asyncio.gather(*others) == ECHOED
    os.kill(child, signal.SIGCONT)
    assert int((await frozen)[1:]) == child


async def test_a_child_that_dies_while_it_has_nothing_to_do_costs_nobody_anything(sandbox: Sandbox) -> None:
    os.kill(int((await asked(sandbox, "pid"))[1:]), signal.SIGKILL)
    await asyncio.sleep(0.1)
    assert (await asked(sandbox, "echo", b"good"), sandbox.killed) == (b"rgood", 0)


async def test_closing_cancels_all_that_was_sent_ahead(sandbox: Sandbox) -> None:
    calls = [asked(sandbox, "loop"), *echoes(sandbox)]
    await asyncio.sleep(0.02)
    await sandbox.close()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(end) for end in ends} == {asyncio.CancelledError}
