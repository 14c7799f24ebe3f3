"""Articles that come together are stored in one go, and are what they would be if they came one after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from monitor.domain.model import PageData
from monitor.domain.stories import fingerprint
from monitor.storage.articles import Added, ArticleData, add_article, add_articles
from monitor.storage.engine import Store
from monitor.storage.stories import lock_stories
from monitor.storage.tables import Article, CopyKey, Story
from tests.stories_generator import article, cut, reprint

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def data(name: str, words: str, title: str = "Titre") -> ArticleData:
    url = f"https://together.example/{name}"
    page = PageData(title=title, text=words, agency="AFP" if "AFP" in words else None)
    return ArticleData(url, url, "Exemple", page, NOW - timedelta(days=3), True, fingerprint(words))


def press(rng: random.Random, count: int, name: str) -> list[ArticleData]:
    """Articles of a few events: reprints, cuts, texts of a few words, addresses that come twice."""
    events = [article(rng.randrange(6)) for _ in range(3)]
    made = []
    for number in range(count):
        event = rng.choice(events)
        words = rng.choice(
            [
                "\n\n".join(article(rng.randrange(10**6))),
                "\n\n".join(event),
                reprint(event, rng),
                cut(event, rng.choice((0.15, 0.4)), rng),
                " ".join(["un", "deux", "trois", "quatre", "cinq", "six"][: rng.randint(1, 6)]),
            ]
        )
        made.append(data(f"{name}/{rng.choice((number, number, number, 0))}", words, f"Titre {rng.randrange(3)}"))
    return made


def undone(store: Store, work: Callable[[Session], Any]) -> Any:
    """What `work` gives, and nothing of it stays."""
    with store.engine.execution_options(veille_write=True).connect() as connection:
        with Session(connection) as session:
            lock_stories(session)
            found = work(session)
        connection.rollback()
    return found


def stored(session: Session, first: int, story: int) -> list[Any]:
    """All rows, numbered from what was there before: PostgreSQL gives no number twice."""
    columns = [column for column in Article.__table__.c if column.name not in {"id", "story_id"}]
    of_before = case((Article.story_id <= story, Article.story_id))
    counted = (Article.id - first, of_before, case((Article.story_id > story, Article.story_id - story)))
    newest = select(*counted, *columns).where(Article.id > first).order_by(Article.id)
    keys = select(CopyKey.hash, CopyKey.article_id - first).where(CopyKey.article_id > first)
    founded = select(Story.id - story, Story.title, Story.agency, Story.created_at).where(Story.id > story)
    words = "SELECT words::text FROM article_words WHERE article_id > :first ORDER BY article_id"
    if session.get_bind().dialect.name == "sqlite":
        words = "SELECT rowid - :first FROM article_words WHERE article_words MATCH 'titre' ORDER BY rowid"
    return [sorted(map(repr, session.execute(rows))) for rows in (newest, keys, founded.order_by(Story.id))] + [
        [without_eras(row[0]) for row in session.execute(text(words), {"first": first})]
    ]


def without_eras(words: Any) -> Any:
    """Words but for the stretches of ids that an article stands in, which move with its number."""
    return [word for word in words.split() if "¤" not in word] if isinstance(words, str) else words


def highest(session: Session) -> tuple[int, int]:
    """Numbers that the next article and story are above of, gone ones included."""
    if session.get_bind().dialect.name == "sqlite":
        return session.scalar(select(func.max(Article.id))) or 0, session.scalar(select(func.max(Story.id))) or 0
    last = "SELECT nextval('articles_id_seq'), nextval('stories_id_seq')"
    return tuple(session.execute(text(last)).one())  # type: ignore[return-value]


@pytest.mark.parametrize("seed", range(6))
def test_a_group_is_stored_as_one_after_the_other(store: Store, seed: int) -> None:
    rng = random.Random(seed)
    with store.write() as session:
        for known in press(rng, 8 if seed else 0, "before"):
            add_article(session, known, NOW - timedelta(days=1))
    group = press(rng, 20, "now") + press(rng, 3, "before")
    telling = rng.sample(range(20), 4)

    def together(session: Session) -> Any:
        before = highest(session)
        added = list(add_articles(session, group, NOW, telling))
        return [one.fresh for one in added], stored(session, *before)

    def in_turn(session: Session) -> Any:
        before = highest(session)
        return [add_article(session, one, NOW) is not None for one in group], stored(session, *before)

    assert undone(store, together) == undone(store, in_turn)


def test_an_address_that_comes_twice_has_one_article(store: Store) -> None:
    twice = [data("a", "\n\n".join(article(1))), data("b", "Un."), data("a", "\n\n".join(article(2)))]
    with store.write() as session:
        first, other, second = add_articles(session, twice, NOW)
        assert (first.fresh, other.fresh, second) == (True, True, Added(first.article_id, False))
        assert list(add_articles(session, twice[1:], NOW)) == [Added(other.article_id, False), second]


def test_what_tells_of_its_story_is_given_before_the_next_of_that_story_is_stored(store: Store) -> None:
    """An alert is raised in between, and says what its story holds."""
    words = "\n\n".join(article(1))
    group = [data("a", words), data("b", "\n\n".join(article(2))), data("c", words), data("d", words)]
    with store.write() as session:
        added = add_articles(session, group, NOW, telling={0})
        next(added)
        assert addresses(session) == ["a", "b"]
        assert len(list(added)) == 3
        assert addresses(session) == ["a", "b", "c", "d"]
        assert len(set(session.scalars(select(Article.story_id)))) == 2


def addresses(session: Session) -> Sequence[str]:
    return [url.rpartition("/")[2] for url in session.scalars(select(Article.canonical_url).order_by(Article.id))]
