from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from monitor.errors import StorageError
from monitor.storage.dossiers import get_setting, put_setting
from monitor.storage.engine import Store, open_store
from monitor.storage.migrations import versions
from monitor.storage.schema import SUITS, alembic_config, current, head, is_modelled, migrate, require_current
from monitor.storage.schema_check import is_current
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


def newer(store: Store, suits: str) -> None:
    """As a Veille of the far future leaves it."""
    with store.write() as session:
        put_setting(session, "schema", {"suits": suits})
        session.execute(text("UPDATE alembic_version SET version_num = '8888'"))


def test_a_newer_schema_that_suits_this_program_serves_it(store: Store) -> None:
    newer(store, suits=head())
    require_current(store)
    assert is_current(store)
    assert migrate(store) == "8888"


def test_a_newer_schema_that_suits_it_no_more_is_refused_in_words(store: Store) -> None:
    newer(store, suits="7777")
    assert not is_current(store)
    for refuses in (require_current, migrate):
        with pytest.raises(StorageError, match="a newer Veille"):
            refuses(store)


def test_whoever_migrates_says_what_the_schema_suits(store: Store) -> None:
    with store.read() as session:
        assert get_setting(session, "schema") == {"suits": SUITS}


def shape(store: Store) -> dict[str, dict[str, Any]]:
    """The columns of each table, as the database tells them."""
    found = inspect(store.engine)
    return {
        name: {column["name"]: column for column in found.get_columns(name)}
        for name in found.get_table_names()
        if not name.startswith("article_words")
    }


def test_migrations_that_suit_older_programs_only_add(tmp_path: Path) -> None:
    """A program of before goes on reading and writing: nothing is taken away, and it may leave new columns out."""
    store = open_store(f"sqlite:///{tmp_path / 'old.db'}")
    revisions = sorted(path.name[:4] for path in Path(versions.__path__[0]).glob("[0-9]*.py"))
    for older, revision in pairwise(one for one in revisions if one >= SUITS):
        migrate(store, older)
        before = shape(store)
        migrate(store, revision)
        after = shape(store)
        for table, columns in before.items():
            assert set(columns) <= set(after[table]), f"{revision} takes columns of {table} away"
            added = [column for name, column in after[table].items() if name not in columns]
            demanding = [c["name"] for c in added if not c["nullable"] and c["default"] is None]
            assert demanding == [], f"{revision} adds columns to {table} that older programs cannot fill"
            changed = [name for name in columns if str(columns[name]["type"]) != str(after[table][name]["type"])]
            assert changed == [], f"{revision} changes types in {table}"
            stricter = [n for n in columns if columns[n]["nullable"] and not after[table][n]["nullable"]]
            assert stricter == [], f"{revision} demands in {table} what older programs leave out"
    store.dispose()


def test_postgresql_alone_has_an_index_that_candidates_are_asked_from(store: Store) -> None:
    with store.engine.connect() as connection:
        found = {index["name"]: index for index in inspect(connection).get_indexes("articles")}.get("ix_articles_asked")
    if store.dialect == "sqlite":
        assert found is None
    else:
        assert found is not None
        assert found["dialect_options"]["postgresql_include"] == ["story_id", "published_at", "source", "access"]


def test_one_index_tells_the_articles_of_a_story(store: Store) -> None:
    def of_stories() -> dict[str, list[str]]:
        with store.engine.connect() as connection:
            found = inspect(connection).get_indexes("articles")
        return {
            str(index["name"]): index.get("dialect_options", {}).get("postgresql_include") or []
            for index in found
            if index["column_names"][0] == "story_id"
        }

    alone = {"ix_articles_story_id_source": ["id", "access"] if store.dialect == "postgresql" else []}
    assert of_stories() == alone
    with store.engine.execution_options(veille_write=True).connect() as connection, connection.begin():
        command.downgrade(alembic_config(connection), "0014")
    assert of_stories() == {"ix_articles_story_id": [], "ix_articles_story_id_source": []}
    migrate(store)
    assert of_stories() == alone
