"""The schema's versions: migrating to the newest, telling which one a database is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from monitor.errors import StorageError
from monitor.storage.engine import Store

LOCK = 0x5645494C  # any number, the same for all who migrate: "VEIL"


def alembic_config(connection: Any = None) -> Config:
    """Alembic's configuration for the migrations inside this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def is_modelled(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether a table has a model: the search index has none, it is another thing on each database."""
    return kind != "table" or not str(name).startswith("article_words")


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
    """Bring the schema to `revision`; several at once are safe. Gives the revision it then has."""
    try:
        with store.engine.execution_options(veille_write=True).connect() as connection, connection.begin():
            if store.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            command.upgrade(alembic_config(connection), revision)
    except SQLAlchemyError as error:
        raise StorageError(f"the database cannot be migrated: {_first_line(error)}") from error
    return current(store) or ""


def require_current(store: Store) -> None:
    """Raises `StorageError` unless the schema is the newest one this program knows."""
    found = current(store)
    if found != head():
        raise StorageError(
            f"the database is at revision {found or 'none'}, this program needs {head()}: `veille migrate`"
        )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
