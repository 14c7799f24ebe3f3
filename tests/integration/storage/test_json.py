"""What JSON columns give back."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import literal_column, select

from monitor.storage.engine import open_store
from monitor.storage.types import Json


def test_half_of_a_surrogate_pair_of_an_older_version_is_read(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'old.db'}")
    written = literal_column(r"""'{"reason": "\ud83d", "days": 1.5}'""", Json)
    with store.read() as session:
        assert session.scalar(select(written)) == {"reason": "\ud83d", "days": 1.5}
    store.dispose()
