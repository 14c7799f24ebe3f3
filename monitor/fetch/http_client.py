"""The client behind the door: connections to judged addresses, kept for a while, one exchange at a time on each.

It knows HTTP/1.1 and a proxy of the operator's, and nothing else: no cookies, no redirects, no environment, no cache.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from datetime import timedelta

import aiohappyeyeballs
from yarl import URL

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.http_connections import Connection, Connections, Origin
from monitor.fetch.http_exchange import Ask, Exchange, Reply
from monitor.fetch.http_guard import Guard, Hop, Place

# A second address is tried beside the first after this (RFC 8305).
_NEXT_ADDRESS = 0.25


class Client:
    """For one event loop. Where it connects to is the guard's to say."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext, connect_limit: timedelta) -> None:
        self._guard, self._tls, self._limit = guard, tls, connect_limit.total_seconds()
        self._loop = asyncio.get_running_loop()
        self._connections = Connections(self._loop)

    async def ask(self, url: URL, hop: Hop, ask: Ask, proxy: URL | None) -> Reply:
        """One request and its answer. Raises `FetchError`; `OSError`, `ValueError` where no connection came about."""
        origin = (url.scheme, hop.host, hop.port)
        data = _request(url, ask, proxy)
        # Nobody knows whether a kept connection is still open on the other side: what may be asked twice is.
        known = await self._known(origin) if ask.method == "GET" else None
        while known is not None:
            exchange = Exchange(ask, self._loop)
            try:
                return await self._send(known, data, exchange, origin)
            except FetchError:
                if exchange.begun:
                    raise
            known = self._connections.at_rest(origin)  # waited for once only
        connection = await self._open(url, hop, proxy, origin)
        return await self._send(connection, data, Exchange(ask, self._loop), origin)

    def close(self) -> None:
        """Close what is kept."""
        self._connections.close()

    async def _known(self, origin: Origin) -> Connection | None:
        return self._connections.at_rest(origin) or await self._connections.soon(origin)

    async def _send(self, connection: Connection, data: bytes, exchange: Exchange, origin: Origin) -> Reply:
        try:
            return await connection.send(data, exchange)
        finally:
            self._connections.give(connection, origin, reusable=exchange.reusable)

    # -- new connections -------------------------------------------------------------------------------------------

    async def _open(self, url: URL, hop: Hop, proxy: URL | None, origin: Origin) -> Connection:
        self._connections.begin(origin)
        try:
            return await self._connect(url, hop, proxy)
        except BaseException:
            self._connections.end(origin)
            raise

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
