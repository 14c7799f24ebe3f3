"""Matching: dossiers compiled once, then every article against all of them.

An article is scanned in two steps. A small automaton of the anchors' names leaves most articles at once; the others
are scanned by the one automaton of all terms, and rules then work on the positions found. A dossier with a model
lets it weigh what the rules found; one without runs on rules alone.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from monitor.domain.automaton import Automaton, Vocabulary, compile_vocabulary
from monitor.domain.dossier import Dossier
from monitor.domain.dossier_values import place_of
from monitor.domain.model import Document, Verdict
from monitor.domain.reading import Reading
from monitor.domain.scoring import CompiledDossier
from monitor.errors import DossierError, QueryError

__all__ = ["Matcher", "compile_dossiers"]


class Gathered(NamedTuple):
    """The labels of the expressions that held for a topic, and what its rules add up to."""

    labels: set[str]
    raw: float


class Matcher:
    """Compiled dossiers. `match` is a pure function of the document; a matcher may be shared by threads."""

    def __init__(self, compiled: list[CompiledDossier], automaton: Automaton) -> None:
        self._compiled, self._automaton = compiled, automaton
        self._by_slug = {one.dossier.slug: one for one in compiled}
        needed = [one.needed for one in compiled]
        self._gate = None if None in needed else automaton.gate({number for found in needed for number in found or ()})

    @property
    def dossiers(self) -> tuple[Dossier, ...]:
        return tuple(one.dossier for one in self._compiled)

    @property
    def patterns(self) -> list[bytes]:
        """Every byte pattern the automaton looks for."""
        return self._automaton.table.patterns

    def match(self, document: Document) -> dict[str, Verdict]:
        """The verdict of every dossier, by slug."""
        return {one.dossier.slug: verdict for one, verdict in self._verdicts(document, self._compiled)}

    def match_one(self, document: Document, slug: str) -> Verdict:
        """The verdict of one dossier. Raises `KeyError` for a slug that was not compiled."""
        return next(verdict for _, verdict in self._verdicts(document, [self._by_slug[slug]]))

    def reading(self, document: Document, slug: str) -> tuple[CompiledDossier, Reading]:
        """One dossier as it was compiled, and a document as its automaton read it."""
        compiled, reading = self._by_slug[slug], Reading(document)
        self._automaton.scan(reading)
        return compiled, reading

    def beside(self, document: Document, slug: str) -> tuple[Verdict, Verdict]:
        """The verdict of one dossier, and that of its rules alone: the same where no model weighs them."""
        compiled, reading = self.reading(document, slug)
        verdict, anchors = compiled.verdict(reading), compiled.anchors(reading)
        if compiled.weigher is None or anchors is None:
            return verdict, verdict
        return verdict, compiled.ruled(reading, anchors, compiled.counted(reading))

    def gathered(self, document: Document, slug: str) -> dict[str, Gathered]:
        """What each topic's rules found in a document that names the anchor, whatever the verdict; only what held."""
        compiled, reading = self.reading(document, slug)
        anchors = compiled.anchors(reading)
        if anchors is None:
            return {}
        tallies = compiled.tallies(reading, anchors, compiled.counted(reading))
        return {
            topic.slug: Gathered({item.label for item, _, _ in tallies[number].lines}, tallies[number].raw)
            for number, topic in enumerate(compiled.dossier.topics)
            if tallies[number].lines
        }

    def may_match(self, text: str) -> bool:
        """False only when no topic of any dossier can fire on an article of this text (tags and all, if need be)."""
        return self._gate is None or self._gate.any(text)

    @property
    def needed(self) -> tuple[bytes, ...] | None:
        """The patterns of which one stands in the skeleton of each text that `may_match`; None: all texts may."""
        return None if self._gate is None else self._gate.patterns

    def _verdicts(self, document: Document, wanted: list[CompiledDossier]) -> Iterable[tuple[CompiledDossier, Verdict]]:
        reading = Reading(document)
        if self._gate is not None and not self._gate.finds(reading.haystack):
            return ((one, one.silence) for one in wanted)
        self._automaton.scan(reading)
        return ((one, one.verdict(reading)) for one in wanted)


def compile_dossiers(dossiers: Iterable[Dossier], cache_dir: Path | None = None) -> Matcher:
    """A matcher for `dossiers`. Inflected forms are expanded here, and kept in `cache_dir` by content hash.

    Raises `DossierError` for a term that expands to thousands of forms and for a model that cannot be read; its `where`
    is the line of the dossier at fault.
    """
    chosen, vocabulary = list(dossiers), Vocabulary()
    with _uncollected():
        compiled = [CompiledDossier(dossier, vocabulary, cache_dir=cache_dir) for dossier in chosen]
        try:
            automaton = compile_vocabulary(vocabulary, cache_dir)
        except QueryError as error:
            raise _at_fault(chosen, error) from error
        return Matcher(compiled, automaton)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without searches for cyclic garbage, which double the time: much is made here, and hardly any of it dropped."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _at_fault(dossiers: list[Dossier], error: QueryError) -> DossierError:
    """The error at the line of its term, in the dossier that does not compile by itself."""
    dossier = next((one for one in dossiers if _is_broken(one)), None)
    where = "" if dossier is None else place_of(dossier.text, dossier.where, error.text)
    return DossierError(error.message, where=where, code="D007", hint=error.hint)


def _is_broken(dossier: Dossier) -> bool:
    vocabulary = Vocabulary()
    CompiledDossier(dossier, vocabulary, weigh=False)
    try:
        compile_vocabulary(vocabulary)
    except QueryError:
        return True
    return False
