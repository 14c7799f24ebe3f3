"""Expressions to functions over the hits of one article.

A compiled expression is called with (reading, low, high) and gives the pairs that make it true between these
offsets, in order; an empty list when it is true without a place (NOT, conditions on the article); None when false.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from monitor.domain.automaton import Vocabulary
from monitor.domain.dossier import About as AboutLimits
from monitor.domain.dossier import Entity
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
from monitor.domain.masks import Masked, joined_by_and, joined_by_or
from monitor.domain.reading import Pair, Reading, bits

Found = list[Pair] | None
Compiled = Callable[[Reading, int, int], Found]
_Named = tuple[int, date | None, date | None]


class _Names(NamedTuple):
    """The term numbers of an entity; -1 is no terms."""

    names: list[_Named]
    phrases: int
    rivals: int
    alone: int


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
        self._set_masks: dict[str, Masked | None] = {}

    def compile(self, expression: Expression) -> Compiled:  # noqa: C901, PLR0911, PLR0912 - a line a kind
        """The function of an expression. Its references must be known."""
        match expression:
            case Term():
                return _term(self._vocabulary.number(expression))
            case Reference("set", name):
                if name not in self._compiled_sets:
                    self._compiled_sets[name] = self.compile(self._sets[name])
                return self._compiled_sets[name]
            case Reference(_, name):
                return self._entity(self._entities[name])
            case And(parts):
                return _all([self.compile(part) for part in parts])
            case Or(parts):
                return self._either(parts)
            case Not(part):
                return _not(self.compile(part))
            case Near(left, right, distance, ordered):
                return _near(self.compile(left), self.compile(right), distance, ordered=ordered)
            case Without(left, right, distance):
                return _without(self.compile(left), self.compile(right), distance)
            case Within("first", part, count):
                return _first(self.compile(part), count)
            case Within("sentence", part) if (mask := self._sentence_mask(part)) is not None:
                return _in_sentences(mask, self.compile(part))
            case Within("sentence" | "paragraph" as unit, part):
                return _within(unit, self.compile(part), self._first_of(part))
            case Within(unit, part):
                return _in_field(unit, self.compile(part))
            case AtLeast(count, part, True):
                return _distinct([self.compile(member) for member in self._members(part)], count)
            case AtLeast(count, part):
                return _mentions(self.compile(part), count)
            case About(part):
                return _about(self.compile(part), self._about)
            case Meta(kind, value):
                return _meta(kind, value)

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

    def mask(self, expression: Expression) -> Masked:
        """The function that tells in which sentences an expression holds: bit n stands for sentence n.

        What stands inside sentence(…) and is made of terms with AND, OR, NOT is found by arithmetic on these bits.
        """
        if isinstance(expression, Within) and expression.unit == "sentence":
            inside = self._sentence_mask(expression.part)
            if inside is not None:
                return inside
        if isinstance(expression, Term | Reference):
            simple = self._sentence_mask(expression)
            assert simple is not None
            return simple
        compiled = self.compile(expression)

        def run(reading: Reading) -> int:
            found = compiled(reading, 0, reading.end)
            return 0 if found is None else reading.mask_of(found) or 1

        return run

    def _sentence_mask(self, expression: Expression) -> Masked | None:  # noqa: PLR0911 - a line a kind
        match expression:
            case Term():
                number = self._vocabulary.number(expression)
                return lambda reading: reading.masks.get(number, 0)
            case Reference("set", name):
                if name not in self._set_masks:
                    self._set_masks[name] = self._sentence_mask(self._sets[name])
                return self._set_masks[name]
            case Reference():
                entity, key = self.compile(expression), f"{self._scope}@{expression.name}"
                return lambda reading: reading.entity_mask(key, lambda: entity(reading, 0, reading.end))
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
        terms = [part for part in parts if isinstance(part, Term)]
        masks = [self._sentence_mask(part) for part in parts if not isinstance(part, Term)]
        if terms:
            number = self._vocabulary.number(*terms)
            masks.append(lambda reading: reading.masks.get(number, 0))
        return joined_by_or(masks)

    def required(self, expression: Expression) -> frozenset[int]:  # noqa: PLR0911 - a line a kind
        """Numbers of groups that all stand in every article that makes `expression` true, of those numbered anyway."""
        match expression:
            case Term():
                return frozenset((self._vocabulary.number(expression),))
            case Reference("set", name):
                return self.required(self._sets[name])
            case Or(parts) if all(isinstance(part, Term) for part in parts):
                return frozenset((self._vocabulary.number(*(part for part in parts if isinstance(part, Term))),))
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

    def _first_of(self, part: Expression) -> Compiled | None:
        """What must stand wherever `part` holds, when that is told soon: the rest is then asked there only."""
        first = part.parts[0] if isinstance(part, And) else None
        return self.compile(first) if isinstance(first, Term | Reference) else None

    def _either(self, parts: tuple[Expression, ...]) -> Compiled:
        """Terms side by side share one number: a set of a thousand names costs one look-up."""
        terms = [part for part in parts if isinstance(part, Term)]
        compiled = [self.compile(part) for part in parts if not isinstance(part, Term)]
        if terms:
            compiled.append(_term(self._vocabulary.number(*terms)))
        return compiled[0] if len(compiled) == 1 else _any(compiled)

    def _entity(self, entity: Entity) -> Compiled:
        open_ended = [alias.term for alias in entity.aliases if not (alias.since or alias.until)]
        names: list[_Named] = [(self._vocabulary.number(*open_ended), None, None)] if open_ended else []
        dated = [alias for alias in entity.aliases if alias.since or alias.until]
        names += [(self._vocabulary.number(alias.term), alias.since, alias.until) for alias in dated]
        others = (entity.periphrases, entity.rivals, entity.alone)
        phrases, rivals, alone = (self._vocabulary.number(*terms) if terms else -1 for terms in others)
        return _mentioned(f"{self._scope}@{entity.name}", _Names(names, phrases, rivals, alone))


_LONGEST = 12  # words of the longest term


def _between(pairs: list[Pair], low: int, high: int) -> Found:
    return [pair for pair in pairs if pair[0] >= low and pair[1] <= high] or None


def _term(number: int) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        pairs = reading.pairs(number)
        if not pairs or (low == 0 and high == reading.end):
            return pairs or None
        return _between(pairs, low, high)

    return run


def _mentioned(key: str, names: _Names) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        pairs = reading.entities.get(key)
        if pairs is None:
            pairs = reading.entities[key] = _mentions_of(reading, names)
        return _between(pairs, low, high)

    return run


def _mentions_of(reading: Reading, entity: _Names) -> list[Pair]:
    named: list[Pair] = []
    for number, since, until in entity.names:
        if _in_force(reading.day, since, until):
            named.extend(reading.pairs(number))
    rivals = reading.pairs(entity.rivals)
    if not named:
        return [] if rivals else merged(sorted(reading.pairs(entity.alone)))
    named.sort()
    claimed = [pair for pair in reading.pairs(entity.phrases) if _stands_for(pair, named, rivals)]
    return merged(sorted(named + claimed))


def _in_force(day: date | None, since: date | None, until: date | None) -> bool:
    """An article without a date is taken for one of today: what has an end is over."""
    if day is None:
        return until is None
    return (since is None or day >= since) and (until is None or day <= until)


def _stands_for(pair: Pair, named: list[Pair], rivals: list[Pair]) -> bool:
    """A periphrasis stands for whom was named last before it; before any name, for whom comes first after it."""
    own = max((start for start, _ in named if start <= pair[0]), default=-1)
    other = max((start for start, _ in rivals if start <= pair[0]), default=-1)
    if own >= 0 or other >= 0:
        return own > other
    return named[0][0] <= min((start for start, _ in rivals), default=named[0][0])


def merged(pairs: list[Pair]) -> list[Pair]:
    """Sorted pairs with those that overlap made one."""
    found: list[Pair] = []
    for start, end in pairs:
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _all(parts: list[Compiled]) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        pairs: list[Pair] = []
        for part in parts:
            found = part(reading, low, high)
            if found is None:
                return None
            pairs += found
        return sorted(pairs)

    return run


def _any(parts: list[Compiled]) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        results = [found for part in parts if (found := part(reading, low, high)) is not None]
        return sorted(pair for found in results for pair in found) if results else None

    return run


def _not(part: Compiled) -> Compiled:
    return lambda reading, low, high: [] if part(reading, low, high) is None else None


def _distance(reading: Reading, a: Pair, b: Pair) -> int:
    """Words between the beginnings of what lies first's end and what lies second: 0 for neighbours."""
    first, second = (a, b) if a <= b else (b, a)
    return max(0, reading.word_at(second[0]) - reading.word_at(first[1]))


