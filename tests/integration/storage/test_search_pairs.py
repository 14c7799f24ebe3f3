"""Phrases of frequent words, in stores of which the newer articles are indexed with pairs: each answer is what reading
every article gives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, text

from bench.search import question
from bench.search_data import fill
from monitor.domain.filters import Filter, Window
from monitor.domain.judging import Judge
from monitor.domain.words import pair_word
from monitor.query import Queries
from monitor.storage import search_pairs
from monitor.storage.dossiers import put_setting
from monitor.storage.engine import Store, open_store
from monitor.storage.search_frequent import AHEAD, learn_pairs
from monitor.storage.search_index import Indexed, drop_words, mend_index, put_words
from monitor.storage.search_pairs import KEY, paired_words
from monitor.storage.search_walk import newest_documents
from monitor.storage.tables import Article
from tests.newsroom import NOON, Newsroom

ARTICLES, LEARNT = 4600, 2000  # the last with pairs
PHRASES = [
    '"réseau sécurité"',
    '"données des entreprises"',
    '"sécurité réseau" OR "Huawei marché"',
    '"réseau européen"',
    '"groupe Huawei Europe"',
    '=="données sécurité"',
    'title("Huawei réseau")',
    '"entreprise opérateur" NOT huawei',
    '("cloud entreprise" OR sabotage) AND "marché groupe"',
    '"opérateur europ*"',
    '"intelligence artificielle"',
]
FILTERED = ["dossier:bench", 'source:"Média 1"', "since:2021 until:2024", "status:new", "until:2023-06"]


@pytest.fixture(scope="module")
def stores(both_empty: list[Store]) -> list[Store]:
    for store in both_empty:
        fill(store, ARTICLES, enough=LEARNT)
    return both_empty


def test_pairs_are_indexed_from_some_article_on(stores: list[Store]) -> None:
    for store in stores:
        with store.read() as session:
            paired = paired_words(session)
        assert paired.first == LEARNT + AHEAD
        assert {"reseau", "securite", "donnees"} <= set(paired.since)
        assert not {"de", "sont", "avec"} & set(paired.since)
        learn_pairs(store, enough=LEARNT)  # what has become frequent since
        assert learn_pairs(store, enough=LEARNT) == 0


@pytest.mark.parametrize("said", PHRASES)
def test_every_page_is_what_reading_every_article_gives(stores: list[Store], said: str) -> None:
    with stores[0].read() as session:
        articles = newest_documents(session, ARTICLES)
    asked: Filter = question(said)
    assert asked.expression is not None
    judge = Judge(asked.expression)
    true = [article_id for article_id, document in articles if judge.spans(document) is not None]
    for store in stores:
        assert _all(Queries(store), said, 20) == true


def _all(queries: Queries, said: str, size: int) -> list[int]:
    """The ids of all pages."""
    found, after = list[int](), None
    while True:
        page = queries.articles(question(said), Window(size, after))
        found += [row.id for row in page.rows]
        if page.after is None:
            return found
        after = page.after


@pytest.mark.parametrize("more", FILTERED)
def test_filters_beside_a_phrase_are_asked_of_old_and_new(stores: list[Store], more: str) -> None:
    phrase = '("réseau sécurité" OR "données des entreprises")'
    filtered = set(_all(Queries(stores[0]), more, 500))
    expected = [one for one in _all(Queries(stores[0]), phrase, 500) if one in filtered]
    assert expected
    for store in stores:
        assert _all(Queries(store), f"{phrase} {more}", 30) == expected


def _paired(store: Store, *words: str) -> int:
    """Make words frequent from the next article on."""
    with store.write() as session:
        known = paired_words(session).since
        since = (session.scalar(text("SELECT max(id) FROM articles")) or 0) + 1
        put_setting(session, KEY, {**known, **dict.fromkeys(words, since)})
    search_pairs._READ.clear()
    return since


def _titles(store: Store, said: str) -> list[str]:
    return [row.title for row in Queries(store).articles(question(said), Window(50)).rows]


def test_what_is_edited_keeps_the_pairs_of_its_time(store: Store) -> None:
    room = Newsroom(store)
    old = room.article("ancien", "Le réseau sécurité.")
    _paired(store, "reseau", "securite")
    new = room.article("neuf", "Rien.")
    _paired(store, "cloud")
    newest = room.article("dernier", "Le cloud réseau sécurité.")
    assert _titles(store, '"réseau sécurité"') == ["dernier", "ancien"]
    for article in (old, new, newest):
        with store.write() as session:
            row = session.get_one(Article, article)
            drop_words(session, [Indexed.of(row)])
            row.text = "Un réseau de sécurité, cloud réseau."
            put_words(session, [Indexed.of(row)])
    assert _titles(store, '"réseau sécurité"') == []
    assert _titles(store, '"réseau de sécurité"') == ["dernier", "neuf", "ancien"]
    assert _titles(store, '"cloud réseau"') == ["dernier", "neuf", "ancien"]


def test_an_index_without_the_pair_does_not_give_the_article(store: Store) -> None:
    """So it is the pairs that are asked."""
    room = Newsroom(store)
    _paired(store, "reseau", "securite")
    article = room.article("neuf", "Le réseau sécurité.")
    assert _titles(store, '"réseau sécurité"') == ["neuf"]
    with store.write() as session:
        row = session.get_one(Article, article)
        drop_words(session, [Indexed.of(row)])
        row.text = "Un réseau ouvert, la sécurité."
        put_words(session, [Indexed.of(row)])
        row.text = "Le réseau sécurité."
    assert _titles(store, '"réseau sécurité"') == []
    assert _titles(store, "réseau AND sécurité") == ["neuf"]


def test_where_pairs_begin_is_below_what_was_newest_before(postgres_url: str) -> None:
    """So no turn to the server is taken for it, and an article that is there no longer is not missed."""
    store = open_store(postgres_url)
    room = Newsroom(store)
    room.article("ancien", "Le réseau sécurité.")
    _paired(store, "reseau", "securite")
    gone = room.article("neuf", "Le réseau sécurité.")
    assert _titles(store, '"réseau sécurité"') == ["neuf", "ancien"]
    statements = list[str]()
    event.listen(store.searching, "before_cursor_execute", lambda *said: statements.append(said[2]))
    assert _titles(store, '"réseau sécurité"') == ["neuf", "ancien"]
    assert not [said for said in statements if "max(articles.id) AS max_1" in said]
    with store.write() as session:
        for table in ("article_words", "sketches", "entries", "matches"):
            session.execute(text(f"DELETE FROM {table} WHERE article_id = :id"), {"id": gone})
        session.execute(text("DELETE FROM articles WHERE id = :id"), {"id": gone})
    assert _titles(store, '"réseau sécurité"') == ["ancien"]
    assert _titles(store, '"réseau sécurité"') == ["ancien"]
    room.article("dernier", "Le réseau sécurité.")
    assert _titles(store, '"réseau sécurité"') == ["dernier", "ancien"]
    store.dispose()


def test_what_an_older_worker_indexed_without_pairs_is_indexed_anew(postgres_url: str) -> None:
    store = open_store(postgres_url)
    room = Newsroom(store)
    room.article("ancien", "Le réseau sécurité.")
    _paired(store, "reseau", "securite")
    article = room.article("neuf", "Le réseau sécurité.")
    without = "ts_delete(words, ARRAY['¤p', :pair])"
    unpaired = text(f"UPDATE article_words SET words = {without} WHERE article_id = :id")
    with store.write() as session:
        session.execute(unpaired, {"id": article, "pair": pair_word("reseau", "securite")})
    assert _titles(store, '"réseau sécurité"') == ["ancien"]
    with store.write() as session:
        assert mend_index(session, NOON - timedelta(days=7)) == 1
        assert mend_index(session, NOON - timedelta(days=7)) == 0
    assert _titles(store, '"réseau sécurité"') == ["neuf", "ancien"]
    store.dispose()
