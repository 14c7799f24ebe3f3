"""The weigher: a small linear model that weighs what the rules found, one for each dossier that has been trained.

Each sentence is seen as the rules that hold in it and its word n-grams; one linear model a topic scores it, another
the article as a whole; the scores are pooled and weighed once more. Relevance is weighed from `signals`, from the rules
that hold near the anchor and from the article's n-grams. The model is data beside the dossier; `training` makes it;
nothing is downloaded.
"""

from __future__ import annotations

from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.domain.dossier import Dossier
from monitor.domain.linear import Array
from monitor.domain.model import Contribution, TopicMatch, Verdict
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from monitor.domain.sightings import (
    Numbers,
    Sightings,
    article_vector,
    gram_weights,
    near_sentences,
    rules_held,
    sentence_values,
    sightings,
)
from monitor.domain.signals import signals
from monitor.domain.tallies import Item, Tally, evidence_of, held_of
from monitor.domain.weights import Model, Table, kept_model
from monitor.errors import DossierError

if TYPE_CHECKING:
    from monitor.domain.scoring import CompiledDossier

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
_TOPIC_LINES = (*POOLED, "doubt of relevance")
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
    ranked = np.sort(scores, axis=0)
    best = ranked[-1]
    pooled = np.empty((len(best), len(POOLED)))
    pooled[:, 0] = best
    pooled[:, 1] = ranked[-2] if len(ranked) > 1 else best - 1
    pooled[:, 2] = ranked[-3] if len(ranked) > 2 else pooled[:, 1] - 0.5
    close = scores.compress(near, axis=0)
    pooled[:, 3] = close.max(0) if len(close) else best - 2
    pooled[:, 4] = scores[0]
    chance = np.minimum(1 / (1 + np.exp(-scores)), 0.999)
    pooled[:, 5] = np.log(np.expm1(np.minimum(np.maximum(-np.log1p(-chance).sum(0), 1e-3), 20)))
    pooled[:, 6] = np.log1p(np.minimum(counts**2 @ owned, 4).sum(0))
    pooled[:, 7] = np.log(len(scores))
    pooled[:, 8] = whole
    return pooled


class _Logits(NamedTuple):
    """Of one article, by topic: the sentence that speaks for it most, what each pooled number adds, and the logit.

    The last of the parts is what doubt of relevance took.
    """

    best: list[int]
    parts: list[list[float]]
    logits: list[float]


class Weigher:
    """A model bound to a dossier. Rules of the dossier that the model has not seen weigh nothing."""

    def __init__(self, model: Model, dossier: Dossier) -> None:
        self.model = model
        keys = rule_keys(dossier)
        known = {key: len(model.grams) + n for n, key in enumerate(model.rules)}
        rows = [known.get(key, -1) for key in keys]
        self._known = np.array(rows) >= 0
        self._rule_weights = _rows(model.weights, rows).astype(np.float64)
        grams = model.article_weights[: len(model.grams)]
        self._article_weights = np.concatenate([grams, _rows(model.article_weights, rows)])
        places = {name: n for n, name in enumerate(model.relevance.names)}
        spare = len(places)  # where rules go that relevance has not seen
        self._near_places = np.array([places.get(near_name(key), spare) for key in keys], dtype=np.int64)
        self._own_names = [name for name in places if not is_near(name)]
        self._own_places = np.array([places[name] for name in self._own_names], dtype=np.int64)
        self._owned = rules_owned(dossier, model.topics)
        columns = {slug: n for n, slug in enumerate(model.topics)}
        self._columns = [columns.get(topic.slug, -1) for topic in dossier.topics]

    def verdict(
        self, compiled: CompiledDossier, reading: Reading, anchors: list[Pair], counted: list[tuple[Item, int]]
    ) -> Verdict:
        """The verdict of rules and model together."""
        model, dossier = self.model, compiled.dossier
        if not reading.starts:
            return compiled.silence
        seen = sightings(model.machine, reading, near_sentences(reading, anchors))
        rules, counts = rules_held(counted, len(reading.starts))
        counts = self.known(rules, counts)
        numbers = signals(reading, anchors, compiled.signals)
        kinds, values = gram_weights(seen, model.idf)
        parts, said = self._relevance(numbers, rules, held_near(counts, seen.near), kinds, values)
        logit = float(parts.sum() + model.relevance.bias + model.trees.bias + said)
        lines = _lines(model.relevance.names, parts, said)
        if logit <= 0:
            return Verdict(dossier.slug, False, _chance(logit), (), dossier.rules_hash, lines)
        found = self._logits(rules, counts, seen, logit)
        chosen = self._chosen(found.logits)
        tallies = compiled.tallies(reading, anchors, counted, chosen)
        topics = tuple([self._topic(compiled, reading, n, tallies[n], found) for n in chosen])
        return Verdict(dossier.slug, True, _chance(logit), topics, dossier.rules_hash, lines)

    def known(self, rules: Numbers, counts: Array) -> Array:
        """The counts with nothing for rules that the model has not seen."""
        return np.asarray(counts * self._known.take(rules))

    def _relevance(
        self, numbers: dict[str, float], rules: Numbers, near: Array, kinds: Numbers, values: Array
    ) -> tuple[Array, float]:
        model = self.model
        row = np.zeros(len(model.relevance.names) + 1)
        row[self._own_places] = [numbers.get(name, 0.0) for name in self._own_names]
        row[self._near_places[rules]] = near
        row = row[:-1]
        said = float(model.gram_relevance.take(kinds) @ values) + model.gram_bias
        parts = model.relevance.parts(row)
        grown = model.trees.parts(row[: len(model.trees.names)])
        parts[: len(grown)] += grown
        return parts, said * model.gram_share

    def scores(self, rules: Numbers, counts: Array, seen: Sightings) -> tuple[Array, Array]:
        """The logit of each topic in each sentence, and in the article as a whole."""
        model = self.model
        values = sentence_values(seen, model.idf)
        dense = np.zeros((len(counts), len(seen.kinds)))
        dense[seen.where, seen.place] = values
        scores = (
            counts @ self._rule_weights.take(rules, axis=0)
            + model.bias
            + dense @ model.weights.take(seen.kinds, axis=0).astype(np.float64)
        )
        columns, whole = article_vector(seen, values, rules + len(model.grams), counts)
        weights = self._article_weights.take(columns, axis=0).astype(np.float64)
        return np.asarray(scores), np.asarray(whole @ weights + model.article_bias)

    def _logits(self, rules: Numbers, counts: Array, seen: Sightings, relevance: float) -> _Logits:
        model = self.model
        scores, whole = self.scores(rules, counts, seen)
        pooled = pool(scores, counts, self._owned.take(rules, axis=0), seen.near, whole)
        parts = model.stack.parts(pooled)
        own = parts.sum(-1) + model.stack.bias + model.topic_bias
        both = joint(np.array(relevance), own)
        shown = np.concatenate([parts, (both - own)[:, None]], axis=1)
        return _Logits(scores.argmax(0).tolist(), shown.tolist(), (both - model.threshold).tolist())

    def _chosen(self, logits: list[float]) -> list[int]:
        """The topics that fire, by their number in the dossier: at least the most probable one."""
        fired = {n for n, logit in enumerate(logits) if logit > 0} or {logits.index(max(logits))}
        return [number for number, column in enumerate(self._columns) if column in fired]

    def _topic(
        self, compiled: CompiledDossier, reading: Reading, number: int, tally: Tally, found: _Logits
    ) -> TopicMatch:
        column = self._columns[number]
        evidence = evidence_of(reading, tally, [], found.best[column])
        lines = _ordered(_TOPIC_LINES, found.parts[column]) + held_of(reading, tally)
        return TopicMatch(compiled.dossier.topics[number].slug, _chance(found.logits[column]), evidence, lines)


