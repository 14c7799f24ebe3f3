"""How often somebody may ask: token buckets in memory, one set a process."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `each` a second."""

    burst: int
    each: float


READS = Rate(240, 20.0)
SIGN_INS = Rate(5, 1 / 20)
CALLBACKS = Rate(60, 2.0)
ALL_SIGN_INS = Rate(60, 1.0)


class Limits:
    """Buckets by key; the least recently used are forgotten, so that nobody fills the memory with keys."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str, rate: Rate) -> int:
        """0 when the request may pass, which it then counts for; else whole seconds until it may."""
        now = self._clock()
        with self._lock:
            level, at = self._buckets.pop(key, (float(rate.burst), now))
            level = min(rate.burst, level + (now - at) * rate.each)
            passes = level >= 1
            self._buckets[key] = (level - passes, now)
            if len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
        return 0 if passes else max(1, math.ceil((1 - level) / rate.each))
