"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. Codes: C configuration, D database, B broker, S system, M mail, W web."""

    code: str
    level: Level
    message: str
    where: str = ""
    hint: str = ""
