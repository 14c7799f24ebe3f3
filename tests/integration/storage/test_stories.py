"""Stories where they are kept: what the sketches say is what the database finds, and nothing founds one story twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from monitor.domain.model import PageData
from monitor.domain.stories import fingerprint, sketch
from monitor.storage.articles import ArticleData, add_article
from monitor.storage.engine import Store
from monitor.storage.stories import lock_stories
from monitor.storage.tables import Article, CopyKey, Sketch, Story, StoryKey
from tests.stories_generator import article, cut, reprint

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
ARTICLES = [article(seed) for seed in range(40)]


def store_all(store: Store, texts: Sequence[str], now: datetime = NOW, prefix: str = "a") -> None:
    with store.write() as session:
        lock_stories(session)
        for number, text in enumerate(texts):
            url = f"https://{prefix}.example/{number}"
            page = PageData(title=f"Titre {prefix} {number}", text=text)
            add_article(session, ArticleData(url, url, prefix, page, now, True, fingerprint(text)), now)


def stories(store: Store, prefix: str) -> list[int | None]:
    wanted = Article.source == prefix
    with store.read() as session:
        return list(session.scalars(select(Article.story_id).where(wanted).order_by(Article.id)))


def test_copies_are_found_as_often_as_their_sketches_say(store: Store) -> None:
    rng = random.Random(3)
    store_all(store, ["\n\n".join(paragraphs) for paragraphs in ARTICLES])
    originals = stories(store, "a")
    assert len(set(originals)) == len(originals)
    for prefix, share, floor in (("byline", 0.0, 1.0), ("fifteen", 0.15, 0.98), ("forty", 0.4, 0.95)):
        copies = [cut(paragraphs, share, rng) if share else reprint(paragraphs, rng) for paragraphs in ARTICLES]
        store_all(store, copies, NOW + timedelta(days=1), prefix)
        found = [left == right for left, right in zip(originals, stories(store, prefix), strict=True)]
        assert sum(found) >= floor * len(found)


def test_a_copy_of_last_month_is_news_again(store: Store) -> None:
    text = "\n\n".join(ARTICLES[0])
    store_all(store, [text])
    store_all(store, [text], NOW + timedelta(days=40), "b")
    assert stories(store, "a") != stories(store, "b")


def test_copies_that_arrive_together_found_one_story(store: Store) -> None:
    """Two workers, each with its own transaction, begun at the same moment."""
    barrier = threading.Barrier(4)
    texts = ["\n\n".join(paragraphs) for paragraphs in ARTICLES[:5]]

    def work(prefix: str) -> None:
        barrier.wait()
        store_all(store, texts, prefix=prefix)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("b", "c", "d", "e")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Article)) == 20
        assert session.scalar(select(func.count()).select_from(Story)) == 5


def as_before(store: Store, version: str) -> None:
    """The articles as a version before stores them: with keys of eight words, with sketches, or with none packed."""
    with store.write() as session:
        for article in session.scalars(select(Article)):
            table = StoryKey if version == "keys" else Sketch
            hashes = fingerprint(article.text).former_keys if version == "keys" else sketch(article.text)
            session.add_all(table(article_id=article.id, hash=value) for value in hashes)
            article.sketch = None if version == "unpacked" else article.sketch
        session.execute(delete(CopyKey))


@pytest.mark.parametrize("version", ["keys", "sketches", "unpacked"])
def test_copies_of_what_an_older_version_stored_are_found(store: Store, version: str) -> None:
    """It goes on storing while the new one is put in its place."""
    texts = ["\n\n".join(paragraphs) for paragraphs in ARTICLES[:5]]
    store_all(store, texts)
    as_before(store, version)
    rng = random.Random(6)
    copies = [cut(paragraphs, 0.15, rng) for paragraphs in ARTICLES[:5]]
    store_all(store, [*copies, "\n\n".join(ARTICLES[6])], NOW + timedelta(days=1), "b")
    assert stories(store, "b")[:5] == stories(store, "a")
    assert len(set(stories(store, "b"))) == 6


def test_a_copy_is_found_among_articles_that_share_a_sentence(store: Store) -> None:
    said = " Le groupe et la région n’ont pas souhaité répondre à nos questions sur ce dossier avant la fin du mois."
    texts = ["\n\n".join(paragraphs) + said for paragraphs in ARTICLES[:30]]
    store_all(store, texts)
    assert len(set(stories(store, "a"))) == 30
    store_all(store, texts[:10], NOW + timedelta(days=1), "b")
    assert stories(store, "b") == stories(store, "a")[:10]


def test_a_story_printed_a_hundred_times_is_still_one(store: Store) -> None:
    rng = random.Random(4)
    for day, prefix in enumerate(("a", "b", "c")):
        copies = ["\n\n".join(ARTICLES[7]), *(reprint(ARTICLES[7], rng) for _ in range(39))]
        store_all(store, copies, NOW + timedelta(days=day), prefix)
    assert len({*stories(store, "a"), *stories(store, "b"), *stories(store, "c")}) == 1
