"""The guard at the socket: a name is resolved once, judged whole, and the socket opens to what was judged.

Addresses and sockets are only to be had for a hop of the door's. The client asks here for both, for literal addresses
too, and a socket for an address that was not judged for this very hop is refused.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.addresses import AllowList, is_public, parse_address

Lookup = Callable[[str, int], Sequence[str]]
"""Addresses of a host, as a blocking call; raises `OSError`."""

# Threads that may wait for the system's resolver at once; a dead name server holds each for half a minute.
_LOOKUPS = 64


Place = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
"""An address to connect to, as `getaddrinfo` gives it."""


@dataclass(slots=True)
class Hop:
    """One request of a chain: where it means to go, what was resolved for it, and by which proxy it goes."""

    host: str
    port: int
    through: tuple[str, int] | None = None  # the operator's proxy, which is trusted
    addresses: frozenset[str] = frozenset()


def system_lookup(host: str, port: int) -> Sequence[str]:
    """The system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


class Guard:
    """Resolver and socket factory of one door. What it refuses is a `FetchError`."""

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

    async def places(self, hop: Hop) -> list[Place]:
        """Where to connect for `hop`: what its host resolves to, or the address that it is.

        Refused when one address is refused: half a rebinding is one.
        """
        host, port = hop.through or (hop.host, hop.port)
        if (literal := parse_address(host)) is None:
            found = await self.addresses(hop, host, port)
            hop.addresses = frozenset(found)
        else:
            found = [str(literal)]
        return [_place(address, port) for address in found]

    async def addresses(self, hop: Hop, host: str, port: int) -> Sequence[str]:
        """What `host` resolves to, judged. Raises `FetchError` (`dns`, `timeout`, `refused-address`)."""
        try:
            async with asyncio.timeout(self._limit.total_seconds()):
                found = await self._in_thread(host, port)
        except TimeoutError as error:
            raise FetchError(FetchFailure.TIMEOUT, f"no answer about {host} from the resolver") from error
        except (OSError, UnicodeError) as error:
            raise FetchError(FetchFailure.DNS, f"{host} does not resolve: {error}") from error
        bad = [address for address in found if not self.permits(hop, address)]
        if bad:
            raise FetchError(FetchFailure.REFUSED_ADDRESS, f"{host} resolves to {bad[0]}, refused")
        if not found:
            raise FetchError(FetchFailure.DNS, f"{host} has no address")
        return found

    def judge(self, hop: Hop, place: Place) -> None:
        """The last word on an address about to be connected, literal ones too. Raises `FetchError`."""
        address = place[4][0]
        literal = parse_address(hop.through[0] if hop.through else hop.host)
        pinned = address in hop.addresses or (literal is not None and literal == parse_address(address))
        if not pinned or not self.permits(hop, address):
            permanent = literal is not None
            raise FetchError(FetchFailure.REFUSED_ADDRESS, f"{address} is refused", permanent=permanent)

    def open_socket(self, hop: Hop, place: Place) -> socket.socket:
        """A socket for an address, which is judged once more."""
        self.judge(hop, place)
        sock = socket.socket(place[0], place[1], place[2])
        sock.setblocking(False)
        return sock

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


def _place(address: str, port: int) -> Place:
    if ":" in address:
        host, _, zone = address.partition("%")
        return socket.AF_INET6, socket.SOCK_STREAM, 0, "", (host, port, 0, int(zone) if zone.isdecimal() else 0)
    return socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)
