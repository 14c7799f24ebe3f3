"""The guard at the socket: a name is resolved once, judged whole, and the socket opens to what was judged.

aiohttp asks our resolver for addresses and our factory for each socket, literal addresses too. Both work for the
hop that the door announced in a context variable; without one every socket is refused, so that nothing can use the
session behind the door's back.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.addresses import AllowList, is_public, parse_address

Lookup = Callable[[str, int], Sequence[str]]
"""Addresses of a host, as a blocking call; raises `OSError`."""

# Threads that may wait for the system's resolver at once; a dead name server holds each for half a minute.
_LOOKUPS = 64


@dataclass(slots=True)
class Hop:
    """One request of a chain: where it means to go, what was resolved, and why it was refused if it was."""

    host: str
    port: int
    through: str | None = None  # the operator's proxy, which is trusted
    addresses: set[str] = field(default_factory=set)
    failure: FetchError | None = None

    def refuse(self, kind: FetchFailure, message: str, *, permanent: bool = False) -> OSError:
        """Remember the reason (the client wraps or swallows what is raised below it) and give something to raise."""
        self.failure = FetchError(kind, message, permanent=permanent)
        return OSError(message)


CURRENT_HOP: ContextVar[Hop | None] = ContextVar("veille_hop", default=None)


def system_lookup(host: str, port: int) -> Sequence[str]:
    """The system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


class Guard(AbstractResolver):
    """Resolver and socket factory of one door."""

    def __init__(self, allow: AllowList, ports: frozenset[int], lookup: Lookup, limit: timedelta) -> None:
        self._allow, self._ports, self._lookup, self._limit = allow, ports, lookup, limit
        self._slots = asyncio.Semaphore(_LOOKUPS)

    def permits(self, hop: Hop, address: str) -> bool:
        """The rule: an exception of the operator's, else a public address on an open port."""
        if hop.through is not None:
            return True
        if self._allow.names(hop.host, hop.port) or self._allow.covers(address, hop.port):
            return True
        return is_public(address) and hop.port in self._ports

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of `host`, or an error if one of them is refused: half a rebinding is one."""
        del family
        hop = CURRENT_HOP.get()
        if hop is None:
            raise OSError("resolution outside the door")
        addresses = await self.addresses(hop, host, port)
        hop.addresses.update(addresses)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=_family(address), proto=0, flags=0)
            for address in addresses
        ]

    async def addresses(self, hop: Hop, host: str, port: int) -> Sequence[str]:
        """What `host` resolves to, judged; fails with `dns`, `timeout` or `refused-address` noted in the hop."""
        try:
            async with asyncio.timeout(self._limit.total_seconds()):
                found = await self._in_thread(host, port)
        except TimeoutError as error:
            raise hop.refuse(FetchFailure.TIMEOUT, f"no answer about {host} from the resolver") from error
        except (OSError, UnicodeError) as error:
            raise hop.refuse(FetchFailure.DNS, f"{host} does not resolve: {error}") from error
        bad = [address for address in found if not self.permits(hop, address)]
        if bad or not found:
            kind = FetchFailure.REFUSED_ADDRESS if bad else FetchFailure.DNS
            raise hop.refuse(kind, f"{host} resolves to {bad[0]}, refused" if bad else f"{host} has no address")
        return found

    def open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for the address about to be connected; the last word, also for literal addresses."""
        hop = CURRENT_HOP.get()
        address = str(info[4][0])
        if hop is None:
            raise OSError("connection outside the door")
        literal = parse_address(hop.through or hop.host)
        pinned = address in hop.addresses or (literal is not None and literal == parse_address(address))
        if not pinned or not self.permits(hop, address):
            raise hop.refuse(FetchFailure.REFUSED_ADDRESS, f"{address} is refused", permanent=literal is not None)
        sock = socket.socket(info[0], info[1], info[2])
        sock.setblocking(False)
        return sock

    async def close(self) -> None:
        """Nothing is held open."""

    async def _in_thread(self, host: str, port: int) -> Sequence[str]:
        """The lookup in a daemon thread: one stuck in the system's resolver must not hold up the process's end."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[str]] = loop.create_future()
        await self._slots.acquire()

        def settle(found: Sequence[str] | None, error: Exception | None) -> None:
            self._slots.release()
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(found or ())

        def work() -> None:
            found, failure = None, None
            try:
                found = self._lookup(host, port)
            except Exception as error:  # noqa: BLE001 - carried to the waiting coroutine
                failure = error
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, found, failure)

        try:
            threading.Thread(target=work, name="veille-lookup", daemon=True).start()
        except RuntimeError as error:  # no thread can be had just now
            self._slots.release()
            raise OSError(f"no thread to resolve in: {error}") from error
        return await answer


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
