"""Connections of the door's client: kept, given up, tried elsewhere, secured, tunnelled."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.addresses import AllowList
from monitor.fetch.http import Door, DoorPolicy
from monitor.fetch.http_connections import Connection, Connections


class Server(Protocol):
    """What conftest's server is to these tests."""

    answer: bytes
    answers_once: bool
    connections: int
    open: list[asyncio.StreamWriter]
    port: int
    url: str
    requests: list[bytes]
    seconds: float

    def __init__(self, tls: ssl.SSLContext | None = None) -> None: ...
    async def __aenter__(self) -> Server: ...
    async def __aexit__(self, *_: object) -> None: ...


async def test_a_connection_is_kept_for_the_next_request(door: Door, server: Server) -> None:
    for _ in range(3):
        assert (await door.get(server.url)).body == b"ok"
    assert (server.connections, len(server.requests)) == (1, 3)


async def test_one_that_the_server_gave_up_meanwhile_is_replaced(door: Door, server: Server) -> None:
    server.answers_once = True
    assert [(await door.get(server.url)).body for _ in range(3)] == [b"ok"] * 3
    assert server.connections == 3


async def test_nothing_is_sent_over_one_that_ended_while_nobody_listened(door: Door, server: Server) -> None:
    """Between two tasks the loop stands still: here the server ends its half before the loop goes on."""
    await door.get(server.url)
    [connection] = server.open
    connection.get_extra_info("socket").shutdown(socket.SHUT_WR)
    assert (await door.get(server.url)).body == b"ok"
    assert (server.connections, len(server.requests)) == (2, 2)


async def test_what_must_not_be_sent_twice_gets_a_connection_of_its_own(door: Door, server: Server) -> None:
    await door.get(server.url)
    assert (await door.post(server.url, body=b"{}")).status == 200
    assert (server.connections, len(server.requests)) == (2, 2)


async def together(door: Door, server: Server, count: int) -> list[bytes]:
    """The bodies of so many requests at once."""
    return [answer.body for answer in await asyncio.gather(*(door.get(server.url) for _ in range(count)))]


async def test_requests_at_once_go_over_one_connection_in_turn(door: Door, server: Server) -> None:
    assert await together(door, server, 20) == [b"ok"] * 20
    assert (server.connections, len(server.requests)) == (1, 20)


async def test_a_slow_answer_holds_nobody_up(door: Door, server: Server) -> None:
    server.seconds, begun = 0.5, time.monotonic()
    assert await together(door, server, 4) == [b"ok"] * 4
    assert (server.connections, len(server.requests)) == (4, 4)
    assert time.monotonic() - begun < 0.9  # the answer's half a second, and a tenth


async def test_who_waits_for_one_that_is_closed_opens_another(door: Door, server: Server) -> None:
    server.answer = server.answer.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert await together(door, server, 5) == [b"ok"] * 5
    assert (server.connections, len(server.requests)) == (5, 5)


async def test_all_are_answered_where_the_server_gives_up_what_others_wait_for(door: Door, server: Server) -> None:
    """Each waits once: a server that closes without a word is not asked again and again."""
    server.answers_once = True
    assert await together(door, server, 6) == [b"ok"] * 6
    assert server.connections <= 6
    assert len(server.requests) <= 11


async def test_one_whose_time_runs_out_leaves_the_connection_to_the_next(door: Door, server: Server) -> None:
    server.seconds = 0.04
    hasty = asyncio.create_task(door.get(server.url, deadline=timedelta(seconds=0.06)))  # waits for the first's
    first, second = await asyncio.gather(door.get(server.url), door.get(server.url))
    assert (first.body, second.body) == (b"ok", b"ok")
    with suppress(FetchError):
        await hasty
    assert await together(door, server, 2) == [b"ok"] * 2
    assert server.connections <= 3


async def test_what_was_given_to_one_who_is_cancelled_at_that_moment_goes_to_the_next(server: Server) -> None:
    loop, origin = asyncio.get_running_loop(), ("http", "127.0.0.1", server.port)
    _, connection = await loop.create_connection(Connection, "127.0.0.1", server.port)
    connections = Connections(loop)
    connections.begin(origin)
    hasty, patient = (asyncio.create_task(connections.soon(origin)) for _ in range(2))
    await asyncio.sleep(0)
    connections.give(connection, origin, reusable=True)
    hasty.cancel()
    assert await patient is connection
    assert hasty.cancelled()
    connection.close()


async def test_who_waits_for_a_server_that_is_not_there_is_told_so(door: Door, server: Server) -> None:
    server._server.close()  # type: ignore[attr-defined]
    answers = await asyncio.gather(*(door.get(server.url) for _ in range(4)), return_exceptions=True)
    assert [getattr(answer, "kind", None) for answer in answers] == [FetchFailure.CONNECT] * 4


async def test_what_must_not_be_sent_twice_waits_for_nobody(door: Door, server: Server) -> None:
    server.seconds = 0.2
    await asyncio.gather(door.get(server.url), door.post(server.url, body=b"{}"))
    assert (server.connections, len(server.requests)) == (2, 2)


