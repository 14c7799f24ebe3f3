"""The pace at which one host is visited: a gap between two starts and a bound on connections, all processes together.

State lives on the broker's server (any Redis or Valkey), in one script, so that processes cannot race. While that
server cannot be reached each process keeps a reduced pace by itself. The operator's private hosts have none.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from monitor.fetch.addresses import AllowList

log = structlog.get_logger(__name__)

# A turn not given back (its process died) is free again after this.
_LEASE = timedelta(seconds=150)
# The server is asked again this long after it failed.
_RETRY_SECONDS = 15.0
# Polling for a free connection, and the answer to those who would not wait for one.
_POLL = timedelta(milliseconds=250)
# Alone, each process takes this multiple of the gap: it cannot see the others.
_ALONE = 4
# All that says where a URL leads; what follows is its path, query or fragment.
_ORIGIN = re.compile(r"https?://[^/?#]*")

# KEYS: next start, turns held. ARGV: token, gap, connections, patience, lease (ms), now (ms; 0 asks the server).
_SCRIPT = """
local now = tonumber(ARGV[6])
if now == 0 then local t = redis.call('TIME'); now = t[1] * 1000 + math.floor(t[2] / 1000) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local start = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local wait = start - now
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then return {0, math.max(wait, 250)} end
if wait > tonumber(ARGV[4]) then return {0, wait} end
local gap = tonumber(ARGV[2])
if gap > 0 then redis.call('SET', KEYS[1], start + gap, 'PX', wait + gap + 1000) end
redis.call('ZADD', KEYS[2], start + tonumber(ARGV[5]), ARGV[1])
redis.call('PEXPIRE', KEYS[2], wait + tonumber(ARGV[5]) + 1000)
return {1, wait}
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A reserved start: begin after `wait`, then give the turn back. Not `granted`: ask again after `wait`."""

    host: str
    wait: timedelta
    granted: bool = True
    token: str = ""


class HostBusyError(Exception):
    """The host's turn is further off than the caller would wait; `wait` says how far."""

    def __init__(self, host: str, wait: timedelta) -> None:
        super().__init__(f"{host} is busy for {wait.total_seconds():.1f} s")
        self.host, self.wait = host, wait


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What one host is given: the gap between two starts, and connections at once."""

    gap: timedelta = timedelta(seconds=2)
    connections: int = 2


class Pace:
    """Turns at hosts. Use as an async context manager within one event loop."""

    def __init__(self, broker_url: str | None, *, rhythm: Rhythm | None = None, allow: AllowList | None = None) -> None:
        self.rhythm, self._allow = rhythm or Rhythm(), allow or AllowList()
        self._alone = LocalKeeper()
        self._shared = SharedKeeper(broker_url) if broker_url and redis_url(broker_url) else None
        self._retry_at = 0.0
        self.is_free = lru_cache(maxsize=8192)(self._is_free)
        """Whether a host (name, or name:port) is one of the operator's private ones: no pace there."""

    async def __aenter__(self) -> Pace:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shared is not None:
            await self._shared.close()

    async def reserve(self, host: str, *, gap: timedelta | None = None, patience: timedelta | None = None) -> Turn:
        """A turn at `host` (a name, or name:port). `gap` may only lengthen the default; `patience` bounds the wait.

        A turn that is not granted reserves nothing.
        """
        if self.is_free(host):
            return Turn(host, timedelta())
        rhythm = Rhythm(max(self.rhythm.gap, gap or timedelta()), self.rhythm.connections)
        token, limit = secrets.token_hex(8), timedelta(hours=1) if patience is None else patience
        granted, wait = await self._ask(host, token, rhythm, limit)
        return Turn(host, wait, granted, token if granted else "")

    async def release(self, turn: Turn) -> None:
        """Give a granted turn back; its connection is free."""
        if not turn.token:
            return
        await self._alone.release(turn.host, turn.token)
        if self._shared is not None and self._server_answers():
            try:
                await self._shared.release(turn.host, turn.token)
            except (RedisError, OSError, TimeoutError) as error:
                self._lost(error)

    @asynccontextmanager
    async def turn(
        self, host: str, *, gap: timedelta | None = None, patience: timedelta = timedelta(seconds=20)
    ) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises `HostBusyError` once it is clear that `patience` is not enough."""
        if self.is_free(host):
            yield
            return
        turn = await self._wait_for(host, gap, patience)
        try:
            await asyncio.sleep(turn.wait.total_seconds())
            yield
        finally:
            await asyncio.shield(self.release(turn))

    async def recall(self, key: str) -> bytes | None:
        """What a process remembered under `key`; None when nothing, or when the server cannot be reached."""
        if self._shared is None or not self._server_answers():
            return None
        try:
            return await self._shared.recall(key)
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)
            return None

    async def remember(self, key: str, value: bytes, lifetime: timedelta) -> None:
        """Let all processes know `value` for a while; lost without harm."""
        if self._shared is None or not self._server_answers():
            return
        try:
            await self._shared.remember(key, value, lifetime)
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)

    def _is_free(self, host: str) -> bool:
        name, colon, port = host.rpartition(":")
        if colon and port.isdecimal() and (":" not in name or name.endswith("]")):
            return self._allow.names(name, int(port))
        return self._allow.names(host)

    async def _wait_for(self, host: str, gap: timedelta | None, patience: timedelta) -> Turn:
        end = time.monotonic() + patience.total_seconds()
        while True:
            left = timedelta(seconds=max(0.0, end - time.monotonic()))
            turn = await self.reserve(host, gap=gap, patience=left)
            if turn.granted:
                return turn
            if turn.wait > left:
                raise HostBusyError(host, turn.wait)
            await asyncio.sleep(min(turn.wait, _POLL).total_seconds())

    async def _ask(self, host: str, token: str, rhythm: Rhythm, patience: timedelta) -> tuple[bool, timedelta]:
        if self._shared is not None and self._server_answers():
            try:
                return await self._shared.reserve(host, token, rhythm, patience)
            except (RedisError, OSError, TimeoutError) as error:
                self._lost(error)
        return await self._alone.reserve(host, token, Rhythm(rhythm.gap * _ALONE, 1), patience)

    def _server_answers(self) -> bool:
        return time.monotonic() >= self._retry_at

    def _lost(self, error: BaseException) -> None:
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        log.warning("pace_kept_alone", reason=str(error)[:200])


class SharedKeeper:
    """The pace on a Redis or Valkey server; its clock is the server's, one for all machines."""

    def __init__(self, broker_url: str, *, clock: Callable[[], float] | None = None) -> None:
        self._redis = Redis.from_url(
            redis_url(broker_url) or broker_url, socket_timeout=2, socket_connect_timeout=2, max_connections=32
        )
        self._script = self._redis.register_script(_SCRIPT)
        self._clock = clock

    async def reserve(self, host: str, token: str, rhythm: Rhythm, patience: timedelta) -> tuple[bool, timedelta]:
        now = int(self._clock() * 1000) if self._clock else 0
        answer: Any = await self._script(
            keys=_keys(host),
            args=[token, _ms(rhythm.gap), rhythm.connections, _ms(patience), _ms(_LEASE), now],
        )
        return bool(answer[0]), timedelta(milliseconds=int(answer[1]))

    async def release(self, host: str, token: str) -> None:
        await self._redis.zrem(_keys(host)[1], token)

    async def recall(self, key: str) -> bytes | None:
        value = await self._redis.get(f"veille:known:{key}")
        return value if isinstance(value, bytes) else None

    async def remember(self, key: str, value: bytes, lifetime: timedelta) -> None:
        await self._redis.set(f"veille:known:{key}", value, px=max(1, _ms(lifetime)))

    async def close(self) -> None:
        await self._redis.aclose()


