"""Keeping articles back from a fit, and setting thresholds by what was said of them unseen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.domain.linear import Array

FOLDS = 5
SEED = 20_190_516
_THRESHOLDS = np.arange(-1.0, 1.05, 0.1)
_AS_GOOD = 0.005
_ENOUGH_HANDS = 4


def parts(hands: Sequence[str]) -> list[NDArray[np.int64]]:
    """Which articles are kept back together: those of one hand; of few hands, parts drawn by lot."""
    kinds = sorted(set(hands))
    if len(kinds) >= _ENOUGH_HANDS:
        return [np.flatnonzero([hand == kind for hand in hands]) for kind in kinds]
    order = np.random.default_rng(SEED).permutation(len(hands))
    return [np.sort(order[fold::FOLDS]) for fold in range(FOLDS)]


def best_threshold(logits: Array, true: NDArray[np.bool_]) -> float:
    """The middle of the thresholds whose F1 is nearly the best: one alone would be chance."""
    figures = np.array([_f1(logits > threshold, true) for threshold in _THRESHOLDS])
    return float(round(_THRESHOLDS[figures >= figures.max() - _AS_GOOD].mean(), 2))


def _f1(said: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    both = int((said & true).sum())
    return 2 * both / max(1, int(said.sum()) + int(true.sum()))
