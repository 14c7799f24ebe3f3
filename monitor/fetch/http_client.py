"""The client behind the door: connections to judged addresses, kept for a while, one exchange at a time on each.

It knows HTTP/1.1 and a proxy of the operator's, and nothing else: no cookies, no redirects, no environment, no cache.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import time
from base64 import b64encode
from datetime import timedelta
from typing import cast

import aiohappyeyeballs
from yarl import URL

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.http_exchange import Ask, Exchange, Reply
from monitor.fetch.http_guard import Guard, Hop, Place

# Seconds that a connection at rest is kept, and how many are. To open one takes longer than to ask twice over one that
# is open; many servers keep theirs for a minute, and a site's next page has its turn after some seconds.
_KEPT_SECONDS, _KEPT = 60.0, 256
# A second address is tried beside the first after this (RFC 8305).
_NEXT_ADDRESS = 0.25

Origin = tuple[str, str, int]


class Connection(asyncio.Protocol):
    """One connection; what comes when nothing was asked closes it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self.rests_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            self.close()
            return
        exchange.feed(data)
        if exchange.answer.done():
            self._exchange = None

    def connection_lost(self, error: Exception | None) -> None:
        exchange, self._exchange, self._transport = self._exchange, None, None
        if exchange is not None:
            exchange.lost(error)

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def silent(self) -> bool:
        """Whether nothing came while it was at rest: between two tasks nobody listens, and most often it is the end."""
        if self._transport is None:
            return False
        looking = select.poll()
        looking.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return not looking.poll(0)

    async def send(self, data: bytes, exchange: Exchange) -> Reply:
        """Write a request and wait for its answer. Raises `FetchError`."""
        if self._transport is None:
            exchange.lost(None)
            return await exchange.answer
        self._exchange = exchange
        self._transport.write(data)
        try:
            return await exchange.answer
        finally:
            self._exchange = None
            exchange.drop()

    async def secure(self, tls: ssl.SSLContext, host: str) -> None:
        """TLS with `host` from here on, through what the connection leads to. Raises `OSError`."""
        if self._transport is None:
            raise ConnectionResetError("the proxy closed the connection")
        loop = asyncio.get_running_loop()
        self._transport = await loop.start_tls(self._transport, self, tls, server_hostname=host)

    def close(self) -> None:
        """At once: nobody waits for the other side to agree."""
        if self._transport is not None:
            self._transport.abort()


