"""Lists that end long ago: what a walk over every row gives, what was read late included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from bench.search import question
from bench.search_data import fill
from monitor.domain.filters import Cursor, Window
from monitor.domain.judging import Judge
from monitor.storage import search_filters, search_until
from monitor.storage.engine import Store
from monitor.storage.search import find_matches, find_stories
from monitor.storage.search_filters import edges
from monitor.storage.search_index import Indexed, drop_words, put_words
from monitor.storage.search_lists import match_ids, story_ids
from monitor.storage.search_rows import Found
from monitor.storage.search_until import before
from monitor.storage.tables import Article

ARTICLES, DISORDER = 2600, 20
FINDERS: dict[str, Callable[..., Found[Any]]] = {"matches": find_matches, "stories": find_stories}
LISTS = {"matches": match_ids, "stories": story_ids}
# with a match, and some that tell the story of the article before them; one is older than the period with a beginning
LATE = {
    2410: datetime(2021, 5, 3, tzinfo=UTC),
    2440: datetime(2020, 2, 1, tzinfo=UTC),
    2505: datetime(2021, 5, 9, tzinfo=UTC),
    2600: datetime(2021, 6, 1, tzinfo=UTC),
}


@pytest.fixture(scope="module")
def stores(both_empty: list[Store]) -> list[Store]:
    for store in both_empty:
        fill(store, ARTICLES)
        with store.write() as session:
            for key, published in LATE.items():
                article = session.get_one(Article, key)
                drop_words(session, [Indexed.of(article)])
                article.published_at = published
                put_words(session, [Indexed.of(article)])
                session.flush()
    return both_empty


@pytest.fixture(autouse=True)
def far_for_so_few(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (search_filters, search_until):
        monkeypatch.setattr(module, "DISORDER", DISORDER)
    monkeypatch.setattr(search_until, "FAR", 100)
    search_filters._FIRSTS.clear()


def _all(store: Store, kind: str, said: str) -> list[int]:
    asked, found, after = question(said), list[int](), None
    judge = Judge(asked.expression) if asked.expression is not None else None
    with store.read() as session:
        while True:
            page = FINDERS[kind](session, asked, Window(17, after), judge)
            found += [row.id for row in page.rows]
            if page.after is None:
                return found
            after = page.after


BESIDE = ["", "exclure", "réseau", "topic:t3", "status:new", "source:12", "réseau score:>0.5"]


@pytest.mark.parametrize("kind", list(FINDERS))
@pytest.mark.parametrize("period", ["until:2022", "since:2021 until:2022", "until:2021-05-08", "until:2025"])
def test_the_rows_are_those_of_a_walk_over_all(
    stores: list[Store], kind: str, period: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded = {(store.dialect, said): _all(store, kind, f"{said} {period}") for store in stores for said in BESIDE}
    monkeypatch.setattr(search_until, "FAR", ARTICLES)
    walked = {(store.dialect, said): _all(store, kind, f"{said} {period}") for store in stores for said in BESIDE}
    assert bounded == walked
    assert all(found == sorted(set(found), reverse=True) for found in bounded.values())
    newest = 2400 if kind == "stories" else 2400 // 5  # every fifth article has a match
    assert all(bounded[dialect, ""][0] > newest for dialect in ("sqlite", "postgresql")), "nothing that was read late"


@pytest.mark.parametrize("kind", list(FINDERS))
def test_a_walk_begins_where_the_period_ends(stores: list[Store], kind: str) -> None:
    """Rows above it are left out by their ids: each that is given is one of the period."""
    asked = question("until:2022")
    for store in stores:
        with store.read() as session:
            rows = LISTS[kind](session, asked)
            bounds = before(session, asked, edges(session, asked))
            assert bounds is not None
            assert bounds.ceiling < 1000
            assert bounds.late == sorted(LATE, reverse=True)
            first = session.execute(rows(Window(6))).all()
            found = [row.of_id for row in first]
            assert found[: len(LATE)] == [key - 1 if kind == "stories" and key % 8 == 0 else key for key in bounds.late]
            assert max(found[len(LATE) :]) < bounds.ceiling
            further = session.execute(rows(Window(6, Cursor(first[1].id)))).all()
            assert [row.of_id for row in further[:2]] == found[2:4]


def test_matches_of_a_long_period_are_walked_along_and_those_of_a_short_one_gathered(stores: list[Store]) -> None:
    """By SQLite, which would gather the matches of both, each with a look at its article."""
    for said, gathered in (("since:2021 until:2024", False), ("since:2021-03 until:2021-04", True)):
        with stores[0].read() as session:
            rows = match_ids(session, question(said))(Window(50))
            asked = str(rows.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
            plan = session.execute(text(f"EXPLAIN QUERY PLAN {asked}")).all()
            assert any("TEMP B-TREE FOR ORDER BY" in row[3] for row in plan) is gathered, plan


def test_a_story_is_found_by_articles_stored_with_it_alone(stores: list[Store]) -> None:
    """Above an article that joined an older story lies the first that founded one."""
    asked = question("until:2022")
    for store in stores:
        with store.read() as session:
            bounds = before(session, asked, edges(session, asked))
            assert bounds is not None
            joined = next(key for key in range(bounds.ceiling, ARTICLES) if key % 8 == 0)
            low = search_until.Before(joined, (), ARTICLES).parts(session, Article.story_id)
            assert f"< {joined + 1 + DISORDER}" in str(low[0].compile(compile_kwargs={"literal_binds": True}))
            assert search_until.Before(ARTICLES, (), ARTICLES).parts(session, Article.story_id) == []


@pytest.mark.parametrize("kind", list(FINDERS))
def test_of_many_read_late_each_row_is_asked(stores: list[Store], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [_all(store, kind, "until:2022") for store in stores]
    monkeypatch.setattr(search_until, "MOST_LATE", len(LATE) - 1)
    asked = question("until:2022")
    for store, found in zip(stores, expected, strict=True):
        with store.read() as session:
            assert before(session, asked, edges(session, asked)) is None
        assert _all(store, kind, "until:2022") == found
