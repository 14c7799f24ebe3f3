"""A first look at an article: whether terms that must stand near one another do so anywhere in it.

It leaves out no article that is true: where it is in doubt, the engine decides. Most articles that have both words have
them far apart, and are left in a third of the time that the engine takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from monitor.domain.expression_tree import And, Expression, Near, Or, Reference, Term, Within, children, side_by_side
from monitor.domain.kernel import Patterns, haystack_of
from monitor.domain.model import Document
from monitor.domain.reading import GAP
from monitor.domain.text import ONE_BYTE

if TYPE_CHECKING:
    from monitor.domain.automaton import Automaton, Vocabulary
    from monitor.domain.dossier import Entity


class _Apart(NamedTuple):
    """Of each pattern its side, and how many words may not lie between both; see `Patterns.near`."""

    sides: bytes
    distance: int


class Nearness:
    """What of an expression is a matter of nearness, and must hold wherever the expression does."""

    def __init__(
        self,
        expression: Expression,
        vocabulary: Vocabulary,
        automaton: Automaton,
        entities: Mapping[str, Entity],
        sets: Mapping[str, Expression],
    ) -> None:
        self._vocabulary, self._entities, self._sets = vocabulary, entities, sets
        self._machine: Patterns = automaton.table.machine
        self._asked = tuple(
            [
                _Apart(automaton.table.sides(left, right), near.distance)
                for near in self._needed(expression)
                if (left := self._numbers(near.left)) is not None and (right := self._numbers(near.right)) is not None
            ]
        )

    @property
    def asks(self) -> bool:
        """Whether anything of the expression is a matter of nearness."""
        return bool(self._asked)

    def rules_out(self, document: Document) -> bool:
        """Whether a document makes the expression false for certain."""
        if not self._asked:
            return False
        # as a reading puts it together, which takes longer than this look
        haystack = haystack_of(f"{document.title}{GAP}{document.lead}{GAP}{document.body}", ONE_BYTE)
        if haystack is None:  # a character is rare or shows nothing
            return False
        for sides, distance in self._asked:  # noqa: SIM110 - a generator takes as long as a third of the look
            if not self._machine.near(haystack, sides, distance):
                return True
        return False

    def _needed(self, expression: Expression) -> Iterator[Near]:
        """What must be near wherever the expression is true."""
        match expression:
            case Near():
                yield expression
            case Reference("set", name):
                yield from self._needed(self._sets[name])
            case And() | Within():
                for part in children(expression):
                    yield from self._needed(part)

    def _numbers(self, expression: Expression) -> set[int] | None:
        """The groups of which each place of an expression begins with one and ends with one; None: not known."""
        match expression:
            case Term():
                return {self._vocabulary.number(expression)}
            case Reference("set", name):
                return self._numbers(self._sets[name])
            case Reference(_, name):
                return set(self._named(self._entities[name]))
            case Or(parts):  # as the compiler numbers them
                terms, others = side_by_side(parts, self._sets)
                groups = [{self._vocabulary.number(*terms)}] if terms else []
                return _together([*groups, *map(self._numbers, others)])
            case And() | Near() | Within():
                return _together(list(map(self._numbers, children(expression))))
            case _:
                return None

    def _named(self, entity: Entity) -> Iterator[int]:
        open_ended = [alias.term for alias in entity.aliases if not (alias.since or alias.until)]
        dated = [(alias.term,) for alias in entity.aliases if alias.since or alias.until]
        for terms in (open_ended, *dated, entity.periphrases, entity.alone):
            if terms:
                yield self._vocabulary.number(*terms)


def _together(parts: list[set[int] | None]) -> set[int] | None:
    known = [part for part in parts if part is not None]
    return set().union(*known) if len(known) == len(parts) else None
