"""Whether a database is of a schema that this program works on, told without loading Alembic: it costs a third of a
second.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.storage.engine import Store
from monitor.storage.tables import Setting

KEY = "schema"  # of the setting in which whoever migrates says what the oldest program is that the schema suits


def newest() -> str:
    """The newest revision: versions are numbered by their file names, `0001_….py`."""
    versions = Path(__file__).parent / "migrations" / "versions"
    return max(path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py"))


def is_current(store: Store) -> bool:
    """True for this program's schema, or a newer one that suits it.

    False for another revision, an empty database, or one that does not answer (who migrates says why).
    """
    try:
        with store.read() as session:
            found, ours = str(session.scalar(text("SELECT version_num FROM alembic_version"))), newest()
            return found == ours or (found > ours and suits(session.connection(), ours))
    except SQLAlchemyError:
        return False


def suits(connection: Connection, revision: str) -> bool:
    """Whether a schema that a newer program made still serves the program of `revision`."""
    value = connection.scalar(select(Setting.value).where(Setting.key == KEY)) or {}
    return bool(value.get("suits", "9999") <= revision)


def make_current(store: Store, *, may_migrate: bool) -> None:
    """Bring the database to this program's schema; Alembic (12 MiB, .3 s) is loaded only when it is not of it.

    Raises `StorageError` for one that is not, when it may not be migrated or cannot be.
    """
    if is_current(store):
        return
    from monitor.storage.schema import migrate, require_current

    if may_migrate:
        migrate(store)
    else:
        require_current(store)
