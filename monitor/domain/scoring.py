"""A dossier's rules on one article: what counted, for how much, and the verdict."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from monitor.domain.automaton import Vocabulary
from monitor.domain.dossier import Dossier, Rule
from monitor.domain.evaluation import Compiler
from monitor.domain.expressions import Expression, Term
from monitor.domain.masks import Masked
from monitor.domain.model import RULE, Contribution, Span, TopicMatch, Verdict
from monitor.domain.needs import needs
from monitor.domain.operations import Compiled, is_about, merged
from monitor.domain.reading import Pair, Reading
from monitor.domain.weigher import Weigher, load_weigher

MOST_EVIDENCE, MOST_LINES, MOST_SPANS = 6, 12, 3
MOST_HELD = 6
RELEVANCE = -1  # the owner of the rules of relevance; topics are 0, 1, 2…


@dataclass(eq=False)
class Item:
    """One expression of a rule. `number` is its place among all rules of the dossier.

    A term has its `group`, any other expression a function to `find` it: most items are terms, and ask for none.
    """

    owner: int
    number: int
    label: str
    weight: float
    cap: int
    anywhere: bool
    group: int = -1
    find: Compiled | None = None

    def places(self, reading: Reading) -> list[Pair]:
        """Where it stands."""
        if self.find is None:
            return reading.pairs(self.group)
        found = reading.found.get(self.find)
        return self.find(reading, 0, reading.end) or [] if found is None else found


class Evaluated(NamedTuple):
    """An item that is no term, and how the sentences where it holds are found.

    Either they are those of all `numbers`; or a function tells, once the groups that it cannot do without are there.
    """

    item: Item
    first: int
    second: int
    others: tuple[int, ...]
    required: frozenset[int]
    holds: Masked | None


class Tally:
    """What one topic (or relevance) gathered: the raw score, and each item with its value and sentences."""

    __slots__ = ("lines", "raw")

    def __init__(self) -> None:
        self.raw = 0.0
        self.lines: list[tuple[Item, float, int]] = []


Level = tuple[float, int]  # what a sentence counts, and the sentences that count so


def _fields_of(reading: Reading, boosts: tuple[float, ...]) -> list[Level]:
    """The sentences of each field with its boost (of title, lead and body), what counts most first."""
    starts, fields = reading.starts, reading.fields
    lead, body, end = bisect_left(starts, fields["lead"][0]), bisect_left(starts, fields["body"][0]), len(starts)
    levels = [(boosts[2], (1 << max(end, 1)) - (1 << body))]
    if body > lead:
        levels.append((boosts[1], (1 << body) - (1 << lead)))
    if lead:
        levels.append((boosts[0], (1 << lead) - 1))
    levels.sort(reverse=True)
    return levels


def _counts(mask: int, levels: list[Level], cap: int) -> float:
    """What the sentences of a mask count together: the `cap` that count most."""
    values: list[float] = []
    for factor, held in levels:
        there = held & mask
        if there:
            values += [factor] * there.bit_count()
            if len(values) >= cap:
                return sum(values[:cap])
    return sum(values)


def _evaluated(item: Item, expression: Expression, compiler: Compiler, find: Compiled) -> Evaluated:
    numbers = compiler.conjunction(expression)
    if numbers is None:
        return Evaluated(item, 0, 0, (), compiler.required(expression), compiler.mask(expression, find))
    return Evaluated(item, numbers[0], numbers[min(1, len(numbers) - 1)], numbers[2:], frozenset(), None)


class CompiledDossier:
    """One dossier, ready to judge readings that were scanned with the vocabulary it was compiled against."""

    def __init__(
        self, dossier: Dossier, vocabulary: Vocabulary, *, weigh: bool = True, cache_dir: Path | None = None
    ) -> None:
        self.dossier = dossier
        entities, sets = {entity.name: entity for entity in dossier.entities}, dict(dossier.sets)
        compiler = Compiler(vocabulary, entities=entities, sets=sets, about=dossier.about, scope=dossier.slug)
        self._anchor = compiler.compile(dossier.anchor) if dossier.anchor is not None else None
        self._requires = compiler.compile(dossier.requires) if dossier.requires is not None else None
        demands = [topic.requires for topic in dossier.topics]
        self._topic_requires = [None if one is None else compiler.compile(one) for one in demands]
        self._indexed: dict[int, list[Item]] = {}
        self._evaluated: list[Evaluated] = []
        self.rules = 0
        self._index(RELEVANCE, dossier.rules, compiler, vocabulary)
        for number, topic in enumerate(dossier.topics):
            self._index(number, topic.rules, compiler, vocabulary)
        self._derived = list(compiler.derived.values())
        boosts = dict(dossier.boosts)
        self._boosts = tuple([boosts.get(name, 1.0) for name in ("title", "lead", "body")])
        found = needs(dossier.anchor, entities, sets) if dossier.anchor is not None else None
        self.needed = None if found is None else {vocabulary.number(*found)}
        self.silence = Verdict(dossier.slug, relevant=False, score=0.0, rules_hash=dossier.rules_hash)
        self.signals = {name: compiler.compile(expression) for name, expression in dossier.signals}
        self.weigher: Weigher | None = None
        if weigh and dossier.model is not None:
            self.weigher = load_weigher(dossier, cache_dir)

    def _index(self, owner: int, rules: tuple[Rule, ...], compiler: Compiler, vocabulary: Vocabulary) -> None:
        for rule in rules:
            for expression in rule.items:
                label = label_of(rule, expression)
                anywhere = rule.anywhere or owner == RELEVANCE
                about = (owner, self.rules, label, rule.weight, rule.cap, anywhere)
                if isinstance(expression, Term):
                    number = vocabulary.number(expression)
                    self._indexed.setdefault(number, []).append(Item(*about, number))
                else:
                    find = compiler.compile(expression)
                    item = Item(*about, find=find)
                    self._evaluated.append(_evaluated(item, expression, compiler, find))
            self.rules += 1

    def verdict(self, reading: Reading) -> Verdict:
        """What this dossier says of a scanned reading."""
        anchors = self.anchors(reading)
        if anchors is None:
            return self.silence
        counted = self.counted(reading)
        if self.weigher is not None:
            return self.weigher.verdict(self, reading, anchors, counted)
        return self.ruled(reading, anchors, counted)

    def ruled(self, reading: Reading, anchors: list[Pair], counted: list[tuple[Item, int]]) -> Verdict:
        """The verdict of the rules alone. Topics are judged only where the article is relevant but for them."""
        tallies = self.tallies(reading, anchors, counted)
        relevance = tallies[RELEVANCE]
        topics: tuple[TopicMatch, ...] = ()
        if relevance.raw >= self.dossier.threshold and self._held(reading, anchors):
            judged = (self._topic_match(reading, n, tallies[n]) for n in range(len(self.dossier.topics)))
            topics = tuple([match for match in judged if match is not None])
        return Verdict(
            self.dossier.slug,
            relevant=bool(topics),
            score=squash(relevance.raw, self.dossier.threshold),
            topics=topics,
            rules_hash=self.dossier.rules_hash,
            arithmetic=arithmetic(reading, relevance),
        )

    def _held(self, reading: Reading, anchors: list[Pair]) -> bool:
        """Whether the article is about the anchor, and what the dossier requires holds."""
        if self._anchor is not None and not is_about(reading, anchors, self.dossier.about):
            return False
        return self._requires is None or self._requires(reading, 0, reading.end) is not None

    def fires(self, reading: Reading, slug: str) -> bool:
        """Whether one topic's rules reach their threshold, whatever the relevance."""
        anchors = self.anchors(reading) or []
        number = next(n for n, topic in enumerate(self.dossier.topics) if topic.slug == slug)
        tally = self.tallies(reading, anchors, self.counted(reading))[number]
        return self._topic_match(reading, number, tally) is not None

    def anchors(self, reading: Reading) -> list[Pair] | None:
        """Where the anchor stands; None when it does not; empty when the dossier has no anchor."""
        if self._anchor is None:
            return []
        found = self._anchor(reading, 0, reading.end)
        return merged(found) if found else None

    def counted(self, reading: Reading) -> list[tuple[Item, int]]:
        """The items that hold somewhere, each with its sentences. Only terms that occur are looked at."""
        found: list[tuple[Item, int]] = []
        indexed, masks, there = self._indexed, reading.masks, reading.sources.keys()
        for number, mask in masks.items():
            if number in indexed:
                found += [(item, mask) for item in indexed[number]]
        for derive in self._derived:
            derive(reading)
        for item, first, second, others, required, holds in self._evaluated:
            if holds is not None:
                mask = holds(reading) if required <= there else 0
            elif first in masks and second in masks:
                mask = masks[first] & masks[second]
                for number in others:
                    mask &= masks.get(number, 0)
            else:
                continue
            if mask:
                found.append((item, mask))
        return found

    def tallies(
        self,
        reading: Reading,
        anchors: list[Pair],
        counted: list[tuple[Item, int]],
        owners: Iterable[int] | None = None,
    ) -> dict[int, Tally]:
        """What each topic, and relevance, gathers; or these `owners` only."""
        wanted = range(RELEVANCE, len(self.dossier.topics)) if owners is None else owners
        tallies: dict[int, Tally] = {number: Tally() for number in wanted}
        everywhere, zoned = self._levels(reading, anchors)
        for item, mask in counted:
            tally = tallies.get(item.owner)
            if tally is None:
                continue
            counts, levels = 0.0, everywhere if item.anywhere else zoned
            if item.cap == 1 or not mask & (mask - 1):  # most: of one sentence the first level that holds it counts
                for factor, held in levels:
                    if held & mask:
                        counts = factor
                        break
            else:
                counts = _counts(mask, levels, item.cap)
            value = item.weight * counts
            tally.raw += value
            tally.lines.append((item, value, mask))
        return tallies

    def _levels(self, reading: Reading, anchors: list[Pair]) -> tuple[list[Level], list[Level]]:
        """What sentences count by their field; and the same, less where the anchor is not near."""
        everywhere = _fields_of(reading, self._boosts)
        if self._anchor is None:
            return everywhere, everywhere
        mask = reading.mask_of(anchors)
        near = mask | mask << 1 | mask >> 1
        zoned = [(factor, held & near) for factor, held in everywhere]
        zoned += [(factor * self.dossier.elsewhere, held & ~near) for factor, held in everywhere]
        return everywhere, sorted([level for level in zoned if level[1]], reverse=True)

    def _topic_match(self, reading: Reading, number: int, tally: Tally) -> TopicMatch | None:
        topic, requires = self.dossier.topics[number], self._topic_requires[number]
        if tally.raw < topic.threshold and (topic.rules or requires is None):
            return None
        found = requires(reading, 0, reading.end) if requires is not None else []
        if found is None:
            return None
        score = squash(tally.raw, topic.threshold) if topic.rules else 1.0
        evidence = self.evidence(reading, tally, found)
        return TopicMatch(topic.slug, score, evidence, arithmetic(reading, tally)) if evidence else None

    def evidence(self, reading: Reading, tally: Tally, also: list[Pair], best: int | None = None) -> tuple[Span, ...]:
        """The sentence that weighs most (or `best`), then the words that counted in it, then others."""
        if best is None:
            best = _heaviest(tally)
            if best is None:
                if not also:
                    return ()
                best = reading.sentence_of(also[0][0])
        low, high = reading.sentence(best)
        inside, outside = list[Pair](), list[Pair]()
        for pair in self._words(reading, tally, best).union(also):
            (inside if low <= pair[0] < high else outside).append(pair)
        inside.sort()
        if len(inside) < 2 * MOST_EVIDENCE:
            outside.sort()
        spans: dict[Pair, Span] = {}
        for start, end in [(low, high), *inside, *outside][: 2 * MOST_EVIDENCE]:
            shown = reading.whole(start, end)
            if shown not in spans:
                spans[shown] = reading.span_of(*shown)
                if len(spans) == MOST_EVIDENCE:
                    break
        return tuple(spans.values())

    def held(self, reading: Reading, tally: Tally) -> tuple[Contribution, ...]:
        """The rules that held, for an arithmetic that is a model's: what they are worth by themselves."""
        return arithmetic(reading, tally, most=MOST_HELD, mark=RULE)

    def _words(self, reading: Reading, tally: Tally, best: int) -> set[Pair]:
        """The words that counted: those of the best sentence first, others until there are enough."""
        words: set[Pair] = set()
        lines = [(not mask >> best & 1, -value, item) for item, value, mask in tally.lines if value > 0]
        lines.sort(key=_first_two)
        for _, _, item in lines:
            words.update(item.places(reading))
            if len(words) >= MOST_EVIDENCE:
                break
        return words


