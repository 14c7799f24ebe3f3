"""How long searches take on a large store, beside LIKE and plain full-text search on the same data.

    python -m bench.search --articles 1000000 sqlite:////tmp/bench.db postgresql://…/bench

Each database is filled when it is empty. Prints a line a question: median and 99th percentile in milliseconds over
`--rounds`, in one process, the first run (which compiles) apart. `--part newest`: the newest page of 50 articles, each
shape of question with several words of each selectivity. `--part pages`: filtered pages of matches and alerts, French
searches, facets. `--part writes`: what the index costs when an article is stored. `--part plain`: the newest page, LIKE
and full text joined and sorted by date, in interleaved rounds.
With two databases, `--part ids` holds that each question gives the same ids on both.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from bench.search_data import NOW, Language, open_filled
from monitor.domain.filters import Filter, Window
from monitor.domain.model import Document
from monitor.domain.questions import parse_question
from monitor.query import Queries
from monitor.storage.engine import Store
from monitor.storage.search_index import Indexed, put_words

PAGE = Window(50)
NEWEST = {
    "everything": [""],
    "word in a third": ["réseau", "sécurité", "données"],
    "word in one of 16": ["gouvernement", "artificielle"],
    "word in one of 100": ['"centres de données"', "centre"],
    "word in one of 4,000": ["brevets", "dérobée"],
    "word in one of 10,000": ["sabotage", "câble"],
    "word in one of 100,000": ["hydrolienne"],
    "word in none": ["zythologie", "ornithorynque AND réseau"],
    "inflected": ["exclure", "exclure OR interdire", "onduleur"],
    "phrase": ['"intelligence artificielle"', '"centre de données"', '"porte dérobée"'],
    "NEAR": ["exclure NEAR/4 Huawei", "sabotage NEAR/3 câble", "gouvernement NEAR/2 européen"],
    "AND": ["opérateur AND huawei", "intelligence AND exclure", "hydrolienne AND réseau"],
    "OR": ["onduleur OR sabotage OR hydrolienne", "exclure OR brevet"],
    "NOT": ["NOT huawei", "intelligence NOT gouvernement", "exclure NOT marché"],
    "beginning": ["ondul*", "intellig*", "opér*"],
    "field": ["title(intelligence)", "title(exclure)", "title(réseau)", "title(sabotage)"],
    "source": ['source:"Média 12"', "source:13", "-source:1"],
    "topic": ["topic:t0", "topic:t13", "topic:t3 topic:t5", "dossier:bench"],
    "status": ["status:new", "status:confirmed -status:new"],
    "score": ["score:>0.9", "topic:t2 score:>0.99"],
    "since, until": ["since:2026-02", "until:2021", "since:2023-01 until:2023-02", "since:2020"],
    "access": ["is:partial"],
    "combined": [
        'réseau source:"Média 12"',
        "exclure since:2025 until:2026",
        "intelligence topic:t3",
        "gouvernement status:new",
        'exclure topic:t1 source:"Média 7"',
        'onduleur source:"Média 3" since:2024',
    ],
    "apart: words of a third, seldom together": ['"sécurité réseau"', "sécurité NEAR/5 réseau"],
}
PAGES = {
    "matches": [
        "topic:t1",
        "topic:t9 score:>0.9",
        'topic:t3 source:"Média 12" since:2025',
        "status:confirmed topic:t2",
    ],
    "alerts": ["status:new", "topic:t4 source:12", "since:2026-02 score:>0.5"],
    "matches, French": ["exclure", "opérateur AND huawei", "sabotage", "centre topic:t3"],
    "alerts, French": ["exclure", "opérateur AND huawei", "sabotage", "centre topic:t3"],
    "stories, French": ["exclure", "sabotage"],
    "facets": ["", "topic:t3", "status:new", "since:2026-02", "source:12"],
    "facets, French": ["exclure", "sabotage"],
}
# the words that the plain ways are asked for: one form, no inflection, no engine that decides
PLAIN = ["reseau", "exclut", "hydrolienne"]
ACCENTED = {"reseau": "réseau"}


def question(said: str) -> Filter:
    return parse_question(said, now=NOW, zone=ZoneInfo("Europe/Paris"))


def timed(run: Callable[[], object]) -> float:
    """Milliseconds of one run."""
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1000


def told(name: str, times: list[float], more: str = "") -> None:
    times.sort()
    worst = times[min(len(times) - 1, int(len(times) * 0.99))]
    print(f"{name:45} median {statistics.median(times):8.1f} ms   p99 {worst:8.1f} ms{more}", flush=True)


def newest(queries: Queries, rounds: int) -> None:
    """The newest page of articles: a line a shape, all its questions together; the slowest question named."""
    for shape, questions in NEWEST.items():
        by_question = {}
        for said in questions:
            queries.articles(question(said), PAGE)
            by_question[said] = [timed(lambda said=said: queries.articles(question(said), PAGE)) for _ in range(rounds)]  # type: ignore[misc]
        slow = max(by_question, key=lambda said: statistics.median(by_question[said]))
        more = f"   slowest {statistics.median(by_question[slow]):.1f} ms: {slow}"
        told(shape, [one for times in by_question.values() for one in times], more)


def pages(queries: Queries, rounds: int) -> None:
    """Filtered pages, French searches and facets: a line a question."""
    for kind, questions in PAGES.items():
        for said in questions:
            run = asks(queries, kind, question(said))
            run()
            told(f"{kind}: {said}", [timed(run) for _ in range(rounds)])


def asks(queries: Queries, kind: str, asked: Filter) -> Callable[[], object]:
    noun = kind.split(",", maxsplit=1)[0]
    if noun == "facets":
        return lambda: queries.facets(asked)
    return lambda: getattr(queries, noun)(asked, PAGE)


def plain(store: Store, queries: Queries, rounds: int) -> None:
    """Ours beside the plain ways, a round of each in turn."""
    for word in PLAIN:
        ways = dict(plain_ways(store, word))
        ways["ours"] = lambda word=word: queries.articles(question(f"=={ACCENTED.get(word, word)}"), PAGE)  # type: ignore[misc]
        ways["ours"]()
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, run in ways.items():
                times[name].append(timed(run))
        ours = statistics.median(times["ours"])
        for name, found in times.items():
            told(f"{word}: {name}", found, f"   {statistics.median(found) / ours:8.1f} × ours")


def plain_ways(store: Store, word: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """What a user would write: LIKE, and the database's full text joined with the articles, newest by date."""
    order = "ORDER BY articles.published_at DESC, articles.id DESC LIMIT 50"
    matched = "article_words MATCH :word" if store.dialect == "sqlite" else "words @@ CAST(:word AS tsquery)"
    key = "article_words.rowid" if store.dialect == "sqlite" else "article_words.article_id"
    joined = f"SELECT articles.* FROM article_words JOIN articles ON articles.id = {key} WHERE {matched} {order}"
    like = f"SELECT * FROM articles WHERE text LIKE :word {order}"

    def run(statement: str, value: str) -> object:
        with store.read() as session:
            return session.execute(text(statement), {"word": value}).all()

    yield "LIKE", lambda: run(like, f"%{ACCENTED.get(word, word)}%")
    yield "full text, joined, sorted by date", lambda: run(joined, word)


