"""The values of a dossier: what is watched, as its file says it, before anything is compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from monitor.domain.expressions import Expression, Term


@dataclass(frozen=True, slots=True)
class Alias:
    """One way to name an entity, in force from `since` until `until` (both inclusive; None: open)."""

    term: Term
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or something with names.

    A periphrasis (l'équipementier chinois) stands for the entity named last before it, among this one and `rivals`;
    those of `alone` count in an article that names none of these.
    """

    name: str
    aliases: tuple[Alias, ...]
    periphrases: tuple[Term, ...] = ()
    rivals: tuple[Term, ...] = ()
    alone: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Expressions that each add `weight` a mention, up to `cap` mentions.

    `anywhere`: counts in full wherever it stands; else in full only in sentences about the anchor.
    """

    items: tuple[Expression, ...]
    weight: float = 1.0
    cap: int = 1
    anywhere: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sentence that must, or must not, fire its topic; `veille check` tries it."""

    text: str
    fires: bool


@dataclass(frozen=True, slots=True)
class Topic:
    """One theme: it fires when `requires` holds and its rules add up to `threshold`."""

    slug: str
    title: str
    rules: tuple[Rule, ...] = ()
    threshold: float = 1.0
    requires: Expression | None = None
    description: str = ""
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """When an article is about the anchor: named in the title, or `mentions` times in `paragraphs` paragraphs."""

    mentions: int = 3
    paragraphs: int = 2


@dataclass(frozen=True, slots=True)
class Dossier:
    """An article is relevant when it is about the anchor, `requires` holds, `rules` reach `threshold`.

    `where` names it in errors, and `text` is its TOML, for their lines.
    """

    slug: str
    title: str
    topics: tuple[Topic, ...]
    anchor: Expression | None = None
    requires: Expression | None = None
    rules: tuple[Rule, ...] = ()
    threshold: float = 1.0
    about: About = field(default_factory=About)
    entities: tuple[Entity, ...] = ()
    sets: tuple[tuple[str, Expression], ...] = ()
    boosts: tuple[tuple[str, float], ...] = ()
    elsewhere: float = 0.3
    description: str = ""
    where: str = ""
    rules_hash: str = ""
    signals: tuple[tuple[str, Expression], ...] = ()
    model: bytes | None = field(default=None, repr=False)
    text: str = field(default="", repr=False, compare=False)
