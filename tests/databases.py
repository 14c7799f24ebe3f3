"""Empty SQLite databases of the newest schema: migrated once in a process of tests, copied for each that wants one."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from monitor.storage.engine import open_store
from monitor.storage.schema import migrate


def empty_sqlite(path: Path) -> str:
    """An empty, migrated database at `path`; gives its URL."""
    path.write_bytes(_migrated())
    return f"sqlite:///{path}"


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "veille.db"
        store = open_store(f"sqlite:///{path}")
        migrate(store)
        store.dispose()
        return path.read_bytes()
