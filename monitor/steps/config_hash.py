"""Whether the configuration changed: a hash of its files, read again only where something about a file is new.

Every tick asks, four times a minute, and a dossier's model alone takes longer to read than the rest of a tick.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import xxhash

# Seconds. A file system tells times apart by milliseconds, some by two seconds: what is written right after a file was
# read may look like the file that was read, unless that had been written a while before.
_SETTLED = 3.0
_LEARNT = ".training"  # what a dossier's model was learnt from: large, and nothing here comes of it

_Look = tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Hashed:
    """What a directory's files looked like when this was their hash; `since`: how long they have looked so.

    `settled`: a file that is written from now on looks otherwise.
    """

    look: _Look
    digest: str
    since: float
    settled: bool


_known: dict[Path, _Hashed] = {}


def config_hash(directory: Path) -> str:
    """A hash of every file of the configuration, names and bytes; a file that cannot be read counts by why.

    What stands in a `NAME.training` is left out.
    """
    paths = sorted(_files(directory))
    look, now, known = tuple(map(_look, paths)), time.monotonic(), _known.get(directory)
    since = known.since if known is not None and known.look == look else now
    if known is None or known.look != look or not known.settled:
        settled = now - since > _SETTLED or time.time() - _latest(look) > _SETTLED
        known = _known[directory] = _Hashed(look, _digest(directory, paths), since, settled)
    return known.digest


def _files(directory: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(directory):
        below[:] = [name for name in below if not name.endswith(_LEARNT)]
        for path in (Path(folder, name) for name in names if not name.startswith(".")):
            if path.is_file():  # nor what waits for somebody to write
                yield path


def _latest(look: _Look) -> float:
    """When the youngest file was written, or became what it is, by the file system's clock; in seconds."""
    return max((max(modified, changed) for _, _, modified, changed, _ in look), default=0) / 1e9


def _digest(directory: Path, paths: list[Path]) -> str:
    digest = xxhash.xxh3_128()  # of files that are the operator's own; a twentieth of the time of SHA-256
    for path in paths:
        digest.update(str(path.relative_to(directory)).encode() + b"\0" + _bytes_of(path) + b"\0")
    return digest.hexdigest()


def _look(path: Path) -> tuple[str, int, int, int, int]:
    """What is another when a file was written, replaced, or made readable."""
    try:
        seen = path.stat()
    except OSError:
        return str(path), 0, 0, 0, 0
    return str(path), seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino


def _bytes_of(path: Path) -> bytes:
    """An unreadable file must not end every tick: whoever wants it says so, and the others stay in force."""
    try:
        return path.read_bytes()
    except OSError as error:
        return str(error.strerror).encode()
