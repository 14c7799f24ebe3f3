"""The schema's versions: migrating to the newest, telling which one a database is of and whom it suits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.errors import StorageError
from monitor.storage import schema_check as suitability
from monitor.storage.dossiers import put_setting
from monitor.storage.engine import Session, Store

LOCK = 0x5645494C  # any number, the same for all who migrate: "VEIL"

# The oldest revision whose program still works on the newest schema. Migrations only add, so that two versions can work
# side by side; the first that takes something away raises this to the revision that stopped using it.
SUITS = "0001"
UNMODELLED = frozenset({"ix_articles_asked"})  # PostgreSQL's alone


def alembic_config(connection: Any = None) -> Config:
    """Alembic's configuration for the migrations inside this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def is_modelled(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether a table or index has a model: those of searches have none, they are another thing on each database."""
    return name not in UNMODELLED and (kind != "table" or not str(name).startswith("article_words"))


def head() -> str:
    """The newest revision that this program knows."""
    return str(ScriptDirectory.from_config(alembic_config()).get_current_head())


def current(store: Store) -> str | None:
    """The database's revision, None for an empty one. Raises `StorageError` when it cannot be reached."""
    try:
        with store.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise StorageError(f"the database cannot be opened: {_first_line(error)}") from error


def migrate(store: Store, revision: str = "head") -> str:
    """Bring the schema to `revision`; several at once are safe. Gives the revision it then has.

    A newer schema that suits this program is left as it is; one that does not raises `StorageError`.
    """
    try:
        with store.engine.execution_options(veille_write=True).connect() as connection, connection.begin():
            if store.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            found = MigrationContext.configure(connection).get_current_revision()
            if is_newer(found):
                _require_suitable(connection, str(found))
                return str(found)
            command.upgrade(alembic_config(connection), revision)
            if revision == "head":
                with Session(connection) as session:
                    put_setting(session, suitability.KEY, {"suits": SUITS})
                    session.flush()
    except SQLAlchemyError as error:
        raise StorageError(f"the database cannot be migrated: {_first_line(error)}") from error
    return current(store) or ""


def require_current(store: Store) -> None:
    """Raises `StorageError` unless the schema is the newest one this program knows, or a newer one that suits it."""
    found = current(store)
    if is_newer(found):
        with store.engine.connect() as connection:
            _require_suitable(connection, str(found))
    elif found != head():
        raise StorageError(
            f"the database is at revision {found or 'none'}, this program needs {head()}: `veille migrate`"
        )


def is_newer(revision: str | None) -> bool:
    """Whether a newer program made it: revisions are numbers of four digits."""
    return revision is not None and revision > head()


def _require_suitable(connection: Connection, found: str) -> None:
    if not suitability.suits(connection, head()):
        raise StorageError(
            f"a newer Veille brought the database to revision {found}, which this program (of {head()}) cannot work on"
        )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
