"""Following one run: when is what was due at its start done, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from monitor.storage.engine import Store
from monitor.storage.progress import Counts, counts_since, due_feeds, polled_since, under_way


class RunProgress:
    """What was due when this was made, and what has become of it. Reads rows only."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self.started_at = now()
        with store.read() as session:
            self._feeds = due_feeds(session, self.started_at)

    def finished(self) -> bool:
        """Every feed that was due is polled, and no entry, digest or delivery of it waits for its first try."""
        with self._store.read() as session:
            if not polled_since(session, self._feeds, self.started_at):
                return False
            return not under_way(session, self.started_at, self._now())

    def counts(self) -> Counts:
        with self._store.read() as session:
            return counts_since(session, self.started_at)

    def summary(self) -> dict[str, Any]:
        """The counts as the summary of `veille run --once` prints them."""
        return asdict(self.counts())

    def sentence(self) -> str:
        """Where the run stands, in a few words."""
        counts = self.counts()
        read = sum(counts.outcomes.values())
        return (
            f"{counts.feeds_polled}/{len(self._feeds)} feeds, {read}/{read + counts.entries_pending} articles, "
            f"{counts.alerts_raised} alerts"
        )
