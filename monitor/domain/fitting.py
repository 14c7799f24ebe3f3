"""Fitting logistic models with numpy alone: L-BFGS for many sparse features, Newton for a few dense ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from monitor.domain.weigher import Linear

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array]]

_MEMORY = 10
_NEWTON_STEPS = 30


class Sparse:
    """A sparse matrix in rows: `rows` are (columns, values)."""

    def __init__(self, rows: list[tuple[NDArray[np.int64], Array]], width: int) -> None:
        self.width, self.height = width, len(rows)
        self._columns = np.concatenate([columns for columns, _ in rows]) if rows else np.zeros(0, np.int64)
        self._values = np.concatenate([values for _, values in rows]) if rows else np.zeros(0)
        self._rows = np.repeat(np.arange(len(rows)), [len(columns) for columns, _ in rows])

    def dot(self, weights: Array) -> Array:
        return np.asarray(np.bincount(self._rows, self._values * weights[self._columns], self.height), dtype=np.float64)

    def back(self, residual: Array) -> Array:
        """The transposed product."""
        return np.asarray(np.bincount(self._columns, self._values * residual[self._rows], self.width), dtype=np.float64)


def sigmoid(logits: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


def fit_sparse(matrix: Sparse, truth: Array, worth: Array, penalty: float, steps: int = 60) -> Array:
    """Weights and, last, the bias of a logistic model; `worth` weighs the rows."""

    def objective(weights: Array) -> tuple[float, Array]:
        logits = matrix.dot(weights[:-1]) + weights[-1]
        loss = float((worth * (np.logaddexp(0, logits) - truth * logits)).sum())
        residual = worth * (sigmoid(logits) - truth)
        gradient = np.append(matrix.back(residual) + penalty * weights[:-1], residual.sum())
        return loss + 0.5 * penalty * float((weights[:-1] ** 2).sum()), gradient

    return minimise(objective, np.zeros(matrix.width + 1), steps)


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
        settled = value - lower < 1e-6 * max(1.0, abs(value))
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


def fit_dense(names: tuple[str, ...], rows: Array, truth: Array, worth: Array, penalty: Array) -> tuple[Linear, Array]:
    """A logistic model on standardised columns, by Newton's method.

    `penalty` has an entry a column; columns beyond `names` are indicators that are not standardised: their weights come
    back apart.
    """
    count = len(names)
    mean, scale = rows[:, :count].mean(0), rows[:, :count].std(0) + 1e-6
    table = np.concatenate([(rows[:, :count] - mean) / scale, rows[:, count:], np.ones((len(rows), 1))], axis=1)
    ridge, weights = np.append(penalty, 1e-6), np.zeros(table.shape[1])
    for _ in range(_NEWTON_STEPS):
        chance = sigmoid(table @ weights)
        gradient = table.T @ (worth * (chance - truth)) + ridge * weights
        curvature = (table * (worth * chance * (1 - chance))[:, None]).T @ table + np.diag(ridge)
        weights = weights - np.linalg.solve(curvature, gradient)
    return Linear(names, mean, scale, weights[:count], float(weights[-1])), weights[count:-1]
