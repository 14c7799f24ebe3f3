"""A dossier's rules on one article: what counted, for how much, and the verdict."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from monitor.domain.automaton import Vocabulary
from monitor.domain.dossier import Dossier, Rule, Topic
from monitor.domain.evaluation import Compiled, Compiler, is_about, merged
from monitor.domain.expressions import Expression, Term
from monitor.domain.model import Contribution, Span, TopicMatch, Verdict
from monitor.domain.needs import needs
from monitor.domain.reading import Pair, Reading

MOST_EVIDENCE = 6


@dataclass(frozen=True, slots=True)
class _Item:
    """One expression of a rule; `term` is its number when it is a plain term, which is then found by index."""

    owner: int
    label: str
    weight: float
    cap: int
    anywhere: bool
    find: Compiled


@dataclass(slots=True)
class Tally:
    """What one topic (or relevance) gathered: raw score and its lines."""

    raw: float = 0.0
    lines: list[tuple[str, float, list[Pair]]] = field(default_factory=list)

    def add(self, label: str, value: float, pairs: list[Pair]) -> None:
        self.raw += value
        self.lines.append((label, value, pairs))


RELEVANCE = -1


class CompiledDossier:
    """One dossier, ready to judge readings that were scanned with the vocabulary it was compiled against."""

    def __init__(self, dossier: Dossier, vocabulary: Vocabulary) -> None:
        self.dossier = dossier
        entities, sets = {entity.name: entity for entity in dossier.entities}, dict(dossier.sets)
        compiler = Compiler(vocabulary, entities=entities, sets=sets, about=dossier.about, scope=dossier.slug)
        self._anchor = compiler.compile(dossier.anchor) if dossier.anchor is not None else None
        self._requires = compiler.compile(dossier.requires) if dossier.requires is not None else None
        self._topic_requires = [
            compiler.compile(t.requires) if t.requires is not None else None for t in dossier.topics
        ]
        self._indexed: dict[int, list[_Item]] = {}
        self._evaluated: list[_Item] = []
        self._index(RELEVANCE, dossier.rules, compiler, vocabulary)
        for number, topic in enumerate(dossier.topics):
            self._index(number, topic.rules, compiler, vocabulary)
        self._boosts = dict(dossier.boosts)
        found = needs(dossier.anchor, entities, sets) if dossier.anchor is not None else None
        self.needed = None if found is None else {vocabulary.number(*found)}
        self.silence = Verdict(dossier.slug, relevant=False, score=0.0, rules_hash=dossier.rules_hash)

    def _index(self, owner: int, rules: tuple[Rule, ...], compiler: Compiler, vocabulary: Vocabulary) -> None:
        for rule in rules:
            for expression in rule.items:
                label = rule.label or _label(expression)
                item = _Item(
                    owner,
                    label,
                    rule.weight,
                    rule.cap,
                    rule.anywhere or owner == RELEVANCE,
                    compiler.compile(expression),
                )
                if isinstance(expression, Term):
                    self._indexed.setdefault(vocabulary.number(expression), []).append(item)
                else:
                    self._evaluated.append(item)

    def verdict(self, reading: Reading) -> Verdict:
        """What this dossier says of a scanned reading."""
        anchors = self.anchors(reading)
        if anchors is None:
            return self.silence
        tallies = self.tallies(reading, anchors)
        relevance = tallies.pop(RELEVANCE)
        held = self._requires is None or self._requires(reading, 0, reading.end) is not None
        about = self._anchor is None or is_about(reading, anchors, self.dossier.about)
        topics = tuple(
            match
            for number, tally in tallies.items()
            if (match := self._topic_match(reading, number, tally)) is not None
        )
        relevant = held and about and relevance.raw >= self.dossier.threshold and bool(topics)
        return Verdict(
            self.dossier.slug,
            relevant=relevant,
            score=_squash(relevance.raw, self.dossier.threshold),
            topics=topics if relevant else (),
            rules_hash=self.dossier.rules_hash,
            arithmetic=_arithmetic(reading, relevance),
        )

    def anchors(self, reading: Reading) -> list[Pair] | None:
        """Where the anchor stands; None when it does not; empty when the dossier has no anchor."""
        if self._anchor is None:
            return []
        found = self._anchor(reading, 0, reading.end)
        return None if found is None else merged(found)

    def tallies(self, reading: Reading, anchors: list[Pair]) -> dict[int, Tally]:
        """What each topic, and relevance, gathers."""
        tallies: dict[int, Tally] = {number: Tally() for number in range(RELEVANCE, len(self.dossier.topics))}
        zones = self._zones(reading, anchors)
        for number, pairs in reading.hits.items():
            for item in self._indexed.get(number, ()):
                self._count(reading, item, pairs, zones, tallies[item.owner])
        for item in self._evaluated:
            found = item.find(reading, 0, reading.end)
            if found is not None:
                self._count(reading, item, found, zones, tallies[item.owner])
        return tallies

    def _count(self, reading: Reading, item: _Item, pairs: list[Pair], zones: list[Pair], tally: Tally) -> None:
        values = sorted((self._value(reading, item, pair, zones) for pair in pairs), reverse=True) or [1.0]
        value = item.weight * sum(values[: item.cap])
        tally.add(item.label, value, pairs)

    def _value(self, reading: Reading, item: _Item, pair: Pair, zones: list[Pair]) -> float:
        value = self._boosts.get(reading.field_of(pair[0]), 1.0)
        return value if item.anywhere or _inside(zones, pair[0]) else value * self.dossier.elsewhere

    def _zones(self, reading: Reading, anchors: list[Pair]) -> list[Pair]:
        """The sentences that name the anchor, and their neighbours; everything when there is no anchor."""
        if self._anchor is None:
            return [(0, reading.end)]
        sentences, near = reading.sentences, set[int]()
        for start, _ in anchors:
            near.add(reading.sentence_of(start))
        numbers = {n + d for n in near for d in (-1, 0, 1) if 0 <= n + d < len(sentences)}
        return [sentences[number] for number in sorted(numbers)]

    def _topic_match(self, reading: Reading, number: int, tally: Tally) -> TopicMatch | None:
        topic, requires = self.dossier.topics[number], self._topic_requires[number]
        if tally.raw < topic.threshold and (topic.rules or requires is None):
            return None
        found = requires(reading, 0, reading.end) if requires is not None else []
        if found is None:
            return None
        score = _squash(tally.raw, topic.threshold) if topic.rules else 1.0
        evidence = self.evidence(reading, tally, found)
        return TopicMatch(topic.slug, score, evidence, _arithmetic(reading, tally)) if evidence else None

    def evidence(self, reading: Reading, tally: Tally, also: list[Pair]) -> tuple[Span, ...]:
        """The sentence that weighs most, then the words that counted in it, then others."""
        weights: dict[int, float] = {}
        for _, value, pairs in tally.lines:
            for start, _ in pairs:
                number = reading.sentence_of(start)
                weights[number] = weights.get(number, 0.0) + value / len(pairs)
        words = sorted({pair for _, value, pairs in tally.lines if value > 0 for pair in pairs} | set(also))
        if not words:
            return ()
        best = max(weights, key=lambda n: (weights[n], -n)) if weights else reading.sentence_of(words[0][0])
        words.sort(key=lambda pair: (reading.sentence_of(pair[0]) != best, pair))
        return tuple(reading.span(*pair) for pair in [reading.sentences[best], *words][:MOST_EVIDENCE])


def _inside(zones: list[Pair], offset: int) -> bool:
    index = bisect_right(zones, (offset, 1 << 60)) - 1
    return index >= 0 and offset < zones[index][1]


def _squash(raw: float, threshold: float) -> float:
    """0.5 at the threshold, towards 1 above it."""
    return round(1.0 - float(0.5 ** (max(raw, 0.0) / max(threshold, 1e-9))), 4)


def _label(expression: Expression) -> str:
    return expression.text if isinstance(expression, Term) else type(expression).__name__.lower()


def _arithmetic(reading: Reading, tally: Tally) -> tuple[Contribution, ...]:
    return tuple(
        Contribution(label, round(value, 4), len(pairs), tuple(reading.span(*pair) for pair in pairs[:MOST_EVIDENCE]))
        for label, value, pairs in tally.lines
    )


def topics_of(dossier: Dossier) -> dict[str, Topic]:
    """The topics by slug."""
    return {topic.slug: topic for topic in dossier.topics}
