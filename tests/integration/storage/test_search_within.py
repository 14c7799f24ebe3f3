"""Rows of a list with the words, left out by the database: what reading every row and asking of each would give."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import text

from bench.search import question
from bench.search_data import fill
from monitor.domain.filters import Cursor, Order, Window
from monitor.domain.judging import Judge
from monitor.storage import search, search_filters, search_within
from monitor.storage.engine import Store
from monitor.storage.search import find_alerts, find_matches, find_stories
from monitor.storage.search_forms import present_words
from monitor.storage.search_index import FirstPass, prefer_index
from monitor.storage.search_lists import alert_ids, match_ids, story_ids
from monitor.storage.search_marks import source_mark
from monitor.storage.search_walk import Batch, every_row, judged, own_article, story_articles
from monitor.storage.search_within import WithWords, within
from tests.integration.steps.test_plans import plan, scanned, statements

ARTICLES = 2600
LISTS = {"matches": match_ids, "alerts": alert_ids, "stories": story_ids}
FAR = 2498  # below it a story of which an article is far away
_BELOW = "(SELECT max(stories.id) FROM stories WHERE stories.id < {})"
WORDS = ["exclure", "réseau", "opérateur AND huawei", "réseau NOT huawei", "onduleur OR exclure"]


@pytest.fixture(scope="module")
def stores(both_empty: list[Store]) -> list[Store]:
    for store in both_empty:
        fill(store, ARTICLES)
        with store.write() as session:  # stories of several articles, one of them far from the others
            session.execute(text(f"UPDATE articles SET story_id = {_BELOW.format('articles.id')} WHERE id % 3 = 0"))
            session.execute(text(f"UPDATE articles SET story_id = {_BELOW.format(FAR)} WHERE id = 7"))
            session.execute(text("ANALYZE"))
    return both_empty


def _told(batch: Batch) -> tuple[Any, ...]:
    """The rows that are left, with their articles; how far it went."""
    rows = [(row[0], sorted(batch.articles[row[0]])) for row in batch.rows if batch.articles.get(row[0])]
    return rows, batch.walked, batch.last and batch.last[0]


@pytest.mark.parametrize("kind", list(LISTS))
@pytest.mark.parametrize("said", [*WORDS, "réseau topic:t3", "réseau source:12", "réseau since:2025"])
def test_the_rows_are_those_of_which_each_article_was_asked(stores: list[Store], kind: str, said: str) -> None:
    asked, of_stories, seen = question(said), kind != "matches", []
    assert asked.expression is not None
    for store in stores:
        with store.read() as session:
            prefer_index(session)
            words = present_words(session, Judge(asked.expression).words)  # type: ignore[arg-type]
            assert words is not None
            first, rows = FirstPass(session, words), LISTS[kind](session, asked)
            of = story_articles if of_stories else own_article
            for window in (Window(100), Window(450, Cursor(1800)), Window(400, Cursor(1)), Window(5000)):
                found = within(session, rows, window, first.questions, 0.001)
                look = WithWords(session, rows, first, None)
                expected = _told(every_row(session, rows, window, of, first.among))
                assert _told(look(window)) == expected
                kept = {key for key, _ in found.rows}
                assert (found.walked, found.last) == expected[1:]
                assert kept == {key for key, _ in expected[0]} or (
                    found.apart and kept >= {key for key, _ in expected[0]}
                )
                seen.append(len(kept) if not found.apart else 0)
    assert any(seen), "never asked together"


def test_rows_far_from_one_another_are_told_so_and_all_given(stores: list[Store]) -> None:
    for store in stores:
        with store.read() as session:
            prefer_index(session)
            words = present_words(session, Judge(question("réseau").expression).words)  # type: ignore[arg-type]
            assert words is not None
            first, far = FirstPass(session, words), session.execute(text(f"SELECT {_BELOW.format(FAR)}")).scalar_one()
            stories = story_ids(session, question("réseau"))
            together = within(session, stories, Window(200, Cursor(far)), first.questions, 0.001)
            assert not together.apart
            assert together.rows
            stories = story_ids(session, question(f"réseau story:{far}"))
            found = within(session, stories, Window(50), first.questions, 0.001)
            assert (found.apart, found.walked, found.last) == (True, 1, far)
            assert len(found.rows) == found.told >= 2
            assert found.rows[-1] == (far, 7)


@pytest.mark.parametrize("kind", ["matches", "alerts"])
def test_pages_by_score_are_asked_row_by_row(stores: list[Store], kind: str) -> None:
    for store in stores:
        with store.read() as session, statements(store) as sent:
            prefer_index(session)
            asked, of = question("réseau"), own_article if kind == "matches" else story_articles
            words = present_words(session, Judge(asked.expression).words)  # type: ignore[arg-type]
            assert words is not None
            first, rows = FirstPass(session, words), LISTS[kind](session, asked)
            look = WithWords(session, rows, first, None)
            window = Window(500, None, Order.SCORE)
            assert _told(look(window)) == _told(every_row(session, rows, window, of, first.among))
        assert not any(one.lstrip().startswith("WITH walk") for one, _ in sent)


FINDERS: dict[str, Any] = {"matches": find_matches, "alerts": find_alerts, "stories": find_stories}


@pytest.mark.parametrize("kind", list(LISTS))
@pytest.mark.parametrize(("said", "walks"), [("réseau", True), ("réseau since:2021", True), ("réseau topic:t3", False)])
def test_a_frequent_word_is_walked_for_where_nothing_else_is_asked(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch, kind: str, said: str, walks: bool
) -> None:
    monkeypatch.setattr(search, "FEW", 20)  # as if there were more articles
    monkeypatch.setattr(search_within, "MANY_ROWS", 40)
    asked, pages = question(said), []
    judge = Judge(asked.expression)  # type: ignore[arg-type]
    for store in stores:
        with store.read() as session, statements(store) as sent:
            pages.append([row.id for row in FINDERS[kind](session, asked, Window(10), judge).rows])
        if store.dialect == "postgresql":
            assert any(one.lstrip().startswith("WITH walk") for one, _ in sent) is walks
    assert pages[0] == pages[1]
    assert len(pages[0]) == 10


@pytest.mark.parametrize(("kind", "word"), [("matches", "opérateur"), ("alerts", "groupe"), ("stories", "marché")])
def test_sqlite_counts_frequent_words_once_and_gives_the_same(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch, kind: str, word: str
) -> None:
    monkeypatch.setattr(search, "FEW", 20)  # as if there were more articles
    (store,) = (one for one in stores if one.dialect == "sqlite")
    for said, frequent in ((f"réseau OR {word}", True), ("onduleur", False)):
        judge = Judge(question(said).expression)  # type: ignore[arg-type]
        counted, pages = [], []
        for _ in range(2):
            with store.read() as session, statements(store) as sent:
                pages.append(FINDERS[kind](session, question(said), Window(10), judge))
            counted.append(any("SELECT count(*), min(rowid)" in one for one, _ in sent))
        assert counted == [True, not frequent]
        assert pages[0] == pages[1]
        assert bool(pages[0].rows) or not frequent


@pytest.mark.parametrize("kind", list(LISTS))
@pytest.mark.parametrize(
    ("said", "led"),
    [("exclure source:1", True), ("exclure topic:t0", True), ("exclure score:>0.1", True), ("réseau source:1", False)],
)
def test_rare_words_lead_where_each_row_would_be_asked(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch, kind: str, said: str, led: bool
) -> None:
    judge = Judge(question(said).expression)  # type: ignore[arg-type]
    expected = []
    for store in stores:
        with store.read() as session:
            expected.append([row.id for row in FINDERS[kind](session, question(said), Window(10), judge).rows])
    monkeypatch.setattr(search, "FEW", 20)  # as if there were more articles
    for store, ids in zip(stores, expected, strict=True):
        with store.read() as session, statements(store) as sent:
            assert [row.id for row in FINDERS[kind](session, question(said), Window(10), judge).rows] == ids
        if store.dialect == "postgresql":
            (first, *_) = (one for one, _ in sent if re.search(r"AS of_id\s+FROM", one))
            assert ("BIGINT[]" in first) is led
    assert expected[0] == expected[1]
    assert expected[0]


@pytest.mark.parametrize(
    ("most", "said"), [(0, "= any(array((SELECT articles.source"), (ARTICLES, "alerts.story_id = any")]
)
def test_alerts_of_outlets_are_asked_or_looked_up_beside_words(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch, most: int, said: str
) -> None:
    asked = question("exclure source:1")
    with_words, pages = Judge(asked.expression), []  # type: ignore[arg-type]
    monkeypatch.setattr(search, "FEW", 20)  # as if there were more articles
    monkeypatch.setattr(search, "MANY", 20)
    monkeypatch.setattr(search_filters, "MOST_LOOKED_UP", most)
    for store in stores:
        with store.read() as session, statements(store) as sent:
            every = session.scalars(alert_ids(session, question("source:1"))(Window(ARTICLES)))
            page = [row.id for row in find_alerts(session, asked, Window(10), with_words).rows]
            assert set(page) <= set(every)
        pages.append(page)
        if store.dialect == "postgresql":
            assert any(said in one for one, _ in sent)
    assert pages[0] == pages[1]
    assert pages[0]


@pytest.mark.parametrize("said", ["until:2022", "exclure until:2022", "réseau status:new", "réseau topic:t3 source:1"])
def test_postgresql_is_asked_for_articles_and_not_for_all_stories(stores: list[Store], said: str) -> None:
    asked, pages = question(said), []
    judge = Judge(asked.expression) if asked.expression is not None else None
    for store in stores:
        found, window = [], Window(20)
        with store.read() as session, statements(store) as sent:
            for _ in range(3):
                page = find_stories(session, asked, window, judge)
                found += [row.id for row in page.rows]
                window = Window(20, page.after)
        pages.append(found)
        if store.dialect == "postgresql":
            walks = [one for one, _ in sent if "AS of_id" in one]
            assert walks
            assert not any("FROM stories" in one for one in walks)
    assert pages[0] == pages[1]
    assert len(pages[0]) > 20


@pytest.mark.parametrize("kind", list(LISTS))
def test_no_table_is_walked_through(stores: list[Store], kind: str) -> None:
    for store in stores:
        with store.read() as session, statements(store) as sent:
            prefer_index(session)
            words = present_words(session, Judge(question("exclure").expression).words)  # type: ignore[arg-type]
            assert words is not None
            rows = LISTS[kind](session, question("exclure"))
            within(session, rows, Window(100), FirstPass(session, words).questions, 0.001)
        together = [one for one in sent if one[0].lstrip().startswith("WITH walk")]
        assert len(together) == 1
        walked = scanned(store, together)
        # the walk itself goes along its key, and ends at its limit
        walked = [lines for lines in walked if "LIMIT" not in lines or "Seq Scan" in lines]
        assert walked == [], "\n\n".join(walked)


def test_articles_of_stories_that_lie_side_by_side_are_read_along_the_index(stores: list[Store]) -> None:
    for store in stores:
        with store.read() as session, statements(store) as sent:
            prefer_index(session)
            words = present_words(session, Judge(question("exclure").expression).words)  # type: ignore[arg-type]
            assert words is not None
            stories = story_ids(session, question("exclure"))
            found = within(session, stories, Window(100, Cursor(1500)), FirstPass(session, words).questions, 0.001)
            assert found.walked == 100
        (together,) = (one for one in sent if one[0].lstrip().startswith("WITH walk"))
        looked_up = re.search(r"story_id = |story_id=\?", plan(store, *together))
        assert looked_up is None, plan(store, *together)


@pytest.mark.parametrize("kind", list(LISTS))
@pytest.mark.parametrize("said", ["réseau", "sécurité NEAR/5 réseau", "opérateur AND huawei"])
def test_pages_one_after_the_other_are_all_rows_of_which_an_article_is_true(
    stores: list[Store], kind: str, said: str
) -> None:
    judge = Judge(question(said).expression)  # type: ignore[arg-type]
    for store in stores:
        with store.read() as session:
            rows = LISTS[kind](session, question(said))
            batch = every_row(session, rows, Window(ARTICLES), story_articles if rows.of_stories else own_article)
            true = judged(session, judge, sorted({one for articles in batch.articles.values() for one in articles}))
            expected = [row[0] for row in batch.rows if true.keys() & batch.articles[row[0]]]
            found, window = [], Window(7)
            while True:
                page = FINDERS[kind](session, question(said), window, judge)
                found += [row.id for row in page.rows]
                if page.after is None:
                    break
                window = Window(7, page.after)
            assert found == expected
            assert found


@pytest.mark.parametrize("kind", list(LISTS))
def test_texts_are_read_as_far_as_a_page_needs_them(stores: list[Store], kind: str) -> None:
    judge = Judge(question("réseau").expression)  # type: ignore[arg-type]
    for store in stores:
        with store.read() as session, statements(store) as sent:
            assert len(FINDERS[kind](session, question("réseau"), Window(10), judge).rows) == 10
        (given,) = (given for one, given in sent if "articles.text" in one)
        ids = given["ids"] if isinstance(given, dict) else json.loads(given[0])
        assert 11 <= len(ids) < 25, "of the twenty in sixty rows that have the word"


@pytest.mark.parametrize("said", ["réseau -source:1", "exclure source:1", "réseau source:2 is:partial"])
def test_stories_of_outlets_take_one_look_at_each_beside_words_that_lead(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    judge, found = Judge(question(said).expression), []  # type: ignore[arg-type]
    with monkeypatch.context() as walked:
        walked.setattr(search, "_all_of", lambda *_: None)
        for store in stores:
            with store.read() as session:
                found.append([row.id for row in find_stories(session, question(said), Window(100), judge).rows])
    assert found[0] == found[1] != []
    monkeypatch.setattr(search, "FEW", ARTICLES)
    monkeypatch.setattr(search_within, "FEW_STORIES", 3)  # so that they are looked up twice
    for store in stores:
        with store.read() as session, statements(store) as sent:
            page = find_stories(session, question(said), Window(100), judge)
            assert [row.id for row in page.rows] == found[0]
        looks = [one for one, _ in sent if re.search(r"AS of_id\s+FROM", one)]
        assert len(looks) == 2 or store.dialect == "sqlite" or said != "réseau -source:1"
        assert all("any(array((SELECT articles." in one for one in looks) is (store.dialect == "postgresql")


@pytest.mark.parametrize(
    ("said", "by_index"),
    [
        ("gouvernement source:2", True),
        ("gouvernement source:2 score:>0.2", True),
        ("gouvernement since:2021 source:2", True),
        ("gouvernement source:nulle-part", False),
        ("réseau source:2", False),
    ],
)
def test_matches_of_words_and_outlets_are_found_by_the_index_of_words(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch, said: str, by_index: bool
) -> None:
    judge = Judge(question(said).expression)  # type: ignore[arg-type]
    for store in stores:
        with store.read() as session:
            expected = find_matches(session, question(said), Window(50), judge)
        with monkeypatch.context() as fewer:
            fewer.setattr(search, "FEW", 20)  # as if there were more articles
            fewer.setattr(search, "MANY", 110)
            with store.read() as session, statements(store) as sent:
                assert find_matches(session, question(said), Window(50), judge) == expected
        assert any(OUTLET in str(values) for _, values in sent) is by_index
        assert bool(expected.rows) is ("nulle-part" not in said)


OUTLET = source_mark("Média 12")
