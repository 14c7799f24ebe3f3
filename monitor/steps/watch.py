"""What those who keep Veille running ask: is it ready, what do its figures say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from monitor.domain.exposition import exposition
from monitor.domain.pulse import PARTS, ailments
from monitor.errors import StorageError
from monitor.settings import Settings
from monitor.storage.dossiers import TAKEN_UP, beats, get_setting
from monitor.storage.engine import Store
from monitor.storage.metrics import measure
from monitor.storage.schema_check import make_current


@dataclass(frozen=True, slots=True)
class Readiness:
    """`fault` is why no request can be answered; `work` says what is stuck; `broken` names configuration files."""

    fault: str | None = None
    work: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        """`ready`, `degraded` (requests are answered, somebody should look) or `unavailable`."""
        if self.fault:
            return "unavailable"
        return "degraded" if self.work or self.broken else "ready"


def readiness(store: Store, settings: Settings, now: datetime) -> Readiness:
    """Database, work, and configuration files whose last good version is in force instead."""
    try:
        make_current(store, may_migrate=False)
    except StorageError as error:
        return Readiness(fault=str(error))
    found = troubles(store, settings, now)
    # files by name alone: a sentence may hold a subscriber's address, and /readyz asks nobody who they are
    broken = sorted({Path(error.partition(":")[0]).name for error in found.configuration})
    return Readiness(work=found.work, broken=broken)


@dataclass(frozen=True, slots=True)
class Troubles:
    """In sentences: what is stuck, and what is wrong in configuration files whose last good version is in force."""

    work: list[str]
    configuration: list[str]


def troubles(store: Store, settings: Settings, now: datetime) -> Troubles:
    """What somebody who keeps Veille running should look at."""
    with store.read() as session:
        known = beats(session)
        errors = (get_setting(session, TAKEN_UP) or {}).get("errors", ())
    return Troubles(ailments(known, settings, now, tuple(PARTS)), list(errors))


def metrics_text(store: Store, now: datetime) -> str:
    """All figures in Prometheus' text format."""
    with store.read() as session:
        return exposition(measure(session, now))
