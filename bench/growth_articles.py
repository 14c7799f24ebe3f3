"""What one article, one tick and one question cost over a store of `search_data`, for `growth`."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text, update

from bench.search import PAGE, question
from bench.search_data import NOW, Language
from monitor.app import Monitor
from monitor.domain.filters import Window
from monitor.domain.model import EntryData, Field, PageData, Span, TopicMatch, Verdict
from monitor.domain.stories import fingerprint
from monitor.logs import configure_logs
from monitor.query import Queries
from monitor.settings import load_settings
from monitor.storage import work
from monitor.storage.alerts import Told, raise_alerts
from monitor.storage.articles import ArticleData, Found, add_articles, known_articles, put_first_matches, topic_ids
from monitor.storage.engine import Session, Store
from monitor.storage.entries import add_entries, read_jobs
from monitor.storage.retention import Retention, analyze
from monitor.storage.stories import lock_stories, packed, put_keys
from monitor.storage.tables import Article, CopyKey, Entry
from monitor.storage.work import Kind
from monitor.testing import Clock

TOGETHER = 20  # articles a transaction, as a batch of pages is stored
# pages that each size can fill: fifty rows, of alerts in French as many as ten thousand articles have
ASKED = {
    "articles": ["", "réseau", "exclure", '"centre de données"', "topic:t1", "source:12", "since:2026-01"],
    "matches": ["topic:t1", "exclure"],
    "alerts": ["status:new", "exclure"],
    "stories": ["exclure"],
}

FEWER = {("alerts", "exclure"): Window(25)}


class Stored:
    """A filled store and what is measured on it."""

    def __init__(self, store: Store) -> None:
        self._store, self._queries = store, Queries(store)
        self._clock = time.process_time if store.dialect == "sqlite" else time.perf_counter
        self._monitor = _monitor_of(store)
        self._language, self._rng, self._made = Language(13), random.Random(13), 0
        _as_after_a_month(store)

    def close(self) -> None:
        self._monitor.close()  # and the store

    def work(self) -> dict[str, Callable[[], float]]:
        """Each gives milliseconds."""
        found = {"an article, stored": self._stored, "tick, nothing due": lambda: self._timed(self._monitor.tick)}
        for noun, questions in ASKED.items():
            for said in questions:
                asked, run, page = question(said), getattr(self._queries, noun), FEWER.get((noun, said), PAGE)
                if len(run(asked, page).rows) < page.limit:
                    raise SystemExit(f"{noun} {said} does not fill a page")
                found[f"{noun} {said}"] = lambda run=run, asked=asked, page=page: self._timed(lambda: run(asked, page))  # type: ignore[misc]
        return found

    def _timed(self, run: Callable[[], object]) -> float:
        started = self._clock()
        run()
        return 1000 * (self._clock() - started)

    def _stored(self) -> float:
        """An article's share of all that workers write from its feed's answer to its alert; taken back."""
        first = 10_000_000 + self._made
        self._made += TOGETHER
        articles = [_made(first + n, *said) for n, said in enumerate(self._language.texts(self._rng, TOGETHER))]
        with self._store.engine.execution_options(veille_write=True).connect() as connection:
            with Session(connection) as session:
                took = self._timed(lambda: _store(session, articles))
            connection.rollback()
        return took / TOGETHER


def _store(session: Session, articles: list[ArticleData]) -> None:
    lock_stories(session)
    until, ids = NOW + timedelta(minutes=3), topic_ids(session)
    entries = [EntryData(data.url, data.page.title, data.url, data.url, published_at=NOW) for data in articles]
    pairs = add_entries(session, 1, entries, now=NOW, due_at=until, backlog=False).pairs
    taken = work.take(session, Kind.READ, pairs, NOW, timedelta(minutes=3))
    read_jobs(session, taken)
    known_articles(session, [data.canonical_url for data in articles])
    work.close_all(session, Kind.READ, taken)
    rows, found, told = [], list[Found](), list[Told]()
    telling = {at for at, (entry_id, _) in enumerate(taken) if entry_id % 5 == 0}
    for at, ((entry_id, _), one) in enumerate(zip(taken, add_articles(session, articles, NOW, telling), strict=True)):
        assert one.fresh
        if at in telling:
            found.append(Found(one.article_id, {"bench": _VERDICT}, NOW))
            told.append(Told("bench", one.article_id, 0.5, NOW, False))
        if found and (one.last or at == len(taken) - 1):
            put_first_matches(session, found, ids)
            raise_alerts(session, told)
            found, told = [], []
        rows.append(
            {"id": entry_id, "due_at": None, "outcome": "unmatched", "article_id": one.article_id, "read_at": NOW}
        )
    work.amend(session, Kind.READ, rows)
    session.flush()


_VERDICT = Verdict("bench", True, 0.5, (TopicMatch("t1", 0.5, (Span(Field.BODY, 0, 8, "exclure"),)),))


def _made(number: int, title: str, body: str) -> ArticleData:
    url = f"https://growth.example/{number}"
    return ArticleData(url, url, "Média 1", PageData(title=title, text=body), NOW, True, fingerprint(body))


def _as_after_a_month(store: Store) -> None:
    """What stories are found by, of the last thirty days as pruning leaves it; numbers go on after the articles'."""
    with store.write() as session:
        if store.dialect == "postgresql":
            for table in ("entries", "articles", "stories", "matches", "alerts"):
                session.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))
        if session.scalar(select(func.count()).select_from(CopyKey)):
            return
        lately = select(Article.id, Article.text).where(Article.created_at > NOW - Retention().sketches)
        for article_id, body in session.execute(lately).all():
            known = fingerprint(body)
            put_keys(session, [(article_id, known.keys)])
            session.execute(update(Article).where(Article.id == article_id).values(sketch=packed(known.sketch)))
        session.execute(update(Entry).where(Entry.read_at.is_(None)).values(read_at=Entry.created_at))
    analyze(store)


def _monitor_of(store: Store) -> Monitor:
    """On an empty configuration; it takes nothing up."""
    folder = tempfile.mkdtemp(prefix="growth-")
    (Path(folder) / "config").mkdir()
    settings = load_settings(
        {"VEILLE_DATA_DIR": folder, "VEILLE_CONFIG_DIR": f"{folder}/config", "VEILLE_LOG_LEVEL": "error"}
    )
    configure_logs(settings)
    return Monitor(settings, store, lambda _announcement: None, Clock(NOW))
