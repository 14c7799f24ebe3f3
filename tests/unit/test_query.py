"""The read side on SQLite; tests/integration/storage/test_search.py asks both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.expressions import parse_expression
from monitor.domain.filters import Cursor, Filter, Order, Window, parse_cursor
from monitor.errors import NotFoundError, QueryError
from monitor.query import Queries, alert_line, article_line, match_line
from monitor.storage.engine import Store, open_store
from tests.databases import empty_sqlite
from tests.newsroom import NOON, Newsroom


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(empty_sqlite(tmp_path / "veille.db"))
    yield opened
    opened.dispose()


@pytest.fixture
def room(store: Store) -> Newsroom:
    return Newsroom(store)


@pytest.fixture
def queries(store: Store) -> Queries:
    return Queries(store)


def test_a_match_line_is_that_of_the_contract(room: Newsroom, queries: Queries) -> None:
    article = room.article("La Suède exclut Huawei", matches={"5g-exclusion": 0.8})
    alert = room.alert(article)
    assert match_line(queries.matches().rows[0]) == {
        "dossier": "huawei",
        "topic": "5g-exclusion",
        "score": 0.8,
        "article": {
            "id": article,
            "url": "https://press.example/1",
            "title": "La Suède exclut Huawei",
            "source": "Le Courrier",
            "published_at": "2026-03-02T12:00:00+00:00",
        },
        "evidence": [{"field": "title", "start": 0, "end": 22, "text": "La Suède exclut Huawei"}],
        "alert_id": alert,
    }


def test_an_alert_line_is_that_of_the_contract(room: Newsroom, queries: Queries) -> None:
    article = room.article("Titre", matches={"cloud": 0.6, "5g-exclusion": 0.8})
    alert = room.alert(article)
    assert alert_line(queries.alerts().rows[0]) == {
        "id": alert,
        "dossier": "huawei",
        "story_id": room.story_of(article),
        "title": "Titre",
        "topics": ["5g-exclusion", "cloud"],
        "score": 0.8,
        "status": "new",
        "raised_at": "2026-03-02T12:00:00+00:00",
        "articles": [{"id": article, "url": "https://press.example/1", "title": "Titre", "source": "Le Courrier"}],
    }


def test_an_article_line_has_the_outcome_of_the_entry_that_brought_it(room: Newsroom, queries: Queries) -> None:
    article = room.article()
    room.entry(article, "matched")
    room.entry(article, "duplicate")
    assert article_line(queries.articles().rows[0])["outcome"] == "matched"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Filter(), ["c", "b", "a"]),
        (Filter(topics=("cloud",)), ["c", "b"]),
        (Filter(topics=("huawei/cloud",)), ["c", "b"]),
        (Filter(not_topics=("cloud",)), ["a"]),
        (Filter(topics=("unknown",)), []),
        (Filter(dossier="huawei"), ["c", "b", "a"]),
        (Filter(dossier="other"), []),
        (Filter(sources=("courrier",)), ["b", "a"]),
        (Filter(sources=("echos",)), ["c"]),
        (Filter(not_sources=("Échos",)), ["b", "a"]),
        (Filter(since=NOON - timedelta(days=2)), ["b", "a"]),
        (Filter(until=NOON), ["c", "b"]),
        (Filter(min_score=0.7), ["b", "a"]),
        (Filter(max_score=0.7), ["c"]),
        (Filter(statuses=("confirmed",)), ["b"]),
        (Filter(not_statuses=("confirmed",)), ["a"]),
        (Filter(access="partial"), ["c"]),
    ],
)
def test_filters_hold_for_matches(room: Newsroom, queries: Queries, asked: Filter, found: list[str]) -> None:
    room.alert(room.article("a", matches={"5g-exclusion": 0.9}))
    room.alert(room.article("b", matches={"cloud": 0.8}, age=timedelta(days=1)), status="confirmed")
    room.article("c", matches={"cloud": 0.6}, age=timedelta(days=9), source="Les Échos", access="partial")
    assert [row.article.title for row in queries.matches(asked).rows] == found


def test_filters_hold_for_alerts_by_any_article_of_their_story(room: Newsroom, queries: Queries) -> None:
    first = room.article("a", matches={"cloud": 0.8})
    room.article("b", source="Les Échos", story=room.story_of(first))
    room.alert(first)
    assert len(queries.alerts(Filter(sources=("echos",), topics=("cloud",))).rows) == 1
    assert queries.alerts(Filter(topics=("5g-exclusion",))).rows == ()


def test_stories_and_articles_may_be_asked_by_what_was_found(room: Newsroom, queries: Queries) -> None:
    room.article("a", matches={"cloud": 0.8})
    room.article("b")
    asked = Filter(topics=("cloud",), min_score=0.5)
    assert [row.title for row in queries.articles(asked).rows] == ["a"]
    assert [row.title for row in queries.stories(asked).rows] == ["a"]


@pytest.mark.parametrize("order", list(Order))
def test_pages_go_on_where_the_one_before_ended(room: Newsroom, queries: Queries, order: Order) -> None:
    for number in range(7):
        room.article(str(number), matches={"cloud": 0.5 + number % 3 / 10})
    seen, after = [], None
    while True:
        found = queries.matches(None, Window(2, after, order))
        seen += [row.id for row in found.rows]
        after = found.after
        if after is None:
            break
        after = parse_cursor(str(after))
    assert seen == [row.id for row in queries.matches(None, Window(50, order=order)).rows]
    assert len(set(seen)) == 7


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "3~", "1~nan", "1~inf", "9" * 30, "1 2"])
def test_a_cursor_that_is_none_is_refused_or_harmless(text: str) -> None:
    try:
        cursor = parse_cursor(text)
    except QueryError:
        return
    assert cursor == Cursor(3)


def test_a_page_is_bounded(queries: Queries) -> None:
    with pytest.raises(QueryError, match="1 to 500"):
        queries.matches(None, Window(501))


@pytest.mark.parametrize("key", [1, 0, -5, 1 << 70])
def test_what_does_not_exist_is_said(queries: Queries, key: int) -> None:
    with pytest.raises(NotFoundError, match="no alert has the id"):
        queries.alert(key)


def test_facets_count_what_a_filter_finds(room: Newsroom, queries: Queries) -> None:
    room.alert(room.article("a", matches={"cloud": 0.8, "5g-exclusion": 0.9}))
    room.alert(room.article("b", source="Les Échos", matches={"cloud": 0.6}), status="confirmed")
    facets, complete = queries.facets(Filter(topics=("cloud",), sources=("échos",), access="free"))
    assert (facets.total, facets.statuses, facets.topics) == (1, {"confirmed": 1}, {"cloud": 1})
    assert (facets.sources, complete) == ({"Les Échos": 1}, True)
    assert list(facets.weeks.values()) == [1]


def test_facets_of_a_search_count_what_the_engine_found(room: Newsroom, queries: Queries) -> None:
    room.alert(room.article("Exclu", matches={"cloud": 0.8}))
    room.alert(room.article("Autre", matches={"cloud": 0.8}))
    facets, complete = queries.facets(Filter(expression=parse_expression("exclure")))
    assert (facets.total, complete) == (1, True)


def test_facets_of_a_search_count_what_outlets_carried_and_what_is_partial(room: Newsroom, queries: Queries) -> None:
    room.alert(room.article("Exclu", source="Les Échos", access="partial", matches={"cloud": 0.8}))
    room.alert(room.article("Exclu aussi", matches={"cloud": 0.8}))
    expression = parse_expression("exclure")
    for asked in (Filter(sources=("échos",)), Filter(access="partial"), Filter(sources=("échos",), access="partial")):
        facets, complete = queries.facets(replace(asked, expression=expression))
        assert (facets.total, facets.sources, complete) == (1, {"Les Échos": 1}, True)


def test_a_dossier_is_counted_by_topic_and_week_and_outlet(room: Newsroom, queries: Queries) -> None:
    room.alert(room.article("a", matches={"cloud": 0.8}))
    room.alert(room.article("b", matches={"cloud": 0.8}, age=timedelta(days=8)), age=timedelta(days=8))
    since = NOON - timedelta(days=30)
    assert sorted(queries.topic_weeks("huawei", since)["cloud"].values()) == [1, 1]
    assert queries.topic_sources("huawei", since) == {("cloud", "Le Courrier"): 2}
