"""What a weigher's model makes of an article, by numpy.

`_weighing.h` has a twin in C of `weighed`; `kernel` takes that where there is one, so that numpy is not loaded. What
learns and what explains asks here.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from monitor.domain.linear import Array, floats, parts_of
from monitor.domain.sightings import (
    Numbers,
    Sightings,
    article_vector,
    gram_weights,
    rules_held,
    sentence_values,
    sighted,
    unpacked,
)
from monitor.domain.trees import steps_of
from monitor.domain.weights import POOLED, Tables

if TYPE_CHECKING:
    from monitor.domain.sums import Weighed
    from monitor.domain.tallies import Item


def weighed(
    tables: Tables,
    hits: list[tuple[int, int, int]],
    sentence_at: bytes | array[int],
    sentences: int,
    near: bytes,
    counted: list[tuple[Item, int]],
    numbers: list[float],
) -> Weighed:
    """What a model makes of an article of so many sentences.

    `hits` are its n-grams (start, end, number), and `sentence_at` the sentence of each start; `near` tells the
    sentences near the anchor (`places.near_bits`), `counted` the rules that hold, `numbers` the first of those of
    relevance.
    """
    model = arrays(tables)
    of_relevance, of_grams, share, *_ = model.constants
    seen = sighted(hits, sentence_at, unpacked(near, sentences))
    rules, counts = rules_held(counted, sentences)
    counts = known(model, rules, counts)
    row = np.zeros(len(model.mean) + 1)  # the last for rules that relevance has not seen
    row[: len(numbers)] = numbers
    row[model.near.take(rules)] = held_near(counts, seen.near)
    parts = parts_of(row[:-1], model.mean, model.scale, model.slopes)
    parts += steps_of(row[:-1], model.features, model.thresholds, model.values)
    kinds, values = gram_weights(seen, model.idf)
    said = float((model.gram_relevance.take(kinds) @ values + of_grams) * share)
    logit = float(parts.sum() + of_relevance + said)
    return logit, parts.tolist(), said, _topics(model, rules, counts, seen, logit) if logit > 0 else None


def arrays(tables: Tables) -> Tables:
    """The same as numpy's arrays; weights with a column for each topic."""
    model = Tables(*map(floats, tables))
    weights, article_weights = (each.reshape(-1, len(model.bias)) for each in (model.weights, model.article_weights))
    return model._replace(weights=weights, article_weights=article_weights)


def _topics(
    model: Tables, rules: Numbers, counts: Array, seen: Sightings, relevance: float
) -> tuple[list[int], list[list[float]], list[float]]:
    *_, of_stack, threshold = model.constants
    scores, whole = scored(model, rules, counts, seen)
    owned = model.owners.take(rules)[:, None] == np.arange(len(model.bias))
    pooled = pool(scores, counts, owned.astype(np.float64), seen.near, whole)
    parts = parts_of(pooled, model.stack_mean, model.stack_scale, model.stack_weights)
    own = parts.sum(-1) + of_stack + model.topic_bias
    both = joint(np.array(relevance), own)
    shown = np.concatenate([parts, (both - own)[:, None]], axis=1)
    return scores.argmax(0).tolist(), shown.tolist(), (both - threshold).tolist()


def known(model: Tables, rules: Numbers, counts: Array) -> Array:
    """The counts with nothing for rules that the model has not seen."""
    return np.asarray(counts * (model.rows.take(rules) >= 0))


def scored(model: Tables, rules: Numbers, counts: Array, seen: Sightings) -> tuple[Array, Array]:
    """The logit of each topic in each sentence, and in the article as a whole."""
    values, rows = sentence_values(seen, model.idf), np.maximum(model.rows.take(rules), 0)
    dense = np.zeros((len(counts), len(seen.kinds)))
    dense[seen.where, seen.place] = values
    scores = counts @ model.weights.take(rows, axis=0).astype(np.float64) + model.bias
    scores += dense @ model.weights.take(seen.kinds, axis=0).astype(np.float64)
    columns, whole = article_vector(seen, values, rows, counts)
    weights = model.article_weights.take(columns, axis=0).astype(np.float64)
    return scores, np.asarray(whole @ weights + model.article_bias)


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


def joint(relevance: Array, topics: Array) -> Array:
    """The logit of an article being relevant and a topic its own, of the logits of each."""
    chance = 1 / (1 + np.exp(-relevance)) / (1 + np.exp(-topics))
    chance = np.minimum(np.maximum(chance, 1e-9), 1 - 1e-9)
    return np.asarray(np.log(chance) - np.log1p(-chance))
