"""Logistic models on numbers, by numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.domain.weights import Numbers, Standardised

Array = NDArray[np.float64]
Table = NDArray[np.floating[Any]]


def floats(numbers: Numbers) -> Table:
    """What a model holds as an array of numpy's: words of 16 bits are halves."""
    found = np.asarray(numbers)
    return found.view("<f2") if found.dtype == np.uint16 else found


def sigmoid(logits: Array) -> Array:
    """The chance that a logit stands for."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


def parts_of(numbers: Array, mean: Array, scale: Array, weights: Array) -> Array:
    """What each number adds to a logit."""
    return np.asarray((numbers - mean) / scale * weights)


class Linear(Standardised):
    """A logistic model on standardised numbers."""

    def parts(self, numbers: Array) -> Array:
        """What each number adds to the logit."""
        return parts_of(numbers, self.mean, self.scale, self.weights)

    def logit(self, numbers: Array) -> Array:
        return np.asarray(self.parts(numbers).sum(-1) + self.bias)
