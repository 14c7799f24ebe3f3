from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from monitor.fetch.addresses import AllowList
from monitor.fetch.http import Door, DoorPolicy


class Server:
    """Answers every request with `answer`, or by its path with one of `pages`, and keeps what it was asked.

    With `answers_once` it closes a connection on the second request that comes over it, without a word; it takes
    `seconds` for each answer.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls, self.connections, self.answers_once, self.seconds = tls, 0, False, 0.0
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.pages: dict[str, bytes] = {}
        self.requests: list[bytes] = []
        self.open: list[asyncio.StreamWriter] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.append(writer)
        asked = 0
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(request)
                asked += 1
                if self.answers_once and asked > 1:
                    break
                answer = self.pages.get(request.split()[1].decode(), self.answer)
                await asyncio.sleep(self.seconds)
                writer.write(answer)
                await writer.drain()
                if b"close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open.remove(writer)
            writer.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/feed"

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self.handle, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as running:
        yield running


@pytest.fixture
async def door(server: Server) -> AsyncIterator[Door]:
    policy = DoorPolicy(user_agent="Veille/1 (+a@b.example)", allow=AllowList.parse(f"127.0.0.1:{server.port}"))
    async with Door(policy) as opened:
        yield opened