def _near(left: Compiled, right: Compiled, distance: int, *, ordered: bool) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        ones = left(reading, low, high)
        others = right(reading, low, high) if ones else None
        if not ones or not others:
            return None
        placed = sorted((reading.word_at(start), reading.word_at(end), (start, end)) for start, end in others)
        firsts = [first for first, _, _ in placed]
        pairs: set[Pair] = set()
        for one in ones:
            first, last = reading.word_at(one[0]), reading.word_at(one[1])
            nearby = placed[bisect_left(firsts, first - distance - _LONGEST) : bisect_left(firsts, last + distance)]
            for start, end, other in nearby:
                after = start >= last and start - last < distance
                before = not ordered and end <= first and first - end < distance
                if after or before:
                    pairs |= {one, other}
        return sorted(pairs) or None

    return run


def _without(left: Compiled, right: Compiled, distance: int | None) -> Compiled:
    def beside(reading: Reading, one: Pair, other: Pair) -> bool:
        if distance is None:
            return other[0] <= one[0] and one[1] <= other[1]
        return _distance(reading, one, other) < distance

    def run(reading: Reading, low: int, high: int) -> Found:
        ones = left(reading, low, high)
        if not ones:
            return ones
        others = right(reading, 0, reading.end) or ()
        return [one for one in ones if not any(beside(reading, one, other) for other in others)] or None

    return run


