"""Weights of a dossier's rules from labelled articles: what a hand would set, set by counting.

The rules, their caps and the thresholds stay as they are. Weights stay near those of the file unless articles say
otherwise, and a topic's rules never count against it. So a dossier runs better on its rules alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.domain.automaton import Vocabulary, compile_vocabulary
from monitor.domain.dossier import Dossier, Rule
from monitor.domain.labelled import Labelled
from monitor.domain.linear import Array, sigmoid
from monitor.domain.operations import is_about
from monitor.domain.reading import Reading
from monitor.domain.scoring import RELEVANCE, CompiledDossier

_SLOPE = 3.0  # logits a unit of score
_EARLY = 0.15  # a topic that is probable at less than a half fires: F1 asks for it
_HOLD = 1.0  # how strongly weights are held to those of the file
_LEAST = 0.05
_STEPS = 400


@dataclass(frozen=True)
class _Table:
    """What each rule counts in each article at a weight of 1, and the owner of each rule."""

    counted: Array
    owners: NDArray[np.int64]
    about: NDArray[np.bool_]


def fit_weights(dossier: Dossier, labelled: Sequence[Labelled]) -> Dossier:
    """The dossier with weights fitted to the articles that have topics, rounded to hundredths."""
    articles = [one for one in labelled if one.topics is not None and not one.sentence]
    table = _table(dossier, articles)
    relevant = np.array([one.relevant for one in articles])
    rules = _fitted(
        dossier.rules, table.counted[:, table.owners == RELEVANCE], relevant, table.about, dossier.threshold
    )
    topics = []
    for number, topic in enumerate(dossier.topics):
        true = np.array([topic.slug in (one.topics or ()) for one in articles])
        judged = relevant & table.about & ~np.array([topic.slug in one.disputed for one in articles])
        counted = table.counted[:, table.owners == number]
        early = topic.threshold + _EARLY
        topics.append(replace(topic, rules=_fitted(topic.rules, counted, true, judged, early, least=_LEAST)))
    return replace(dossier, rules=rules, topics=tuple(topics))


def _table(dossier: Dossier, articles: Sequence[Labelled]) -> _Table:
    plain = replace(
        dossier,
        rules=_ones(dossier.rules),
        topics=tuple(replace(topic, rules=_ones(topic.rules)) for topic in dossier.topics),
    )
    vocabulary = Vocabulary()
    compiled = CompiledDossier(plain, vocabulary, weigh=False)
    automaton = compile_vocabulary(vocabulary)
    counted, about = np.zeros((len(articles), compiled.rules)), np.zeros(len(articles), dtype=np.bool_)
    for row, one in enumerate(articles):
        reading = Reading(one.document)
        automaton.scan(reading)
        anchors = compiled.anchors(reading)
        if anchors is None:
            continue
        about[row] = is_about(reading, anchors, dossier.about) if anchors else True
        for tally in compiled.tallies(reading, anchors, compiled.counted(reading)).values():
            for item, value, _ in tally.lines:
                counted[row, item.number] += value
    owners = [RELEVANCE] * len(dossier.rules)
    owners += [number for number, topic in enumerate(dossier.topics) for _ in topic.rules]
    return _Table(counted, np.array(owners, dtype=np.int64), about)


def _ones(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(replace(rule, weight=1.0) for rule in rules)


def _fitted(
    rules: tuple[Rule, ...],
    counted: Array,
    true: NDArray[np.bool_],
    judged: NDArray[np.bool_],
    threshold: float,
    least: float = -np.inf,
) -> tuple[Rule, ...]:
    first = np.array([rule.weight for rule in rules])
    weights = _descend(first, counted[judged], true[judged].astype(np.float64), threshold, least)
    return tuple(replace(rule, weight=round(float(weight), 2)) for rule, weight in zip(rules, weights, strict=True))


def _descend(first: Array, counted: Array, true: Array, threshold: float, least: float) -> Array:
    """Projected gradient descent on the logistic loss; steps halve until they gain."""

    def loss(weights: Array) -> float:
        logits = _SLOPE * (counted @ weights - threshold)
        held = 0.5 * _HOLD * float(((weights - first) ** 2).sum())
        return float((np.logaddexp(0, logits) - true * logits).sum()) + held

    weights, step = np.maximum(first, least), 0.02
    reached = loss(weights)
    for _ in range(_STEPS):
        chance = sigmoid(_SLOPE * (counted @ weights - threshold))
        gradient = _SLOPE * counted.T @ (chance - true) + _HOLD * (weights - first)
        candidate = np.maximum(weights - step * gradient, least)
        lower = loss(candidate)
        while lower > reached and step > 1e-7:
            step /= 2
            candidate = np.maximum(weights - step * gradient, least)
            lower = loss(candidate)
        settled = reached - lower < 1e-4
        weights, reached, step = candidate, lower, step * 1.5
        if settled:
            break
    return weights
