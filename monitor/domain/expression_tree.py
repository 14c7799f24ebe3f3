"""What an expression of the query language is made of: a tree of values, equal when they say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Form(StrEnum):
    """How a term is compared with the text."""

    INFLECTED = "inflected"  # exclure: every form, any case, any accents
    EXACT = "exact"  # =exclu: this form, any case, any accents
    ACCENTS = "accents"  # ==exclu: this form with its accents, any case
    CASE = "case"  # ^UE: this form with its accents and its case
    PREFIX = "prefix"  # numéris*: words that start so
    FIGURE = "figure"  # <nombre>, <pourcent>, <euro>: figures and numbers in words

    __hash__ = str.__hash__  # that of an Enum is Python, and terms are hashed by the ten thousand


class Term(NamedTuple):
    """A word or a phrase. `tail` bounds what a prefix may be followed by, in letters.

    A tuple, for terms are hashed and sorted by the ten thousand when a dossier is compiled.
    """

    text: str
    form: Form = Form.INFLECTED
    tail: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """`@huawei`, an entity, or `#europe`, a set."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression


@dataclass(frozen=True, slots=True)
class Near:
    """Both within `distance` words; `ordered`: the left one first."""

    left: Expression
    right: Expression
    distance: int
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Without:
    """The left one where the right one is not: within `distance` words, or around it when `distance` is None."""

    left: Expression
    right: Expression
    distance: int | None


@dataclass(frozen=True, slots=True)
class Within:
    """The part, all inside one `unit`: sentence, paragraph, title, lead, body, or first (the first `count` words)."""

    unit: str
    part: Expression
    count: int = 0


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`count` mentions of the part, or, when `distinct`, `count` different ones of an Or's parts."""

    count: int
    part: Expression
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """The part is what the article is about: in the title, or often and in distinct paragraphs."""

    part: Expression


@dataclass(frozen=True, slots=True)
class Meta:
    """A condition on the article: `source`, `language`, `after`, `before`, `words` (its length)."""

    kind: str
    value: str | date | int


Expression = Term | Reference | And | Or | Not | Near | Without | Within | AtLeast | About | Meta


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct parts of an expression."""
    match expression:
        case And(parts) | Or(parts):
            return parts
        case Near(left, right) | Without(left, right):
            return left, right
        case Not(part) | About(part) | Within(_, part) | AtLeast(_, part):
            return (part,)
        case _:
            return ()


def side_by_side(parts: tuple[Expression, ...], sets: Mapping[str, Expression]) -> tuple[list[Term], list[Expression]]:
    """The terms of alternatives, those of their sets with them, and the other parts.

    Such terms share one number: a set of a thousand names, or of five sets, costs one look-up.
    """
    terms: list[Term] = []
    others: list[Expression] = []
    for part in parts:
        inner = sets[part.name] if isinstance(part, Reference) and part.kind == "set" else part
        if isinstance(inner, Or):
            more, rest = side_by_side(inner.parts, sets)
            terms += more
            others += rest
        elif isinstance(inner, Term):
            terms.append(inner)
        else:
            others.append(inner)
    return terms, others
