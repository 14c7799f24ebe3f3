"""robots.txt (RFC 9309, with Crawl-delay) and `tdmrep.json`, fetched once a day per origin for all processes.

What the file's status means: 2xx is parsed; 4xx and too many redirects allow everything; 429, 5xx and silence forbid
everything for now, unless an older copy is at hand, and are asked again soon: `certain` is False then, and who asks
should come back rather than give the page up.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from protego import Protego

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.http import Door
from monitor.fetch.pace import Pace, pace_key
from monitor.fetch.tdm import WELL_KNOWN, reserved_by_file

# RFC 9309 asks for at least 500 KiB to be read.
_MAX_BYTES = 512 * 1024
_LIFETIME = timedelta(hours=24)
_SOON = timedelta(minutes=10)
_DEADLINE = timedelta(seconds=15)
# An absurd Crawl-delay would mean never.
_LONGEST_DELAY = timedelta(minutes=5)
# Parsed rules take some 25 times their text, so the text kept is bounded, not the number of files.
_KEPT_BYTES = 1024 * 1024
_KEPT_FILES = 2000
_SHARED_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Decision:
    """What the site says of one page. `delay` is its Crawl-delay, `reserved` its opt-out by `tdmrep.json`."""

    allowed: bool
    certain: bool = True
    delay: timedelta = timedelta()
    reserved: bool = False


@dataclass(slots=True)
class _File:
    """A file as it was read: `status` 200 with its text, 404 for none, 503 for unknown."""

    status: int
    text: bytes
    until: float
    rules: Protego | None = None


class Robots:
    """Rules of all origins; for one event loop. `agent` is the product name the rules may address."""

    def __init__(
        self,
        door: Door,
        pace: Pace,
        *,
        agent: str = "Veille",
        deadline: timedelta = _DEADLINE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._door, self._pace, self._agent, self._deadline, self._clock = door, pace, agent, deadline, clock
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def allowed(self, url: str) -> bool:
        """Whether `url` may be fetched now; False too while the rules are unknown."""
        return (await self.decide(url, tdm=False)).allowed

    async def decide(self, url: str, *, tdm: bool = True) -> Decision:
        """What robots.txt and, with `tdm`, `tdmrep.json` say of `url`. Raises `HostBusyError` as a page would."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        rules = await self._file(f"{origin}/robots.txt")
        if rules.status != 200:
            allowed, delay = rules.status == 404, timedelta()
        else:
            allowed, delay = self._read(rules, url)
        reserved = False
        if tdm and allowed:
            known = await self._file(origin + WELL_KNOWN)
            reserved = known.status == 200 and reserved_by_file(known.text, url)
        return Decision(allowed, rules.status != 503, delay, reserved)

    def _read(self, file: _File, url: str) -> tuple[bool, timedelta]:
        if file.rules is None:
            file.rules = Protego.parse(file.text.decode("utf-8-sig", "replace"))
        delay = file.rules.crawl_delay(self._agent) or 0.0
        return bool(file.rules.can_fetch(url, self._agent)), min(timedelta(seconds=min(delay, 1e6)), _LONGEST_DELAY)

    async def _file(self, url: str) -> _File:
        """From memory, from another process, else from the site; one request however many ask."""
        known = self._files.get(url)
        if known is not None and known.until > self._clock():
            self._files.move_to_end(url)
            return known
        lock = self._locks.setdefault(url, asyncio.Lock())
        try:
            async with lock:
                current = self._files.get(url)
                if current is not None and current.until > self._clock():
                    return current
                fresh = await self._recall(url) or await self._fetch(url, older=current)
                self._keep(url, fresh)
                return fresh
        finally:
            if not lock.locked():
                self._locks.pop(url, None)

    async def _fetch(self, url: str, *, older: _File | None) -> _File:
        async with self._pace.turn(pace_key(url)):
            status, text = await self._ask(url)
        if status == 503 and older is not None and older.status != 503:
            return _File(older.status, older.text, self._clock() + _SOON.total_seconds(), older.rules)
        lifetime = _SOON if status == 503 else _LIFETIME
        file = _File(status, text, self._clock() + lifetime.total_seconds())
        if status != 503 and len(text) <= _SHARED_BYTES:
            head = json.dumps({"status": status, "until": file.until}).encode()
            await self._pace.remember(url, head + b"\n" + text, lifetime)
        return file

    async def _ask(self, url: str) -> tuple[int, bytes]:
        try:
            answer = await self._door.get(url, max_bytes=_MAX_BYTES, deadline=self._deadline, cut=True)
        except FetchError as error:
            return (404 if error.kind is FetchFailure.REDIRECT else 503), b""
        if 200 <= answer.status < 300:
            return 200, answer.body
        return (404 if 300 <= answer.status < 500 and answer.status != 429 else 503), b""

    async def _recall(self, url: str) -> _File | None:
        head, _, text = (await self._pace.recall(url) or b"").partition(b"\n")
        try:
            known = json.loads(head)
            file = _File(int(known["status"]), text, float(known["until"]))
        except (ValueError, KeyError, TypeError):
            return None
        return file if file.until > self._clock() else None

    def _keep(self, url: str, file: _File) -> None:
        self._files[url] = file
        self._files.move_to_end(url)
        size = sum(len(kept.text) for kept in self._files.values()) if len(file.text) > 4096 else 0
        while len(self._files) > _KEPT_FILES or (size > _KEPT_BYTES and len(self._files) > 1):
            _, dropped = self._files.popitem(last=False)
            size -= len(dropped.text)
