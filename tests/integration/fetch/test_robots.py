"""robots.txt and tdmrep.json as a server sends them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Protocol

import pytest

from monitor.fetch.http import Door
from monitor.fetch.pace import Pace
from monitor.fetch.robots import Robots


class Server(Protocol):
    answer: bytes
    pages: dict[str, bytes]
    port: int
    requests: list[bytes]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def page(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def robots(door: Door, server: Server, clock: Clock) -> Robots:
    server.answer = page(b"", b"404 None")
    return Robots(door, Pace(None, allow=door.policy.allow), clock=clock)


def at(server: Server, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


async def test_rules_for_us_win_over_rules_for_all(robots: Robots, server: Server) -> None:
    server.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /\n\nUser-agent: veille\nDisallow: /private\n")
    assert await robots.allowed(at(server, "/article"))
    assert not await robots.allowed(at(server, "/private/1"))


async def test_the_crawl_delay_is_given_and_clamped(robots: Robots, server: Server) -> None:
    server.pages["/robots.txt"] = page(b"User-agent: *\nCrawl-delay: 7\n")
    assert (await robots.decide(at(server, "/"))).delay == timedelta(seconds=7)


async def test_an_absurd_crawl_delay_is_not_never(robots: Robots, server: Server) -> None:
    server.pages["/robots.txt"] = page(b"User-agent: *\nCrawl-delay: 1e300\n")
    assert (await robots.decide(at(server, "/"))).delay == timedelta(minutes=5)


@pytest.mark.parametrize("status", [b"404 None", b"403 No", b"401 No", b"410 Gone"])
async def test_a_refused_file_forbids_nothing(robots: Robots, server: Server, status: bytes) -> None:
    server.answer = page(b"User-agent: *\nDisallow: /\n", status)
    assert (await robots.decide(at(server, "/"))).allowed


@pytest.mark.parametrize("status", [b"500 Oops", b"503 Busy", b"429 Slow"])
async def test_a_broken_server_forbids_for_now(robots: Robots, server: Server, clock: Clock, status: bytes) -> None:
    server.answer = page(b"", status)
    decision = await robots.decide(at(server, "/"))
    assert (decision.allowed, decision.certain) == (False, False)
    server.answer = page(b"", b"404 None")
    clock.now += 601
    assert (await robots.decide(at(server, "/"))).allowed


async def test_an_older_copy_outlives_a_broken_server(robots: Robots, server: Server, clock: Clock) -> None:
    server.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /no\n")
    await robots.allowed(at(server, "/"))
    server.pages["/robots.txt"] = page(b"", b"503 Busy")
    clock.now += 90_000
    assert await robots.allowed(at(server, "/yes"))
    assert not await robots.allowed(at(server, "/no"))


async def test_a_loop_of_redirects_forbids_nothing(robots: Robots, server: Server) -> None:
    server.pages["/robots.txt"] = b"HTTP/1.1 302 Go\r\nLocation: /robots.txt\r\nContent-Length: 0\r\n\r\n"
    assert await robots.allowed(at(server, "/"))


async def test_the_file_is_asked_for_once_a_day_however_many_ask(robots: Robots, server: Server, clock: Clock) -> None:
    await asyncio.gather(*(robots.allowed(at(server, f"/{number}")) for number in range(50)))
    assert len(server.requests) == 1
    clock.now += 86_500
    await robots.allowed(at(server, "/"))
    assert len(server.requests) == 2


async def test_of_an_endless_file_the_head_counts(robots: Robots, server: Server) -> None:
    server.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /no\n" + b"# filler\n" * 200_000)
    assert not await robots.allowed(at(server, "/no"))


async def test_the_reservation_file_reserves_its_pages(robots: Robots, server: Server) -> None:
    server.pages["/.well-known/tdmrep.json"] = page(b'[{"location": "/articles", "tdm-reservation": 1}]')
    assert (await robots.decide(at(server, "/articles/1"))).reserved
    assert not (await robots.decide(at(server, "/other"))).reserved
