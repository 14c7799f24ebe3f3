"""Parsing in a child process with limits: a crafted page costs its own reading, not the worker's.

The child is started on first use, keeps its libraries loaded, and is killed when a call takes too long; the next one is
forked from a process that only holds the libraries, within milliseconds. Calls wait their turn; while all are slow
and others wait, another child (of six) takes them, so that a poisonous page holds no good one up. `subprocess` and a
socket pair, because a prefork worker's children may not start `multiprocessing` ones. Replies are JSON, checked
against the type, and a feed's entries a text (`fetch.packing`): unpickling what a child wrote after it parsed hostile
bytes would undo the wall.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from monitor.domain.model import FeedData, PageData, ParsedFeed
from monitor.errors import ContentError
from monitor.fetch.nursery import MEMORY_LIMIT, STALL_SECONDS, TIME_LIMIT, Child, Nursery, shared_nursery
from monitor.fetch.packing import unpack
from monitor.fetch.sandbox_child import CONTENT, CRASH

Result = TypeVar("Result")

# Another child is started once every call has taken much of the processor, or this long, and others wait: more children
# on a busy machine would only be slower still.
_FROZEN_SECONDS = 1.0
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
# Children kept when there is nothing to do: another takes 20 MiB, and milliseconds to fork.
_SPARE = 1
# What takes longest is large: such bodies have a third of the children at most, so that small ones find one.
_LARGE = 256 * 1024


class Sandbox:
    """Awaitables of the same names as the parsers; for one event loop. Raises `ContentError`.

    Its kinds are the parsers' own, and `timeout`, `memory`, `too-deep`, `crashed`. `time_limit` is per call, from when
    a child has the body (four times that where a busy machine kept the processor from it); `memory_limit` is what one
    call may take, in bytes; in `cache_dir` lies what the parsers need not unpack each time.
    """

    def __init__(
        self,
        *,
        time_limit: timedelta = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
        children: int = 6,
        cache_dir: Path | None = None,
    ) -> None:
        self._time_limit, self._memory_limit, self._most = time_limit.total_seconds(), memory_limit, children
        self._cache_dir = cache_dir
        self._large = asyncio.Semaphore(max(1, children // 3))
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._starting = 0
        self._waiting: deque[asyncio.Future[Child]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._nursery: Nursery | None = None  # the shared one, or one of our own
        self._own: Nursery | None = None
        self._closed = False
        self.killed = 0

    async def __aenter__(self) -> Sandbox:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def parse_feed(self, body: bytes, *, url: str, content_type: str | None = None) -> FeedData:
        """`fetch.feeds.parse_feed` in the child."""
        return (await self.parse_new(body, (), url=url, content_type=content_type)).data

    async def parse_new(
        self,
        body: bytes,
        known: Collection[str],
        *,
        url: str,
        content_type: str | None = None,
        now: datetime | None = None,
        believe_guids: bool = True,
    ) -> ParsedFeed:
        """`fetch.feeds.parse_new` in the child: items whose hash is `known` are left out."""
        options = {"url": url, "content_type": content_type, "known": list(known), "believe_guids": believe_guids}
        if now is not None:
            options["now"] = now.isoformat()
        return _feed(await self._reply("monitor.fetch.sandbox_parsers:feed", body, options))

    async def extract_page(self, body: bytes, *, url: str, content_type: str | None = None) -> PageData:
        """`fetch.pages.extract_page` in the child."""
        function = "monitor.fetch.sandbox_parsers:page"
        return await self.call(function, body, PageData, url=url, content_type=content_type)

    async def call(self, function: str, body: bytes, result: type[Result], **options: Any) -> Result:
        """Run `function` (`module:name`) on `body` in a child and give what it returned, a dataclass `result`."""
        return _parse(result, _payload(await self._reply(function, body, options)))

    async def _reply(self, function: str, body: bytes, options: dict[str, Any]) -> bytes:
        header = json.dumps({"function": function, "options": options}).encode()
        if len(body) <= _LARGE:
            return await self._ask(header, body)
        async with self._large:
            return await self._ask(header, body)

    async def _ask(self, header: bytes, body: bytes) -> bytes:
        """The reply of the next free child."""
        child = await self._take()
        try:
            payload = await child.ask(header, body, self._time_limit)
        except BaseException as error:
            # Timed out, crashed or cancelled half-way: the child's state is unknown.
            self.killed += 1
            self._discard(child)
            if self._closed and isinstance(error, ContentError):  # we ended the child: that says nothing of the body
                raise asyncio.CancelledError from error
            raise
        if child.fit:
            self._give(child)
        else:
            self._discard(child)
        await asyncio.sleep(0)  # whoever waited asks first: the child works while we read what it said
        return payload

    async def close(self) -> None:
        """End the children. A call still under way is cancelled: a process that is told to end closes in its midst."""
        if self._timer is not None:
            self._timer.cancel()
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for child in tuple(self._all):
            child.kill()
        self._all.clear()
        self._idle.clear()
        while self._waiting:
            self._waiting.popleft().cancel()
        self._nursery = None
        if self._own is not None:
            self._own.close()
            self._own = None

    async def _take(self) -> Child:
        if self._idle:
            return self._idle.pop()
        loop = asyncio.get_running_loop()
        place: asyncio.Future[Child] = loop.create_future()
        self._waiting.append(place)
        self._watch()
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._give(place.result())
            raise

    def _watch(self) -> None:
        """While calls wait: start another child once every one we have is stuck on something slow."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not any(not place.done() for place in self._waiting):
            return
        loop = asyncio.get_running_loop()
        stuck = all(child.slowed or loop.time() - child.busy_since > _FROZEN_SECONDS for child in self._all)
        if stuck and not self._starting and len(self._all) < self._most:
            self._start()
        self._timer = loop.call_later(STALL_SECONDS / 2, self._watch)

    def _start(self) -> None:
        if self._closed:
            return
        self._starting += 1
        task = asyncio.get_running_loop().create_task(self._begin())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begin(self) -> None:
        """Start a child and hand it to whoever waits; a start that fails is told to them."""
        try:
            child = await self._born()
        except (OSError, ContentError) as error:
            while self._waiting and not self._all:
                place = self._waiting.popleft()
                if not place.done():
                    place.set_exception(ContentError(f"no parsing child: {error}", kind="crashed"))
            return
        finally:
            self._starting -= 1
        self._all.add(child)
        self._give(child)

    async def _born(self) -> Child:
        limits = self._memory_limit, self._time_limit, self._cache_dir
        if self._nursery is None or not self._nursery.alive:
            self._nursery = shared_nursery(*limits) or self._started(*limits)
        try:
            return await self._nursery.child()
        except OSError:
            if self._nursery.alive:
                raise
            self._nursery = self._started(*limits)  # the shared one is gone, as only this tells
            return await self._nursery.child()

    def _started(self, memory: int, seconds: float, cache_dir: Path | None) -> Nursery:
        """One of our own, which ends with us."""
        self._own = Nursery(memory, seconds, cache_dir)
        return self._own

    def _give(self, child: Child) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(child)
                return
        if len(self._idle) < _SPARE:
            self._idle.append(child)
        else:
            self._discard(child)

    def _discard(self, child: Child) -> None:
        """Kill, and have the next one ready at once. Where others are left, `_watch` tells whether they do."""
        child.kill()
        self._all.discard(child)
        if not self._starting and not self._all:
            self._start()


def _payload(reply: bytes) -> bytes:
    """What the child's function gave. Raises `ContentError` for what it raised."""
    status, payload = reply[:1], reply[1:]
    if status in (CONTENT, CRASH):
        words = json.loads(payload)
        raise ContentError(str(words["message"]), kind=str(words["kind"]))
    return payload


def _feed(reply: bytes) -> ParsedFeed:
    head, _, entries = _payload(reply).partition(b"\n")
    parsed = _parse(ParsedFeed, head)
    try:
        return replace(parsed, data=replace(parsed.data, entries=unpack(entries)))
    except ValueError as error:
        raise ContentError("the parsing child's reply is none", kind="crashed") from error


def _parse(result: type[Result], payload: bytes) -> Result:
    try:
        value: Result = _adapter(result).validate_json(payload)
    except ValidationError as error:
        raise ContentError("the parsing child's reply is none", kind="crashed") from error
    return value


def _adapter(result: type[Any]) -> TypeAdapter[Any]:
    if result not in _ADAPTERS:
        _ADAPTERS[result] = TypeAdapter(result)
    return _ADAPTERS[result]
