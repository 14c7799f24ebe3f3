"""Trying changed rules on what is stored: what they would gain and lose. Nothing is written.

Both versions are weighed by the model in force, as in `backtest`. A model does not know a rule that was changed until
it is trained anew: so what the rules alone would do is told beside it. Somebody waits for the answer: the newest
articles count, for as long as there is time.
"""

from __future__ import annotations

import time
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from monitor.domain.matching import compile_dossiers
from monitor.domain.model import Document, Verdict
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
    """An article that a change of rules brings to topics, or takes from them."""

    article_id: int
    title: str
    source: str
    topics: tuple[str, ...]
    evidence: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of rules does; `kept` counts the articles whose topics stay."""

    gains: tuple[Turned, ...]
    losses: tuple[Turned, ...]
    kept: int


@dataclass(frozen=True, slots=True)
class Trial(Change):
    """The same of the newest `articles`; `alone`: what the rules would do without the model, None without a model."""

    articles: int
    seconds: float
    alone: Change | None = None


@dataclass(slots=True)
class _Tally:
    gains: list[Turned] = field(default_factory=list)
    losses: list[Turned] = field(default_factory=list)
    kept: int = 0

    def count(self, article_id: int, document: Document, before: Verdict, after: Verdict) -> None:
        had, has = _topics(before), _topics(after)
        if came := has.keys() - had.keys():
            self.gains.append(_turned(article_id, document, came, has))
        if went := had.keys() - has.keys():
            self.losses.append(_turned(article_id, document, went, had))
        self.kept += bool(had) and had.keys() == has.keys()

    @property
    def change(self) -> Change:
        return Change(tuple(self.gains[:MOST_SHOWN]), tuple(self.losses[:MOST_SHOWN]), self.kept)


def try_rules(store: Store, slug: str, before: str, after: str, cache_dir: Path | None = None) -> Trial:
    """Match the newest articles with both versions of a dossier. Raises `DossierError` with the line at fault.

    `cache_dir` is where the version in force was compiled before.
    """
    if len(after) > MOST_TEXT:
        raise DossierError(f"a dossier has at most {MOST_TEXT} characters", where="rules", code="D020")
    started = time.perf_counter()
    model = model_in_force(store, slug)
    changed = parse_dossier(after, "rules", model=model)
    old = compile_dossiers([parse_dossier(before, "before", model=model)], cache_dir)
    new = compile_dossiers([changed])
    with store.read() as session:
        articles = newest_documents(session, MOST_ARTICLES)
    weighed, alone, tried = _Tally(), _Tally(), 0
    for article_id, document in articles:
        if time.perf_counter() - started > LONGEST:
            break
        tried += 1
        (was, was_alone), (now, now_alone) = old.beside(document, slug), new.beside(document, changed.slug)
        weighed.count(article_id, document, was, now)
        alone.count(article_id, document, was_alone, now_alone)
    told = weighed.change
    seconds = time.perf_counter() - started
    beside = alone.change if changed.model is not None else None
    return Trial(told.gains, told.losses, told.kept, tried, seconds, beside)


def _topics(verdict: Verdict) -> dict[str, str]:
    """Topic → its first evidence."""
    found = verdict.topics if verdict.relevant else ()
    return {match.topic: match.evidence[0].text if match.evidence else "" for match in found}


def _turned(article_id: int, document: Document, turned: Set[str], topics: dict[str, str]) -> Turned:
    names = tuple(topic for topic in topics if topic in turned)  # best first
    return Turned(article_id, document.title, document.source or "", names, topics[names[0]])
