"""On SQLite one transaction writes at a time: the others wait for it, however long it takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from monitor.storage import engine
from monitor.storage.engine import Store, open_store


@pytest.fixture
def stores(sqlite_url: str) -> Iterator[tuple[Store, Store]]:
    """Two on one database, as two processes have them."""
    first, second = open_store(sqlite_url), open_store(sqlite_url)
    with first.write() as session:
        session.execute(text("CREATE TABLE told (who TEXT)"))
    yield first, second
    first.dispose()
    second.dispose()


def tell(session: Session, who: str) -> None:
    session.execute(text("INSERT INTO told VALUES (:who)"), {"who": who})


@pytest.mark.parametrize("looks", [engine._LOOKS, 1], ids=["looking-often", "long-afterwards"])
def test_who_comes_second_writes_second(
    stores: tuple[Store, Store], looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = stores
    monkeypatch.setattr(engine, "_LOOKS", looks)
    asked = threading.Event()

    def come_second() -> None:
        with second.write() as session:
            asked.set()
            tell(session, "second")

    other = threading.Thread(target=come_second)
    with first.write() as session:
        tell(session, "first")
        other.start()
        asked.wait(10)
        other.join(0.02)
        assert other.is_alive()
        tell(session, "first again")
    other.join(10)

    with first.read() as session:
        assert list(session.scalars(text("SELECT who FROM told"))) == ["first", "first again", "second"]


def test_sqlite_waits_as_long_as_before_for_all_else(stores: tuple[Store, Store]) -> None:
    first, _ = stores
    with first.write() as session:
        tell(session, "first")
        assert session.scalar(text("PRAGMA busy_timeout")) == engine._PATIENCE
