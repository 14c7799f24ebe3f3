"""The weigher: a small linear model that weighs what the rules found, one for each dossier that has been trained.

Each sentence is seen as the rules that hold in it and its word n-grams; one linear model a topic scores it, another
the article as a whole; the scores are pooled and weighed once more. Relevance is weighed from `signals`, from the rules
that hold near the anchor and from the article's n-grams. The model is data beside the dossier; `training` makes it;
nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.domain.dossier import Dossier
from monitor.domain.linear import Array
from monitor.domain.model import Contribution, TopicMatch, Verdict
from monitor.domain.reading import Pair, Reading
from monitor.domain.sightings import (
    Numbers,
    Sightings,
    article_vector,
    gram_weights,
    near_sentences,
    rule_counts,
    sentence_values,
    sightings,
)
from monitor.domain.signals import signals
from monitor.domain.weights import Model, kept_model
from monitor.errors import DossierError

if TYPE_CHECKING:
    from monitor.domain.scoring import CompiledDossier, Item, Tally

POOLED = (
    "best",
    "second",
    "third",
    "best near the anchor",
    "first",
    "at least one",
    "rules",
    "sentences",
    "whole article",
)
_MOST_LINES = 12
_ROUNDED = 1e-4  # what rounding may move a part, and its rival
_NEAR = "near: "


def held_near(counts: Array, near: NDArray[np.bool_]) -> Array:
    """How much of each rule holds near the anchor, for relevance."""
    return np.asarray(np.log1p((counts[near] ** 2).sum(0)))


def pool(scores: Array, counts: Array, owned: Array, near: NDArray[np.bool_], whole: Array) -> Array:
    """The pooled numbers of each topic, shape (topics, len(POOLED)).

    `scores` are those of the sentences, shape (sentences, topics); `whole` those of the article; `owned` is 1 where a
    rule is a topic's, shape (rules, topics).
    """
    ranked = -np.sort(-scores, axis=0)
    best = ranked[0]
    second = ranked[1] if len(ranked) > 1 else best - 1
    third = ranked[2] if len(ranked) > 2 else second - 0.5
    close = scores[near].max(0) if near.any() else best - 2
    chance = np.minimum(1 / (1 + np.exp(-scores)), 0.999)
    once = np.log(np.expm1(np.clip(-np.log1p(-chance).sum(0), 1e-3, 20)))
    held = np.minimum(counts**2 @ owned, 4).sum(0)
    length = np.full(scores.shape[1], np.log(len(scores)))
    return np.stack([best, second, third, close, scores[0], once, np.log1p(held), length, whole], axis=1)


class _Logits(NamedTuple):
    """Of one article: the sentences' scores, the pooled numbers, each topic's logit, and what doubt took from it."""

    scores: Array
    pooled: Array
    logits: Array
    doubt: Array


class Weigher:
    """A model bound to a dossier. Rules of the dossier that the model has not seen weigh nothing."""

    def __init__(self, model: Model, dossier: Dossier) -> None:
        self.model = model
        keys = rule_keys(dossier)
        known = {key: len(model.grams) + n for n, key in enumerate(model.rules)}
        rows = [known.get(key, -1) for key in keys]
        self._known = np.array(rows) >= 0
        self._rule_weights = _rows(model.weights, rows)
        grams = model.article_weights[: len(model.grams)]
        self._article_weights = np.concatenate([grams, _rows(model.article_weights, rows)])
        places = {name: n for n, name in enumerate(model.relevance.names)}
        near = np.array([places.get(near_name(key), -1) for key in keys], dtype=np.int64)
        self._near_rules = np.flatnonzero(near >= 0)
        self._near_places = near[self._near_rules]
        self._own_names = [(n, name) for name, n in places.items() if not is_near(name)]
        self._owned = rules_owned(dossier, model.topics)
        self._columns = {slug: n for n, slug in enumerate(model.topics)}

    def verdict(
        self, compiled: CompiledDossier, reading: Reading, anchors: list[Pair], counted: list[tuple[Item, int]]
    ) -> Verdict:
        """The verdict of rules and model together."""
        model, dossier = self.model, compiled.dossier
        if not reading.starts:
            return compiled.silence
        seen = sightings(model.machine, reading, near_sentences(reading, anchors))
        counts = rule_counts(counted, len(reading.starts), len(self._rule_weights)) * self._known
        numbers = signals(reading, anchors, compiled.signals)
        kinds, values = gram_weights(seen, model.idf)
        parts, said = self._relevance(numbers, held_near(counts, seen.near), kinds, values)
        logit = float(parts.sum() + model.relevance.bias + model.trees.bias + said)
        lines = _lines(model.relevance.names, parts, said)
        if logit <= 0:
            return Verdict(dossier.slug, False, _chance(logit), (), dossier.rules_hash, lines)
        found = self._logits(counts, seen, logit)
        chosen = self._chosen(found.logits, dossier)
        tallies = compiled.tallies(reading, anchors, counted, chosen)
        topics = tuple([self._topic(compiled, reading, n, tallies[n], found) for n in chosen])
        return Verdict(dossier.slug, True, _chance(logit), topics, dossier.rules_hash, lines)

    def _relevance(self, numbers: dict[str, float], near: Array, kinds: Numbers, values: Array) -> tuple[Array, float]:
        model = self.model
        row = np.zeros(len(model.relevance.names))
        for place, name in self._own_names:
            row[place] = numbers.get(name, 0.0)
        row[self._near_places] = near[self._near_rules]
        said = float(model.gram_relevance[kinds] @ values) + model.gram_bias
        parts = model.relevance.parts(row)
        grown = model.trees.parts(row[: len(model.trees.names)])
        parts[: len(grown)] += grown
        return parts, said * model.gram_share

    def _scores(self, counts: Array, seen: Sightings) -> tuple[Array, Array]:
        """The logit of each topic in each sentence, and in the article as a whole."""
        model = self.model
        values = sentence_values(seen, model.idf)
        dense = np.zeros((len(counts), len(seen.kinds)))
        dense[seen.where, seen.place] = values
        scores = counts @ self._rule_weights + model.bias + dense @ model.weights[seen.kinds]
        columns, whole = article_vector(seen, values, counts, len(model.grams))
        return np.asarray(scores), np.asarray(whole @ self._article_weights[columns] + model.article_bias)

    def _logits(self, counts: Array, seen: Sightings, relevance: float) -> _Logits:
        scores, whole = self._scores(counts, seen)
        pooled = pool(scores, counts, self._owned, seen.near, whole)
        own = self.model.stack.logit(pooled) + self.model.topic_bias
        both = joint(np.array(relevance), own)
        return _Logits(scores, pooled, both - self.model.threshold, both - own)

    def _chosen(self, logits: Array, dossier: Dossier) -> list[int]:
        """The topics that fire, by their number in the dossier: at least the most probable one."""
        chosen = set(np.flatnonzero(logits > 0).tolist() or [int(logits.argmax())])
        return [n for n, topic in enumerate(dossier.topics) if self._columns.get(topic.slug, -1) in chosen]

    def _topic(
        self, compiled: CompiledDossier, reading: Reading, number: int, tally: Tally, found: _Logits
    ) -> TopicMatch:
        slug = compiled.dossier.topics[number].slug
        column = self._columns[slug]
        evidence = compiled.evidence(reading, tally, [], int(found.scores[:, column].argmax()))
        parts = np.append(self.model.stack.parts(found.pooled[column]), found.doubt[column])
        lines = _lines((*POOLED, "doubt of relevance"), parts, 0.0) + compiled.held(reading, tally)
        return TopicMatch(slug, _chance(float(found.logits[column])), evidence, lines)


def joint(relevance: Array, topics: Array) -> Array:
    """The logit of an article being relevant and a topic its own, of the logits of each."""
    chance = np.clip(1 / (1 + np.exp(-relevance)) / (1 + np.exp(-topics)), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(chance) - np.log1p(-chance))


def rule_keys(dossier: Dossier) -> list[str]:
    """A name for each rule, stable when others come or go: topic and label (or place)."""
    keys = [f"/{rule.label or n}" for n, rule in enumerate(dossier.rules)]
    for topic in dossier.topics:
        keys += [f"{topic.slug}/{rule.label or n}" for n, rule in enumerate(topic.rules)]
    return keys


def near_name(key: str) -> str:
    """What a rule that holds near the anchor is called among the numbers of relevance."""
    return _NEAR + key


def is_near(name: str) -> bool:
    """Whether a number of relevance is of a rule."""
    return name.startswith(_NEAR)


def _rows(weights: Array, numbers: list[int]) -> Array:
    """These rows; zeros for -1."""
    chosen = np.array(numbers, dtype=np.int64)
    return np.where((chosen >= 0)[:, None], weights[np.maximum(chosen, 0)], 0.0)


def rules_owned(dossier: Dossier, topics: tuple[str, ...]) -> Array:
    """1 where a rule is a topic's, of shape (rules, topics); those of relevance are nobody's."""
    owners = [""] * len(dossier.rules) + [topic.slug for topic in dossier.topics for _ in topic.rules]
    return np.array([[owner == slug for slug in topics] for owner in owners], dtype=np.float64)


def _chance(logit: float) -> float:
    return round(float(1 / (1 + np.exp(-min(max(logit, -30.0), 30.0)))), 4)


def _lines(names: tuple[str, ...], parts: Array, said: float) -> tuple[Contribution, ...]:
    """The parts that weigh most, rounded; of equals the first."""
    if said:
        names, parts = (*names, "its words"), np.append(parts, said)
    chosen, values = _heaviest(parts)
    rounded = {n: round(value, 4) for n, value in zip(chosen, values, strict=True)}
    ordered = sorted(chosen, key=lambda n: -abs(rounded[n]))[:_MOST_LINES]
    return tuple([Contribution(names[n], rounded[n]) for n in ordered])


def _heaviest(parts: Array) -> tuple[Sequence[int], list[float]]:
    """Which parts may be among the heaviest once they are rounded, and these: to round hundreds takes longer."""
    if len(parts) <= _MOST_LINES:
        return range(len(parts)), parts.tolist()
    weights = np.abs(parts)
    least = np.partition(weights, -_MOST_LINES)[-_MOST_LINES] - _ROUNDED
    chosen = np.flatnonzero(weights >= least)
    return chosen.tolist(), parts[chosen].tolist()


def load_weigher(dossier: Dossier, cache_dir: Path | None = None) -> Weigher:
    """The weigher of a dossier that has a model; what was unpacked is kept in `cache_dir`.

    Raises `DossierError` for a model that cannot be read.
    """
    try:
        return Weigher(kept_model(dossier.model or b"", cache_dir), dossier)
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        hint = f"make it again: veille train {dossier.slug} CORPUS.jsonl"
        raise DossierError(f"its model cannot be read: {error}", where=dossier.where, code="D008", hint=hint) from error
