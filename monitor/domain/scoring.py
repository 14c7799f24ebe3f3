"""A dossier's rules on one article: what counted, for how much, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf
from pathlib import Path

from monitor.domain.automaton import Vocabulary
from monitor.domain.dossier import Dossier, Rule
from monitor.domain.evaluation import Compiler
from monitor.domain.expressions import Expression, Term
from monitor.domain.kernel import Ledger, Tallies, levels, merged
from monitor.domain.model import TopicMatch, Verdict
from monitor.domain.needs import needs
from monitor.domain.operations import Compiled, is_about
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from monitor.domain.sums import Evaluated, Level
from monitor.domain.tallies import Item, Tally, arithmetic, evidence_of, squash, tally_of
from monitor.domain.weigher import Weigher, load_weigher

RELEVANCE = -1  # the owner of the rules of relevance; topics are 0, 1, 2…


def _ledger(owned: list[tuple[int, Rule]], compiler: Compiler, vocabulary: Vocabulary) -> Ledger:
    """What these rules count, each of its owner."""
    indexed, evaluated = dict[int, list[Item]](), list[Evaluated]()
    for place, (owner, rule) in enumerate(owned):
        anywhere = rule.anywhere or owner == RELEVANCE
        for expression in rule.items:
            about = (owner, place, label_of(rule, expression), rule.weight, rule.cap, anywhere)
            if isinstance(expression, Term):
                number = vocabulary.number(expression)
                indexed.setdefault(number, []).append(Item(*about, number))
            else:
                find = compiler.compile(expression)
                evaluated.append(_evaluated(Item(*about, find=find), expression, compiler, find))
    return Ledger(indexed, evaluated, list(compiler.derived.values()))


def _evaluated(item: Item, expression: Expression, compiler: Compiler, find: Compiled) -> Evaluated:
    numbers = compiler.conjunction(expression)
    if numbers is None:
        return item, tuple(sorted(compiler.required(expression))), compiler.mask(expression, find)
    return item, numbers, None


class CompiledDossier:
    """One dossier, ready to judge readings that were scanned with the vocabulary it was compiled against."""

    def __init__(
        self, dossier: Dossier, vocabulary: Vocabulary, *, weigh: bool = True, cache_dir: Path | None = None
    ) -> None:
        self.dossier = replace(dossier, model=None)  # unpacked it is the weigher's; packed, 1.6 MiB of no use
        entities, sets = {entity.name: entity for entity in dossier.entities}, dict(dossier.sets)
        compiler = Compiler(vocabulary, entities=entities, sets=sets, about=dossier.about, scope=dossier.slug)
        self._anchor = compiler.compile(dossier.anchor) if dossier.anchor is not None else None
        self._requires = compiler.compile(dossier.requires) if dossier.requires is not None else None
        demands = [topic.requires for topic in dossier.topics]
        self._topic_requires = [None if one is None else compiler.compile(one) for one in demands]
        self._least = [one.threshold if one.rules or one.requires is None else -inf for one in dossier.topics]
        owned = [(RELEVANCE, rule) for rule in dossier.rules]
        owned += [(number, rule) for number, topic in enumerate(dossier.topics) for rule in topic.rules]
        self.rules, self._ledger = len(owned), _ledger(owned, compiler, vocabulary)
        boosts = dict(dossier.boosts)
        self._boosts = tuple([boosts.get(name, 1.0) for name in ("title", "lead", "body")])
        found = needs(dossier.anchor, entities, sets) if dossier.anchor is not None else None
        self.needed = None if found is None else {vocabulary.number(*found)}
        self.silence = Verdict(dossier.slug, relevant=False, score=0.0, rules_hash=dossier.rules_hash)
        self.signals = {name: compiler.compile(expression) for name, expression in dossier.signals}
        self.weigher: Weigher | None = None
        if weigh and dossier.model is not None:
            self.weigher = load_weigher(dossier, cache_dir)

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
        tallies = Tallies(counted, *self._levels(reading, anchors))
        relevance = tally_of(tallies, RELEVANCE)
        topics: tuple[TopicMatch, ...] = ()
        if relevance.raw >= self.dossier.threshold and self._held(reading, anchors):
            judged = [self._topic_match(reading, n, tally_of(tallies, n)) for n in self._reached(tallies)]
            topics = tuple([match for match in judged if match is not None])
        return Verdict(
            self.dossier.slug,
            relevant=bool(topics),
            score=self._score(relevance.raw, topics),
            topics=topics,
            rules_hash=self.dossier.rules_hash,
            arithmetic=arithmetic(reading, relevance),
        )

    def _score(self, raw: float, topics: tuple[TopicMatch, ...]) -> float:
        """That of the rules of relevance; of the best topic in a dossier that has none."""
        if self.dossier.rules:
            return squash(raw, self.dossier.threshold)
        return max((match.score for match in topics), default=0.0)

    def _held(self, reading: Reading, anchors: list[Pair]) -> bool:
        """Whether the article is about the anchor, and what the dossier requires holds."""
        if self._anchor is not None and not is_about(reading, anchors, self.dossier.about):
            return False
        return self._requires is None or self._requires(reading, 0, reading.end) is not None

    def fires(self, reading: Reading, slug: str) -> bool:
        """Whether one topic's rules reach their threshold, whatever the relevance."""
        anchors = self.anchors(reading) or []
        number = next(n for n, topic in enumerate(self.dossier.topics) if topic.slug == slug)
        tallies = Tallies(self.counted(reading), *self._levels(reading, anchors))
        if number not in self._reached(tallies):
            return False
        return self._topic_match(reading, number, tally_of(tallies, number)) is not None

    def anchors(self, reading: Reading) -> list[Pair] | None:
        """Where the anchor stands; None when it does not; empty when the dossier has no anchor."""
        if self._anchor is None:
            return []
        found = self._anchor(reading, 0, reading.end)
        return merged(found) if found else None

    def counted(self, reading: Reading) -> list[tuple[Item, int]]:
        """The items that hold somewhere, each with its sentences. Only terms that occur are looked at."""
        return self._ledger.held(reading.masks, reading)

    def tallies(
        self,
        reading: Reading,
        anchors: list[Pair],
        counted: list[tuple[Item, int]],
        owners: Iterable[int] | None = None,
    ) -> dict[int, Tally]:
        """What each topic, and relevance, gathers; or these `owners` only."""
        wanted = range(RELEVANCE, len(self.dossier.topics)) if owners is None else owners
        tallies = Tallies(counted, *self._levels(reading, anchors))
        return {owner: tally_of(tallies, owner) for owner in wanted}

    def _levels(self, reading: Reading, anchors: list[Pair]) -> tuple[list[Level], list[Level]]:
        """What sentences count by their field; and the same, less where the anchor is not near."""
        near = anchors if self._anchor is not None else None
        return levels(reading, self._boosts, near, self.dossier.elsewhere)

    def _reached(self, tallies: Tallies) -> list[int]:
        """The topics that gather enough."""
        return [number for number, least in enumerate(self._least) if tallies.raw(number) >= least]

    def _topic_match(self, reading: Reading, number: int, tally: Tally) -> TopicMatch | None:
        """A topic that gathered enough, where what it requires holds."""
        topic, requires = self.dossier.topics[number], self._topic_requires[number]
        found = requires(reading, 0, reading.end) if requires is not None else []
        if found is None:
            return None
        score = squash(tally.raw, topic.threshold) if topic.rules else 1.0
        evidence = evidence_of(reading, tally, found)
        return TopicMatch(topic.slug, score, evidence, arithmetic(reading, tally)) if evidence else None


def label_of(rule: Rule, expression: Expression) -> str:
    """What `explain` and `backtest` call an expression: its text when it is a term, else its rule's label."""
    if isinstance(expression, Term):
        return expression.text
    return rule.label or type(expression).__name__.lower()
