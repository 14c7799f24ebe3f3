"""Searches on both databases: the same rows for the same question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.engine import make_url

from monitor.domain.filters import Filter, Window
from monitor.domain.questions import parse_question
from monitor.domain.words import Word
from monitor.errors import QueryError
from monitor.query import Queries
from monitor.storage.engine import Store, open_store
from monitor.storage.schema import alembic_config, migrate
from monitor.storage.search_index import FirstPass, Indexed, drop_words
from monitor.storage.tables import Article
from tests.newsroom import NOON, Newsroom

TEXTS = {
    "exclusion": ("La Suède exclut l’équipementier", "Les opérateurs suédois écartent Huawei de la 5 G."),
    "œuvre": ("Mise en œuvre du cloud", "Huawei s’allie à un opérateur. Le cœur de réseau attend."),
    "annonce": ("Annonce", "Un nouveau téléphone, dit l’UE. Rien d’autre."),
    "grec": ("Αθήνα", "Ηuawei en cyrillique : Хуавэй."),
    "vide": ("", ""),
}


@pytest.fixture
def room(store: Store) -> Newsroom:
    room = Newsroom(store)
    for name, (title, text) in TEXTS.items():
        room.alert(room.article(title, text, source=name, matches={"cloud": 0.5}))
    return room


@pytest.fixture
def queries(store: Store) -> Queries:
    return Queries(store)


def asked(text: str) -> Filter:
    return parse_question(text, now=datetime(2026, 3, 3, tzinfo=UTC), zone=ZoneInfo("Europe/Paris"))


QUESTIONS = [
    ("exclure", ["exclusion"]),
    ("écarter AND équipementiers", ["exclusion"]),
    ("opérateur", ["œuvre", "exclusion"]),
    ('"mise en oeuvre"', ["œuvre"]),
    ("5G", ["exclusion"]),
    ("operat*", ["œuvre", "exclusion"]),
    ("^UE", ["annonce"]),
    ("==ecartent", []),
    ("title(suède)", ["exclusion"]),
    ("huawei NOT cloud", ["exclusion"]),
    ("NOT huawei", ["vide", "grec", "annonce"]),
    ("Хуавэй", ["grec"]),
    ("aujourd'hui", []),
    ("huawei NEAR/3 5G", ["exclusion"]),
    ("huawei source:exclusion", ["exclusion"]),
    ("huawei -source:exclusion topic:cloud", ["œuvre"]),
    ("huawei topic:5g-exclusion", []),
    ("huawei OR téléphone", ["annonce", "œuvre", "exclusion"]),
]


@pytest.mark.parametrize(("text", "found"), QUESTIONS)
def test_both_databases_give_the_same_articles(room: Newsroom, queries: Queries, text: str, found: list[str]) -> None:
    assert [row.source for row in queries.articles(asked(text)).rows] == found


@pytest.mark.parametrize(("text", "found"), QUESTIONS)
def test_matches_alerts_and_stories_are_asked_alike(
    room: Newsroom, queries: Queries, text: str, found: list[str]
) -> None:
    question = asked(text)
    assert [row.article.source for row in queries.matches(question).rows] == found
    assert [row.articles[0].source for row in queries.alerts(question).rows] == found
    assert [row.articles[0].source for row in queries.stories(question).rows] == found


def test_the_engine_gives_the_spans(room: Newsroom, queries: Queries) -> None:
    row = queries.articles(asked("exclure AND suédois")).rows[0]
    assert [(span.field, span.text) for span in row.spans] == [("title", "exclut"), ("body", "suédois")]


def test_pages_of_a_search_go_on_where_the_one_before_ended(room: Newsroom, queries: Queries) -> None:
    seen, after = [], None
    while True:
        page = queries.articles(asked("huawei OR téléphone"), Window(1, after))
        seen += [row.source for row in page.rows]
        after = page.after
        if after is None:
            break
    assert seen == ["annonce", "œuvre", "exclusion"]


def test_a_search_looks_beyond_its_first_batch(store: Store) -> None:
    room = Newsroom(store)
    wanted = room.article("La Suède exclut Huawei")
    for number in range(150):
        room.article(f"Huawei {number}", "La Suède n’exclut rien.")
    found = Queries(store).articles(asked("title(suède) AND huawei"))
    assert [row.id for row in found.rows] == [wanted]


def test_a_form_that_no_article_had_is_found_as_soon_as_one_has_it(store: Store) -> None:
    room, queries = Newsroom(store), Queries(store)
    room.article("La Suède exclut Huawei")
    assert len(queries.articles(asked("exclure")).rows) == 1
    room.article("Ils excluront Huawei")
    assert [row.title for row in queries.articles(asked("exclure")).rows] == [
        "Ils excluront Huawei",
        "La Suède exclut Huawei",
    ]


def test_topics_that_are_rarer_than_the_words_lead_and_a_new_form_is_found(store: Store) -> None:
    """What PostgreSQL's statistics know is decided before a first look, which would have asked for new forms."""
    room, queries = Newsroom(store), Queries(store)
    found = [room.article(f"La Suède exclut Huawei {n}", matches={} if n % 3 else {"cloud": 0.5}) for n in range(30)]
    with store.write() as session:
        session.execute(sql("ANALYZE"))
    for new in (None, room.article, room.article):
        if new is not None:
            found.append(new(f"Ils excluront Huawei, {len(found)}", matches={"cloud": 0.5}))
        rows = queries.articles(asked("exclure topic:cloud")).rows
        assert [row.id for row in rows] == [*found[:29:-1], *found[27::-3]]


