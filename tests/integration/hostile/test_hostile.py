"""Whatever a hostile server sends: a typed outcome in time, nothing unfit to store, and no connection inside."""

from __future__ import annotations

import asyncio
import gc
import random
import resource
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from monitor.errors import ContentError, FetchError, FetchFailure
from monitor.fetch.addresses import AllowList
from monitor.fetch.http import Door, DoorPolicy
from monitor.fetch.pace import Pace, Rhythm
from monitor.fetch.robots import Robots
from monitor.fetch.sandbox import Sandbox
from monitor.fetch.web import Web
from tests.integration.hostile.server import Hostile, filled, late
from tests.integration.hostile.vectors import GOOD, NAMES, STEPS, VECTORS, Vector

DEADLINE, PARSING = timedelta(seconds=1.5), timedelta(seconds=5)
MARGIN = 0.5
FORBIDDEN = {*map(chr, range(32)), *map(chr, range(127, 160)), *map(chr, range(0x202A, 0x202F))} - {"\n", "\t"}


@dataclass
class Ended:
    word: str
    seconds: float
    data: object = None


@dataclass
class Report:
    ended: dict[str, Ended]
    inside: int
    connected: list[object]
    grown: int  # bytes
    killed: int


def lookup(host: str, _port: int) -> Sequence[str]:
    name = host.rstrip(".")
    if name == "hangs.test":
        time.sleep(8)
    if name.endswith(".robots.test"):
        return ["127.0.0.1"]
    if name not in NAMES:
        raise OSError(f"no such name: {name}")
    return NAMES[name]


class Reader:
    """Reads a vector as a worker does, with short limits."""

    def __init__(self, hostile: Hostile, words: dict[str, int], web: Web) -> None:
        self.hostile, self.words, self.web = hostile, words, web

    async def read(self, vector: Vector) -> Ended:
        begun = time.perf_counter()
        data: object = None
        try:
            word, data = await getattr(self, f"_{vector.read_as}")(vector)
        except FetchError as error:
            word = f"status-{error.status}" if error.kind is FetchFailure.STATUS else str(error.kind)
        except ContentError as error:
            word = "slow" if error.kind == "timeout" else error.kind
        return Ended(word, time.perf_counter() - begun, data)

    async def _feed(self, vector: Vector) -> tuple[str, object]:
        answer = await self.web.feed(self._url(vector))
        return ("ok" if answer.feed else f"status-{answer.status}"), answer.feed

    async def _page(self, vector: Vector) -> tuple[str, object]:
        return "ok", (await self.web.page(self._url(vector))).page

    async def _robots(self, vector: Vector) -> tuple[str, object]:
        robots = Robots(self.web.door, self.web.pace, deadline=DEADLINE)
        url = f"http://{vector.name}.robots.test:{self.hostile.port}/article"
        decision = await robots.decide(url, tdm=False)
        return ("unknown" if not decision.certain else "allowed" if decision.allowed else "forbidden"), None

    def _url(self, vector: Vector) -> str:
        url = vector.url or f"http://hostile.test:{self.hostile.port}/{vector.name}"
        return filled(url.encode(), {"port": self.hostile.port, **self.words}).decode()


