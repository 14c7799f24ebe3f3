"""Parsing in a child process with limits: a crafted page costs its own reading, not the worker's.

The child is started on first use, keeps its libraries loaded, and is killed and replaced when a call takes too long.
Calls wait their turn; while one is slow and others wait, a second child takes them, so that a poisonous page does not
hold the good ones up. `subprocess` and a socket pair, because a prefork worker's children may not start
`multiprocessing` ones. Replies are JSON, checked against the type: unpickling what a child wrote after it parsed
hostile bytes would undo the wall.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess  # the parsing child is our own module
import sys
from collections import deque
from datetime import timedelta
from types import TracebackType
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from monitor.domain.model import FeedData, PageData
from monitor.errors import ContentError
from monitor.fetch.sandbox_child import CONTENT, CRASH, HEADER, REPLY

Result = TypeVar("Result")

_START_SECONDS = 30.0
# A second child is started once a call has taken this long and others wait.
_STALL_SECONDS = 0.3
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
_MAX_REPLY = 64 * 1024 * 1024
# The child sees no secrets: only what Python and the C library need.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


class Sandbox:
    """Awaitables of the same names as the parsers; for one event loop. Raises `ContentError`.

    Its kinds are the parsers' own, and `timeout`, `memory`, `too-deep`, `crashed`. `time_limit` is per call and runs
    from when a child has the body; `memory_limit` is what one call may take, in bytes.
    """

    def __init__(
        self,
        *,
        time_limit: timedelta = timedelta(seconds=5),
        memory_limit: int = 512 * 1024 * 1024,
        children: int = 2,
    ) -> None:
        self._time_limit, self._memory_limit, self._most = time_limit.total_seconds(), memory_limit, children
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._starting = 0
        self._waiting: deque[asyncio.Future[_Child]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self.killed = 0

    async def __aenter__(self) -> Sandbox:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def parse_feed(self, body: bytes, *, url: str, content_type: str | None = None, **options: Any) -> FeedData:
        """`fetch.feeds.parse_feed` in the child; `options` are JSON values handed on."""
        options |= {"url": url, "content_type": content_type}
        return await self.call("monitor.fetch.feeds:parse_feed", body, FeedData, **options)

    async def extract_page(self, body: bytes, *, url: str, content_type: str | None = None, **options: Any) -> PageData:
        """`fetch.pages.extract_page` in the child; `options` are JSON values handed on."""
        options |= {"url": url, "content_type": content_type}
        return await self.call("monitor.fetch.pages:extract_page", body, PageData, **options)

    async def call(self, function: str, body: bytes, result: type[Result], **options: Any) -> Result:
        """Run `function` (`module:name`) on `body` in a child and give what it returned, a dataclass `result`."""
        header = json.dumps({"function": function, "options": options}).encode()
        child = await self._take()
        try:
            payload = await child.ask(header, body, self._time_limit)
        except BaseException:
            # Timed out, crashed or cancelled half-way: the child's state is unknown.
            self.killed += 1
            self._discard(child)
            raise
        if child.alive:
            self._give(child)
        else:
            self._discard(child)
        return _parse(result, payload)

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
        stuck = all(loop.time() - child.busy_since > _STALL_SECONDS for child in self._all)
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
            child = await _Child.start(self._memory_limit, self._time_limit)
        except (OSError, ContentError, TimeoutError) as error:
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
        self._idle.append(child)

    def _discard(self, child: _Child) -> None:
        """Kill, and have the next one ready at once."""
        child.kill()
        self._all.discard(child)
        if not self._all and not self._starting:
            self._start()


class _Child:
    """One child process and our end of its socket pair."""

    def __init__(self, process: subprocess.Popen[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._process, self._reader, self._writer = process, reader, writer
        self.alive, self.busy_since = True, 0.0

    @classmethod
    async def start(cls, memory: int, seconds: float) -> _Child:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", "monitor.fetch.sandbox_child", str(memory), str(seconds + 2)]
        with theirs:
            reader, writer = await asyncio.open_unix_connection(sock=ours, limit=1024 * 1024)
            process = subprocess.Popen(  # noqa: ASYNC220, S603 - it returns at once; our own module, no shell
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        child = cls(process, reader, writer)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await reader.readexactly(REPLY.size)
        except BaseException as error:
            child.kill()
            if isinstance(error, asyncio.IncompleteReadError):
                raise ContentError("the parsing child did not start", kind="crashed") from error
            raise
        return child

    async def ask(self, header: bytes, body: bytes, seconds: float) -> bytes:
        """The JSON reply. Raises `ContentError`; the caller discards the child then, unless it is still `alive`."""
        self.busy_since = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(seconds):
                self._writer.write(HEADER.pack(len(header), len(body)) + header + body)
                status, length = REPLY.unpack(await self._reader.readexactly(REPLY.size))
                if length > _MAX_REPLY:
                    raise ContentError(f"a reply of {length} bytes", kind="too-large")
                payload = await self._reader.readexactly(length)
        except TimeoutError as error:
            raise ContentError(f"not parsed within {seconds:g} s", kind="timeout") from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise ContentError("the parsing child died on it", kind="crashed") from error
        self.alive = status != CRASH
        return bytes(status + payload)

    def kill(self) -> None:
        """At once, and reaped: SIGKILL does not wait for Python."""
        self.alive = False
        self._writer.close()
        self._process.kill()
        self._process.wait()


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