def joint(relevance: Array, topics: Array) -> Array:
    """The logit of an article being relevant and a topic its own, of the logits of each."""
    chance = 1 / (1 + np.exp(-relevance)) / (1 + np.exp(-topics))
    chance = np.minimum(np.maximum(chance, 1e-9), 1 - 1e-9)
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


def _rows(weights: Table, numbers: list[int]) -> Table:
    """These rows; zeros for -1."""
    chosen = np.array(numbers, dtype=np.int64)
    return np.where((chosen >= 0)[:, None], weights[np.maximum(chosen, 0)], weights.dtype.type(0))


def rules_owned(dossier: Dossier, topics: tuple[str, ...]) -> Array:
    """1 where a rule is a topic's, of shape (rules, topics); those of relevance are nobody's."""
    owners = [""] * len(dossier.rules) + [topic.slug for topic in dossier.topics for _ in topic.rules]
    return np.array([[owner == slug for slug in topics] for owner in owners], dtype=np.float64)


def _chance(logit: float) -> float:
    return round(1 / (1 + exp(-min(max(logit, -30.0), 30.0))), 4)


def _lines(names: tuple[str, ...], parts: Array, said: float) -> tuple[Contribution, ...]:
    """The parts that weigh most, rounded; of equals the first."""
    if said:
        names, parts = (*names, "its words"), np.append(parts, said)
    if len(parts) > _MOST_LINES:  # to round hundreds takes longer than to leave out those that rounding cannot bring in
        weights = np.abs(parts)
        least = np.partition(weights, -_MOST_LINES)[-_MOST_LINES] - _ROUNDED
        chosen = (weights >= least).nonzero()[0]
        names, parts = tuple([names[n] for n in chosen.tolist()]), parts[chosen]
    return _ordered(names, parts.tolist())


def _ordered(names: tuple[str, ...], parts: list[float]) -> tuple[Contribution, ...]:
    lines = [Contribution(name, round(value, 4)) for name, value in zip(names, parts, strict=True)]
    lines.sort(key=_weight)
    return tuple(lines[:_MOST_LINES])


def _weight(line: Contribution) -> float:
    return -abs(line.value)


def load_weigher(dossier: Dossier, cache_dir: Path | None = None) -> Weigher:
    """The weigher of a dossier that has a model; what was unpacked is kept in `cache_dir`.

    Raises `DossierError` for a model that cannot be read.
    """
    try:
        return Weigher(kept_model(dossier.model or b"", cache_dir), dossier)
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        hint = f"make it again: veille train {dossier.slug} CORPUS.jsonl"
        raise DossierError(f"its model cannot be read: {error}", where=dossier.where, code="D008", hint=hint) from error
