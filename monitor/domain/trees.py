"""Boosted decision trees of depth three, with numpy alone: what numbers say together and not each by itself.

Nodes lie as in a heap: 0 is the root, 2n + 1 and 2n + 2 are the children of n, the last eight are leaves. A row goes
right where its number is above the node's threshold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor.domain.linear import Array, sigmoid
from monitor.domain.weights import DEPTH, INNER, NODES, Grown

_TREES, _RATE, _RIDGE, _FEWEST, _SHARE, _BINS = 80, 0.08, 1.0, 3, 0.7, 32
_SEED = 20_190_516

Ints = NDArray[np.int64]


class Trees(Grown):
    """Boosted trees, and what they say."""

    def logit(self, rows: Array) -> Array:
        """The logit of each row, of shape (rows,)."""
        return np.asarray(np.array([self.parts(row).sum() for row in rows]) + self.bias)

    def parts(self, row: Array) -> Array:
        """What each number adds to the logit of a row."""
        return steps_of(row, self.features.ravel(), self.thresholds.ravel(), self.values.ravel())[: len(self.names)]


def steps_of(row: Array, features: Ints, thresholds: Array, values: Array) -> Array:
    """What each number of a row adds: the steps that it made on the way down each of the trees, which are flat."""
    trees = np.arange(len(features) // INNER)
    node, inner, leaf, root = trees * INNER, trees * INNER, trees * NODES, trees * NODES
    asked, said = np.empty((DEPTH, len(trees)), np.int64), np.empty((DEPTH + 1, len(trees)))
    said[0] = values.take(root)
    for level in range(DEPTH):
        asked[level] = feature = features.take(node)
        right = row.take(feature) > thresholds.take(node)
        node = 2 * node - inner + 1 + right
        leaf = 2 * leaf - root + 1 + right
        said[level + 1] = values.take(leaf)
    return np.asarray(np.bincount(asked.ravel(), (said[1:] - said[:-1]).ravel(), len(row)))


def fit_trees(names: tuple[str, ...], rows: Array, truth: Array) -> Trees:
    """Trees for a logistic loss; the same rows give the same trees."""
    edges = [np.unique(np.quantile(column, np.linspace(0, 1, _BINS + 1)[1:-1])) for column in rows.T]
    binned = np.stack([np.searchsorted(edge, column) for edge, column in zip(edges, rows.T, strict=True)], axis=1)
    bias = float(np.log((truth.sum() + 1) / (len(truth) - truth.sum() + 1)))
    logits, rng = np.full(len(truth), bias), np.random.default_rng(_SEED)
    grown = []
    for _ in range(_TREES):
        chance = sigmoid(logits)
        part = np.sort(rng.permutation(len(truth))[: max(1, round(_SHARE * len(truth)))])
        features, splits, values = _grow(binned[part], (chance - truth)[part], (chance * (1 - chance))[part])
        logits += values[_leaves(binned, features, splits)]
        ends = [edges[f][s] if s < len(edges[f]) else np.inf for f, s in zip(features, splits, strict=True)]
        grown.append((features, np.array(ends), values))
    columns = [np.stack(each) for each in zip(*grown, strict=True)]
    return Trees(names, columns[0], columns[1], columns[2], bias)


def _grow(binned: Ints, slope: Array, curve: Array) -> tuple[Ints, Ints, Array]:
    """Features and bins of the inner nodes, and the value of every node."""
    features, splits = np.zeros(INNER, dtype=np.int64), np.full(INNER, _BINS, dtype=np.int64)
    values, nodes = np.zeros(NODES), np.zeros(len(binned), dtype=np.int64)
    for level in range(DEPTH):
        first, width = 2**level - 1, 2**level
        gain, below = _gains(binned, nodes - first, width, slope, curve)
        best = gain.reshape(width, -1).argmax(1)
        for at in range(width):
            feature, split = divmod(int(best[at]), _BINS)
            node = first + at
            if gain[at, feature, split] > 0:
                features[node], splits[node] = feature, split
                values[2 * node + 1 : 2 * node + 3] = below[:, at, feature, split]
            else:
                values[2 * node + 1 : 2 * node + 3] = values[node]
        nodes = 2 * nodes + 1 + (binned[np.arange(len(binned)), features[nodes]] > splits[nodes])
    return features, splits, values


def _gains(binned: Ints, nodes: Ints, width: int, slope: Array, curve: Array) -> tuple[Array, Array]:
    """What each split gains, of shape (nodes, features, bins), and what its two children would say."""
    count, columns = binned.shape
    keys = ((nodes[:, None] * columns + np.arange(columns)) * _BINS + binned).ravel()
    shape = (width, columns, _BINS)

    def summed(what: Array) -> Array:
        each = np.bincount(keys, np.repeat(what, columns), width * columns * _BINS)
        return np.asarray(each.reshape(shape).cumsum(2))

    slopes, curves, rows = summed(slope), summed(curve), summed(np.ones(count))
    left = -_RATE * slopes / (curves + _RIDGE)
    other_slopes, other_curves = slopes[:, :, -1:] - slopes, curves[:, :, -1:] - curves
    right = -_RATE * other_slopes / (other_curves + _RIDGE)
    whole = slopes[:, :, -1:] ** 2 / (curves[:, :, -1:] + _RIDGE)
    gain = slopes**2 / (curves + _RIDGE) + other_slopes**2 / (other_curves + _RIDGE) - whole
    few = (rows < _FEWEST) | (rows[:, :, -1:] - rows < _FEWEST)
    return np.where(few, 0.0, gain), np.stack([left, right])


def _leaves(binned: Ints, features: Ints, splits: Ints) -> Ints:
    nodes, every = np.zeros(len(binned), dtype=np.int64), np.arange(len(binned))
    for _ in range(DEPTH):
        nodes = 2 * nodes + 1 + (binned[every, features[nodes]] > splits[nodes])
    return nodes