def test_articles_that_came_since_the_last_search_are_all_found(store: Store) -> None:
    room, queries = Newsroom(store), Queries(store)
    room.article("Le premier câble")
    assert len(queries.articles(asked("câble")).rows) == 1
    later = [room.article(f"Le câble {number}") for number in range(90)]
    found = [row.id for row in queries.articles(asked("câble"), Window(100)).rows]
    assert found[:-1] == later[::-1]
    assert len(found) == 91


def test_a_search_outlives_its_connection(postgres_url: str) -> None:
    store = open_store(postgres_url)
    Newsroom(store).article("Le câble")
    queries = Queries(store)
    assert len(queries.articles(asked("câble")).rows) == 1
    with store.write() as session:
        session.execute(
            sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = :name"
            ),
            {"name": postgres_url.rpartition("/")[2].partition("?")[0]},
        )
    assert len(queries.articles(asked("câble")).rows) == 1
    store.dispose()


def test_times_are_in_utc_whatever_the_servers_own_zone_is(postgres_url: str) -> None:
    elsewhere = make_url(postgres_url).update_query_dict({"options": "-c timezone=America/New_York"})
    store = open_store(elsewhere.render_as_string(hide_password=False))
    for zone_of in (store.read, store.searching.connect):
        with zone_of() as on:
            assert on.execute(sql("SHOW timezone")).scalar_one() == "UTC"
    Newsroom(store).article("Le câble")
    (row,) = Queries(store).articles(asked("câble since:2026-01")).rows
    assert (row.published_at, row.published_at and row.published_at.tzinfo) == (NOON, UTC)
    store.dispose()


def test_an_article_that_left_the_index_is_not_found(room: Newsroom, store: Store, queries: Queries) -> None:
    article = queries.articles(asked("exclure")).rows[0].id
    with store.write() as session:
        drop_words(session, [Indexed.of(session.get_one(Article, article))])
    assert queries.articles(asked("exclure")).rows == ()


def test_a_hostile_article_of_endless_words_is_indexed(store: Store, queries: Queries) -> None:
    room = Newsroom(store)
    room.article("long", " ".join(f"mot{number}" for number in range(60_000)) + " " + "x" * 100_000)
    assert [row.title for row in queries.articles(asked("mot1")).rows] == ["long"]


def test_a_term_of_many_forms_can_be_asked(room: Newsroom, queries: Queries) -> None:
    assert len(queries.articles(asked('"grand petit beau nouveau"')).rows) == 0


def test_an_unknown_entity_is_said(room: Newsroom, queries: Queries) -> None:
    with pytest.raises(QueryError, match="no dossier has @nokia"):
        queries.articles(asked("@nokia"))


def test_upgrading_indexes_the_articles_there_are_and_downgrading_takes_the_index_away(tmp_path: Path) -> None:
    from alembic import command

    store = open_store(f"sqlite:///{tmp_path / 'old.db'}")
    migrate(store)
    Newsroom(store).article("La Suède exclut Huawei")
    with store.engine.execution_options(veille_write=True).connect() as connection, connection.begin():
        command.downgrade(alembic_config(connection), "0001")
    migrate(store)
    assert len(Queries(store).articles(asked("exclure")).rows) == 1
    store.dispose()


def test_what_was_read_long_after_it_was_published_is_found_by_its_month(
    store: Store, queries: Queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it was stored after the periods end, so the index alone gives it."""
    monkeypatch.setattr("monitor.storage.search_filters.DISORDER", 0)
    room = Newsroom(store)
    for month in (2, 3, 4):
        room.article(f"mois {month}", age=NOON - datetime(2023, month, 1, tzinfo=UTC))
    room.article("vieux", age=NOON - datetime(1988, 3, 1, tzinfo=UTC))
    found = {said: [row.title for row in queries.articles(asked(said)).rows] for said in PERIODS}
    assert found == PERIODS


PERIODS = {
    "until:2023-02-20": ["vieux", "mois 2"],
    "since:2023-02-20 until:2023-03-20": ["mois 3"],
    "since:2023 until:2024": ["mois 4", "mois 3", "mois 2"],
    "until:1990": ["vieux"],
}


def test_an_index_that_knew_years_alone_learns_the_months(store: Store) -> None:
    """And an article that leaves it afterwards leaves it whole."""
    from alembic import command

    room = Newsroom(store)
    late = room.article("tard", age=NOON - datetime(2023, 2, 1, tzinfo=UTC))
    room.article("à l’heure")
    whole = marked(store)
    with store.engine.execution_options(veille_write=True).connect() as connection, connection.begin():
        command.downgrade(alembic_config(connection), "0012")
    assert marked(store) == []
    migrate(store)
    assert marked(store) == whole == [late]
    with store.write() as session:
        drop_words(session, [Indexed.of(session.get_one(Article, late))])
    assert marked(store) == []


def marked(store: Store) -> list[int]:
    """The articles that the index has in a month."""
    with store.read() as session:
        first = FirstPass(session, Word("¤m202302"))
        return list(session.scalars(select(first.key).where(first.condition)))


def test_an_agencys_own_article_leads_its_story_whoever_printed_it_earlier(store: Store, queries: Queries) -> None:
    room = Newsroom(store)
    early, hour = timedelta(hours=2), timedelta(hours=1)
    printed = room.article("Repris", source="Le Courrier", age=early, agency="AFP", matches={"cloud": 0.5})
    story = room.story_of(printed)
    room.article("Dépêche", source="AFP", age=hour, agency="AFP", story=story)
    room.article("Suite", source="La Gazette", story=story)
    alert = room.alert(printed)
    order = ["AFP", "Le Courrier", "La Gazette"]
    assert [head.source for head in queries.story(story).articles] == order
    assert [head.source for head in queries.alert(alert).articles] == order
    assert [article.source for article in queries.alert_facts([alert])[0].articles] == order
