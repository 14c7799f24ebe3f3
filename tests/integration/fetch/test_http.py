"""The door against a server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import pytest
from yarl import URL

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.addresses import AllowList
from monitor.fetch.http import Door, DoorPolicy
from monitor.fetch.http_guard import Hop, Place


class Server(Protocol):
    """What conftest's server is to these tests."""

    answer: bytes
    port: int
    url: str
    requests: list[bytes]


async def kind_of(door: Door, url: str, **options: object) -> FetchFailure:
    with pytest.raises(FetchError) as caught:
        await door.get(url, **options)  # type: ignore[arg-type]
    return caught.value.kind


async def test_an_answer_is_read_whole(door: Door, server: Server) -> None:
    server.answer = b'HTTP/1.1 200 OK\r\nETag: W/"a"\r\nVary: a\r\nVary: b\r\nContent-Length: 2\r\n\r\nok'
    answer = await door.get(server.url)
    assert (answer.status, answer.body, answer.url) == (200, b"ok", server.url)
    assert answer.headers["etag"] == 'W/"a"'
    assert answer.headers["vary"] == "a, b"


async def test_a_request_is_plain_and_says_who_we_are(door: Door, server: Server) -> None:
    await door.get(server.url, headers={"If-None-Match": '"x"', "Cookie": "a=b", "Referer": "http://a"})
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /feed HTTP/1.1"
    assert sorted(lines[1:-2]) == sorted(
        [
            f"Host: 127.0.0.1:{server.port}",
            "User-Agent: Veille/1 (+a@b.example)",
            "Accept-Encoding: gzip, deflate",
            "Accept: */*",
            'If-None-Match: "x"',
        ]
    )


async def test_gzip_is_decoded(door: Door, server: Server) -> None:
    packed = gzip.compress(b"x" * 5000)
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
    assert (await door.get(server.url)).body == b"x" * 5000


async def test_a_bomb_is_too_large(door: Door, server: Server) -> None:
    packed = gzip.compress(bytes(50_000_000))
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
    assert await kind_of(door, server.url, max_bytes=1_000_000) is FetchFailure.TOO_LARGE


async def test_gzip_without_its_end_is_truncated(door: Door, server: Server) -> None:
    packed = gzip.compress(bytes(range(256)) * 50)[:-20]
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
    assert await kind_of(door, server.url) is FetchFailure.TRUNCATED


async def test_a_short_body_is_truncated(door: Door, server: Server) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 20\r\n\r\nok"
    with pytest.raises(FetchError, match=r"truncated: the body stops before its end: 2 of 20 bytes came$"):
        await door.get(server.url)


async def test_silence_ends_at_the_deadline(door: Door, server: Server) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"
    assert await kind_of(door, server.url, deadline=timedelta(seconds=0.3)) is FetchFailure.TIMEOUT


async def test_redirects_are_counted(door: Door, server: Server) -> None:
    server.answer = b"HTTP/1.1 302 Found\r\nLocation: /feed\r\nContent-Length: 0\r\n\r\n"
    assert await kind_of(door, server.url) is FetchFailure.REDIRECT
    assert len(server.requests) == 6


async def test_a_redirect_inside_is_refused(door: Door, server: Server) -> None:
    server.answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"
    assert await kind_of(door, server.url) is FetchFailure.REFUSED_ADDRESS


async def test_a_post_is_not_redirected(door: Door, server: Server) -> None:
    server.answer = b"HTTP/1.1 307 Go\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    assert (await door.post(server.url, body=b"{}")).status == 307
    assert len(server.requests) == 1


async def test_an_error_keeps_its_status_and_a_little_of_its_body(door: Door, server: Server) -> None:
    server.answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 10\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000
    answer = await door.get(server.url)
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    assert len(answer.body) <= 16 * 1024


async def test_loopback_is_refused_unless_allowed(server: Server) -> None:
    async with Door(DoorPolicy()) as strict:
        assert await kind_of(strict, server.url) is FetchFailure.REFUSED_ADDRESS
        assert await kind_of(strict, "http://127.0.0.1/") is FetchFailure.REFUSED_ADDRESS
        assert await kind_of(strict, "http://localhost/") is FetchFailure.REFUSED_ADDRESS
    assert not server.requests


async def test_one_inside_answer_among_public_ones_is_enough_to_refuse(server: Server) -> None:
    def lookup(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.215.14", "127.0.0.1"]

    async with Door(DoorPolicy(), lookup=lookup) as strict:
        assert await kind_of(strict, "http://rebind.example/") is FetchFailure.REFUSED_ADDRESS


async def test_canary_the_client_connects_to_nothing_that_was_not_judged(server: Server) -> None:
    """An address that was not resolved for the hop is refused at the socket, even one that is allowed."""
    policy = DoorPolicy(allow=AllowList.parse(f"127.0.0.1:{server.port}"))
    place: Place = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", server.port))
    async with Door(policy) as door:
        assert door._client is not None
        for places in [place], [place, place]:
            with pytest.raises(FetchError, match="refused-address"):
                await door._client._connection(places, URL(server.url), Hop("public.example", server.port), None)
    assert not server.requests


async def test_many_requests_share_one_loop(door: Door, server: Server) -> None:
    answers = await asyncio.gather(*(door.get(server.url) for _ in range(300)))
    assert {answer.status for answer in answers} == {200}
