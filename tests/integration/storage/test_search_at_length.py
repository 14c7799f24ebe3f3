"""Every shape of question on some thousands of articles: the same ids on both databases, and those that are true.

The rows, the questions and the comparison are those of `bench/search.py`, where a million articles are asked.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import event

from bench.search import NEWEST, question, same_ids
from bench.search_data import fill
from monitor.domain.filters import Filter, Window
from monitor.domain.judging import Judge
from monitor.domain.model import Document, Span
from monitor.query import Queries
from monitor.storage import search_walk, streamed
from monitor.storage.engine import Store, open_store
from monitor.storage.schema import migrate
from monitor.storage.search import find_articles
from monitor.storage.search_facets import monday
from monitor.storage.search_rows import ArticleRow
from monitor.storage.search_walk import newest_documents

ARTICLES = 2600  # more than two of the stretches that PostgreSQL's index is asked by


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Iterator[list[Store]]:
    folder: Path = tmp_path_factory.mktemp("length")
    opened = [open_store(f"sqlite:///{folder / 'long.db'}"), open_store(postgres.replace("DATABASE", "postgres"))]
    for store in opened:
        migrate(store)
        fill(store, ARTICLES)
    yield opened
    for store in opened:
        store.dispose()


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """The statements of searches that are run meanwhile."""
    said = list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    class Noted(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    event.listen(store.searching, "before_cursor_execute", note)
    noted, level = Noted(), streamed.logger.level
    streamed.logger.addHandler(noted)
    streamed.logger.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        event.remove(store.searching, "before_cursor_execute", note)
        streamed.logger.removeHandler(noted)
        streamed.logger.setLevel(level)


def test_every_question_has_the_same_answer_on_both_databases(stores: list[Store]) -> None:
    assert same_ids(stores) == 0


WORDED = [said for questions in NEWEST.values() for said in questions if said and ":" not in said]


def test_the_newest_page_is_what_reading_every_article_would_give(stores: list[Store]) -> None:
    with stores[0].read() as session:
        articles = newest_documents(session, ARTICLES)
    queries = Queries(stores[1])
    wrong = []
    for said in WORDED:
        asked: Filter = question(said)
        assert asked.expression is not None
        judge = Judge(asked.expression)
        true = [article_id for article_id, document in articles if judge.spans(document) is not None][:50]
        # once more, as what was learnt of a question tells how much is read for it
        pages = [queries.articles(asked, Window(50)) for _ in range(2)]
        if any([row.id for row in page.rows] != true for page in pages) or pages[0] != pages[1]:
            wrong.append(said)
    assert wrong == []


def test_a_question_that_was_asked_before_takes_fewer_turns(stores: list[Store]) -> None:
    for store in stores:
        queries, turns = Queries(store), list[int]()
        for _ in range(2):
            with statements(store) as asked:
                queries.articles(question("sécurité NEAR/5 réseau"), Window(50))
            turns.append(len(asked))
        assert turns[1] < turns[0]


@pytest.mark.parametrize(
    "said",
    ["exclure since:2025 until:2026", "gouvernement since:2024-05 until:2025-03", "données until:2025-09 since:2025"],
)
def test_a_period_that_was_asked_before_takes_one_statement(stores: list[Store], said: str) -> None:
    """Where it begins and ends is known, and the few articles that were read late are asked with the others."""
    queries, asked = Queries(stores[1]), question(said)
    whole = [row.id for row in Queries(stores[0]).articles(asked, Window(500)).rows]
    assert len(whole) > 15
    queries.articles(asked, Window(15))
    with statements(stores[1]) as said_again:
        again = queries.articles(asked, Window(15))
    assert len(said_again) == 1
    seen = [row.id for row in again.rows]
    while again.after is not None:
        again = queries.articles(asked, Window(15, again.after))
        seen += [row.id for row in again.rows]
    assert seen == whole


@pytest.mark.parametrize(
    ("meta", "holds"),
    [
        ('source("Média 12")', lambda row: row.source == "Média 12"),
        ('after("2025-06-01")', lambda row: row.published_at and row.published_at.date() >= date(2025, 6, 1)),
        ('NOT language("fr")', lambda row: row.language != "fr"),
    ],
)
def test_what_is_asked_beside_the_text_is_read_with_it(
    stores: list[Store], meta: str, holds: Callable[[ArticleRow], bool]
) -> None:
    for store in stores:
        queries = Queries(store)
        rows = queries.articles(question("réseau"), Window(500)).rows
        true = [row.id for row in rows if holds(row)]
        for _ in range(2):  # once more, when it is known how many are judged for a page
            found = [row.id for row in queries.articles(question(f"réseau {meta}"), Window(40)).rows]
            assert found[: len(true)] == true[: len(found)]
            assert bool(found) == bool(true)


def test_a_page_that_ends_early_ends_at_the_same_place_when_it_is_asked_again(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = question("sécurité NEAR/5 réseau")
    whole = [row.id for row in Queries(stores[0]).articles(said, Window(500)).rows]
    monkeypatch.setattr(search_walk, "MOST_EXAMINED", 150)
    ends = []
    for store in stores:
        queries = Queries(store)
        for _ in range(2):
            page = queries.articles(said, Window(50))
            assert 0 < len(page.rows) < 50
            assert page.after is not None
            seen = [row.id for row in page.rows]
            ends.append(page.after)
            while page.after is not None:
                page = queries.articles(said, Window(50, page.after))
                seen += [row.id for row in page.rows]
            assert seen == whole
    assert len(set(ends)) == 1


@pytest.mark.parametrize(
    "said", ["gouvernement", "until:2021", "réseau since:2021", 'source:"Média 12"', "topic:t0", "status:new"]
)
def test_pages_one_after_the_other_leave_nothing_out_and_repeat_nothing(stores: list[Store], said: str) -> None:
    for store in stores:
        queries, after, seen = Queries(store), None, list[int]()
        whole = [row.id for row in queries.articles(question(said), Window(500)).rows]
        while True:
            page = queries.articles(question(said), Window(37, after))
            seen += [row.id for row in page.rows]
            after = page.after
            if after is None or len(seen) >= len(whole):
                break
        assert seen[: len(whole)] == whole


@pytest.mark.parametrize("said", ["sécurité NEAR/5 réseau", "données NEAR/5 réseau"])
def test_hundreds_are_found_stretch_by_stretch_newest_first(stores: list[Store], said: str) -> None:
    """The first stretch is judged while PostgreSQL goes through the next: on a first page, and from any place on."""
    asked = question(said)
    whole = [row.id for row in Queries(stores[0]).articles(asked, Window(500)).rows]
    assert len(whole) > 60
    queries = Queries(stores[1])
    with statements(stores[1]) as said_of_pages:
        for limits in ((12, 12, 15, 500), (12, 7, 12, 500)):
            seen, after = list[int](), None
            for limit in limits:
                page = queries.articles(asked, Window(limit, after))
                seen += [row.id for row in page.rows]
                after = page.after
            assert seen == whole
    assert sum("AS era CROSS JOIN LATERAL" in one for one in said_of_pages) > 2


class _Noting(Judge):
    """Notes, for each article that it reads, whether whole ones were asked for by then."""

    asked: Sequence[str] = ()
    noted: ClassVar[list[bool]] = []

    def spans_of_likely(self, document: Document) -> tuple[Span, ...] | None:
        self.noted.append(any("articles.id = ANY ($" in one for one in self.asked))
        return super().spans_of_likely(document)


@pytest.mark.parametrize(
    ("said", "ahead"),
    [
        ("sécurité NEAR/5 réseau", True),
        ('sécurité NEAR/5 réseau NOT "intelligence artificielle"', True),  # not all that are likely are true
        ("sécurité NEAR/5 réseau AND centre*", False),  # few are
    ],
)
def test_what_is_nearly_certain_is_asked_for_before_it_is_judged(stores: list[Store], said: str, ahead: bool) -> None:
    asked = question(said)
    assert asked.expression is not None
    judge = _Noting(asked.expression)
    with stores[0].read() as session:
        articles = newest_documents(session, ARTICLES)
    true = [(one, spans) for one, document in articles if (spans := judge.spans(document)) is not None][:51]
    for again in (False, True, True):  # once it is known how many likely ones are true
        with statements(stores[1]) as judge.asked:
            judge.noted.clear()
            found = stores[1].search(lambda session: find_articles(session, asked, Window(50), judge))
        assert [(row.id, row.spans) for row in found.rows] == true[:50]
        assert (found.after is not None) == (len(true) > 50)
        assert judge.noted[0] is (ahead and again)


@pytest.mark.parametrize(
    "said",
    [
        "réseau topic:t3 topic:t5",
        "réseau topic:t1 status:new",
        "données dossier:bench",
        "sécurité score:>0.5",
        "exclure topic:t1 since:2022 until:2026",
    ],
)
def test_words_beside_topics_and_follow_up_give_each_article_once_newest_first(stores: list[Store], said: str) -> None:
    one, other = ([row.id for row in Queries(store).articles(question(said), Window(50)).rows] for store in stores)
    assert one == other == sorted(set(one), reverse=True)
    assert one


@pytest.mark.parametrize("beside", ["", "topic:t1", "score:>0.5", 'source:"Média 1"', "until:2026"])
def test_follow_up_is_that_of_an_alert_of_the_articles_story(stores: list[Store], beside: str) -> None:
    wide = Window(500)
    for store in stores:
        queries, told, after = Queries(store), set[int](), None
        while True:
            alerts = queries.alerts(question("status:new"), Window(500, after))
            told |= {row.story_id for row in alerts.rows}
            after = alerts.after
            if after is None:
                break
        all_of_them = queries.articles(question(f"réseau {beside}"), wide).rows
        expected = [row.id for row in all_of_them if row.story_id in told][:50]
        assert expected
        for _ in range(2):  # once more, with what was learnt
            found = queries.articles(question(f"réseau {beside} status:new"), Window(50)).rows
            assert [row.id for row in found][: len(expected)] == expected


def test_a_question_asked_again_has_the_same_answer(stores: list[Store]) -> None:
    for said in (said for questions in NEWEST.values() for said in questions if ":" in said):
        for store in stores:
            first, again = (Queries(store).articles(question(said), Window(50)) for _ in range(2))
            assert first == again


@pytest.mark.parametrize("beside", ["", "source:12", "is:partial", "-source:1"])
@pytest.mark.parametrize(
    "said", ["", "topic:t3", "status:new", "since:2025", "exclure", "réseau NOT huawei", "réseau status:new"]
)
def test_counts_are_those_of_the_alerts_that_answer(stores: list[Store], said: str, beside: str) -> None:
    said = f"{said} {beside}".strip()
    for store in stores:
        queries = Queries(store)
        rows = queries.alerts(question(said), Window(500)).rows
        counts, complete = queries.facets(question(said))
        assert complete
        assert counts.total == len(rows) > 0
        assert counts.statuses == Counter(row.status for row in rows)
        assert counts.topics == Counter(topic.slug for row in rows for topic in row.topics)
        assert counts.weeks == Counter(monday(row.raised_at.date()) for row in rows)


def test_questions_of_one_shape_keep_their_own_values(stores: list[Store]) -> None:
    """A statement is made once for all of a shape."""
    at, wide = "%Y-%m-%d", Window(500)
    for store in stores:
        queries = Queries(store)
        for outlet in ("Média 121", "Média 45"):
            rows = queries.articles(question(f'réseau is:partial source:"{outlet}"'), wide).rows
            assert {(row.source, row.access) for row in rows} <= {(outlet, "partial")}
            rows = queries.articles(question(f'source:"{outlet}"'), wide).rows
            assert {row.source for row in rows} == {outlet}
        for first, last in (("2021-02-01", "2021-05-01"), ("2024-07-01", "2024-09-01")):
            rows = queries.articles(question(f"opérateur since:{first} until:{last}"), wide).rows
            assert rows
            assert all(row.published_at and first <= row.published_at.strftime(at) <= last for row in rows)
        for said in ("topic:t1", "topic:t2", "score:>0.9", "score:>0.5", "topic:t1 score:>0.5 score:<0.6"):
            rows = queries.articles(question(said), wide).rows
            found = {row.article.id for row in queries.matches(question(said), wide).rows}
            assert [row.id for row in rows] == sorted(found, reverse=True)
        for status in ("new", "confirmed"):
            rows = queries.articles(question(f"réseau status:{status}"), wide).rows
            told = {head.id for row in queries.alerts(question(f"status:{status}"), wide).rows for head in row.articles}
            assert {row.id for row in rows} <= told
