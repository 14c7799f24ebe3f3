"""Logistic models on numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sigmoid(logits: Array) -> Array:
    """The chance that a logit stands for."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


@dataclass(frozen=True)
class Linear:
    """A logistic model on standardised numbers."""

    names: tuple[str, ...]
    mean: Array
    scale: Array
    weights: Array
    bias: float

    def parts(self, numbers: Array) -> Array:
        """What each number adds to the logit."""
        return np.asarray((numbers - self.mean) / self.scale * self.weights)

    def logit(self, numbers: Array) -> Array:
        return np.asarray(self.parts(numbers).sum(-1) + self.bias)
