"""The process that holds the parsers loaded and forks the children that `fetch.sandbox` uses."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess  # the parsing child is our own module
import sys
from datetime import timedelta
from pathlib import Path

from monitor.fetch.child import FEEDS, PATIENCE, Child, Owner

TIME_LIMIT, MEMORY_LIMIT = timedelta(seconds=5), 512 * 1024 * 1024
_START_SECONDS = 30.0
# The child sees no secrets: only what Python and the C library need.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


class Nursery:
    """The process that holds the parsers loaded and forks a child for each socket it is sent."""

    def __init__(self, memory: int, seconds: float, cache_dir: Path | None = None) -> None:
        self.limits, self._owner, self._lost = _limits(memory, seconds, cache_dir), os.getpid(), False
        self._control, theirs = socket.socketpair()
        # Sending waits only if the process is stuck with its buffer full: then it is no use.
        self._control.settimeout(1)
        grace = PATIENCE * seconds + 2
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

    async def child(self, owner: Owner) -> Child:
        """A new child; the first waits until the parsers are loaded. Raises `OSError`, `ContentError`, `TimeoutError`.

        The connection holds, as far as the system allows, what a child is sent ahead and what it says to it.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, FEEDS.size)
            loop = asyncio.get_running_loop()
            _, child = await loop.create_unix_connection(lambda: Child(owner), sock=ours)
            try:
                socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            except OSError:
                self._lost = True
                child.kill()
                raise
        try:
            async with asyncio.timeout(_START_SECONDS):
                await child.started
        except BaseException:
            child.kill()
            raise
        return child

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


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