@dataclass(slots=True)
class _Host:
    next_start: float = 0.0
    turns: dict[str, float] = field(default_factory=dict)


class LocalKeeper:
    """The same rules in one process's memory."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._hosts: dict[str, _Host] = {}
        self._clock = clock

    async def reserve(self, host: str, token: str, rhythm: Rhythm, patience: timedelta) -> tuple[bool, timedelta]:
        now = self._clock()
        self._forget(now)
        state = self._hosts.setdefault(host, _Host())
        state.turns = {held: end for held, end in state.turns.items() if end > now}
        wait = max(0.0, state.next_start - now)
        if len(state.turns) >= rhythm.connections:
            return False, max(timedelta(seconds=wait), _POLL)
        if wait > patience.total_seconds():
            return False, timedelta(seconds=wait)
        state.next_start = now + wait + rhythm.gap.total_seconds()
        state.turns[token] = now + wait + _LEASE.total_seconds()
        return True, timedelta(seconds=wait)

    async def release(self, host: str, token: str) -> None:
        if host in self._hosts:
            self._hosts[host].turns.pop(token, None)

    def _forget(self, now: float) -> None:
        """Hosts at rest, once there are many."""
        if len(self._hosts) < 1000:
            return
        self._hosts = {
            host: state
            for host, state in self._hosts.items()
            if state.next_start > now or any(end > now for end in state.turns.values())
        }


@lru_cache(maxsize=8192)  # asked of each request
def pace_key(url: str) -> str:
    """What the pace counts by: the host of `url`, with its port where that is not the scheme's own."""
    origin = _ORIGIN.match(url)
    return _key_of(origin[0] if origin else url)


@lru_cache(maxsize=4096)  # of a host with many feeds and pages it is told once
def _key_of(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return host if parts.port in (None, usual) else f"{host}:{parts.port}"


def redis_url(broker_url: str) -> str | None:
    """Kombu's spelling of a broker (`redis+socket:///path?virtual_host=0`) as redis-py's; None for other brokers."""
    parts = urlsplit(broker_url)
    if parts.scheme in ("redis", "rediss", "unix"):
        return broker_url
    if parts.scheme != "redis+socket":
        return None
    database = parse_qs(parts.query).get("virtual_host", ["0"])[0].strip("/") or "0"
    return f"unix://{parts.path}?db={database}"


def _keys(host: str) -> list[str]:
    return [f"veille:pace:{{{host}}}:next", f"veille:pace:{{{host}}}:turns"]


def _ms(value: timedelta) -> int:
    return int(value.total_seconds() * 1000)
