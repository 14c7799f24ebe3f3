"""A query on one article at a time: the engine of the topics decides, and gives the spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from monitor.domain.automaton import Automaton, Vocabulary, compile_vocabulary
from monitor.domain.dossier import Dossier, Entity
from monitor.domain.evaluation import Compiler
from monitor.domain.expressions import (
    And,
    Expression,
    Near,
    Not,
    Or,
    Reference,
    Term,
    Within,
    Without,
    children,
)
from monitor.domain.kernel import merged
from monitor.domain.model import Document, Span
from monitor.domain.nearness import Nearness
from monitor.domain.reading import Reading
from monitor.domain.termtable import build_table
from monitor.domain.words import Words, WordsNeeded
from monitor.errors import QueryError

MOST_SPANS = 200


class Judge:
    """A compiled expression. `spans` is a pure function of the document; `words` narrow down whom to ask."""

    def __init__(
        self,
        expression: Expression,
        *,
        entities: Mapping[str, Entity] | None = None,
        sets: Mapping[str, Expression] | None = None,
        cache_dir: Path | None = None,
    ) -> None:
        entities, sets = dict(entities or {}), dict(sets or {})
        vocabulary = Vocabulary()
        self._holds = Compiler(vocabulary, entities=entities, sets=sets).compile(expression)
        # without a cache the French forms stay in memory: the next query is compiled in milliseconds
        self._automaton = (
            compile_vocabulary(vocabulary, cache_dir) if cache_dir else Automaton(build_table(vocabulary.groups))
        )
        self.of_text = _of_text(expression)
        """Whether title, lead and body alone decide."""
        self._nearness = Nearness(expression, vocabulary, self._automaton, entities, sets)
        self.rules_out = self._nearness.rules_out
        """Whether a first look, which takes a fraction of the time, tells that the expression is false."""
        self.words: Words | None = WordsNeeded(vocabulary, self._automaton, entities, sets).of(expression)

    def spans(self, document: Document) -> tuple[Span, ...] | None:
        """Where the expression is true, in order; empty when true without a place; None when it is false."""
        return None if self.rules_out(document) else self.spans_of_likely(document)

    @property
    def looks_first(self) -> bool:
        """Whether there is such a look for the expression."""
        return self._nearness.asks

    def spans_of_likely(self, document: Document) -> tuple[Span, ...] | None:
        """`spans` of what the first look did not rule out."""
        reading = Reading(document)
        self._automaton.scan(reading)
        found = self._holds(reading, 0, reading.end)
        if found is None:
            return None
        return tuple(reading.span(*pair) for pair in merged(sorted(found))[:MOST_SPANS])


_OF_TEXT = (Term, And, Or, Not, Near, Without, Within)


def _of_text(expression: Expression) -> bool:
    """Whether nothing but the text is asked: no outlet, language or time, and no name that holds for a while."""
    return isinstance(expression, _OF_TEXT) and all(map(_of_text, children(expression)))


def make_judge(expression: Expression, dossiers: Iterable[Dossier] = (), *, cache_dir: Path | None = None) -> Judge:
    """The judge of a query; `@entity` and `#set` are looked up in `dossiers`, the first that has the name.

    Raises `QueryError` for a name that none has, and for a term of thousands of forms.
    """
    entities: dict[str, Entity] = {}
    sets: dict[str, Expression] = {}
    for dossier in dossiers:
        for entity in dossier.entities:
            entities.setdefault(entity.name, entity)
        for name, expanded in dossier.sets:
            sets.setdefault(name, expanded)
    for reference in references(expression):
        known = entities if reference.kind == "entity" else sets
        if reference.name not in known:
            mark = "@" if reference.kind == "entity" else "#"
            there = ", ".join(mark + name for name in list(known)[:8])
            raise QueryError(f"no dossier has {mark}{reference.name}", hint=f"there are {there}" if there else "")
    return Judge(expression, entities=entities, sets=sets, cache_dir=cache_dir)


def references(expression: Expression) -> Iterable[Reference]:
    """Every `@entity` and `#set` that an expression names."""
    if isinstance(expression, Reference):
        yield expression
    for child in children(expression):
        yield from references(child)
