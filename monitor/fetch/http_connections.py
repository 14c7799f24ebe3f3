"""Connections of one loop: in use for one exchange at a time, waited for, kept for a while.

A request waits a moment for a connection to its origin that is being opened or in use, instead of opening another:
to open one costs both sides more than to ask twice over one that is open, with TLS many times more.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import time
from collections import Counter, deque
from typing import cast

from monitor.fetch.http_deadlines import Line
from monitor.fetch.http_exchange import Exchange, Reply

# Seconds that a connection at rest is kept, and how many are. Many servers keep theirs for a minute, and a site's next
# page has its turn after some seconds.
_KEPT_SECONDS, _KEPT = 60.0, 256
# A request waits so long for another's connection, then it opens its own: a slow answer holds up nobody.
_PATIENCE = 0.1

Origin = tuple[str, str, int]


class Connection(asyncio.Protocol):
    """One connection; what comes when nothing was asked closes it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._looking: select.poll | None = None
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
        if self._looking is None:
            self._looking = select.poll()
            self._looking.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return not self._looking.poll(0)

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


class Connections:
    """Those to each origin. Whoever has one from `at_rest` or `soon`, or calls `begin` to open one, gives it back."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._kept: dict[Origin, list[Connection]] = {}
        self._count = 0
        self._busy = Counter[Origin]()  # being opened, or in use
        self._waiting: dict[Origin, deque[asyncio.Future[Connection | None]]] = {}
        self._patience = Line[asyncio.Future[Connection | None]](loop, _PATIENCE, _give_up)
        self._sweeping: asyncio.TimerHandle | None = None

    def at_rest(self, origin: Origin) -> Connection | None:
        """One that is kept."""
        connections = self._kept.get(origin)
        while connections:
            connection = connections.pop()
            self._count -= 1
            fresh = time.monotonic() - connection.rests_since < _KEPT_SECONDS
            if connection.usable and fresh and connection.silent:
                self._busy[origin] += 1
                return connection
            connection.close()
        return None

    async def soon(self, origin: Origin) -> Connection | None:
        """One that another request has done with within `_PATIENCE`; None: open one."""
        if origin not in self._busy:
            return None
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiting.setdefault(origin, deque()).append(waiter)
        self._patience.add(waiter)
        try:
            connection = await waiter
        except asyncio.CancelledError:
            self._pass_on(waiter, origin)
            raise
        finally:
            self._patience.remove(waiter)
        if connection is not None and not (connection.usable and connection.silent):
            self.give(connection, origin, reusable=False)
            return None
        return connection

    def begin(self, origin: Origin) -> None:
        """A connection is about to be opened."""
        self._busy[origin] += 1

    def end(self, origin: Origin) -> None:
        """A connection is no more, or did not come about: the next who waits for one opens it."""
        self._rests(origin)
        if (waiter := self._next(origin)) is not None:
            waiter.set_result(None)

    def give(self, connection: Connection, origin: Origin, *, reusable: bool) -> None:
        """Its exchange is over: it goes to the next who waits, or is kept; one that is not `reusable` is closed."""
        if not (reusable and connection.usable):
            connection.close()
            self.end(origin)
        elif (waiter := self._next(origin)) is not None:
            waiter.set_result(connection)
        else:
            self._rests(origin)
            self._keep(connection, origin)

    def close(self) -> None:
        """Close what is kept."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._patience.rest()
        for connections in self._kept.values():
            for connection in connections:
                connection.close()
        self._kept.clear()

    def _next(self, origin: Origin) -> asyncio.Future[Connection | None] | None:
        """Who has waited longest; those who gave up are passed over."""
        queue = self._waiting.get(origin)
        if queue is None:
            return None
        while queue:
            waiter = queue.popleft()
            if not waiter.done():
                return waiter
        del self._waiting[origin]
        return None

    def _pass_on(self, waiter: asyncio.Future[Connection | None], origin: Origin) -> None:
        """What was given to a request whose time ran out at that very moment."""
        if waiter.cancelled() or not waiter.done():
            return
        connection = waiter.result()
        if connection is not None:
            self.give(connection, origin, reusable=True)
        elif (waiting := self._next(origin)) is not None:
            waiting.set_result(None)

    def _rests(self, origin: Origin) -> None:
        self._busy[origin] -= 1
        if not self._busy[origin]:
            del self._busy[origin]

    def _keep(self, connection: Connection, origin: Origin) -> None:
        if self._count >= _KEPT:
            connection.close()
            return
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


def _give_up(waiter: asyncio.Future[Connection | None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
