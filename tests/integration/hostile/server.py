"""A server that sends what it is told, byte by byte if need be, and counts who came."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import re
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = bytes | Behaviour


class Hostile:
    """Serves `answers` by path, as raw bytes (then closes) or by a coroutine; `words` fill `{braces}` in bytes.

    A request to NAME.robots.test gets the answer of /NAME, whatever its path.
    """

    def __init__(self, answers: Mapping[str, Answer], words: Mapping[str, object] | None = None) -> None:
        self.answers, self.words, self.requests = answers, dict(words or {}), list[str]()

    async def __aenter__(self) -> Hostile:
        self._tasks = set[asyncio.Task[None]]()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            head = await reader.readexactly(1)
            if head == b"\x16":  # a TLS greeting
                writer.write(b"HTTP/1.1 400 No\r\n\r\n")
                return
            head += await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ")[1].decode("latin-1")
            host = head.lower().partition(b"host: ")[2].partition(b":")[0].decode("latin-1")
            if host.endswith(".robots.test"):
                path = "/" + host.partition(".")[0]
            self.requests.append(path)
            answer = self.answers.get(path, b"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n")
            if isinstance(answer, bytes):
                writer.write(filled(answer, {"port": self.port, **self.words}))
                await writer.drain()
            else:
                await answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()


def filled(text: bytes, words: Mapping[str, object]) -> bytes:
    """`text` with its words, and an announced length that grows or shrinks with the body."""
    head, blank, body = text.partition(b"\r\n\r\n")
    before = len(body)
    for name, value in words.items():
        head, body = (part.replace(b"{%b}" % name.encode(), str(value).encode()) for part in (head, body))
    changed = len(body) - before
    if changed:
        head = re.sub(rb"(?<=Content-Length: )\d+", lambda found: b"%d" % (int(found[0]) + changed), head, count=1)
    return head + blank + body


# -- answers ---------------------------------------------------------------------------------------------------------


def answer(body: bytes = b"", *, status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    """A whole answer; `Content_Type` stands for Content-Type."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\nConnection: close\r\n\r\n" + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(status=status, Location=location)


def zipped(body: bytes, cut: int | None = None) -> bytes:
    return answer(gzip.compress(body)[:cut], Content_Encoding="gzip")


def deflated(body: bytes, cut: int | None = None) -> bytes:
    return answer(zlib.compress(body)[:cut], Content_Encoding="deflate")


# -- behaviours ------------------------------------------------------------------------------------------------------


def slowly(start: bytes, piece: bytes = b"x", every: float = 0.1) -> Behaviour:
    """`start`, then `piece` again and again."""

    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            await writer.drain()
            await asyncio.sleep(every)
            writer.write(piece)

    return behave


def endless(start: bytes, piece: bytes) -> Behaviour:
    """The same, as fast as the other side reads."""
    return slowly(start, piece, 0)


def silence(start: bytes = b"") -> Behaviour:
    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        await writer.drain()
        await asyncio.sleep(60)

    return behave


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RST instead of an end."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def late(seconds: float, then: bytes) -> Behaviour:
    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        writer.write(then)
        await writer.drain()

    return behave
