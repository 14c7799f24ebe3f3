"""How long searches take on a large store, beside LIKE and plain full-text search on the same data.

    python bench/search.py --articles 100000 sqlite:////tmp/bench.db
    python bench/search.py --articles 1000000 postgresql://…/bench

Fills the database when it is empty (it must be migrated: this does it). Prints a line a question: median and 99th
percentile in milliseconds over `--rounds`, in one process, and the ratios to the plain ways.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, text

from monitor.domain.filters import Filter, Window
from monitor.domain.model import Document
from monitor.domain.questions import parse_question
from monitor.query import Queries
from monitor.storage.engine import Store, open_store
from monitor.storage.schema import migrate
from monitor.storage.search_index import put_words
from monitor.storage.tables import Alert, AlertTopic, Article, Dossier, Match, Story, Topic

START = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
BATCH = 2000
TOPICS = 14
RARE = ("onduleur", "sabotage", "brevets", "exclut", "exclus", "dérobée")
COMMON = """
    le la les de des du un une et à en pour que qui dans sur par au avec plus ce pas son est sont ont été opérateur
    opérateurs réseau réseaux entreprise entreprises marché groupe données téléphone Huawei Europe 5G sécurité cloud
""".split()  # noqa: SIM905 - a list of one word a line reads worse


def words(rng: random.Random) -> list[str]:
    """A vocabulary as a language has one: 40,000 made-up words, the n-th as frequent as 1/n."""
    syllables = [first + second for first in "bcdfglmnprs" for second in "aeiou"]
    made = {"".join(rng.choice(syllables) for _ in range(rng.randint(2, 5))) for _ in range(60_000)}
    return COMMON + sorted(made)[:40_000]


def article(rng: random.Random, vocabulary: list[str], weights: list[float]) -> tuple[str, str]:
    body = rng.choices(vocabulary, cum_weights=weights, k=180)
    if rng.random() < 0.004:
        body[rng.randrange(180)] = rng.choice(RARE)
    return " ".join(body[:9]), "\n\n".join(" ".join(body[start : start + 60]) for start in range(9, 180, 60))


def fill(store: Store, count: int) -> None:
    """`count` articles, a fifth as many matches, half as many alerts as matches."""
    rng = random.Random(7)
    vocabulary = words(rng)
    total, weights = 0.0, []
    for rank in range(1, len(vocabulary) + 1):
        total += 1 / rank
        weights.append(total)
    with store.write() as session:
        dossier = Dossier(slug="bench", title="bench", origin="file", text="", rules_hash="0", updated_at=NOW)
        session.add(dossier)
        session.flush()
        session.add_all(Topic(dossier_id=dossier.id, slug=f"t{n}", title=f"t{n}") for n in range(TOPICS))
    step = (NOW - START) / count
    for first in range(1, count + 1, BATCH):
        ids = range(first, min(first + BATCH, count + 1))
        _fill_batch(store, rng, list(ids), step, lambda: article(rng, vocabulary, weights))
    with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))


def _fill_batch(
    store: Store, rng: random.Random, ids: list[int], step: timedelta, make: Callable[[], tuple[str, str]]
) -> None:
    at = {number: START + step * number for number in ids}
    texts = {number: make() for number in ids}
    rows = [_article(number, at[number], texts[number], rng.randrange(200)) for number in ids]
    matched = [number for number in ids if number % 5 == 0]
    with store.write() as session:
        session.execute(insert(Story), [{"id": n, "title": texts[n][0], "created_at": at[n]} for n in ids])
        session.execute(insert(Article), rows)
        put_words(session, [(n, Document(texts[n][0], "", texts[n][1])) for n in ids])
        if not matched:
            return
        found = [{"topic": 1 + int(TOPICS * rng.random() ** 2), "score": round(rng.random(), 4)} for _ in matched]
        session.execute(insert(Match), [_match(n, at[n], one) for n, one in zip(matched, found, strict=True)])
        told = [(n, one) for n, one in zip(matched, found, strict=True) if n % 10 == 0]
        session.execute(insert(Alert), [_alert(n, at[n], one, rng) for n, one in told])
        topics = [{"alert_id": n, "topic_id": one["topic"], "score": one["score"]} for n, one in told]
        session.execute(insert(AlertTopic), topics)


def _article(number: int, at: datetime, said: tuple[str, str], outlet: int) -> dict[str, Any]:
    url = f"https://press.example/{number}"
    times = {"published_at": at, "created_at": at, "updated_at": at}
    more = {"lead": "", "authors": [], "access": "free", "text_hash": str(number), "source": f"Média {outlet}"}
    return (
        {"id": number, "canonical_url": url, "url": url, "story_id": number, "title": said[0], "text": said[1]}
        | times
        | more
    )


def _match(number: int, at: datetime, found: dict[str, Any]) -> dict[str, Any]:
    row = {"article_id": number, "topic_id": found["topic"], "score": found["score"], "evidence": [], "arithmetic": []}
    return {**row, "rules_hash": "0", "created_at": at, "updated_at": at}


def _alert(number: int, at: datetime, found: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    status = rng.choice(["new", "confirmed", "dismissed", "to-verify", "follow-up"])
    row = {"id": number, "dossier_id": 1, "story_id": number, "title": "t", "score": found["score"], "status": status}
    return {**row, "tags": [], "raised_at": at, "updated_at": at}


def measured(run: Callable[[], object], rounds: int) -> tuple[float, float]:
    """(median, 99th percentile) in milliseconds; the first run, which compiles, is not counted."""
    run()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.99))]


def questions(queries: Queries) -> Iterator[tuple[str, Callable[[], object]]]:
    def asked(said: str) -> Filter:
        return parse_question(said, now=NOW, zone=ZoneInfo("Europe/Paris"))

    page = Window(50)
    for said in (
        "topic:t1",
        "topic:t9 score:>0.9",
        'topic:t3 source:"Média 12" since:2025',
        "status:confirmed topic:t2",
    ):
        yield f"matches {said}", lambda said=said: queries.matches(asked(said), page)  # type: ignore[misc]
    for said in ("status:new", "topic:t4 source:12", "since:2026-02 score:>0.5"):
        yield f"alerts {said}", lambda said=said: queries.alerts(asked(said), page)  # type: ignore[misc]
    for said in (
        "exclure",
        "onduleur OR sabotage",
        "opérateur AND huawei",
        "sécurité NEAR/5 réseau",
        "exclure since:2025",
    ):
        yield f"articles {said}", lambda said=said: queries.articles(asked(said), page)  # type: ignore[misc]
    for said in ("exclure", "opérateur AND huawei"):
        yield f"matches {said}", lambda said=said: queries.matches(asked(said), page)  # type: ignore[misc]
        yield f"alerts {said}", lambda said=said: queries.alerts(asked(said), page)  # type: ignore[misc]
    for said in ("topic:t3", "status:new", "since:2026-02"):
        yield f"facets {said}", lambda said=said: queries.facets(asked(said))  # type: ignore[misc]


def plain_ways(store: Store) -> Iterator[tuple[str, Callable[[], object]]]:
    """LIKE, and the database's full-text search for one form, without an engine that decides."""
    like = select(Article.id).where(Article.text.like("%exclut%")).order_by(Article.id.desc()).limit(50)
    if store.dialect == "sqlite":
        plain = "SELECT rowid FROM article_words WHERE article_words MATCH 'exclut' ORDER BY rowid DESC LIMIT 50"
    else:
        plain = (
            "SELECT article_id FROM article_words WHERE words @@ 'exclut'::tsquery ORDER BY article_id DESC LIMIT 50"
        )

    def run(statement: Any) -> object:
        with store.read() as session:
            return session.execute(statement).all()

    yield "LIKE '%exclut%'", lambda: run(like)
    yield "plain full text 'exclut'", lambda: run(text(plain))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("url")
    options.add_argument("--articles", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=100)
    given = options.parse_args()
    store = open_store(given.url)
    migrate(store)
    with store.read() as session:
        there = session.scalar(select(func.count()).select_from(Article)) or 0
    if not there:
        started = time.perf_counter()
        fill(store, given.articles)
        print(f"filled with {given.articles} articles in {time.perf_counter() - started:.0f} s")
    queries = Queries(store)
    search = 1.0
    for name, run in questions(queries):
        median, worst = measured(run, given.rounds)
        search = median if name == "articles exclure" else search
        print(f"{name:45} median {median:8.1f} ms   p99 {worst:8.1f} ms")
    for name, run in plain_ways(store):
        median, worst = measured(run, min(given.rounds, 5))
        print(f"{name:45} median {median:8.1f} ms   p99 {worst:8.1f} ms   {median / search:.2f} × ours")


if __name__ == "__main__":
    main()
