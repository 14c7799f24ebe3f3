"""Ends after a time that is the same for all: one timer for hundreds of requests instead of one each.

asyncio's timers are a heap of Python objects; to put one in, and to cancel it, took a thirtieth of an unchanged poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
    """Those who wait in one loop, each for `seconds` at most: `over` is called with those whose time came.

    Who came first is over first, so that only the first one's end is watched.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, over: Callable[[T], None]) -> None:
        self.seconds = seconds
        self._loop, self._over = loop, over
        self._ends: dict[T, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, one: T) -> None:
        """Its time runs from now on."""
        self._ends[one] = end = self._loop.time() + self.seconds
        if self._timer is None:
            self._timer = self._loop.call_at(end, self._look)

    def remove(self, one: T) -> None:
        """It waits no more, be it over or not."""
        self._ends.pop(one, None)

    def rest(self) -> None:
        """Watch for no end where nobody waits: who still does is told in time."""
        if self._timer is not None and not self._ends:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now, came, self._timer = self._loop.time(), list[T](), None
        for one, end in self._ends.items():
            if end > now:
                self._timer = self._loop.call_at(end, self._look)
                break
            came.append(one)
        for one in came:
            del self._ends[one]
            self._over(one)


class Deadline:
    """`async with`: what is done within is cancelled once its time is over, and `TimeoutError` raised.

    As `asyncio.timeout` has it, a cancellation from elsewhere included: that one counts for more.
    """

    __slots__ = ("_cancelled_before", "_expired", "_line", "_task")

    def __init__(self, line: Line[Deadline]) -> None:
        self._line, self._expired = line, False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline holds within a task")
        self._task, self._cancelled_before = task, task.cancelling()
        self._line.add(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._expired:
            self._line.remove(self)
        elif self._task.uncancel() <= self._cancelled_before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Its time is over."""
        self._expired = True
        self._task.cancel()
