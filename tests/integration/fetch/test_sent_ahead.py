"""Bodies sent ahead to a parsing child: it has work while nobody listens, and only whose turn it is bears the blame."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import ContentError
from monitor.fetch.child import FEEDS, PAGES, Call, Child, Room
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


def asked(sandbox: Sandbox, name: str, body: bytes = b"", room: Room = FEEDS) -> asyncio.Task[bytes]:
    """As feeds or pages are asked for; what comes is a status byte and what the parser gave."""
    return asyncio.create_task(sandbox._reply(f"parsers:{name}", body, {}, room))


def echoes(sandbox: Sandbox, room: Room = FEEDS) -> list[asyncio.Task[bytes]]:
    return [asked(sandbox, "echo", str(number).encode(), room) for number in range(10)]


ECHOED = [f"r{number}".encode() for number in range(10)]


both = pytest.mark.parametrize("room", [pytest.param(FEEDS, id="feeds"), pytest.param(PAGES, id="pages")])
LARGE = 300_000  # bytes: such a body goes alone


@pytest.mark.parametrize(
    ("room", "size", "calls", "done"), [(FEEDS, 5000, 30, 30), (PAGES, 5000, 10, 4), (PAGES, LARGE, 2, 1)]
)
async def test_a_child_goes_on_while_nobody_listens(
    sandbox: Sandbox, room: Room, size: int, calls: int, done: int
) -> None:
    asking = [asked(sandbox, "clock", bytes(size), room) for _ in range(calls)]
    await asyncio.sleep(0)
    time.sleep(0.5)  # noqa: ASYNC251 - as a worker does that stores what came before
    listening = time.monotonic()
    assert sum(float(reply[1:]) < listening for reply in await asyncio.gather(*asking)) == done


@pytest.mark.parametrize(
    ("room", "size", "most"), [(FEEDS, 0, 100), (FEEDS, 200_000, 10), (PAGES, 0, 4), (PAGES, 200_000, 2), (None, 0, 1)]
)
async def test_what_a_child_has_is_limited_in_number_and_size(
    sandbox: Sandbox, room: Room | None, size: int, most: int
) -> None:
    child, sent = Child(sandbox), 0
    while child.takes(call := Call(b"", bytes(size), 8, room)):
        child.put(call)
        sent += 1
    child.kill()
    assert sent == most


async def test_pages_are_sent_ahead(sandbox: Sandbox) -> None:
    body = f"<html><title>Une étape</title><article><p>{'Un texte assez long. ' * 30}</p></article></html>".encode()
    reading = [asyncio.create_task(sandbox.extract_page(body, url="https://a.example/x")) for _ in range(2)]
    await asyncio.sleep(0)
    assert [child.followed for child in sandbox._all] == [True]
    assert [page.title for page in await asyncio.gather(*reading)] == ["Une étape"] * 2


@both
async def test_more_than_fits_is_answered_by_the_same_child(sandbox: Sandbox, room: Room) -> None:
    large = [asked(sandbox, "echo", str(number).encode() * 60_000, room) for number in range(9)] * 12
    assert [len(reply) for reply in await asyncio.gather(*large)] == [60_001] * 108
    assert len(set(await asyncio.gather(*(asked(sandbox, "pid", room=room) for _ in range(300))))) == 1


async def test_feeds_pages_and_large_ones_are_answered_in_the_order_in_which_they_came(sandbox: Sandbox) -> None:
    told: list[int] = []
    asking = []
    for number, room in enumerate([FEEDS, PAGES, FEEDS, PAGES, PAGES, PAGES, FEEDS, PAGES] * 3):
        size = LARGE if number == 9 else 5000
        asking.append(asked(sandbox, "echo", bytes(size), room))
        asking[-1].add_done_callback(lambda _, number=number: told.append(number))
    assert [len(reply) for reply in await asyncio.gather(*asking)] == [5001] * 9 + [LARGE + 1] + [5001] * 14
    assert told == list(range(24))


@both
@pytest.mark.parametrize("poison", ["die", "loop"])
async def test_what_stands_behind_a_poisonous_body_is_asked_of_another_child(
    sandbox: Sandbox, poison: str, room: Room
) -> None:
    poisonous = asked(sandbox, poison, room=room)
    assert await asyncio.gather(*echoes(sandbox, room)) == ECHOED
    poisonous.cancel()
    kept = await asyncio.gather(poisonous, return_exceptions=True)
    assert isinstance(kept[0], ContentError if poison == "die" else asyncio.CancelledError)


@both
async def test_what_stands_behind_one_that_takes_too_much_memory_is_asked_of_another_child(
    sandbox: Sandbox, room: Room
) -> None:
    greedy, others = asked(sandbox, "eat", room=room), echoes(sandbox, room)
    assert (await greedy)[:1] == b"x"
    assert await asyncio.gather(*others) == ECHOED


@both
@pytest.mark.parametrize(("poison", "told"), [("eat", "memory"), ("die", "crashed")])
async def test_what_a_child_said_before_it_ended_is_heard_though_others_are_sent_to_it_then(
    sandbox: Sandbox, room: Room, poison: str, told: str
) -> None:
    """That they cannot be sent is no reason to blame a body that has its answer, nor those that had no turn."""
    answered, poisonous = asked(sandbox, "echo", b"good", room), asked(sandbox, poison, room=room)
    await asyncio.sleep(0)
    time.sleep(0.5)  # noqa: ASYNC251 - the child ends before its worker looks
    others = echoes(sandbox, room)
    assert await answered == b"rgood"
    if poison == "eat":
        assert json.loads((await poisonous)[1:])["kind"] == told
    else:
        with pytest.raises(ContentError) as raised:
            await poisonous
        assert raised.value.kind == told
    assert await asyncio.gather(*others) == ECHOED


@both
async def test_what_stands_behind_a_cancelled_one_is_asked_of_another_child(sandbox: Sandbox, room: Room) -> None:
    given_up, others = asked(sandbox, "loop", room=room), echoes(sandbox, room)
    await asyncio.sleep(0.02)
    given_up.cancel()
    assert await asyncio.gather(*others) == ECHOED
    assert sandbox.killed == 1


@both
async def test_one_that_is_cancelled_before_its_turn_costs_no_child(sandbox: Sandbox, room: Room) -> None:
    child = await asked(sandbox, "pid")
    calls = echoes(sandbox, room)
    await asyncio.sleep(0)
    calls.pop(2).cancel()
    assert await asyncio.gather(*calls) == ECHOED[:2] + ECHOED[3:]
    assert await asked(sandbox, "pid") == child


@both
async def test_what_stands_behind_one_in_a_frozen_child_is_asked_of_another(sandbox: Sandbox, room: Room) -> None:
    child = int((await asked(sandbox, "pid"))[1:])
    os.kill(child, signal.SIGSTOP)
    frozen, others = asked(sandbox, "pid", room=room), echoes(sandbox, room)
    assert await asyncio.gather(*others) == ECHOED
    os.kill(child, signal.SIGCONT)
    assert int((await frozen)[1:]) == child


async def test_a_child_that_dies_while_it_has_nothing_to_do_costs_nobody_anything(sandbox: Sandbox) -> None:
    os.kill(int((await asked(sandbox, "pid"))[1:]), signal.SIGKILL)
    await asyncio.sleep(0.1)
    assert (await asked(sandbox, "echo", b"good"), sandbox.killed) == (b"rgood", 0)


@both
async def test_closing_cancels_all_that_was_sent_ahead(sandbox: Sandbox, room: Room) -> None:
    calls = [asked(sandbox, "loop", room=room), *echoes(sandbox, room)]
    await asyncio.sleep(0.02)
    await sandbox.close()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(end) for end in ends} == {asyncio.CancelledError}
