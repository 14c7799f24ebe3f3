"""Noting since when announced work has had no answer; `domain.pulse` reads it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.domain.pulse import ANNOUNCED, waiting_since
from monitor.storage.dossiers import beat, beats
from monitor.storage.work import Kind


def note_announced(session: Session, kind: Kind, now: datetime) -> None:
    """Note that work of `kind` was announced; the note keeps its time until a step of that kind is done."""
    if waiting_since(beats(session), kind.value) is None:
        beat(session, ANNOUNCED + kind.value, now)
