"""Files of a cache: each whole or not at all, and looked at only when its digest says that it is what was kept.

A file is kept for as long as somebody uses it: each content has a name of its own, so that old ones would pile up.
"""

from __future__ import annotations

import mmap
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import xxhash

_CHECKED = 16  # bytes of the digest that a file begins with: against accidents, not against a forger
_CHUNK = 1024 * 1024
_DAY = 86_400.0
UNUSED = 30 * _DAY  # seconds after which a file that nobody loaded goes
Thing = TypeVar("Thing")


def load_kept(path: Path, load: Callable[[bytes], Thing]) -> Thing | None:
    """What `load` makes of the file that `keep` wrote; None when there is none, or none that is whole."""
    try:
        data = path.read_bytes()
        body = data[_CHECKED:]
        if xxhash.xxh3_128_digest(body) != data[:_CHECKED]:
            return None
        _mark_used(path)
        return load(body)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def map_kept(path: Path, load: Callable[[memoryview], Thing]) -> Thing | None:
    """The same of a file too large to be held: `load` is given it mapped, and may keep views of it for good."""
    try:
        with path.open("rb") as file:
            # not through the mapping, whose pages would count as ours
            if file.read(_CHECKED) != _digest_of(iter(partial(file.read, _CHUNK), b"")):
                return None
            body = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))[_CHECKED:]
        _mark_used(path)
        return load(body)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _mark_used(path: Path) -> None:
    """Its time of change says when a file was last used, to the day; times of access are not kept everywhere."""
    with suppress(OSError):  # a cache that may only be read
        if time.time() - path.stat().st_mtime > _DAY:
            os.utime(path)


def _prune(written: Path) -> None:
    """Takes away the files of the same kind (what a name begins with) that nobody has used for long."""
    for path in written.parent.glob(f"{written.name.split('-')[0]}-*"):
        with suppress(OSError):  # another process took it
            if time.time() - path.stat().st_mtime > UNUSED:
                path.unlink()


def _digest_of(parts: Iterable[bytes]) -> bytes:
    digest = xxhash.xxh3_128()
    for part in parts:
        digest.update(part)
    return digest.digest()


def keep(path: Path, *parts: bytes) -> None:
    """Writes a file of the cache, `KIND-….bin`, and prunes its kind.

    One that cannot be written costs time at the next start, nothing else.
    """
    keep_each(path, parts)


def keep_each(path: Path, parts: Iterable[bytes]) -> None:
    """The same of parts that are made one by one, so that they need not all be held. What they raise is raised."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(bytes(_CHECKED))
                digest = _digest_of(_written(file, parts))
                file.seek(0)
                file.write(digest)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _prune(path)


def _written(file: BinaryIO, parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        file.write(part)
        yield part


def in_another_process(work: Callable[[], object]) -> None:
    """Wait for a fork that does `work`, such as to make a file of the cache: its memory is given back whole.

    What it raises stays there. Nothing happens where other threads run, which a fork would leave behind with their
    locks.
    """
    if threading.active_count() > 1:
        return
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            work()
        os._exit(0)
    with suppress(ChildProcessError):  # who ignores its children is only told that all are gone
        os.waitpid(child, 0)
