"""The inner loops of matching: compiled where they could be, else in Python (`places`)."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from monitor.domain import places

if TYPE_CHECKING:
    from monitor.domain.places import Table, heaviest, held, near_pairs

__all__ = ["Table", "compiled", "digest", "heaviest", "held", "near_pairs"]


_SOURCE = Path(__file__).with_name("_places.c")


def compiled(source: Path = _SOURCE) -> ModuleType | None:
    """The compiled twin of `places`; None where there is none, or one of another source than the one beside it."""
    try:
        found = import_module("monitor.domain._places")
    except ImportError:
        return None
    return found if not source.exists() or digest(source) == found.SOURCE else None


def digest(source: Path) -> str:
    """What a library says of the source that it was made from."""
    return hashlib.sha256(source.read_bytes()).hexdigest()[:16]


if not TYPE_CHECKING:
    _twin: Any = compiled() or places
    Table, held = _twin.Table, _twin.held
    heaviest, near_pairs = _twin.heaviest, _twin.near_pairs
