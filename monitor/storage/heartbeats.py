"""Noting since when announced work has had no answer (`domain.pulse` reads it), and what steps cost, added up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from monitor.domain.pulse import ANNOUNCED, waiting_since
from monitor.storage.dossiers import beat, beats
from monitor.storage.tables import Heartbeat
from monitor.storage.work import Kind

TIME = "time:"


def note_announced(session: Session, kind: Kind, now: datetime) -> None:
    """Note that work of `kind` was announced; the note keeps its time until a step of that kind is done."""
    if waiting_since(beats(session), kind.value) is None:
        beat(session, ANNOUNCED + kind.value, now)


def add_time(session: Session, what: str, seconds: Sequence[float], now: datetime) -> None:
    """Add to the number of times that `what` was done, and to the seconds that it took; both only ever grow."""
    if not seconds:
        return
    known = session.connection().scalar(_DETAIL, {"name": TIME + what}) or {}
    total = {
        "count": known.get("count", 0) + len(seconds),
        "seconds": round(known.get("seconds", 0.0) + sum(seconds), 6),
    }
    beat(session, TIME + what, now, **total)


_DETAIL = select(Heartbeat.detail).where(Heartbeat.name == bindparam("name")).with_for_update()
