"""Fitting logistic models with numpy alone: L-BFGS for many sparse features, Newton for a few dense ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from monitor.domain.linear import Array, Linear, sigmoid

Objective = Callable[[Array], tuple[float, Array]]

_MEMORY = 6
_STEPS = 40
_SETTLED = 1e-5  # of the loss: what a step must still gain
_NEWTON_STEPS = 30


class Sparse:
    """A sparse matrix in rows: `rows` are (columns, values)."""

    def __init__(self, rows: Sequence[tuple[NDArray[np.int64], Array]], width: int) -> None:
        columns, values = zip(*rows, strict=True) if rows else ((), ())
        self.width, self.height = width, len(rows)
        self._lengths = np.array([len(each) for each in columns], dtype=np.int64)
        self._columns = np.concatenate(columns) if columns else np.zeros(0, np.int64)
        self._values = np.concatenate(values) if values else np.zeros(0)
        self._filled, self._starts = _runs(np.repeat(np.arange(self.height), self._lengths))

    def take(self, numbers: NDArray[np.int64]) -> Sparse:
        """These rows, in this order."""
        ends = np.cumsum(self._lengths)
        bounds = [slice(ends[n] - self._lengths[n], ends[n]) for n in numbers]
        return Sparse([(self._columns[part], self._values[part]) for part in bounds], self.width)

    def dot(self, weights: Array) -> Array:
        """The product with a vector."""
        return _summed(self._values * weights[self._columns], self._filled, self._starts, self.height)

    def dot_each(self, weights: Array) -> Array:
        """The product with each column of a matrix."""
        return np.stack([self.dot(np.ascontiguousarray(column)) for column in weights.T], axis=1)

    @cached_property
    def _turned(self) -> tuple[NDArray[np.int64], Array, NDArray[np.int64], NDArray[np.int64]]:
        """Rows and values in the order of columns, and where each column begins."""
        order = np.argsort(self._columns, kind="stable")
        rows = np.repeat(np.arange(self.height), self._lengths)[order]
        return rows, self._values[order], *_runs(self._columns[order])

    def back(self, residual: Array) -> Array:
        """The transposed product."""
        rows, values, filled, starts = self._turned
        return _summed(values * residual[rows], filled, starts, self.width)


def _runs(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of a sorted list, each once, and where each begins."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return numbers[starts], starts


def _summed(parts: Array, filled: NDArray[np.int64], starts: NDArray[np.int64], length: int) -> Array:
    found = np.zeros(length)
    if len(starts):
        found[filled] = np.add.reduceat(parts, starts)
    return found


def fit_sparse(matrix: Sparse, truth: Array, worth: Array, penalty: Array | float, start: Array | None = None) -> Array:
    """Weights and, last, the bias of a logistic model; `worth` weighs the rows, `penalty` the weights.

    `start` is a point from which to go on: the answer to a question that was nearly the same.
    """

    def objective(weights: Array) -> tuple[float, Array]:
        logits = matrix.dot(weights[:-1]) + weights[-1]
        loss = float((worth * (np.logaddexp(0, logits) - truth * logits)).sum())
        residual = worth * (sigmoid(logits) - truth)
        gradient = np.append(matrix.back(residual) + penalty * weights[:-1], residual.sum())
        return loss + 0.5 * float((penalty * weights[:-1] ** 2).sum()), gradient

    return minimise(objective, np.zeros(matrix.width + 1) if start is None else start, _STEPS)


def minimise(objective: Objective, start: Array, steps: int) -> Array:
    """L-BFGS with backtracking (Nocedal & Wright, algorithm 7.4)."""
    point, (value, gradient) = start, objective(start)
    moves: list[tuple[Array, Array]] = []
    for _ in range(steps):
        direction = _direction(gradient, moves)
        slope, step = float(gradient @ direction), 1.0
        while True:
            candidate = point - step * direction
            lower, slope_there = objective(candidate)
            if lower <= value - 1e-4 * step * slope or step < 1e-8:
                break
            step /= 2
        move, change = candidate - point, slope_there - gradient
        if move @ change > 1e-12:
            moves = [*moves[1 - _MEMORY :], (move, change)]
        settled = value - lower < _SETTLED * max(1.0, abs(value))
        point, value, gradient = candidate, lower, slope_there
        if settled:
            break
    return point


def _direction(gradient: Array, moves: list[tuple[Array, Array]]) -> Array:
    if not moves:
        return gradient / max(1.0, float(np.sqrt(gradient @ gradient)))
    direction, shares = gradient.copy(), []
    for move, change in reversed(moves):
        share = (move @ direction) / (change @ move)
        shares.append(share)
        direction -= share * change
    move, change = moves[-1]
    direction *= (move @ change) / (change @ change)
    for (move, change), share in zip(moves, reversed(shares), strict=True):
        direction += (share - (change @ direction) / (change @ move)) * move
    return direction


def fit_dense(
    names: tuple[str, ...], rows: Array, truth: Array, worth: Array, penalty: Array, least: Array | float = 1e-6
) -> tuple[Linear, Array]:
    """A logistic model on standardised columns, by Newton's method.

    `penalty` has an entry a column; columns beyond `names` are indicators that are not standardised: their weights come
    back apart. `least` is the least spread that a column is scaled by: what is rarely there shall not weigh more.
    """
    count = len(names)
    mean, scale = rows[:, :count].mean(0), np.maximum(rows[:, :count].std(0), least)
    table = np.concatenate([(rows[:, :count] - mean) / scale, rows[:, count:], np.ones((len(rows), 1))], axis=1)
    ridge, weights = np.append(penalty, 1e-6), np.zeros(table.shape[1])
    for _ in range(_NEWTON_STEPS):
        chance = sigmoid(table @ weights)
        gradient = table.T @ (worth * (chance - truth)) + ridge * weights
        curvature = (table * (worth * chance * (1 - chance))[:, None]).T @ table + np.diag(ridge)
        weights = weights - np.linalg.solve(curvature, gradient)
    return Linear(names, mean, scale, weights[:count], float(weights[-1])), weights[count:-1]