async def run_all() -> Report:
    inside = 0
    connected: list[object] = []

    async def canary(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal inside
        inside += 1
        writer.close()

    watching = True
    sys.addaudithook(lambda event, args: connected.append(args[1]) if watching and event == "socket.connect" else None)
    server = await asyncio.start_server(canary, "127.0.0.1", 0)
    words = {"inside": server.sockets[0].getsockname()[1], "closed": closed_port()}
    answers = {f"/{vector.name}": vector.sends for vector in VECTORS} | STEPS
    async with Hostile(answers, words) as hostile:
        allow = AllowList.parse(
            f"hostile.test:{hostile.port},closed.test:{words['closed']},"
            + ",".join(f"{vector.name}.robots.test:{hostile.port}" for vector in VECTORS if vector.read_as == "robots")
        )
        policy = DoorPolicy(
            allow=allow,
            ports=frozenset({80, 443, words["inside"]}),
            deadline=DEADLINE,
            connect_limit=timedelta(seconds=1),
            resolve_limit=timedelta(seconds=1),
        )
        async with Door(policy, lookup=lookup) as door, Sandbox(time_limit=PARSING) as sandbox:
            reader = Reader(hostile, words, make_web(door, sandbox))
            await reader.read(Vector("r0", "ok"))
            gc.collect()
            before = memory()
            slots = asyncio.Semaphore(2)  # as many as large bodies are parsed at once

            async def one(vector: Vector) -> tuple[str, Ended]:
                async with slots:
                    return vector.name, await reader.read(vector)

            ended = dict(await asyncio.gather(*map(one, VECTORS)))
            gc.collect()
            grown, killed = memory() - before, sandbox.killed
    server.close()
    watching = False
    return Report(ended, inside, [peer for peer in connected if not is_own(peer, hostile, words)], grown, killed)


def make_web(door: Door, sandbox: Sandbox) -> Web:
    pace = Pace(None, rhythm=Rhythm(timedelta(), 64), allow=door.policy.allow)
    return Web(door, pace, Robots(door, pace), sandbox, respect_tdm=True, patience=timedelta(seconds=5))


def is_own(peer: object, hostile: Hostile, words: dict[str, int]) -> bool:
    """A unix socket, the hostile server, or the port that is closed."""
    return not isinstance(peer, tuple) or peer[:2] in {("127.0.0.1", hostile.port), ("127.0.0.1", words["closed"])}


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _run_all() -> Report:
    return asyncio.run(run_all())


def memory() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


@pytest.fixture(scope="module")
def report() -> Report:
    """Of a process of its own: what an earlier test left in this one would count as its memory and its connections."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_run_all).result()


def test_there_are_enough_vectors_and_each_once() -> None:
    assert len({vector.name for vector in VECTORS}) == len(VECTORS) >= 100


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.name} {vector.advisory}".strip())
class TestVector:
    def test_ends_as_it_should_in_time(self, report: Report, vector: Vector) -> None:
        ended = report.ended[vector.name]
        assert ended.word in vector.want.split("|")
        parsed = 0.0 if ended.word in set(FetchFailure) or vector.read_as == "robots" else PARSING.total_seconds()
        assert ended.seconds < DEADLINE.total_seconds() + parsed + MARGIN

    def test_gives_nothing_unfit_to_store(self, report: Report, vector: Vector) -> None:
        data = report.ended[vector.name].data
        if data is not None:
            check(data)
        if vector.entries is not None:
            assert len(data.entries) == vector.entries  # type: ignore[attr-defined]


def check(value: object, name: str = "") -> None:
    """What holds for every value read from outside, however deep."""
    if isinstance(value, str):
        value.encode()  # no lone surrogate
        assert not FORBIDDEN & set(value)
        assert "\n" not in value or name in {"summary", "content", "text", "lead"}
        if name in {"link", "site_url", "self_url", "hub_url", "canonical_url"}:
            assert value.startswith(("http://", "https://"))
            assert "@" not in value.split("/")[2]
    elif isinstance(value, datetime):
        assert datetime(1970, 1, 1, tzinfo=UTC) <= value <= datetime.now(UTC) + timedelta(days=2)
    elif isinstance(value, tuple):
        assert len(value) <= 2_000
        for part in value:
            check(part, name)
    elif is_dataclass(value):
        for field in fields(value):
            check(getattr(value, field.name), field.name)


def test_nothing_inside_was_reached(report: Report) -> None:
    assert report.inside == 0
    assert report.connected == []


def test_memory_does_not_grow(report: Report) -> None:
    assert report.grown < 32 * 2**20


GOOD_FEEDS, EVERY = 50, 0.3  # one good feed every so many seconds, each answering after as long


async def delays(vectors: Sequence[Vector]) -> list[float]:
    """The seconds each good feed took, while `vectors` are read beside them, spread over the same time."""
    answers = {f"/{vector.name}": vector.sends for vector in vectors} | STEPS | {"/good": late(EVERY, GOOD)}
    async with Hostile(answers, {"inside": 1, "closed": 1}) as hostile:
        policy = DoorPolicy(allow=AllowList.parse(f"hostile.test:{hostile.port}"), deadline=DEADLINE)
        async with Door(policy, lookup=lookup) as door, Sandbox(time_limit=PARSING) as sandbox:
            reader = Reader(hostile, {"inside": 1, "closed": 1}, make_web(door, sandbox))
            await reader.read(Vector("good", "ok"))

            async def one(vector: Vector, begin: float) -> Ended:
                await asyncio.sleep(begin)
                return await reader.read(vector)

            span = GOOD_FEEDS * EVERY
            beside = [one(vector, span * place / len(vectors)) for place, vector in enumerate(vectors)]
            good = [one(Vector("good", "ok"), place * EVERY) for place in range(GOOD_FEEDS)]
            ended = await asyncio.gather(*good, *beside)
            assert [one.word for one in ended[:GOOD_FEEDS]] == ["ok"] * GOOD_FEEDS
            return [one.seconds for one in ended[:GOOD_FEEDS]]


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def test_good_feeds_hardly_notice_their_neighbours() -> None:
    """The best of three: what else the machine does weighs on the tail of fifty."""
    mixed_in = [vector for vector in VECTORS if vector.read_as != "robots"]
    random.Random(4).shuffle(mixed_in)
    found = []
    for _ in range(3):
        alone, mixed = p95(asyncio.run(delays(()))), p95(asyncio.run(delays(mixed_in)))
        found.append(f"{alone * 1000:.0f} ms alone, {mixed * 1000:.0f} ms beside {len(mixed_in)} hostile ones")
        if mixed < 2 * alone:
            break
    print("p95:", *found, sep="\n")
    assert mixed < 2 * alone, found
