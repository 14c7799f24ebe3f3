"""What a story costs an article, in milliseconds of CPU: its sketch, finding its story in the database,
and storing what it is found by.

    .venv/bin/python -m bench.stories [--articles 2000] [--only SQLite]

On SQLite and on PostgreSQL, over as many articles as asked; half of what is looked up are copies cut by 15 %, half are
new. Recall is also told of reprints with another byline and of copies cut by 40 %. The time on the clock stands beside:
on PostgreSQL the server works in another process. Medians; sketching and finding each the least of three times. False
groupings are new articles for which a story was found.
"""

from __future__ import annotations

import argparse
import operator
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from monitor.domain.model import PageData
from monitor.domain.stories import fingerprint
from monitor.storage.articles import ArticleData, add_article
from monitor.storage.engine import Store, open_store
from monitor.storage.schema import migrate
from monitor.storage.stories import drop_keys, find_story, lock_stories, put_keys
from monitor.storage.tables import Article
from tests.servers import postgres_binaries, postgres_server
from tests.stories_generator import article, cut, reprint

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LOOKED_UP = 400
COPIES = 1_000  # of each kind, for recall
BATCH = 100


def made(number: int, text: str) -> ArticleData:
    url = f"https://bench.example/{number}"
    return ArticleData(url, url, "bench", PageData(title=f"Titre {number}", text=text), NOW, True, fingerprint(text))


def fill(store: Store, articles: int) -> None:
    for first in range(0, articles, BATCH):
        with store.write() as session:
            lock_stories(session)
            for number in range(first, min(first + BATCH, articles)):
                add_article(session, made(number, "\n\n".join(article(number))), NOW)


def count_rows(store: Store) -> None:
    """Lets PostgreSQL count what its planner chooses by, as autovacuum does in time."""
    if store.dialect == "postgresql":
        with store.write() as session:
            session.execute(text("ANALYZE"))


def sketches() -> float:
    texts = ["\n\n".join(article(seed)) for seed in range(300)]
    return statistics.median(least(lambda whole=whole: fingerprint(whole))[0] for whole in texts)


def look_up(name: str, store: Store, articles: int) -> None:
    rng = random.Random(5)
    copies = [made(articles + n, cut(article(rng.randrange(articles)), 0.15, rng)) for n in range(LOOKED_UP)]
    new = [made(articles + LOOKED_UP + n, "\n\n".join(article(articles + n))) for n in range(LOOKED_UP)]
    fresh = [
        made(articles + 2 * LOOKED_UP + n, "\n\n".join(article(articles + LOOKED_UP + n))) for n in range(LOOKED_UP)
    ]
    with store.read() as session:
        reprints = recall(session, articles, lambda whole: reprint(whole, rng))
        by_forty = recall(session, articles, lambda whole: cut(whole, 0.4, rng))
        found = [find_story(session, data.fingerprint, NOW) is not None for data in (*copies, *new)]
        times = [least(lambda data=data: find_story(session, data.fingerprint, NOW)) for data in (*copies, *new)]
        drop_keys(session, range(1, 2 * LOOKED_UP + 1))
        turns = [timed(lambda at=at: find_and_put(session, 1 + at, fresh[at])) for at in range(LOOKED_UP)]
        puts = [
            timed(lambda at=at: put_keys(session, [(1 + LOOKED_UP + at, new[at].fingerprint.keys)]))
            for at in range(LOOKED_UP)
        ]
        session.rollback()
    for what, spent in (("find", times), ("put", puts), ("find and put, once", turns)):
        cpu, wall = (statistics.median(column) for column in zip(*spent, strict=True))
        print(f"{name:10} {articles} articles  {what}: {cpu:.3f} ms CPU, {wall:.3f} ms on the clock")
    by_fifteen, false = sum(found[:LOOKED_UP]) / LOOKED_UP, sum(found[LOOKED_UP:])
    print(f"{name:10} recall: byline {reprints:.4f}, cut by 15 % {by_fifteen:.4f}, by 40 % {by_forty:.4f}")
    print(f"{name:10} false groupings {false} of {LOOKED_UP}")


def recall(session: Session, articles: int, copied: Callable[[list[str]], str]) -> float:
    """The share of articles that are found as the story of their copy, itself and no other."""
    rng = random.Random(11)
    numbers = [rng.randrange(articles) for _ in range(COPIES)]
    stories = [find_story(session, fingerprint(copied(article(number))), NOW) for number in numbers]
    own = [session.scalar(select(Article.story_id).where(Article.id == number + 1)) for number in numbers]
    return sum(map(operator.eq, stories, own)) / COPIES


def find_and_put(session: Session, article_id: int, data: ArticleData) -> None:
    """What storing an article does, on pages of the database that nobody has just read."""
    find_story(session, data.fingerprint, NOW)
    put_keys(session, [(article_id, data.fingerprint.keys)])


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of processor and on the clock."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return 1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall)


def least(work: Callable[[], object]) -> tuple[float, float]:
    """Of three times: what else runs on the machine only adds."""
    cpu, wall = zip(*(timed(work) for _ in range(3)), strict=True)
    return min(cpu), min(wall)


def stores(only: str | None = None) -> Iterator[tuple[str, Store]]:
    if only != "PostgreSQL":
        with tempfile.TemporaryDirectory() as folder:
            yield "SQLite", open_store(f"sqlite:///{Path(folder) / 'veille.db'}")
    binaries = postgres_binaries()
    if binaries is not None and only != "SQLite":
        with postgres_server(binaries) as url:
            with psycopg.connect(
                f"host={url.rpartition('host=')[2]} user=veille dbname=postgres", autocommit=True
            ) as db:
                db.execute("CREATE DATABASE bench")
            yield "PostgreSQL", open_store(url.replace("DATABASE", "bench"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--only", choices=("SQLite", "PostgreSQL"))
    arguments = parser.parse_args()
    articles = arguments.articles
    sketches()
    print(f"sketch: {sketches():.3f} ms CPU")
    for name, store in stores(arguments.only):
        migrate(store)
        fill(store, articles)
        count_rows(store)
        look_up(name, store, articles)
        store.dispose()


if __name__ == "__main__":
    main()