def writes(store: Store) -> None:
    """What the index adds to storing an article, in transactions of twenty that are taken back."""
    language, rng, times = Language(11), random.Random(11), list[float]()
    for first in range(10_000_000, 10_000_000 + 25 * 20, 20):
        texts = enumerate(language.texts(rng, 20), first)
        articles = [Indexed(n, Document(title, "", body, "Média 1", None, NOW), NOW) for n, (title, body) in texts]
        with store.engine.execution_options(veille_write=True).connect() as connection:
            _without_references(connection)
            times.append(timed(lambda found=articles, on=connection: put_words(on, found)) / 20)  # type: ignore[misc]
            connection.rollback()
    told("index of words, an article", times)


def _without_references(connection: Connection) -> None:
    """The articles themselves are not stored here (PostgreSQL: as a superuser)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))


def same_ids(stores: list[Store]) -> int:
    """How many questions give other ids on one database than on the other; each is printed."""
    wrong, count = 0, 0
    for said in (one for questions in NEWEST.values() for one in questions):
        found = [[row.id for row in Queries(store).articles(question(said), PAGE).rows] for store in stores]
        wrong += _differs(f"articles {said}", found)
        count += 1
    for kind, said in ((kind, one) for kind, questions in PAGES.items() for one in questions):
        noun = kind.split(",")[0]
        if noun == "facets":
            answers: list[Any] = [Queries(store).facets(question(said)) for store in stores]
        else:
            answers = [[row.id for row in getattr(Queries(store), noun)(question(said), PAGE).rows] for store in stores]
        wrong += _differs(f"{kind} {said}", answers)
        count += 1
    print(f"{count} questions, {wrong} of them answered otherwise on one database")
    return wrong


def _differs(name: str, answers: list[Any]) -> bool:
    if any(answer != answers[0] for answer in answers):
        print(f"DIFFERS {name}")
        return True
    return False


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("urls", nargs="+")
    options.add_argument("--articles", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--part", choices=["newest", "pages", "plain", "writes", "ids"], action="append")
    given = options.parse_args()
    gc.freeze()  # what was imported, as commands do: else it is looked through for garbage amid some question
    stores = [open_filled(url, given.articles) for url in given.urls]
    parts = given.part or ["newest", "pages", "plain", "writes", "ids"]
    for store in stores:
        print(f"\n{store.dialect}")
        gc.collect()
        gc.freeze()  # a process has one database: to look through what another's part left took 50 ms of some question
        queries = Queries(store)
        if "newest" in parts:
            newest(queries, given.rounds)
        if "pages" in parts:
            pages(queries, given.rounds)
        if "plain" in parts:
            plain(store, queries, 3)
        if "writes" in parts:
            writes(store)
    return same_ids(stores) if "ids" in parts and len(stores) > 1 else 0


if __name__ == "__main__":
    raise SystemExit(main())
