"""Parsing in a child process with limits: a crafted page costs its own reading, not the worker's.

The child is started on first use, keeps its libraries loaded, and is killed when a call takes too long; the next one is
forked from a process that only holds the libraries, within milliseconds. Calls wait their turn; while all are slow and
others wait, another child (of six) takes them, so that a poisonous page holds no good one up. Feeds are sent ahead, and
a few pages, so that a child has work while its worker does something else. `subprocess` and a socket pair, because a
prefork worker's children may not start `multiprocessing` ones. Replies are JSON, checked against the type, and a feed's
entries a text (`fetch.packing`): unpickling what a child wrote after it parsed hostile bytes would undo the wall.
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
from monitor.fetch.child import FEEDS, PAGES, STALL_SECONDS, Call, Child, Room
from monitor.fetch.nursery import MEMORY_LIMIT, TIME_LIMIT, Nursery, shared_nursery
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
        self._waiting: deque[Call] = deque()
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
        return _feed(await self._reply("monitor.fetch.sandbox_parsers:feed", body, options, FEEDS))

    async def extract_page(self, body: bytes, *, url: str, content_type: str | None = None) -> PageData:
        """`fetch.pages.extract_page` in the child."""
        function = "monitor.fetch.sandbox_parsers:page"
        return await self.call(function, body, PageData, url=url, content_type=content_type)

    async def call(self, function: str, body: bytes, result: type[Result], **options: Any) -> Result:
        """Run `function` (`module:name`) on `body` in a child and give what it returned, a dataclass `result`."""
        return _parse(result, _payload(await self._reply(function, body, options, PAGES)))

    async def _reply(self, function: str, body: bytes, options: dict[str, Any], room: Room) -> bytes:
        header = json.dumps({"function": function, "options": options}).encode()
        if len(body) <= _LARGE:
            return await self._ask(Call(header, body, self._time_limit, room))
        async with self._large:
            return await self._ask(Call(header, body, self._time_limit))

    async def _ask(self, call: Call) -> bytes:
        """The reply of the child that takes the call."""
        if child := self._free_for(call):
            child.put(call)
        else:
            self._waiting.append(call)
        if self._all:
            self._watch()
        else:
            self._look()
        try:
            return await call.place
        except asyncio.CancelledError:
            for child in tuple(self._all):
                if child.has_turn(call):  # half-way: the child's state is unknown
                    child.fail(ContentError("given up", kind="crashed"))
            raise

    def answered(self, child: Child) -> None:
        """As `child.Owner`: whoever waits is sent before anybody reads what the child said."""
        if child.fit:
            self._give(child)
        else:
            self._waiting.extendleft(reversed(child.retire()))
            self._discard(child)
            self._hand_out()

    def failed(self, child: Child, call: Call | None, error: ContentError | None, behind: list[Call]) -> None:
        """As `child.Owner`: timed out, crashed or cancelled half-way. Those behind are asked of others, first."""
        if child not in self._all:
            child.kill()
            return
        self._waiting.extendleft(reversed(behind))
        if call is not None:
            self.killed += 1
            if self._closed or error is None:  # we ended the child: that says nothing of the body
                call.place.cancel()
            elif not call.place.done():
                call.place.set_exception(error)
        self._discard(child)
        self._hand_out()

    async def close(self) -> None:
        """End the children. A call still under way is cancelled: a process that is told to end closes in its midst."""
        if self._timer is not None:
            self._timer.cancel()
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for child in tuple(self._all):
            child.fail(None)
        self._idle.clear()
        while self._waiting:
            self._waiting.popleft().place.cancel()
        self._nursery = None
        if self._own is not None:
            self._own.close()
            self._own = None

    def _free_for(self, call: Call) -> Child | None:
        """A child that takes the call now; nobody overtakes those who wait."""
        if self._idle:
            return self._idle.pop()
        return None if self._waiting else next((child for child in self._all if child.takes(call)), None)

    def _watch(self) -> None:
        """While calls wait, have an eye on whether the children get on."""
        if self._timer is None and (self._waiting or any(child.followed for child in self._all)):
            self._timer = asyncio.get_running_loop().call_later(STALL_SECONDS / 2, self._look)

    def _look(self) -> None:
        """Start another child once every one we have is stuck on something slow; what stands behind that waits anew."""
        self._timer = None
        now = asyncio.get_running_loop().time()
        busy = [child for child in self._all if child.busy]
        stuck = [child for child in busy if child.slowed or now - child.busy_since > _FROZEN_SECONDS]
        for child in stuck:
            self._waiting.extendleft(reversed(child.give_back()))
        self._hand_out()
        if self._waiting and len(stuck) == len(self._all) and not self._starting and len(self._all) < self._most:
            self._start()
        self._watch()

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
                call = self._waiting.popleft()
                if not call.place.done():
                    call.place.set_exception(ContentError(f"no parsing child: {error}", kind="crashed"))
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
            return await self._nursery.child(self)
        except OSError:
            if self._nursery.alive:
                raise
            self._nursery = self._started(*limits)  # the shared one is gone, as only this tells
            return await self._nursery.child(self)

    def _started(self, memory: int, seconds: float, cache_dir: Path | None) -> Nursery:
        """One of our own, which ends with us."""
        self._own = Nursery(memory, seconds, cache_dir)
        return self._own

    def _give(self, child: Child) -> None:
        """What waits, as much as the child takes; with nothing to do it is kept, or not."""
        while self._waiting and (self._waiting[0].place.done() or child.takes(self._waiting[0])):
            call = self._waiting.popleft()
            if not call.place.done():
                child.put(call)
        if child.busy or child in self._idle:
            return
        if len(self._idle) < _SPARE:
            self._idle.append(child)
        else:
            self._discard(child)

    def _hand_out(self) -> None:
        """To those who can take more."""
        for child in tuple(self._all):
            if child.fit:
                self._give(child)

    def _discard(self, child: Child) -> None:
        """Kill, and have the next one ready at once. Where others are left, `_watch` tells whether they do."""
        child.kill()
        self._all.discard(child)
        if child in self._idle:
            self._idle.remove(child)
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
