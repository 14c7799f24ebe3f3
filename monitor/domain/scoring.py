"""A dossier's rules on one article: what counted, for how much, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.domain.automaton import Vocabulary
from monitor.domain.dossier import Dossier, Rule
from monitor.domain.evaluation import Compiled, Compiler, is_about, merged
from monitor.domain.expressions import Expression, Term
from monitor.domain.masks import Masked
from monitor.domain.model import Contribution, Span, TopicMatch, Verdict
from monitor.domain.needs import needs
from monitor.domain.reading import Pair, Reading, bits
from monitor.domain.weigher import Weigher, load_weigher

MOST_EVIDENCE, MOST_LINES, MOST_SPANS = 6, 12, 3
RELEVANCE = -1  # the owner of the rules of relevance; topics are 0, 1, 2…


@dataclass(frozen=True, slots=True)
class Item:
    """One expression of a rule. `number` is its place among all rules of the dossier."""

    owner: int
    number: int
    label: str
    weight: float
    cap: int
    anywhere: bool
    required: frozenset[int]
    mask: Masked
    find: Compiled


@dataclass(slots=True)
class Tally:
    """What one topic (or relevance) gathered: the raw score, and each item with its value and sentences."""

    raw: float = 0.0
    lines: list[tuple[Item, float, int]] = field(default_factory=list)


class CompiledDossier:
    """One dossier, ready to judge readings that were scanned with the vocabulary it was compiled against."""

    def __init__(self, dossier: Dossier, vocabulary: Vocabulary, *, weigh: bool = True) -> None:
        self.dossier = dossier
        entities, sets = {entity.name: entity for entity in dossier.entities}, dict(dossier.sets)
        compiler = Compiler(vocabulary, entities=entities, sets=sets, about=dossier.about, scope=dossier.slug)
        self._anchor = compiler.compile(dossier.anchor) if dossier.anchor is not None else None
        self._requires = compiler.compile(dossier.requires) if dossier.requires is not None else None
        demands = [topic.requires for topic in dossier.topics]
        self._topic_requires = [None if one is None else compiler.compile(one) for one in demands]
        self._indexed: dict[int, list[Item]] = {}
        self._evaluated: list[Item] = []
        self.rules = 0
        self._index(RELEVANCE, dossier.rules, compiler, vocabulary)
        for number, topic in enumerate(dossier.topics):
            self._index(number, topic.rules, compiler, vocabulary)
        self._boosts = dict(dossier.boosts)
        found = needs(dossier.anchor, entities, sets) if dossier.anchor is not None else None
        self.needed = None if found is None else {vocabulary.number(*found)}
        self.silence = Verdict(dossier.slug, relevant=False, score=0.0, rules_hash=dossier.rules_hash)
        self.signals = {name: compiler.compile(expression) for name, expression in dossier.signals}
        self.weigher: Weigher | None = load_weigher(dossier) if weigh and dossier.model is not None else None

    def _index(self, owner: int, rules: tuple[Rule, ...], compiler: Compiler, vocabulary: Vocabulary) -> None:
        for rule in rules:
            for expression in rule.items:
                label = label_of(rule, expression)
                find, mask = compiler.compile(expression), compiler.mask(expression)
                anywhere = rule.anywhere or owner == RELEVANCE
                required = compiler.required(expression)
                item = Item(owner, self.rules, label, rule.weight, rule.cap, anywhere, required, mask, find)
                if isinstance(expression, Term):
                    self._indexed.setdefault(vocabulary.number(expression), []).append(item)
                else:
                    self._evaluated.append(item)
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
        """The verdict of the rules alone."""
        tallies = self.tallies(reading, anchors, counted)
        relevance = tallies.pop(RELEVANCE)
        held = self._requires is None or self._requires(reading, 0, reading.end) is not None
        about = self._anchor is None or is_about(reading, anchors, self.dossier.about)
        judged = [self._topic_match(reading, number, tally) for number, tally in tallies.items()]
        topics = tuple(match for match in judged if match is not None)
        relevant = held and about and relevance.raw >= self.dossier.threshold and bool(topics)
        return Verdict(
            self.dossier.slug,
            relevant=relevant,
            score=squash(relevance.raw, self.dossier.threshold),
            topics=topics if relevant else (),
            rules_hash=self.dossier.rules_hash,
            arithmetic=arithmetic(reading, relevance),
        )

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
        indexed, there = self._indexed, reading.sources.keys()
        for number, mask in reading.masks.items():
            if number in indexed:
                found += [(item, mask) for item in indexed[number]]
        for item in self._evaluated:
            if item.required <= there:
                mask = item.mask(reading)
                if mask:
                    found.append((item, mask))
        return found

    def tallies(self, reading: Reading, anchors: list[Pair], counted: list[tuple[Item, int]]) -> dict[int, Tally]:
        """What each topic, and relevance, gathers."""
        tallies = {number: Tally() for number in range(RELEVANCE, len(self.dossier.topics))}
        everywhere, zoned = self._factors(reading, anchors)
        for item, mask in counted:
            factors = everywhere if item.anywhere else zoned
            if mask & (mask - 1):
                values = sorted((factors[n] for n in bits(mask)), reverse=True)[: item.cap]
                value = item.weight * sum(values)
            else:
                value = item.weight * factors[mask.bit_length() - 1]
            tally = tallies[item.owner]
            tally.raw += value
            tally.lines.append((item, value, mask))
        return tallies

    def _factors(self, reading: Reading, anchors: list[Pair]) -> tuple[list[float], list[float]]:
        """What a sentence counts: its field's boost; and the same, less where the anchor is not near."""
        boosts = [self._boosts.get(reading.field_of(start), 1.0) for start, _ in reading.sentences] or [1.0]
        if self._anchor is None:
            return boosts, boosts
        mask = reading.mask_of(anchors)
        near = mask | mask << 1 | mask >> 1
        return boosts, [b if near >> n & 1 else b * self.dossier.elsewhere for n, b in enumerate(boosts)]

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
        weights: dict[int, float] = {}
        for _, value, mask in tally.lines:
            for number in bits(mask):
                weights[number] = weights.get(number, 0.0) + value / mask.bit_count()
        if best is None:
            if not weights and not also:
                return ()
            best = max(weights, key=lambda n: (weights[n], -n)) if weights else reading.sentence_of(also[0][0])
        words = self._words(reading, tally, best) | set(also)
        ordered = sorted(words, key=lambda pair: (reading.sentence_of(pair[0]) != best, pair))
        chosen = [reading.sentences[best], *ordered][: 2 * MOST_EVIDENCE]
        return tuple(dict.fromkeys(reading.span(*pair) for pair in chosen))[:MOST_EVIDENCE]

    def _words(self, reading: Reading, tally: Tally, best: int) -> set[Pair]:
        """The words that counted: those of the best sentence first, others until there are enough."""
        words: set[Pair] = set()
        for item, value, _ in sorted(tally.lines, key=lambda line: (line[2] >> best & 1 == 0, -line[1])):
            if value > 0:
                words.update(item.find(reading, 0, reading.end) or ())
            if len(words) >= MOST_EVIDENCE:
                break
        return words


def squash(raw: float, threshold: float) -> float:
    """0.5 at the threshold, towards 1 above it."""
    return round(1.0 - float(0.5 ** (max(raw, 0.0) / max(threshold, 1e-9))), 4)


def label_of(rule: Rule, expression: Expression) -> str:
    """What `explain` and `backtest` call an expression: its text when it is a term, else its rule's label."""
    if isinstance(expression, Term):
        return expression.text
    return rule.label or type(expression).__name__.lower()


def arithmetic(reading: Reading, tally: Tally, *, spans: bool = False) -> tuple[Contribution, ...]:
    """The lines of a tally that weigh most; with their `spans` for `explain`, which costs more than the verdict."""
    lines = sorted(tally.lines, key=lambda line: -abs(line[1]))[:MOST_LINES]
    return tuple(
        Contribution(item.label, round(value, 4), mask.bit_count(), _spans(reading, item) if spans else ())
        for item, value, mask in lines
    )


def _spans(reading: Reading, item: Item) -> tuple[Span, ...]:
    found = item.find(reading, 0, reading.end) or []
    return tuple(reading.span(*pair) for pair in found[:MOST_SPANS])