class Client:
    """For one event loop. Where it connects to is the guard's to say."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext, connect_limit: timedelta) -> None:
        self._guard, self._tls, self._limit = guard, tls, connect_limit.total_seconds()
        self._loop = asyncio.get_running_loop()
        self._kept: dict[Origin, list[Connection]] = {}
        self._count = 0
        self._sweeping: asyncio.TimerHandle | None = None

    async def ask(self, url: URL, hop: Hop, ask: Ask, proxy: URL | None) -> Reply:
        """One request and its answer. Raises `FetchError`; `OSError`, `ValueError` where no connection came about."""
        origin = (url.scheme, hop.host, hop.port)
        data = _request(url, ask, proxy)
        # Nobody knows whether a kept connection is still open on the other side: what may be asked twice is.
        while ask.method == "GET" and (connection := self._take(origin)) is not None:
            exchange = Exchange(ask, self._loop)
            try:
                return await self._send(connection, data, exchange, origin)
            except FetchError:
                if exchange.begun:
                    raise
        connection = await self._connect(url, hop, proxy)
        return await self._send(connection, data, Exchange(ask, self._loop), origin)

    def close(self) -> None:
        """Close what is kept."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connections in self._kept.values():
            for connection in connections:
                connection.close()
        self._kept.clear()

    async def _send(self, connection: Connection, data: bytes, exchange: Exchange, origin: Origin) -> Reply:
        try:
            return await connection.send(data, exchange)
        finally:
            if exchange.reusable and connection.usable and self._count < _KEPT:
                self._keep(connection, origin)
            else:
                connection.close()

    # -- connections at rest ---------------------------------------------------------------------------------------

    def _take(self, origin: Origin) -> Connection | None:
        connections = self._kept.get(origin)
        while connections:
            connection = connections.pop()
            self._count -= 1
            fresh = time.monotonic() - connection.rests_since < _KEPT_SECONDS
            if connection.usable and fresh and connection.silent:
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection, origin: Origin) -> None:
        connection.rests_since = time.monotonic()
        self._kept.setdefault(origin, []).append(connection)
        self._count += 1
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(_KEPT_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Let go of what rested too long, and of origins that have nothing left."""
        oldest = time.monotonic() - _KEPT_SECONDS
        for connections in self._kept.values():
            for connection in connections:
                if connection.rests_since <= oldest:
                    connection.close()
            connections[:] = [one for one in connections if one.usable and one.rests_since > oldest]
        self._kept = {origin: connections for origin, connections in self._kept.items() if connections}
        self._count = sum(map(len, self._kept.values()))
        self._sweeping = self._loop.call_later(_KEPT_SECONDS, self._sweep) if self._kept else None

    # -- new connections -------------------------------------------------------------------------------------------

    async def _connect(self, url: URL, hop: Hop, proxy: URL | None) -> Connection:
        places = await self._guard.places(hop)
        try:
            async with asyncio.timeout(self._limit):
                return await self._connection(places, url, hop, proxy)
        except TimeoutError as error:
            raise FetchError(FetchFailure.TIMEOUT, f"no connection after {self._limit:g} s") from error

    async def _connection(self, places: list[Place], url: URL, hop: Hop, proxy: URL | None) -> Connection:
        first = proxy or url
        tls = self._tls if first.scheme == "https" else None
        sock = await self._socket(places, hop)
        _, connection = await self._loop.create_connection(
            Connection, sock=sock, ssl=tls, server_hostname=_name(first) if tls else None
        )
        if proxy is not None and url.scheme == "https":
            try:
                await self._tunnel(connection, url, proxy)
            except BaseException:
                connection.close()
                raise
        return connection

    async def _socket(self, places: list[Place], hop: Hop) -> socket.socket:
        """Connected to one of the judged addresses; each socket is opened by the guard."""
        if len(places) > 1:
            for place in places:  # beforehand: a refusal would count there as one address that does not answer
                self._guard.judge(hop, place)
            return await aiohappyeyeballs.start_connection(
                places,
                happy_eyeballs_delay=_NEXT_ADDRESS,
                socket_factory=lambda place: self._guard.open_socket(hop, place),
            )
        sock = self._guard.open_socket(hop, places[0])
        try:
            await self._loop.sock_connect(sock, places[0][4])
        except BaseException:
            sock.close()
            raise
        return sock

    async def _tunnel(self, connection: Connection, url: URL, proxy: URL) -> None:
        host = f"{url.host_subcomponent}:{url.port}"
        lines = [f"CONNECT {host} HTTP/1.1", f"Host: {host}", *_credentials(proxy)]
        exchange = Exchange(Ask("CONNECT", {}, b"", 0), self._loop)
        reply = await connection.send(_lines(lines), exchange)
        if not (200 <= reply.status < 300 and exchange.reusable):
            raise FetchError(FetchFailure.CONNECT, f"the proxy answered {reply.status}")
        await connection.secure(self._tls, _name(url))


def _name(url: URL) -> str:
    """As TLS is told it: a certificate's names have no dot at their end."""
    return (url.raw_host or "").rstrip(".")


def _request(url: URL, ask: Ask, proxy: URL | None) -> bytes:
    """A request's bytes, its body with them; a proxy is told the whole address, where it can see it."""
    plain = proxy is not None and url.scheme == "http"
    lines = [f"{ask.method} {url if plain else url.raw_path_qs} HTTP/1.1", f"Host: {url.host_port_subcomponent}"]
    lines += [f"{name}: {value}" for name, value in ask.headers.items()]
    if proxy is not None and plain:
        lines += _credentials(proxy)
    if ask.method != "GET":
        lines.append(f"Content-Length: {len(ask.body)}")
    return _lines(lines) + ask.body


def _credentials(proxy: URL) -> list[str]:
    if proxy.user is None:
        return []
    word = b64encode(f"{proxy.user}:{proxy.password or ''}".encode())
    return [f"Proxy-Authorization: Basic {word.decode()}"]


def _lines(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