async def test_a_second_answer_to_one_question_is_nobodys(door: Door, server: Server) -> None:
    honest = server.answer
    server.answer = honest + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"
    assert [(await door.get(server.url)).body for _ in range(2)] == [b"ok", b"ok"]
    assert server.connections == 2


@pytest.mark.parametrize("words", [b"Connection: close\r\n", b""])
async def test_a_body_without_a_length_ends_with_its_connection(door: Door, server: Server, words: bytes) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\n" + words + b"\r\nto the close"  # the server closes on that word
    assert (await door.get(server.url)).body == b"to the close"


async def test_interim_answers_are_passed_over(door: Door, server: Server) -> None:
    server.answer = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + server.answer
    answer = await door.get(server.url)
    assert (answer.status, answer.body, "link" in answer.headers) == (200, b"ok", False)


@pytest.mark.parametrize("status", [b"000", b"099", b"101"])
async def test_what_is_no_status_is_no_answer(door: Door, server: Server, status: bytes) -> None:
    server.answer = b"HTTP/1.1 " + status + b" X\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(FetchError) as caught:
        await asyncio.wait_for(door.get(server.url), 5)
    assert caught.value.kind is FetchFailure.PROTOCOL


async def test_chunks_are_put_together_and_their_trailers_are_no_headers(door: Door, server: Server) -> None:
    server.answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nETag: x\r\n\r\n"
    )
    answers = [await door.get(server.url) for _ in range(2)]
    assert [(answer.body, "etag" in answer.headers) for answer in answers] == [(b"abcde", False)] * 2
    assert server.connections == 1


async def test_a_bare_line_feed_ends_a_line(door: Door, server: Server) -> None:
    server.answer = b"HTTP/1.0 200 OK\nETag: old  \nContent-Length: 2\n\nok"
    answer = await door.get(server.url)
    assert (answer.body, answer.headers["etag"]) == (b"ok", "old")


async def test_the_next_address_is_tried_where_one_does_not_answer(server: Server) -> None:
    policy = DoorPolicy(allow=AllowList.parse("two.example"))
    async with Door(policy, lookup=lambda _host, _port: ["127.9.9.9", "127.0.0.1"]) as door:
        assert (await door.get(f"http://two.example:{server.port}/")).body == b"ok"
    assert f"Host: two.example:{server.port}".encode() in server.requests[0]


async def test_nobody_at_any_address_is_a_connection_that_fails() -> None:
    policy = DoorPolicy(allow=AllowList.parse("two.example"))
    async with Door(policy, lookup=lambda _host, _port: ["127.9.9.9", "127.9.9.8"]) as door:
        with pytest.raises(FetchError) as caught:
            await door.get("http://two.example:9/")
    assert caught.value.kind is FetchFailure.CONNECT


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext subjectAltName=DNS:gazette.example"
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    return key, cert


@pytest.fixture
async def secured(server: Server, certificate: tuple[Path, Path]) -> AsyncIterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    async with type(server)(context) as running:
        yield running


def lookup(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


NAMES = AllowList.parse("gazette.example,other.example")


async def test_a_trusted_certificate_of_that_name_is_enough(secured: Server, certificate: tuple[Path, Path]) -> None:
    policy = DoorPolicy(allow=NAMES, ca_bundle=str(certificate[1]))
    async with Door(policy, lookup=lookup) as door:
        for host in "gazette.example", "gazette.example", "gazette.example.":
            assert (await door.get(f"https://{host}:{secured.port}/feed")).body == b"ok"
    assert secured.connections == 2


async def test_another_name_and_an_unknown_issuer_are_refused(secured: Server, certificate: tuple[Path, Path]) -> None:
    for bundle, host in (str(certificate[1]), "other.example"), (None, "gazette.example"):
        async with Door(DoorPolicy(allow=NAMES, ca_bundle=bundle), lookup=lookup) as door:
            with pytest.raises(FetchError, match=r"^tls: .*certificate verify failed"):
                await door.get(f"https://{host}:{secured.port}/feed")
    assert secured.requests == []


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


async def test_tls_goes_through_a_proxys_tunnel(secured: Server, certificate: tuple[Path, Path]) -> None:
    asked = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        there = await asyncio.open_connection("127.0.0.1", secured.port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pipe(reader, there[1]), pipe(there[0], writer))

    async with await asyncio.start_server(tunnel, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        policy = DoorPolicy(proxy_url=f"http://127.0.0.1:{port}", ca_bundle=str(certificate[1]))
        async with Door(policy, lookup=lambda _host, _port: ["93.184.216.34"]) as door:
            answers = [await door.get("https://gazette.example/feed") for _ in range(2)]
    assert [answer.body for answer in answers] == [b"ok", b"ok"]
    assert [request.splitlines()[0] for request in asked] == [b"CONNECT gazette.example:443 HTTP/1.1"]
    assert secured.requests[0].startswith(b"GET /feed HTTP/1.1\r\nHost: gazette.example\r\n")
