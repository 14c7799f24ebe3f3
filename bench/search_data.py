"""A store of any size for benchmarks: made-up articles with planted French words, matches, alerts, entries.

    python -m bench.search_data --articles 1000000 sqlite:////tmp/bench.db

A fifth of the articles have a match, half of those an alert; 200 outlets, fourteen topics. The same rows on every
database.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from monitor.domain.model import Document
from monitor.storage.engine import Store, open_store
from monitor.storage.retention import analyze, merge_index
from monitor.storage.schema import migrate
from monitor.storage.search_frequent import ENOUGH, learn_pairs
from monitor.storage.search_index import Indexed, put_words
from monitor.storage.tables import Alert, AlertTopic, Article, Dossier, Entry, Feed, Match, Story, Topic

START = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
BATCH, NIGHTLY = 2000, 10_000  # articles stored at once; after how many a night learns frequent words
TOPICS, OUTLETS, LENGTH = 14, 200, 180
# French words and phrases put into made-up text, each in one article of so many: every selectivity has a word
PLANTED = (
    (8, ("intelligence artificielle", "gouvernement européen")),
    (40, ("Bruxelles exclut Huawei de la 5G", "Huawei exclu des réseaux", "exclure Huawei du marché")),
    (100, ("centre de données", "centres de données")),
    (1_000, ("onduleur", "onduleurs", "porte dérobée", "brevets essentiels")),
    (10_000, ("sabotage des câbles",)),
    (100_000, ("hydrolienne",)),
)
COMMON = """
    le la les de des du un une et à en pour que qui dans sur par au avec plus ce pas son est sont ont été opérateur
    opérateurs réseau réseaux entreprise entreprises marché groupe données téléphone Huawei Europe 5G sécurité cloud
""".split()  # noqa: SIM905 - a list of one word a line reads worse


class Language:
    """Made-up texts of 180 words out of 40,000, the n-th as frequent as 1/n as a language has it."""

    def __init__(self, seed: int = 7) -> None:
        rng = random.Random(seed)
        syllables = [first + second for first in "bcdfglmnprs" for second in "aeiou"]
        made = {"".join(rng.choice(syllables) for _ in range(rng.randint(2, 5))) for _ in range(60_000)}
        self.words = COMMON + sorted(made)[:40_000]
        self._cumulated = np.cumsum(1 / np.arange(1, len(self.words) + 1))
        self._numbers = np.random.default_rng(seed)

    def texts(self, rng: random.Random, count: int) -> list[tuple[str, str]]:
        """(title, body) of so many articles."""
        drawn = self._numbers.random((count, LENGTH)) * self._cumulated[-1]
        return [self._text(rng, row) for row in np.searchsorted(self._cumulated, drawn).tolist()]

    def _text(self, rng: random.Random, row: list[int]) -> tuple[str, str]:
        said = [self.words[number] for number in row]
        for of, phrases in PLANTED:
            if rng.random() * of < 1:
                said[rng.randrange(LENGTH)] = rng.choice(phrases)
        return " ".join(said[:9]), "\n\n".join(" ".join(said[start : start + 60]) for start in range(9, LENGTH, 60))


def fill(store: Store, count: int, *, enough: int = ENOUGH) -> None:
    """`count` articles; PostgreSQL's indexes are made at the end, as when a backup comes back. Of `enough` the frequent
    words are learnt."""
    rng = random.Random(7)
    language = Language()
    _few_rows(store)
    indexes = _without_indexes(store)
    step = (NOW - START) / count
    for first in range(1, count + 1, BATCH):
        ids = range(first, min(first + BATCH, count + 1))
        _fill_batch(store, rng, list(ids), step, dict(zip(ids, language.texts(rng, len(ids)), strict=True)))
        if first < NIGHTLY or first % NIGHTLY == 1:
            learn_pairs(store, enough)
    if indexes:
        with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("SET maintenance_work_mem = '1GB'"))
            for index in indexes:
                connection.execute(text(index))
            connection.execute(text("VACUUM ANALYZE"))  # as autovacuum does in time


def _few_rows(store: Store) -> None:
    """What there is few of: a dossier with its topics, a feed an outlet."""
    with store.write() as session:
        dossier = Dossier(slug="bench", title="bench", origin="file", text="", rules_hash="0", updated_at=NOW)
        session.add(dossier)
        session.flush()
        session.add_all(Topic(dossier_id=dossier.id, slug=f"t{n}", title=f"t{n}") for n in range(TOPICS))
        session.add_all(
            Feed(id=n + 1, url=f"https://{n}.example/feed", name=f"Média {n}", origin="file", created_at=START)
            for n in range(OUTLETS)
        )


def _without_indexes(store: Store) -> list[str]:
    """Take away PostgreSQL's indexes but those of keys; gives the statements that make them again, none on SQLite."""
    if store.dialect != "postgresql":
        return []
    with store.write() as session:
        found = session.execute(_INDEXES).all()
        for name, _ in found:
            session.execute(text(f"DROP INDEX {name}"))
    return [made for _, made in found]


_INDEXES = text(
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() "
    "AND indexname NOT IN (SELECT conname FROM pg_constraint) AND tablename <> 'alembic_version' "
    "ORDER BY indexname = 'ix_article_words_words', indexname"
)


