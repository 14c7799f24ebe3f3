"""A press of any number of hosts for `growth`: every address of 127.0.0.0/8 is a host, every path a feed.

One process that knows two answers, so that it takes little of a core: a feed of ten entries with an ETag, and 304.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

ENTRIES = 10
_ITEM = (
    "<item><guid isPermaLink='false'>{path}-{n}</guid><title>Titre {n} de {path}</title>"
    "<link>http://{host}{path}/{n}</link><pubDate>Mon, 02 Mar 2026 0{n}:00:00 GMT</pubDate>"
    "<description>Le conseil a voté le budget de la rénovation des écoles, point {n}.</description></item>"
)


class _Feed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._asked = transport, b""

    def data_received(self, data: bytes) -> None:
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            head, _, self._asked = self._asked.partition(b"\r\n\r\n")
            self._transport.write(_answer(head))


def _answer(head: bytes) -> bytes:
    path = head.split(b" ", 2)[1].decode()
    headers = head.lower()
    if path == "/robots.txt":
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    if b"if-none-match:" in headers:
        return b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
    host = headers.partition(b"host:")[2].partition(b"\r\n")[0].strip().decode()
    items = "".join(_ITEM.format(path=path, host=host, n=n) for n in range(ENTRIES))
    body = f"<?xml version='1.0'?><rss version='2.0'><channel><title>{path}</title>{items}</channel></rss>".encode()
    said = f'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "1"\r\nContent-Length: {len(body)}\r\n\r\n'
    return said.encode() + body


async def _serve(told: Connection) -> None:
    server = await asyncio.get_running_loop().create_server(_Feed, "0.0.0.0", 0)
    told.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run(told: Connection) -> None:
    asyncio.run(_serve(told))


def address(number: int, hosts: int, port: int) -> str:
    """A feed's address, at one of so many hosts (65,536 at most)."""
    host = number % hosts
    return f"http://127.1.{host >> 8}.{host & 255}:{port}/feed/{number}"


@contextmanager
def open_press() -> Iterator[tuple[int, int]]:
    """Gives its port and its process."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv(), process.pid or 0
    finally:
        process.terminate()
        process.join()