def _in_sentences(mask: Masked, part: Compiled) -> Compiled:
    """The same for sentences that bits can tell: only those where it holds are looked into."""

    def run(reading: Reading, low: int, high: int) -> Found:
        chosen = mask(reading)
        if not chosen:
            return None
        spans = (reading.sentences[number] for number in bits(chosen))
        inside = [(max(start, low), min(end, high)) for start, end in spans if end > low and start < high]
        results = [found for start, end in inside if (found := part(reading, start, end)) is not None]
        return sorted(pair for found in results for pair in found) if results else None

    return run


def _within(unit: str, part: Compiled, first: Compiled | None) -> Compiled:
    """`first` tells which units are worth asking."""

    def run(reading: Reading, low: int, high: int) -> Found:
        units = reading.units(unit, low, high)
        if first is not None:
            there = first(reading, low, high)
            if not there:
                return None
            starts = sorted(start for start, _ in there)
            units = [pair for pair in units if _holds_one(starts, pair)]
        results = [found for start, end in units if (found := part(reading, start, end)) is not None]
        return sorted(pair for found in results for pair in found) if results else None

    return run


def _holds_one(starts: list[int], unit: Pair) -> bool:
    return bisect_left(starts, unit[0]) < bisect_left(starts, unit[1])


def _in_field(unit: str, part: Compiled) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        start, end = reading.fields[unit]
        if end <= low or start >= high:
            return None
        found = part(reading, max(start, low), min(end, high))
        return None if found is None else sorted(found)

    return run


def _first(part: Compiled, count: int) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        start, end = reading.first_words(count)
        return part(reading, max(low, start), min(high, end))

    return run


def _mentions(part: Compiled, count: int) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        found = merged(part(reading, low, high) or [])
        return found if len(found) >= count else None

    return run


def _distinct(parts: list[Compiled], count: int) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        results = [found for part in parts if (found := part(reading, low, high)) is not None]
        return sorted(pair for found in results for pair in found) if len(results) >= count else None

    return run


def _about(part: Compiled, limits: AboutLimits) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:
        found = merged(part(reading, low, high) or [])
        return found if found and is_about(reading, found, limits) else None

    return run


def is_about(reading: Reading, pairs: list[Pair], limits: AboutLimits) -> bool:
    """Named in the title, or often enough in enough paragraphs, or in half of the paragraphs of a short text."""
    if pairs and pairs[0][1] <= reading.fields["title"][1]:
        return True
    starts = [start for start, _ in pairs]
    held = sum(_holds_one(starts, pair) for pair in reading.paragraphs)
    whole = max(1, len(reading.paragraphs))
    return (len(pairs) >= limits.mentions and held >= limits.paragraphs) or 2 * held >= whole


def _meta(kind: str, value: str | date | int) -> Compiled:
    def run(reading: Reading, low: int, high: int) -> Found:  # noqa: ARG001 - the article's, wherever it is asked
        return [] if _holds(reading, kind, value) else None

    return run


def _holds(reading: Reading, kind: str, value: str | date | int) -> bool:
    if isinstance(value, int):
        return reading.words >= value
    if isinstance(value, date):
        day = reading.day
        return day is not None and (day >= value if kind == "after" else day < value)
    said = (reading.document.source if kind == "source" else reading.document.language) or ""
    return said.lower() == value