def _put(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows; into PostgreSQL by COPY, which takes a third of the time."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        session.execute(insert(table), rows)
        return
    filled = {column.key: column.default.arg for column in table.__table__.columns if _is_filled(column)}
    columns = [table.__table__.columns[name] for name in {**rows[0], **filled}]
    makers = [
        (column.key, column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect))
        for column in columns
    ]
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {table.__tablename__} ({', '.join(c.name for c in columns)}) FROM STDIN") as copy:
        for row in rows:
            whole = {name: made(None) if callable(made) else made for name, made in filled.items()} | row
            copy.write_row([make(whole[name]) if make else whole[name] for name, make in makers])


def _is_filled(column: Any) -> bool:
    """Whether SQLAlchemy, and not the database, has a value for what a row leaves out."""
    return column.default is not None and column.server_default is None


def _fill_batch(
    store: Store, rng: random.Random, ids: list[int], step: timedelta, texts: dict[int, tuple[str, str]]
) -> None:
    at = {number: START + step * number for number in ids}
    outlets = {number: rng.randrange(OUTLETS) for number in ids}
    rows = [_article(number, at[number], texts[number], outlets[number], rng) for number in ids]
    matched = [number for number in ids if number % 5 == 0]
    with store.write() as session:
        if store.dialect == "postgresql":  # nothing of it dangles, so keys are not looked up (as a superuser)
            session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # filling may be paused
        _put(session, Story, [{"id": n, "title": texts[n][0], "created_at": at[n]} for n in ids if story_of(n) == n])
        _put(session, Article, rows)
        _put(session, Entry, [_entry(number, at[number], outlets[number]) for number in ids])
        put_words(session, [_indexed(row) for row in rows])
        if not matched:
            return
        found = [{"topic": 1 + int(TOPICS * rng.random() ** 2), "score": round(rng.random(), 4)} for _ in matched]
        _put(session, Match, [_match(n, at[n], one) for n, one in zip(matched, found, strict=True)])
        told = [(n, one) for n, one in zip(matched, found, strict=True) if n % 10 == 0]
        _put(session, Alert, [_alert(n, at[n], one, rng) for n, one in told])
        _put(session, AlertTopic, [{"alert_id": n, "topic_id": one["topic"], "score": one["score"]} for n, one in told])


def story_of(number: int) -> int:
    """One article in eight tells the story of the article before it."""
    return number - 1 if number % 8 == 0 else number


def _article(number: int, at: datetime, said: tuple[str, str], outlet: int, rng: random.Random) -> dict[str, Any]:
    """Read some hours after it was published, one in a hundred some days after."""
    url = f"https://press.example/{number}"
    late = timedelta(hours=3 * rng.random()) if rng.random() > 0.01 else timedelta(days=20 * rng.random())
    return {
        "id": number,
        "canonical_url": url,
        "url": url,
        "story_id": story_of(number),
        "title": said[0],
        "lead": "",
        "text": said[1],
        "text_hash": str(number),
        "source": f"Média {outlet}",
        "authors": [],
        "access": "partial" if rng.random() < 0.1 else "free",
        "published_at": at - late,
        "created_at": at,
        "updated_at": at,
    }


def _indexed(row: dict[str, Any]) -> Indexed:
    document = Document(row["title"], row["lead"], row["text"], row["source"], None, row["published_at"])
    return Indexed(row["id"], document, row["created_at"])


def _entry(number: int, at: datetime, outlet: int) -> dict[str, Any]:
    outcome = "matched" if number % 5 == 0 else "unmatched"
    row = {"id": number, "feed_id": outlet + 1, "identity": str(number), "title": "", "article_id": number}
    row["link"] = f"https://press.example/{number}"
    return {**row, "outcome": outcome, "due_at": None, "created_at": at}


def _match(number: int, at: datetime, found: dict[str, Any]) -> dict[str, Any]:
    spans = [{"field": "body", "start": start, "end": start + 60, "text": "x" * 60} for start in (0, 90)]
    sums = [{"label": "exclure", "value": 0.5, "count": 2, "spans": spans}]
    row = {"article_id": number, "topic_id": found["topic"], "score": found["score"]}
    more = {"evidence": spans, "arithmetic": sums, "rules_hash": "0", "created_at": at, "updated_at": at}
    return {**row, **more}


def _alert(number: int, at: datetime, found: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    status = rng.choice(["new", "confirmed", "dismissed", "to-verify", "follow-up"])
    row = {"id": number, "dossier_id": 1, "story_id": story_of(number), "title": "t", "score": found["score"]}
    return {**row, "status": status, "tags": [], "raised_at": at, "updated_at": at}


def open_filled(url: str, count: int) -> Store:
    """The store at `url`, migrated, and filled when it is empty."""
    store = open_store(url)
    migrate(store)
    with store.read() as session:
        there = session.scalar(select(func.count()).select_from(Dossier)) or 0
    if not there:
        started = time.perf_counter()
        fill(store, count)
        merge_index(store)  # as a night leaves it
        analyze(store)
        print(f"filled with {count} articles in {time.perf_counter() - started:.0f} s")
    return store


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("url")
    options.add_argument("--articles", type=int, default=100_000)
    given = options.parse_args()
    open_filled(given.url, given.articles).dispose()


if __name__ == "__main__":
    main()
