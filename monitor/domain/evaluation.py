"""Expressions to functions over the places of terms in one article; `operations` tells what these give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from monitor.domain.automaton import Vocabulary
from monitor.domain.dossier import About as AboutLimits
from monitor.domain.dossier import Entity
from monitor.domain.expression_tree import side_by_side
from monitor.domain.expressions import (
    About,
    And,
    AtLeast,
    Expression,
    Meta,
    Near,
    Not,
    Or,
    Reference,
    Term,
    Within,
    Without,
)
from monitor.domain.kernel import (
    at_least,
    found_mask,
    in_field,
    in_field_mask,
    in_first,
    joined_by_and,
    joined_by_or,
    kept_mask,
    mentioned,
    near,
    negated,
    often,
    standing,
    term_mask,
    together,
)
from monitor.domain.masks import Masked
from monitor.domain.model import Field
from monitor.domain.operations import Compiled, Named, Names, about, condition, in_sentences, within, without

_FIELDS = frozenset(Field)


class Alternatives(NamedTuple):
    """Parts of an OR (kept, so that nothing else gets their identity), the number of their terms, the parts besides."""

    parts: tuple[Expression, ...]
    number: int | None
    others: list[Expression]


class Compiler:
    """Compiles the expressions of one dossier, or of one query, against a vocabulary shared by all."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        *,
        entities: Mapping[str, Entity] | None = None,
        sets: Mapping[str, Expression] | None = None,
        about: AboutLimits | None = None,
        scope: str = "",
    ) -> None:
        self._vocabulary, self._scope = vocabulary, scope
        self._entities, self._sets = entities or {}, sets or {}
        self._about = about or AboutLimits()
        self._compiled_sets: dict[str, Compiled] = {}
        self._compiled_entities: dict[str, Compiled] = {}
        self._set_masks: dict[str, Masked | None] = {}
        self._alternatives: dict[int, Alternatives] = {}
        self.derived: dict[int, Masked] = {}
        """Of each derived number in a conjunction, what puts its sentences among the masks of a reading."""

    def compile(self, expression: Expression) -> Compiled:  # noqa: C901, PLR0911, PLR0912 - a line a kind
        """The function of an expression. Its references must be known."""
        match expression:
            case Term():
                return standing(self._vocabulary.number(expression))
            case Reference("set", name):
                if name not in self._compiled_sets:
                    self._compiled_sets[name] = self.compile(self._sets[name])
                return self._compiled_sets[name]
            case Reference(_, name):
                if name not in self._compiled_entities:
                    self._compiled_entities[name] = self._entity(self._entities[name])
                return self._compiled_entities[name]
            case And(parts):
                return at_least([self.compile(part) for part in parts], len(parts))
            case Or(parts):
                return self._either(parts)
            case Not(part):
                return negated(self.compile(part))
            case Near(left, right, distance, ordered):
                return near(self.compile(left), self.compile(right), distance, ordered=ordered)
            case Without(left, right, distance):
                return without(self.compile(left), self.compile(right), distance)
            case Within("first", part, count):
                return in_first(self.compile(part), count)
            case Within("paragraph", part) if (places := self._places(part)) is not None:
                return together("paragraph", places)
            case Within("sentence", part) if (mask := self._sentence_mask(part)) is not None:
                places = self._places(part)
                return in_sentences(mask, self.compile(part)) if places is None else together("sentence", places)
            case Within("sentence" | "paragraph" as unit, part):
                return within(unit, self.compile(part))
            case Within(unit, part):
                return in_field(unit, self.compile(part))
            case AtLeast(count, part, True):
                return at_least([self.compile(member) for member in self._members(part)], count)
            case AtLeast(count, part):
                return often(self.compile(part), count)
            case About(part):
                return about(self.compile(part), self._about)
            case Meta(kind, value):
                return condition(kind, value)

    def _members(self, expression: Expression) -> tuple[Expression, ...]:
        """What `distinct` counts: several parts each as one, the members of a single set one by one."""
        if isinstance(expression, Or):
            return expression.parts
        return tuple(dict.fromkeys(self._flat(expression)))

    def _flat(self, expression: Expression) -> list[Expression]:
        match expression:
            case Reference("set", name):
                return self._flat(self._sets[name])
            case Or(parts):
                return [member for part in parts for member in self._flat(part)]
            case _:
                return [expression]

    def mask(self, expression: Expression, compiled: Compiled) -> Masked:
        """The function that tells in which sentences an expression, `compiled`, holds: bit n stands for sentence n.

        What stands inside sentence(…) and is made of terms with AND, OR, NOT is found by arithmetic on these bits.
        """
        if isinstance(expression, Within) and expression.unit == "sentence":
            inside = self._sentence_mask(expression.part)
            if inside is not None:
                return inside
        if isinstance(expression, Within) and expression.unit in _FIELDS and self._is_placed(expression.part):
            placed = self._sentence_mask(expression.part)
            assert placed is not None
            return in_field_mask(expression.unit, placed)
        if isinstance(expression, Term | Reference):
            simple = self._sentence_mask(expression)
            assert simple is not None
            return simple
        return found_mask(compiled)

    def _sentence_mask(self, expression: Expression) -> Masked | None:  # noqa: PLR0911 - a line a kind
        match expression:
            case Term():
                return term_mask(self._vocabulary.number(expression))
            case Reference("set", name):
                if name not in self._set_masks:
                    self._set_masks[name] = self._sentence_mask(self._sets[name])
                return self._set_masks[name]
            case Reference():
                return kept_mask(self._entity_number(expression), found_mask(self.compile(expression)))
            case And(parts):
                return joined_by_and([self._sentence_mask(part) for part in parts])
            case Or(parts):
                return self._sentence_either(parts)
            case Not(part):
                inner = self._sentence_mask(part)
                return None if inner is None else lambda reading: ((1 << len(reading.starts)) - 1) & ~inner(reading)
            case _:
                return None

    def _sentence_either(self, parts: tuple[Expression, ...]) -> Masked | None:
        _, number, others = self._side_by_side(parts)
        masks = [self._sentence_mask(part) for part in others]
        if number is not None:
            masks.append(term_mask(number))
        return joined_by_or(masks)

    def conjunction(self, expression: Expression) -> tuple[int, ...] | None:
        """Numbers whose sentences, joined by AND, are those where `expression` holds; None when it is more than that.

        Those below zero are `derived`.
        """
        if isinstance(expression, Within) and expression.unit == "sentence":
            expression = expression.part
        elif not isinstance(expression, Term | Reference):
            return None
        parts = expression.parts if isinstance(expression, And) else (expression,)
        numbers = [self._number_of(part) for part in parts]
        known = tuple([number for number in numbers if number is not None])
        return known if len(known) == len(numbers) else None

    def _number_of(self, expression: Expression) -> int | None:
        """The number under which the sentences of an expression are found, or will be."""
        match expression:
            case Term():
                return self._vocabulary.number(expression)
            case Reference("set", name):
                return self._number_of(self._sets[name])
            case Reference():
                number = self._entity_number(expression)
            case Or(parts):
                _, terms, others = self._side_by_side(parts)
                members = [self._number_of(part) for part in others]
                if terms is not None:
                    members.append(terms)
                if len(members) == 1:
                    return members[0]
                if None in members:
                    return None
                number = self._vocabulary.derived(tuple(members))
            case _:
                return None
        mask = self._sentence_mask(expression)
        assert mask is not None
        self.derived[number] = kept_mask(number, mask)
        return number

    def _entity_number(self, reference: Reference) -> int:
        return self._vocabulary.derived(f"{self._scope}@{reference.name}")

    def required(self, expression: Expression) -> frozenset[int]:  # noqa: PLR0911 - a line a kind
        """Numbers of groups that all stand in every article that makes `expression` true, of those numbered anyway."""
        match expression:
            case Term():
                return frozenset((self._vocabulary.number(expression),))
            case Reference("set", name):
                return self.required(self._sets[name])
            case Or(parts):
                _, number, others = self._side_by_side(parts)
                return frozenset() if others or number is None else frozenset((number,))
            case And(parts):
                return frozenset().union(*(self.required(part) for part in parts))
            case Near(left, right):
                return self.required(left) | self.required(right)
            case Without(left, _):
                return self.required(left)
            case AtLeast(_, _, True):
                return frozenset()  # each of the parts has its own number
            case Within(_, part) | AtLeast(_, part) | About(part):
                return self.required(part)
            case _:
                return frozenset()

    def _places(self, expression: Expression) -> list[int | Compiled] | None:
        """The parts of an AND when each is a matter of places alone: terms, names, and one or the other of these."""
        if not isinstance(expression, And) or not all(self._is_placed(part) for part in expression.parts):
            return None
        return [self._placed(part) for part in expression.parts]

    def _placed(self, expression: Expression) -> int | Compiled:
        """The group that is the same as an expression, else its function."""
        match expression:
            case Term():
                return self._vocabulary.number(expression)
            case Reference("set", name):
                return self._placed(self._sets[name])
            case Or(parts):
                _, number, others = self._side_by_side(parts)
                if number is not None and not others:
                    return number
        return self.compile(expression)

    def _is_placed(self, expression: Expression) -> bool:
        if isinstance(expression, Or):
            return all(self._is_placed(part) for part in expression.parts)
        if isinstance(expression, Reference) and expression.kind == "set":
            return self._is_placed(self._sets[expression.name])
        return isinstance(expression, Term | Reference)

    def _either(self, parts: tuple[Expression, ...]) -> Compiled:
        _, number, others = self._side_by_side(parts)
        compiled = [self.compile(part) for part in others]
        if number is not None:
            compiled.append(standing(number))
        return compiled[0] if len(compiled) == 1 else at_least(compiled, 1)

    def _side_by_side(self, parts: tuple[Expression, ...]) -> Alternatives:
        """Alternatives, looked at once; known by their identity, as a thousand names take long to compare."""
        found = self._alternatives.get(id(parts))
        if found is None:
            terms, others = side_by_side(parts, self._sets)
            number = self._vocabulary.number(*terms) if terms else None
            found = self._alternatives[id(parts)] = Alternatives(parts, number, others)
        return found

    def _entity(self, entity: Entity) -> Compiled:
        open_ended = [alias.term for alias in entity.aliases if not (alias.since or alias.until)]
        names: list[Named] = [(self._vocabulary.number(*open_ended), None, None)] if open_ended else []
        dated = [alias for alias in entity.aliases if alias.since or alias.until]
        names += [(self._vocabulary.number(alias.term), alias.since, alias.until) for alias in dated]
        others = (entity.periphrases, entity.rivals, entity.alone)
        phrases, rivals, alone = (self._vocabulary.number(*terms) if terms else -1 for terms in others)
        return mentioned(f"{self._scope}@{entity.name}", Names(names, phrases, rivals, alone))
