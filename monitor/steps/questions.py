"""Subscribers' questions, compiled once: the same language as the search box, asked of each alert's articles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog

from monitor.domain.judging import make_judge, references
from monitor.domain.subscribers import SubscriberSpec, parse_query
from monitor.domain.topics import Dossier, parse_dossier
from monitor.errors import ConfigError, DossierError, QueryError
from monitor.steps.versions import Key, Versions
from monitor.storage.dossiers import dossiers_in_force
from monitor.storage.engine import Store
from monitor.storage.membership import Question

log = structlog.get_logger(__name__)

MOST_KEPT = 500
_NOTHING = Question(parse_query("score:>2"))  # no score is: what cannot be asked is answered by nothing


class Questions:
    """Gives the question of a subscriber. One that names parts of dossiers is compiled again when these change."""

    def __init__(self, store: Store, cache_dir: Path | None) -> None:
        self._store, self._cache_dir = store, cache_dir
        self._known: dict[str, Question] = {}
        self._key: Key = ()
        self._versions = Versions()

    def prepare(self, specs: Iterable[SubscriberSpec]) -> None:
        """Compile what is new: that takes seconds, so it is done while no transaction is open."""
        asking = sorted({spec.query for spec in specs if spec.query})
        if not asking:
            return
        with self._store.read() as session:
            key = self._versions.in_force(session)
        if key != self._key or len(self._known) > MOST_KEPT:
            self._key, self._known = key, {}
        for text in asking:
            self._of(text)

    def of(self, spec: SubscriberSpec) -> Question | None:
        """None when the subscriber asks nothing. A question that no longer compiles finds nothing, and says so."""
        return self._of(spec.query) if spec.query else None

    def _of(self, text: str) -> Question:
        if text not in self._known:
            self._known[text] = self._compiled(text)
        return self._known[text]

    def _compiled(self, text: str) -> Question:
        try:
            return compile_question(self._store, text, self._cache_dir)
        except QueryError as error:
            log.warning("query_broken", query=text, reason=str(error))
            return _NOTHING


def compile_question(store: Store, text: str, cache_dir: Path | None) -> Question:
    """The question of a text. Raises `QueryError` for one that cannot be read, or names what no dossier has."""
    asked = parse_query(text)
    if asked.expression is None:
        return Question(asked)
    needed = any(True for _ in references(asked.expression))
    return Question(asked, make_judge(asked.expression, known_dossiers(store) if needed else (), cache_dir=cache_dir))


def check_questions(
    specs: Iterable[SubscriberSpec], dossiers: Sequence[Dossier], where: str, cache_dir: Path | None
) -> None:
    """Raises `ConfigError` for the first question that does not compile with these dossiers."""
    for spec in specs:
        expression = parse_query(spec.query).expression
        if expression is not None:
            try:
                make_judge(expression, dossiers, cache_dir=cache_dir)
            except QueryError as error:
                message = f"the query of {spec.name} cannot be asked: {error.message}"
                raise ConfigError(message, where=where, code="C059", hint=error.hint) from error


def known_dossiers(store: Store) -> list[Dossier]:
    """The dossiers in force, whose entities and sets a question can name."""
    with store.read() as session:
        rows = dossiers_in_force(session)
    found = []
    for row in rows:
        try:
            found.append(parse_dossier(row.text, row.slug))
        except DossierError as error:
            log.warning("dossier_broken", dossier=row.slug, reason=str(error))
    return found