_first_two = itemgetter(0, 1)


def _heaviest(tally: Tally) -> int | None:
    """The sentence that weighs most, the first of equals; None when none counted."""
    weights: dict[int, float] = {}  # by the sentence's bit
    for _, value, mask in tally.lines:
        if not mask & (mask - 1):  # most
            weights[mask] = weights.get(mask, 0.0) + value
            continue
        share = value / mask.bit_count()
        while mask:
            bit = mask & -mask
            weights[bit] = weights.get(bit, 0.0) + share
            mask ^= bit  # noqa: PLW2901 - what is left of it
    if not weights:
        return None
    most = max(weights.values())
    return min([bit for bit, weight in weights.items() if weight == most]).bit_length() - 1


def squash(raw: float, threshold: float) -> float:
    """0.5 at the threshold, towards 1 above it."""
    return round(1.0 - float(0.5 ** (max(raw, 0.0) / max(threshold, 1e-9))), 4)


def label_of(rule: Rule, expression: Expression) -> str:
    """What `explain` and `backtest` call an expression: its text when it is a term, else its rule's label."""
    if isinstance(expression, Term):
        return expression.text
    return rule.label or type(expression).__name__.lower()


def arithmetic(
    reading: Reading, tally: Tally, *, spans: bool = False, most: int = MOST_LINES, mark: str = ""
) -> tuple[Contribution, ...]:
    """The lines of a tally that weigh most; with their `spans` for `explain`, which costs more than the verdict.

    `mark` stands before each label.
    """
    lines = sorted(tally.lines, key=_heaviness)[:most] if len(tally.lines) > 1 else tally.lines
    return tuple(
        [
            Contribution(mark + item.label, round(value, 4), mask.bit_count(), _spans(reading, item) if spans else ())
            for item, value, mask in lines
        ]
    )


def _heaviness(line: tuple[Item, float, int]) -> float:
    return -abs(line[1])


def _spans(reading: Reading, item: Item) -> tuple[Span, ...]:
    return tuple(reading.span(*pair) for pair in item.places(reading)[:MOST_SPANS])
