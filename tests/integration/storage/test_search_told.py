"""Counts beside frequent words, found by the alerts that may answer: those that all articles of the words give."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from bench.search import question
from bench.search_data import fill
from monitor.domain.judging import Judge
from monitor.storage import search_filters, search_told
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
        monkeypatch.setattr(search_told, "_most", lambda *_, led=led, **__: ARTICLES if led else 0)
        found[led] = []
        for store in stores:
            for beside in BESIDE:
                asked = question(f"{words} {beside}")
                with store.read() as session:
                    assert (told_articles(session, asked, _judge(words).words, most) is not None) is led
                    found[led].append(true_alerts(session, asked, _judge(words), most))
    assert found[True] == found[False]
    assert found[True][: len(BESIDE)] == found[True][len(BESIDE) :], "on both databases"
    assert any(ids for ids, _ in found[True])


def test_words_lead_where_they_are_rare_or_the_alerts_are_not(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_told, "FEW", 20)
    monkeypatch.setattr(search_filters, "MOST_LOOKED_UP", 0)
    words = {said: _judge(said).words for said in ("réseau", "hydrolienne")}
    for store in stores:
        with store.read() as session:
            told = told_articles(session, question("topic:t3"), words["réseau"], 10)
            assert told
            assert told == sorted(set(told), reverse=True)
            assert told_articles(session, question("topic:t3"), words["hydrolienne"], 10) is None
            for many in ("", "is:partial", "source:12", "score:>0.1"):
                assert told_articles(session, question(many), words["réseau"], 10) is None
            for fewer in ("topic:t3 source:12", "source:12 is:partial"):
                assert told_articles(session, question(fewer), words["réseau"], 10) is not None


def test_more_alerts_may_lead_in_a_period_that_has_ended(stores: list[Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_told, "FEW", 20)
    monkeypatch.setattr(search_told, "MOST_ALERTS", 3)
    words = _judge("réseau").words
    for store in stores:
        with store.read() as session:
            assert told_articles(session, question("since:2021"), words, 10) is None
            ended = told_articles(session, question("since:2021 until:2022"), words, 10)
            assert ended is not None
            assert len(ended) > 3
            with monkeypatch.context() as patch:
                patch.setattr(search_told, "MOST_ENDED", 3)
                assert told_articles(session, question("since:2021 until:2023"), words, 10) is None


def test_that_alerts_are_many_is_not_found_anew(stores: list[Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_told, "_most", lambda *_, **__: 3)
    words = _judge("réseau").words
    for store in stores:
        asked = []
        for _ in range(2):
            with store.read() as session, statements(store) as sent:
                assert told_articles(session, question("topic:t3 score:<0.9"), words, 200) is None
            asked.append([said for said, _ in sent if "FROM alerts" in said])
        assert len(asked[0]) == 1
        assert asked[1] == []


@pytest.mark.parametrize("beside", ["topic:t3", "status:new source:12", "score:>0.9", "since:2021 until:2022"])
def test_no_table_that_grows_is_gone_through(stores: list[Store], monkeypatch: pytest.MonkeyPatch, beside: str) -> None:
    monkeypatch.setattr(search_told, "_most", lambda *_, **__: ARTICLES)
    asked = question(f"réseau {beside}")
    for store in stores:
        with store.read() as session, statements(store) as sent:
            assert true_alerts(session, asked, _judge("réseau"), 200)[0]
        assert scanned(store, [one for one in sent if "article_words" not in one[0]]) == []
        of_words = [plan(store, *one) for one in sent if "rowid IN" in one[0] or "= ANY(" in one[0]]
        assert of_words
        along = {"sqlite": r"article_words VIRTUAL TABLE INDEX \d+:M1><", "postgresql": r"using article_words_pkey"}
        assert re.search(along[store.dialect], "\n".join(of_words))
