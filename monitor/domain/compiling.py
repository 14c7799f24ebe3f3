"""Inner loops in C, made when Veille is installed where there is a compiler; each has a twin in Python."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from types import ModuleType


def compiled(name: str, folder: Path = Path(__file__).parent, package: str = "monitor.domain") -> ModuleType | None:
    """A compiled library, such as `_places`; None where there is none, or one of another source than in `folder`."""
    source = folder / f"{name}.c"
    try:
        found = import_module(f"{package}.{name}")
    except ImportError:
        return None
    return found if not source.exists() or digest(source) == found.SOURCE else None


def digest(source: Path) -> str:
    """What a library says of the source that it was made from."""
    return hashlib.sha256(source.read_bytes()).hexdigest()[:16]
