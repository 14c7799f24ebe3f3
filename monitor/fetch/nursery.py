"""The process that holds the parsers loaded, and the children that it forks, as `fetch.sandbox` uses them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess  # the parsing child is our own module
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from monitor.errors import ContentError
from monitor.fetch.sandbox_child import CRASH, HEADER, REPLY

TIME_LIMIT, MEMORY_LIMIT = timedelta(seconds=5), 512 * 1024 * 1024
STALL_SECONDS = 0.15  # of the processor: a call that takes more is slow
_START_SECONDS = 30.0
# A call that got less than half of its time on the processor gets the rest, up to this many times the limit in all.
_PATIENCE, _STARVED = 4, 0.5
_SLACK = 0.02  # seconds
_TICKS = os.sysconf("SC_CLK_TCK")
_MAX_REPLY = 64 * 1024 * 1024
# The child sees no secrets: only what Python and the C library need.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


class Nursery:
    """The process that holds the parsers loaded and forks a child for each socket it is sent."""

    def __init__(self, memory: int, seconds: float, cache_dir: Path | None = None) -> None:
        self.limits, self._owner, self._lost = _limits(memory, seconds, cache_dir), os.getpid(), False
        self._control, theirs = socket.socketpair()
        # Sending waits only if the process is stuck with its buffer full: then it is no use.
        self._control.settimeout(1)
        grace = _PATIENCE * seconds + 2
        command = [sys.executable, "-P", "-m", "monitor.fetch.sandbox_child", str(memory), str(grace)]
        command += [] if cache_dir is None else [str(cache_dir.absolute())]
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
        """Of one that our parent started we only hear that it is gone when it takes no socket."""
        return not self._lost and (os.getpid() != self._owner or self._process.poll() is None)

    async def child(self) -> Child:
        """A new child; the first waits until the parsers are loaded."""
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_unix_connection(sock=ours, limit=1024 * 1024)
            try:
                socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            except OSError:
                self._lost = True
                writer.close()
                raise
        try:
            async with asyncio.timeout(_START_SECONDS):
                _, length = REPLY.unpack(await reader.readexactly(REPLY.size))
                return Child(int(await reader.readexactly(length)), reader, writer)
        except BaseException as error:
            writer.close()
            if isinstance(error, asyncio.IncompleteReadError):
                raise ContentError("the parsing child did not start", kind="crashed") from error
            raise

    def close(self) -> None:
        """It ends once its children did, which were killed; it reaps them."""
        self._control.close()
        if os.getpid() != self._owner:
            self._lost = True
            return
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_nursery: Nursery | None = None


def share_nursery(cache_dir: Path | None) -> None:
    """Start the process that holds the parsers now, for the sandboxes of all processes that are forked from this one.

    A sandbox with other limits or another cache, or one that finds it gone, starts its own. None closes this one, which
    others may use: it ends with the last of the processes.
    """
    global _nursery  # noqa: PLW0603 - what a fork hands on is the process's
    _nursery = Nursery(MEMORY_LIMIT, TIME_LIMIT.total_seconds(), cache_dir)


def shared_nursery(memory: int, seconds: float, cache_dir: Path | None) -> Nursery | None:
    """The one that a parent process started, if it has these limits and lives as far as we know."""
    usable = _nursery is not None and _nursery.limits == _limits(memory, seconds, cache_dir) and _nursery.alive
    return _nursery if usable else None


def _limits(memory: int, seconds: float, cache_dir: Path | None) -> tuple[int, float, Path | None]:
    """A cache is the same by whichever name it was reached."""
    return memory, seconds, None if cache_dir is None else cache_dir.resolve()


class Child:
    """One child process and our end of its socket pair."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._pid, self._reader, self._writer = pid, reader, writer
        self._stat: int | None = None  # asked at each call, so it stays open; a process that took the number is none
        with suppress(OSError):
            self._stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
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
        self._slow = loop.call_later(STALL_SECONDS, self._yield_to_others, begun)
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

    def kill(self) -> None:
        """At once: SIGKILL does not wait for Python. One that ended by itself is left alone, as is its number."""
        self._writer.close()
        if self._stat is not None:
            os.close(self._stat)
            self._stat = None
        if self.alive:
            self.alive = False
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
