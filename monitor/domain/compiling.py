"""Inner loops in C, made when Veille is installed where there is a compiler; each has a twin in Python."""

from __future__ import annotations

import hashlib
import re
from importlib import import_module
from os.path import normpath
from pathlib import Path
from types import ModuleType

_INCLUDED = re.compile(rb'^#include "(.+)"', re.MULTILINE)


def compiled(name: str, folder: Path = Path(__file__).parent, package: str = "monitor.domain") -> ModuleType | None:
    """A compiled library, such as `_places`; None where there is none, or one made of others than lie in `folder`."""
    source = folder / f"{name}.c"
    try:
        found = import_module(f"{package}.{name}")
    except ImportError:
        return None
    return found if not source.exists() or digest(source) == found.SOURCE else None


def digest(source: Path) -> str:
    """What a library says of what it was made from: its source, and the headers that this includes."""
    return hashlib.sha256(_with_headers(source)).hexdigest()[:16]


def headers(source: Path) -> list[Path]:
    """The headers of ours that a source includes."""
    names = _INCLUDED.findall(source.read_bytes())
    paths = [Path(normpath(source.parent / name.decode())) for name in names]
    return [path for path in paths if path.exists()]


def _with_headers(source: Path) -> bytes:
    return b"".join([source.read_bytes(), *map(_with_headers, headers(source))])
