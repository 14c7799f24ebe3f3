"""Counts beside frequent words, found by the alerts that may answer: those that all articles of the words give."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from bench.search import question
from bench.search_data import fill
from monitor.domain.judging import Judge
from monitor.storage import search_told
from monitor.storage.engine import Store
from monitor.storage.search import true_alerts
from monitor.storage.search_told import told_articles
from tests.integration.steps.test_plans import plan, scanned, statements

ARTICLES = 2600
_BELOW = "(SELECT max(stories.id) FROM stories WHERE stories.id < articles.id)"
BESIDE = [
    "topic:t3",
    "-topic:t3",
    "topic:t3 status:new score:>0.5",
    "status:new source:12",
    "source:1 is:partial",
    "since:2021 until:2024",
]


@pytest.fixture(scope="module")
def stores(both_empty: list[Store]) -> list[Store]:
    for store in both_empty:
        fill(store, ARTICLES)
        with store.write() as session:  # stories of several articles
            session.execute(text(f"UPDATE articles SET story_id = {_BELOW} WHERE id % 3 = 0"))
            session.execute(text("ANALYZE"))
    return both_empty


def _judge(said: str) -> Judge:
    expression = question(said).expression
    assert expression is not None
    return Judge(expression)


@pytest.mark.parametrize("most", [3, 200])
@pytest.mark.parametrize(
    "words", ["réseau", "opérateur OR exclure", "réseau NOT huawei", '"centre de données"', "rése*"]
)
def test_the_alerts_are_those_found_by_all_articles_of_the_words(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch, words: str, most: int
) -> None:
    found: dict[bool, list[tuple[list[int], bool]]] = {}
    for led in (False, True):
        monkeypatch.setattr(search_told, "_most", lambda *_, led=led: ARTICLES if led else None)
        found[led] = []
        for store in stores:
            for beside in BESIDE:
                asked = question(f"{words} {beside}")
                with store.read() as session:
                    assert (told_articles(session, asked, _judge(words).words) is not None) is led
                    found[led].append(true_alerts(session, asked, _judge(words), most))
    assert found[True] == found[False]
    assert found[True][: len(BESIDE)] == found[True][len(BESIDE) :], "on both databases"
    assert any(ids for ids, _ in found[True])


def test_words_lead_where_they_are_rare_or_the_alerts_are_not(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = _judge("réseau").words
    monkeypatch.setattr(search_told, "FEW", 100)
    monkeypatch.setattr(search_told, "FEW_ASKED", 100)
    for store in stores:
        with store.read() as session:
            told = told_articles(session, question("réseau topic:t3"), words)
            assert told
            assert told == sorted(set(told), reverse=True)
            assert told_articles(session, question("hydrolienne topic:t3"), _judge("hydrolienne").words) is None
            for beside in ("", "source:1 -source:2"):  # all alerts; and outlets alone, of which there may be many
                monkeypatch.setattr("monitor.storage.search_filters.MOST_LOOKED_UP", 0)
                assert told_articles(session, question(f"réseau {beside}"), words) is None
    monkeypatch.setattr(search_told, "MOST_ALERTS", len(told) // 4)
    for store in stores:
        with store.read() as session:
            assert told_articles(session, question("réseau topic:t3"), words) is None


@pytest.mark.parametrize("beside", ["topic:t3", "status:new source:12", "score:>0.9", "since:2021 until:2022"])
def test_no_table_that_grows_is_gone_through(stores: list[Store], monkeypatch: pytest.MonkeyPatch, beside: str) -> None:
    monkeypatch.setattr(search_told, "_most", lambda *_: ARTICLES)
    asked = question(f"réseau {beside}")
    for store in stores:
        with store.read() as session, statements(store) as sent:
            assert true_alerts(session, asked, _judge("réseau"), 200)[0]
        assert scanned(store, [one for one in sent if "article_words" not in one[0]]) == []
        of_words = [plan(store, *one) for one in sent if "rowid IN" in one[0] or "= ANY(" in one[0]]
        assert of_words
        along = {"sqlite": r"article_words VIRTUAL TABLE INDEX \d+:M1><", "postgresql": r"using article_words_pkey"}
        assert re.search(along[store.dialect], "\n".join(of_words))
