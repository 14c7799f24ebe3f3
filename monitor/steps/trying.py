"""Trying changed rules on what is stored: what they would gain and lose. Nothing is written.

Both versions are weighed by the model in force, as in `backtest`. Somebody waits for the answer: the newest articles
count, for as long as there is time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from monitor.domain.matching import Matcher, compile_dossiers
from monitor.domain.model import Document
from monitor.domain.topics import parse_dossier
from monitor.errors import DossierError
from monitor.steps.rematching import model_in_force
from monitor.storage.engine import Store
from monitor.storage.search_walk import newest_documents

MOST_ARTICLES = 5000
MOST_TEXT = 200_000
MOST_SHOWN = 200
LONGEST = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Turned:
    """An article that a change of rules brings to a topic, or takes from it."""

    article_id: int
    title: str
    source: str
    topic: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What a change of rules does to the newest `articles`; `kept` counts those whose topics stay."""

    gains: tuple[Turned, ...]
    losses: tuple[Turned, ...]
    kept: int
    articles: int
    seconds: float


def try_rules(store: Store, slug: str, before: str, after: str) -> Trial:
    """Match the newest articles with both versions of a dossier. Raises `DossierError` with the line at fault."""
    if len(after) > MOST_TEXT:
        raise DossierError(f"a dossier has at most {MOST_TEXT} characters", where="rules", code="D020")
    started = time.perf_counter()
    model = model_in_force(store, slug)
    old = compile_dossiers([parse_dossier(before, "before", model=model)])
    new = compile_dossiers([parse_dossier(after, "rules", model=model)])
    with store.read() as session:
        articles = newest_documents(session, MOST_ARTICLES)
    gains: list[Turned] = []
    losses: list[Turned] = []
    kept = tried = 0
    for article_id, document in articles:
        if time.perf_counter() - started > LONGEST:
            break
        tried += 1
        had, has = _topics(old, document), _topics(new, document)
        gains += [_turned(article_id, document, topic, has) for topic in has.keys() - had.keys()]
        losses += [_turned(article_id, document, topic, had) for topic in had.keys() - has.keys()]
        kept += bool(had) and had.keys() == has.keys()
    seconds = time.perf_counter() - started
    return Trial(tuple(gains[:MOST_SHOWN]), tuple(losses[:MOST_SHOWN]), kept, tried, seconds)


def _topics(matcher: Matcher, document: Document) -> dict[str, str]:
    """Topic → its first evidence."""
    return {
        match.topic: match.evidence[0].text if match.evidence else ""
        for verdict in matcher.match(document).values()
        if verdict.relevant
        for match in verdict.topics
    }


def _turned(article_id: int, document: Document, topic: str, topics: dict[str, str]) -> Turned:
    return Turned(article_id, document.title, document.source or "", topic, topics[topic])
