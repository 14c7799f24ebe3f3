"""A backup taken from one database can be given to the other, and nothing that was sent is due again."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from monitor.errors import StorageError
from monitor.storage.backup import backup, restore
from monitor.storage.engine import Store, open_store
from monitor.storage.tables import Alert, Article, Base, Channel, Delivery, Subscriber
from tests.newsroom import NOON, Newsroom


@pytest.fixture
def filled(store: Store) -> Store:
    room = Newsroom(store)
    alert = room.alert(room.article("Un titre à accents", matches={"cloud": 0.8}))
    with store.write() as session:
        subscriber = Subscriber(name="ada", origin="file", settings={}, created_at=NOON)
        session.add(subscriber)
        session.flush()
        channel = Channel(subscriber_id=subscriber.id, kind="email", address="ada@x.invalid", created_at=NOON)
        session.add(channel)
        session.flush()
        for number, status in enumerate(("sent", "planned")):
            session.add(
                Delivery(
                    channel_id=channel.id, alert_id=alert, revision=number, kind="alert", status=status, message={},
                    message_id=f"m{number}", due_at=None if status == "sent" else NOON, created_at=NOON,
                )
            )  # fmt: skip
    return store


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    yield opened
    opened.dispose()


def everything(store: Store) -> dict[str, list[dict[str, object]]]:
    with store.read() as session:
        return {
            table.name: [dict(row) for row in session.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in Base.metadata.sorted_tables
        }


def test_what_is_restored_is_what_was_backed_up(filled: Store, empty: Store, tmp_path: Path) -> None:
    rows = backup(filled, tmp_path / "b.gz")
    assert restore(empty, tmp_path / "b.gz") == rows
    assert everything(empty) == everything(filled)


def test_a_restored_article_is_found_by_its_words(filled: Store, empty: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b.gz")
    restore(empty, tmp_path / "b.gz")
    with empty.read() as session:
        assert session.execute(text("SELECT rowid FROM article_words WHERE article_words MATCH 'titre'")).all() == [
            (1,)
        ]


def test_a_backup_can_be_given_to_the_other_database(filled: Store, postgres_url: str, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b.gz")
    if filled.dialect == "postgresql":
        pytest.skip("the way from SQLite to PostgreSQL is what is new here")
    other = open_store(postgres_url)
    try:
        restore(other, tmp_path / "b.gz")
        assert everything(other) == everything(filled)
        Newsroom(other, slug="another")  # ids go on after those that came
    finally:
        other.dispose()


def test_only_what_was_not_sent_is_due_after_a_restore(filled: Store, empty: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b.gz")
    restore(empty, tmp_path / "b.gz")
    with empty.read() as session:
        due = session.scalars(select(Delivery.message_id).where(Delivery.due_at.is_not(None))).all()
    assert due == ["m1"]


def test_a_database_that_holds_something_is_left_alone(filled: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b.gz")
    with pytest.raises(StorageError, match="not empty"):
        restore(filled, tmp_path / "b.gz")


def test_a_cut_file_restores_nothing(filled: Store, empty: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b.gz")
    lines = gzip.decompress((tmp_path / "b.gz").read_bytes()).splitlines(keepends=True)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"".join(lines[:-1])))
    with pytest.raises(StorageError, match="cut"):
        restore(empty, tmp_path / "cut.gz")
    with empty.read() as session:
        assert session.scalar(select(func.count()).select_from(Alert)) == 0
        assert session.scalar(select(func.count()).select_from(Article)) == 0


def test_something_else_is_no_backup(empty: Store, tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(b'{"a": 1}\n'))
    with pytest.raises(StorageError, match="no backup"):
        restore(empty, tmp_path / "x.gz")
