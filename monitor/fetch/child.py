"""Our end of one parsing child: what it was sent and has not answered, whose turn it is, and when that took too long.

Small bodies are sent ahead, feeds and pages, so that the child goes on while its worker stores or matches what came
before. Time is counted, and blame given, only to the call whose turn it is: what stands behind it is asked of another
child when this one is slow or dies.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections import deque
from contextlib import suppress
from typing import NamedTuple, Protocol

from monitor.errors import ContentError
from monitor.fetch.sandbox_child import CRASH, HEADER, REPLY

STALL_SECONDS = 0.15  # of the processor: a call that takes more is slow


class Room(NamedTuple):
    """What a child may have with one that is sent ahead: so many calls, the one at work included, of so many bytes."""

    calls: int
    size: int


# The socket takes all of it where the kernel's `wmem_max` lets it (4 MiB since Linux 6.17), else some 400 KiB; what it
# does not take waits here. Pages are few: four are some 20 ms of work, more than a worker leaves between two looks, and
# what stands behind a slow one waits with it for .15 s.
FEEDS, PAGES = Room(100, 2 * 1024 * 1024), Room(4, 512 * 1024)
# A call that got less than half of its time on the processor gets the rest, up to this many times the limit in all.
PATIENCE, _STARVED = 4, 0.5
_SLACK = 0.02  # seconds
_TICKS = os.sysconf("SC_CLK_TCK")
_MAX_REPLY, _AT_ONCE = 64 * 1024 * 1024, 256 * 1024  # bytes


class Call:
    """One request. `seconds` is its limit, `room` what it and those before it may take; without, it goes alone."""

    __slots__ = ("_body", "_header", "place", "room", "seconds")

    def __init__(self, header: bytes, body: bytes, seconds: float, room: Room | None = None) -> None:
        self._header, self._body, self.seconds, self.room = header, body, seconds, room
        self.place: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    @property
    def size(self) -> int:
        """Bytes."""
        return HEADER.size + len(self._header) + len(self._body)

    def frame(self) -> bytes:
        """As it is sent; made anew, as a second copy of a large body is not kept while it is parsed."""
        return b"".join((HEADER.pack(len(self._header), len(self._body)), self._header, self._body))


class Owner(Protocol):
    """Who sends calls to a child, and is told of it."""

    def answered(self, child: Child) -> None:
        """One call or more has its reply; the child may be able to take others."""

    def failed(self, child: Child, call: Call | None, error: ContentError | None, behind: list[Call]) -> None:
        """The child is of no more use. `call` had its turn, which ended in `error`; those `behind` had none."""


class Child(asyncio.Protocol):
    """One child process and our end of its socket pair. `started` is done once it said who it is."""

    def __init__(self, owner: Owner) -> None:
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.busy_since, self.slowed = 0.0, False
        self._owner, self._calls, self._bytes = owner, deque[Call](), 0
        self._pid = 0
        self._stat: int | None = None  # asked at each call, so it stays open; a process that took the number is none
        self._said = bytearray()
        self._writer: asyncio.WriteTransport | None = None
        self._alive = self._open = True
        self._ended = False  # said so with its last answer: none of the others had its turn
        self._check: asyncio.TimerHandle | None = None
        self._slow: asyncio.TimerHandle | None = None

    @property
    def fit(self) -> bool:
        """Whether it can take another call: one that was made to yield stays slow."""
        return self._open and not self.slowed

    @property
    def busy(self) -> bool:
        """Whether a call was not answered yet."""
        return bool(self._calls)

    @property
    def followed(self) -> bool:
        """Whether calls stand behind the one whose turn it is."""
        return len(self._calls) > 1

    def takes(self, call: Call) -> bool:
        """Whether it can have the call now: at once, or behind what it has."""
        if not self._calls or not self.fit:
            return self.fit
        room = call.room
        return room is not None and len(self._calls) < room.calls and self._bytes + call.size <= room.size

    def put(self, call: Call) -> None:
        """Send it. The future of the call has the reply's status and what it says, or `ContentError`."""
        self._calls.append(call)
        self._bytes += call.size
        if self._writer is not None:
            self._writer.write(call.frame())
        if len(self._calls) == 1:
            self._begin()

    def has_turn(self, call: Call) -> bool:
        """Whether it is this one that the child works at."""
        return bool(self._calls) and self._calls[0] is call

    def give_back(self) -> list[Call]:
        """The calls behind the one whose turn it is, to be asked of others: this is the child's last."""
        self.slowed = True
        behind = list(self._calls)[1:]
        while len(self._calls) > 1:
            self._calls.pop()
        return behind

    def retire(self) -> list[Call]:
        """What it has not answered, to be asked of others: it is to be killed."""
        self._open = False
        calls = list(self._calls)
        self._calls.clear()
        return calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._writer = transport  # type: ignore[assignment] # of a socket: both ways

    def data_received(self, data: bytes) -> None:
        if self._hear(data):
            if self._calls:
                self._begin()
            self._owner.answered(self)

    def _hear(self, data: bytes) -> bool:
        """Whether a call was answered by it."""
        self._said += data
        at, answered = 0, False
        while self._open and len(self._said) - at >= REPLY.size:
            status, length = REPLY.unpack_from(self._said, at)
            if length > _MAX_REPLY:
                self.fail(ContentError(f"a reply of {length} bytes", kind="too-large"))
                return False
            end = at + REPLY.size + length
            if len(self._said) < end:
                break
            payload = bytes(memoryview(self._said)[at + REPLY.size : end])
            at = end
            if not self.started.done():
                self._start(int(payload))
            elif self._calls:
                answered = True
                self._answer(status, payload)
        del self._said[:at]
        return answered

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - its name is asyncio's
        self._alive = False
        if self._open:
            self._hear_last()
        if not self.started.done():
            self.started.set_exception(ContentError("the parsing child did not start", kind="crashed"))
        self.fail(ContentError("the parsing child died on it", kind="crashed"))

    def _hear_last(self) -> None:
        """What it said before it ended. asyncio reads no more once a call could not be sent to it: a call that has its
        answer would be blamed for the end."""
        if self._writer is None:
            return
        ours: socket.socket = self._writer.get_extra_info("socket")
        with suppress(OSError):
            while said := os.read(ours.fileno(), _AT_ONCE):
                self._hear(said)

    def kill(self) -> None:
        """At once: SIGKILL does not wait for Python. One that ended by itself is left alone, as is its number."""
        self._open = False
        self._quiet()
        if self._writer is not None:
            self._writer.abort()
        if self._stat is not None:
            os.close(self._stat)
            self._stat = None
        if self._alive and self._pid:
            self._alive = False
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def _start(self, pid: int) -> None:
        self._pid = pid
        with suppress(OSError):
            self._stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        self.started.set_result(None)

    def _answer(self, status: bytes, payload: bytes) -> None:
        self._quiet()
        call = self._calls.popleft()
        self._bytes -= call.size
        if not call.place.done():
            call.place.set_result(status + payload)
        if status == CRASH:  # it ends by itself
            self._alive, self.slowed, self._ended = False, True, True

    def fail(self, error: ContentError | None) -> None:
        """The child is of no more use; the call whose turn it is ends in `error`, or was ended by us."""
        if self._open:
            self._quiet()
            calls = self.retire()
            self._owner.failed(self, calls.pop(0) if calls and not self._ended else None, error, calls)

    def _quiet(self) -> None:
        for timer in (self._slow, self._check):
            if timer is not None:
                timer.cancel()

    def _begin(self) -> None:
        """The first call's turn begins."""
        loop, seconds = asyncio.get_running_loop(), self._calls[0].seconds
        self.busy_since, begun = loop.time(), self._spent()
        self._slow = loop.call_later(STALL_SECONDS, self._yield_to_others, begun)
        due, end = self.busy_since + seconds, self.busy_since + PATIENCE * seconds
        self._check = loop.call_at(due, self._budget, due, begun, seconds, end)

    def _budget(self, due: float, begun: float, seconds: float, end: float) -> None:
        """Out of time: a child that was starved of the processor gets what it lacks, one that used it does not.

        `due` is when this was to be called, `begun` the child's own clock when the call began, `end` the loop's when
        patience is over. Without this, a busy machine would lose good pages.
        """
        loop = asyncio.get_running_loop()
        now, lacking = loop.time(), seconds - (self._spent() - begun)
        at = min(now + lacking, end)
        if lacking > _STARVED * seconds and at - now > _SLACK:
            self._check = loop.call_at(at, self._budget, at, begun, seconds, end)
        elif now < due + _SLACK:
            self._check = loop.call_at(due + _SLACK, self._over, seconds)
        else:  # the loop itself came late; what the child had said by then was read first
            self._over(seconds)

    def _over(self, seconds: float) -> None:
        self.fail(ContentError(f"not parsed within {seconds:g} s", kind="timeout"))

    def _spent(self) -> float:
        """Processor seconds that the child used so far; without /proc, the clock on the wall."""
        if self._stat is None:
            return asyncio.get_running_loop().time()
        try:
            fields = os.pread(self._stat, 4096, 0).rpartition(b")")[2].split()
            return (int(fields[11]) + int(fields[12])) / _TICKS
        except (OSError, IndexError, ValueError):
            return asyncio.get_running_loop().time()

    def _yield_to_others(self, begun: float) -> None:
        """A call that takes much of the processor gets what the others leave; one that only waits for it does not."""
        lacking = STALL_SECONDS - (self._spent() - begun)
        if lacking > _SLACK:
            self._slow = asyncio.get_running_loop().call_later(lacking, self._yield_to_others, begun)
            return
        self.slowed = True
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._pid, 19)
