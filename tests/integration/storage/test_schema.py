from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from monitor.errors import StorageError
from monitor.storage.engine import Store, open_store
from monitor.storage.schema import current, head, is_modelled, migrate, require_current
from monitor.storage.tables_web import Base


def test_models_and_migrations_agree(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_modelled})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_twice_changes_nothing(store: Store) -> None:
    assert migrate(store) == migrate(store) == head()


def test_an_empty_database_is_refused_until_it_is_migrated(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(StorageError, match="veille migrate"):
        require_current(store)
    store.dispose()


def test_a_database_filled_at_the_first_revision_upgrades_with_its_rows(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'old.db'}")
    migrate(store, "0001")
    insert = text(
        "INSERT INTO feeds (url, name, origin, enabled, tags, options, title, state, created_at) "
        "VALUES ('https://a.example/f', 'A', 'file', 1, '[]', '{}', '', '{}', '2026-01-01 00:00:00')"
    )
    with store.write() as session:
        session.execute(insert)
    migrate(store)
    with store.read() as session:
        assert session.execute(text("SELECT name, turn FROM feeds")).all() == [("A", 0)]
    assert current(store) == head()
    store.dispose()


def test_a_database_out_of_reach_is_a_typed_error() -> None:
    store = open_store("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(StorageError, match="cannot be opened"):
        current(store)
    store.dispose()
