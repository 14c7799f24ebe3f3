"""What an expression cannot be true without: the terms that let most articles be left early."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.dossier import Entity
from monitor.domain.expressions import (
    About,
    And,
    AtLeast,
    Expression,
    Near,
    Or,
    Reference,
    Term,
    Within,
    Without,
)

Needs = frozenset[Term] | None


def needs(  # noqa: PLR0911 - a line a kind
    expression: Expression, entities: Mapping[str, Entity], sets: Mapping[str, Expression]
) -> Needs:
    """Terms of which at least one stands in every text that makes `expression` true; None when there are none such."""

    def of(part: Expression) -> Needs:
        return needs(part, entities, sets)

    match expression:
        case Term():
            return frozenset({expression})
        case Reference("set", name):
            return of(sets[name])
        case Reference(_, name):
            return frozenset(alias.term for alias in entities[name].aliases).union(entities[name].alone)
        case Or(parts):
            return _union([of(part) for part in parts])
        case And(parts):
            return _fewest([of(part) for part in parts])
        case Near(left, right):
            return _fewest([of(left), of(right)])
        case Without(left, _):
            return of(left)
        case Within(_, part) | AtLeast(_, part) | About(part):
            return of(part)
        case _:
            return None


def _union(found: list[Needs]) -> Needs:
    whole: frozenset[Term] = frozenset()
    for part in found:
        if part is None:
            return None
        whole |= part
    return whole


def _fewest(found: list[Needs]) -> Needs:
    return min((part for part in found if part is not None), key=len, default=None)
