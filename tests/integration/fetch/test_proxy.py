"""The door with a configured proxy: a real one on loopback, that notes what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import pytest

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.http import Door, DoorPolicy


class Server(Protocol):
    """What conftest's server is to these tests: here it is the proxy."""

    answer: bytes
    port: int
    requests: list[bytes]


NAMES = {"gazette.example": ["93.184.216.34"], "inside.example": ["10.0.0.7"]}


def lookup(host: str, _port: int) -> Sequence[str]:
    if host == "127.0.0.1":
        return ["127.0.0.1"]
    if host not in NAMES:
        raise OSError(f"no such name: {host}")
    return NAMES[host]


@pytest.fixture
async def proxied(server: Server) -> AsyncIterator[Door]:
    policy = DoorPolicy(proxy_url=f"http://veille:word@127.0.0.1:{server.port}")
    async with Door(policy, lookup=lookup) as door:
        yield door


@pytest.mark.parametrize("host", ["gazette.example", "known.to-the-proxy.example"])
async def test_the_proxy_is_asked_for_the_whole_address(proxied: Door, server: Server, host: str) -> None:
    answer = await proxied.get(f"http://{host}/feed")
    assert (answer.status, answer.body) == (200, b"ok")
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == f"GET http://{host}/feed HTTP/1.1"
    assert "Proxy-Authorization: Basic dmVpbGxlOndvcmQ=" in lines


async def test_a_tls_address_is_tunnelled_to(proxied: Door, server: Server) -> None:
    server.answer = b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(FetchError):
        await proxied.get("https://gazette.example/feed")
    assert server.requests[0].startswith(b"CONNECT gazette.example:443 HTTP/1.1\r\n")


INSIDE = ["10.0.0.7", "169.254.169.254", "[::1]", "[::ffff:10.0.0.7]", "inside.example", "localhost", "intranet"]


@pytest.mark.parametrize("host", [*INSIDE, "db.internal", "printer.local.", "nas.home.arpa", "WIKI.Corp"])
async def test_what_lies_inside_is_not_asked_of_the_proxy(proxied: Door, server: Server, host: str) -> None:
    with pytest.raises(FetchError) as caught:
        await proxied.get(f"http://{host}/feed")
    assert caught.value.kind is FetchFailure.REFUSED_ADDRESS
    assert server.requests == []


async def test_a_redirect_inside_is_not_asked_of_the_proxy(proxied: Door, server: Server) -> None:
    server.answer = b"HTTP/1.1 302 Found\r\nLocation: http://vault.internal/\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(FetchError) as caught:
        await proxied.get("http://gazette.example/feed")
    assert caught.value.kind is FetchFailure.REFUSED_ADDRESS
    assert len(server.requests) == 1


async def test_a_proxy_that_is_away_is_a_connection_that_fails() -> None:
    async with Door(DoorPolicy(proxy_url="http://127.0.0.1:1"), lookup=lookup) as door:
        with pytest.raises(FetchError) as caught:
            await asyncio.wait_for(door.get("http://gazette.example/feed"), 5)
    assert caught.value.kind is FetchFailure.CONNECT
