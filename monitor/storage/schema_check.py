"""Whether a database is of this program's schema, told without loading Alembic: it costs a third of a second."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from monitor.storage.engine import Store


def newest() -> str:
    """The newest revision: versions are numbered by their file names, `0001_….py`."""
    versions = Path(__file__).parent / "migrations" / "versions"
    return max(path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py"))


def is_current(store: Store) -> bool:
    """False for another revision, an empty database, or one that does not answer (who migrates says why)."""
    try:
        with store.read() as session:
            return bool(session.scalar(text("SELECT version_num FROM alembic_version")) == newest())
    except SQLAlchemyError:
        return False
