"""Files of a cache: each whole or not at all, and looked at only when its digest says that it is what was kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import xxhash

_CHECKED = 16  # bytes of the digest that a file begins with: against accidents, not against a forger
Thing = TypeVar("Thing")


def load_kept(path: Path, load: Callable[[bytes], Thing]) -> Thing | None:
    """What `load` makes of the file that `keep` wrote; None when there is none, or none that is whole."""
    try:
        data = path.read_bytes()
        body = data[_CHECKED:]
        return load(body) if xxhash.xxh3_128_digest(body) == data[:_CHECKED] else None
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def keep(path: Path, body: bytes) -> None:
    """Writes a file of the cache; one that cannot be written costs time at the next start, nothing else."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(xxhash.xxh3_128_digest(body) + body)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
