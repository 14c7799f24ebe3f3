"""Parsing in a child process with limits: a crafted page costs its own reading, not the worker's.

The child is started on first use, keeps its libraries loaded, and is killed when a call takes too long; the next one is
forked from a process that only holds the libraries, within milliseconds. Calls wait their turn; while all are slow
and others wait, another child (of six) takes them, so that a poisonous page holds no good one up. `subprocess` and a
socket pair, because a prefork worker's children may not start `multiprocessing` ones. Replies are JSON, checked
against the type: unpickling what a child wrote after it parsed hostile bytes would undo the wall.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess  # the parsing child is our own module
import sys
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from monitor.domain.model import FeedData, PageData
from monitor.errors import ContentError
from monitor.fetch.sandbox_child import CONTENT, CRASH, HEADER, REPLY

if TYPE_CHECKING:
    from monitor.fetch.feeds import ParsedFeed

Result = TypeVar("Result")

_START_SECONDS = 30.0
# Another child is started once every call has taken this much of the processor, or that long, and others wait: more
# children on a busy machine would only be slower still.
_STALL_SECONDS = 0.15
_FROZEN_SECONDS = 1.0
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
# Children kept when there is nothing to do.
_SPARE = 2
# A call that got less than half of its time on the processor gets the rest, up to this many times the limit in all.
_PATIENCE, _STARVED = 4, 0.5
_SLACK = 0.02  # seconds
# What takes longest is large: such bodies have a third of the children at most, so that small ones find one.
_LARGE = 256 * 1024
_MAX_REPLY = 64 * 1024 * 1024
# The child sees no secrets: only what Python and the C library need.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


class Sandbox:
    """Awaitables of the same names as the parsers; for one event loop. Raises `ContentError`.

    Its kinds are the parsers' own, and `timeout`, `memory`, `too-deep`, `crashed`. `time_limit` is per call, from when
    a child has the body (four times that where a busy machine kept the processor from it); `memory_limit` is what one
    call may take, in bytes.
    """

    def __init__(
        self,
        *,
        time_limit: timedelta = timedelta(seconds=5),
        memory_limit: int = 512 * 1024 * 1024,
        children: int = 6,
    ) -> None:
        self._time_limit, self._memory_limit, self._most = time_limit.total_seconds(), memory_limit, children
        self._large = asyncio.Semaphore(max(1, children // 3))
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._starting = 0
        self._waiting: deque[asyncio.Future[_Child]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._nursery: _Nursery | None = None
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
        from monitor.fetch.feeds import ParsedFeed

        options = {"url": url, "content_type": content_type, "known": list(known), "believe_guids": believe_guids}
        if now is not None:
            options["now"] = now.isoformat()
        return await self.call("monitor.fetch.sandbox_parsers:feed", body, ParsedFeed, **options)

    async def extract_page(self, body: bytes, *, url: str, content_type: str | None = None) -> PageData:
        """`fetch.pages.extract_page` in the child."""
        function = "monitor.fetch.sandbox_parsers:page"
        return await self.call(function, body, PageData, url=url, content_type=content_type)

    async def call(self, function: str, body: bytes, result: type[Result], **options: Any) -> Result:
        """Run `function` (`module:name`) on `body` in a child and give what it returned, a dataclass `result`."""
        header = json.dumps({"function": function, "options": options}).encode()
        if len(body) <= _LARGE:
            return _parse(result, await self._ask(header, body))
        async with self._large:
            return _parse(result, await self._ask(header, body))

    async def _ask(self, header: bytes, body: bytes) -> bytes:
        """The reply of the next free child."""
        child = await self._take()
        try:
            payload = await child.ask(header, body, self._time_limit)
        except BaseException:
            # Timed out, crashed or cancelled half-way: the child's state is unknown.
            self.killed += 1
            self._discard(child)
            raise
        if child.fit:
            self._give(child)
        else:
            self._discard(child)
        return payload

    async def close(self) -> None:
        """End the children. A call still under way fails with `crashed`."""
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
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None

    async def _take(self) -> _Child:
        if self._idle:
            return self._idle.pop()
        loop = asyncio.get_running_loop()
        place: asyncio.Future[_Child] = loop.create_future()
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
        self._timer = loop.call_later(_STALL_SECONDS / 2, self._watch)

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
            if self._nursery is None or not self._nursery.alive:
                self._nursery = _Nursery(self._memory_limit, self._time_limit)
            child = await self._nursery.child()
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

    def _give(self, child: _Child) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(child)
                return
        if len(self._idle) < _SPARE:
            self._idle.append(child)
        else:
            self._discard(child)

    def _discard(self, child: _Child) -> None:
        """Kill, and have the next one ready at once."""
        child.kill()
        self._all.discard(child)
        if not self._starting and (self._waiting or not self._all):
            self._start()


class _Nursery:
    """The process that holds the parsers loaded and forks a child for each socket it is sent."""

    def __init__(self, memory: int, seconds: float) -> None:
        self._control, theirs = socket.socketpair()
        # Sending waits only if the process is stuck with its buffer full: then it is no use.
        self._control.settimeout(1)
        grace = _PATIENCE * seconds + 2
        command = [sys.executable, "-P", "-m", "monitor.fetch.sandbox_child", str(memory), str(grace)]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    async def child(self) -> _Child:
        """A new child; the first waits until the parsers are loaded."""
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_unix_connection(sock=ours, limit=1024 * 1024)
            socket.send_fds(self._control, [b"f"], [theirs.fileno()])
        try:
            async with asyncio.timeout(_START_SECONDS):
                _, length = REPLY.unpack(await reader.readexactly(REPLY.size))
                return _Child(int(await reader.readexactly(length)), reader, writer)
        except BaseException as error:
            writer.close()
            if isinstance(error, asyncio.IncompleteReadError):
                raise ContentError("the parsing child did not start", kind="crashed") from error
            raise

    def close(self) -> None:
        """It ends once its children did, which were killed; it reaps them."""
        self._control.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class _Child:
    """One child process and our end of its socket pair."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._pid, self._reader, self._writer = pid, reader, writer
        self.alive, self.slowed, self.busy_since = True, False, 0.0
        self._check: asyncio.TimerHandle | None = None
        self._slow: asyncio.TimerHandle | None = None

    @property
    def fit(self) -> bool:
        """Whether it can take another call: one that was made to yield stays slow."""
        return self.alive and not self.slowed

    async def ask(self, header: bytes, body: bytes, seconds: float) -> bytes:
        """Status and JSON of the reply. Raises `ContentError`; the caller discards the child then."""
        loop = asyncio.get_running_loop()
        self.busy_since, begun = loop.time(), self._spent()
        self._slow = loop.call_later(_STALL_SECONDS, self._yield_to_others, begun)
        try:
            async with asyncio.timeout(seconds + _SLACK) as limit:
                end = self.busy_since + _PATIENCE * seconds
                self._check = loop.call_later(seconds, self._budget, limit, begun, seconds, end)
                self._writer.write(HEADER.pack(len(header), len(body)) + header + body)
                status, length = REPLY.unpack(await self._reader.readexactly(REPLY.size))
                if length > _MAX_REPLY:
                    raise ContentError(f"a reply of {length} bytes", kind="too-large")
                payload = await self._reader.readexactly(length)
        except TimeoutError as error:
            raise ContentError(f"not parsed within {seconds:g} s", kind="timeout") from error
        except (asyncio.IncompleteReadError, OSError) as error:
            self.alive = False
            raise ContentError("the parsing child died on it", kind="crashed") from error
        finally:
            for timer in (self._slow, self._check):
                if timer is not None:
                    timer.cancel()
        self.alive = status != CRASH
        return bytes(status + payload)

    def _budget(self, limit: asyncio.Timeout, begun: float, seconds: float, end: float) -> None:
        """Out of time: a child that was starved of the processor gets what it lacks, one that used it does not.

        `begun` is the child's own clock when the call began, `end` the loop's when patience is over. Without this, a
        busy machine would lose good pages.
        """
        if limit.expired():  # the loop itself came late, and the timeout before this
            return
        now, lacking = asyncio.get_running_loop().time(), seconds - (self._spent() - begun)
        at = min(now + lacking, end)
        if lacking > _STARVED * seconds and at - now > _SLACK:
            limit.reschedule(at + _SLACK)
            self._check = asyncio.get_running_loop().call_at(at, self._budget, limit, begun, seconds, end)

    def _spent(self) -> float:
        """Processor seconds that the child used so far; without /proc, the clock on the wall."""
        try:
            fields = (
                Path(f"/proc/{self._pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            )
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError, ValueError):
            return asyncio.get_running_loop().time()

    def _yield_to_others(self, begun: float) -> None:
        """A call that takes much of the processor gets what the others leave; one that only waits for it does not."""
        lacking = _STALL_SECONDS - (self._spent() - begun)
        if lacking > _SLACK:
            self._slow = asyncio.get_running_loop().call_later(lacking, self._yield_to_others, begun)
            return
        self.slowed = True
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._pid, 19)

    def kill(self) -> None:
        """At once: SIGKILL does not wait for Python. One that ended by itself is left alone, as is its number."""
        self._writer.close()
        if self.alive:
            self.alive = False
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)


def _parse(result: type[Result], reply: bytes) -> Result:
    status, payload = reply[:1], reply[1:]
    if status in (CONTENT, CRASH):
        words = json.loads(payload)
        raise ContentError(str(words["message"]), kind=str(words["kind"]))
    try:
        value: Result = _adapter(result).validate_json(payload)
    except ValidationError as error:
        raise ContentError("the parsing child's reply is none", kind="crashed") from error
    return value


def _adapter(result: type[Any]) -> TypeAdapter[Any]:
    if result not in _ADAPTERS:
        _ADAPTERS[result] = TypeAdapter(result)
    return _ADAPTERS[result]


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
