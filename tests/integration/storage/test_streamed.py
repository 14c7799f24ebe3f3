"""Rows that are read while PostgreSQL still sends more: the same as SQLAlchemy's, and nothing is left behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import ARRAY, BigInteger, Column, String, bindparam, column, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from monitor.storage.engine import Store, open_store
from monitor.storage.schema import migrate
from monitor.storage.search_hydrate import Read
from monitor.storage.search_parts import Listing
from monitor.storage.streamed import AT_ONCE, Streamed, asked_ahead, every_row
from monitor.storage.tables import Article, Story
from monitor.storage.types import Json, UtcDateTime

ROWS = 5 * AT_ONCE + 7
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATEMENT = (
    text(
        "SELECT n, 'numéro ' || n || :said AS said, "
        "CASE WHEN n % 3 = 0 THEN NULL ELSE :at + n * interval '1 day' END AS at, "
        """'["é"]'::jsonb AS list, n = any(:few) AS few, :none IS NULL AS none """
        "FROM generate_series(1, :rows) AS n ORDER BY n DESC"
    )
    .bindparams(
        bindparam("said", type_=String()),
        bindparam("at", type_=UtcDateTime()),
        bindparam("few", type_=ARRAY(BigInteger())),
        bindparam("none", type_=String()),
        bindparam("rows", type_=BigInteger()),
    )
    .columns(
        Column("n", BigInteger), Column("said", String), Column("at", UtcDateTime), Column("list", Json), column("few"),
        column("none"),
    )
    .subquery()
)  # fmt: skip
ASKED: dict[str, Any] = {"said": "’ % :n $1", "at": NOW, "few": [2, 5], "none": None, "rows": ROWS}


@pytest.fixture
def opened(postgres_url: str) -> Iterator[Store]:
    store = open_store(postgres_url)
    yield store
    store.dispose()


def _rows(session: Session, statement: Any, asked: dict[str, Any]) -> list[list[tuple[Any, ...]]]:
    stretches = Streamed(statement, session.connection()).rows(session.connection(), asked)
    assert stretches is not None
    return list(stretches)


def test_the_rows_are_those_of_sqlalchemy(opened: Store) -> None:
    def both(session: Session) -> None:
        statement = select(STATEMENT)
        for rows in (ROWS, 1, 0):  # the second and the third time it is prepared already
            asked = {**ASKED, "rows": rows}
            stretches = _rows(session, statement, asked)
            assert len(stretches) == -(-rows // AT_ONCE)
            told = [row for stretch in stretches for row in stretch]
            assert told == [tuple(row) for row in session.connection().execute(statement, asked)]
            assert len(told) == rows

    opened.search(both)


def test_who_stops_early_leaves_a_connection_that_answers(opened: Store) -> None:
    def stop(session: Session) -> int:
        connection = session.connection()
        stretches = Streamed(select(STATEMENT), connection).rows(connection, ASKED)
        assert stretches is not None
        assert next(stretches)[0][0] == ROWS
        stretches.close()
        assert not connection.invalidated
        return int(connection.scalar(text("SELECT 41 + 1")))

    assert opened.search(stop) == 42


def test_an_error_amid_the_rows_is_sqlalchemys_and_the_connection_is_given_up(opened: Store) -> None:
    divided = text("SELECT 1 / (150 - n) AS n FROM generate_series(1, :rows) AS n")
    statement = select(divided.bindparams(bindparam("rows", type_=BigInteger())).columns(column("n")).subquery())

    def ask(session: Session) -> None:
        for _ in Streamed(statement, session.connection()).rows(session.connection(), {"rows": ROWS}) or ():
            pass

    with pytest.raises(DBAPIError, match="division by zero") as raised:
        opened.search(ask)
    assert raised.value.connection_invalidated
    assert opened.search(lambda session: session.scalar(text("SELECT 7"))) == 7


def test_a_search_whose_connection_is_gone_is_asked_once_more(opened: Store) -> None:
    statement, told = select(STATEMENT), list[int]()

    def ask(session: Session) -> int:
        told.append(int(session.scalar(text("SELECT pg_backend_pid()")) or 0))
        if len(told) == 1:
            with opened.read() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": told[0]})
        return sum(map(len, _rows(session, statement, ASKED)))

    assert opened.search(ask) == ROWS
    assert len(set(told)) == 2


def test_what_was_cancelled_is_not_asked_again(opened: Store) -> None:
    slow = text("SELECT pg_sleep(:rows / 100.0)::text AS n").bindparams(bindparam("rows", type_=BigInteger()))
    statement, asked = select(slow.columns(column("n")).subquery()), list[int]()

    def ask(session: Session) -> None:
        asked.append(int(session.scalar(text("SELECT pg_backend_pid()")) or 0))
        session.execute(text("SET statement_timeout = 50"))
        _rows(session, statement, {"rows": ROWS})

    with pytest.raises(DBAPIError, match="statement timeout"):
        opened.search(ask)
    assert len(asked) == 1
    # the connection is given up all the same, and its setting with it
    assert opened.search(lambda session: session.scalar(text("SHOW statement_timeout"))) == "0"


def test_within_a_transaction_it_is_left_to_sqlalchemy(opened: Store) -> None:
    with opened.read() as session:
        connection = session.connection()
        assert Streamed(select(STATEMENT), connection).rows(connection, ASKED) is None


def test_all_rows_of_a_statement_are_the_same_in_either_way(opened: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "monitor.storage.streamed")
    statement, numbers = select(STATEMENT), list(range(ROWS, 0, -1))

    def ask(session: Session) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in every_row(session.connection(), statement, ASKED)]

    streamed = [opened.search(ask), opened.search(ask)]
    assert len(caplog.records) == 2
    with opened.read() as session:
        assert [*streamed, ask(session)] == [streamed[0]] * 3
    assert len(caplog.records) == 2  # within a transaction it is SQLAlchemy that asks
    assert [row[0] for row in streamed[0]] == numbers


def test_a_listing_that_is_asked_again_gives_the_same(opened: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "monitor.storage.streamed")
    _fill(opened)

    def ask(session: Session) -> list[list[tuple[Any, ...]]]:
        connection = session.connection()
        listing = Listing(select(Article.id).order_by(Article.id.desc()), connection, read=Read.WHOLE)
        return [listing.rows(connection, {"count": count}) for count in (40, 40, 3)]

    first, again, few = opened.search(ask)
    assert len(caplog.records) == 2
    assert [row[0] for row in first] == list(range(50, 10, -1))
    assert (again, few) == (first, first[:3])


def _fill(store: Store) -> None:
    """Fifty articles."""
    migrate(store)
    with store.write() as session:
        story = Story(created_at=NOW, title="Huawei")
        session.add(story)
        session.flush()
        session.add_all(
            Article(
                id=number,
                url=f"https://a.example/{number}",
                canonical_url=f"https://a.example/{number}",
                text_hash=f"{number:032}",
                title=f"Numéro {number}",
                source="A",
                published_at=NOW,
                access="full",
                story_id=story.id,
                authors=["Anne"],
                created_at=NOW,
                updated_at=NOW,
            )
            for number in range(1, 51)
        )


@pytest.mark.parametrize("read", [True, False])
def test_what_is_asked_ahead_may_be_read_later_or_not_at_all(opened: Store, *, read: bool) -> None:
    statement = select(STATEMENT)

    def ahead(session: Session) -> tuple[list[Any], int]:
        connection = session.connection()
        with asked_ahead(connection, statement, ASKED) as rows:
            told = list(rows()) if read else []
        return told, connection.execute(text("SELECT 41 + 1")).scalar_one()

    told, answer = opened.search(ahead)
    assert answer == 42
    assert told == (
        opened.search(lambda session: list(every_row(session.connection(), statement, ASKED))) if read else []
    )
    assert len(told) == (ROWS if read else 0)
