"""Keeping articles back from a fit, and setting thresholds by what was said of them unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.domain.linear import Array

FOLDS = 5
SEED = 20_190_516
_THRESHOLDS = np.arange(-1.0, 1.05, 0.1)
_AS_GOOD = 0.005
_ENOUGH_HANDS, _MOST_PARTS = 4, 6


def parts(hands: Sequence[str]) -> list[NDArray[np.int64]]:
    """Which articles are kept back together: those of one hand, or of several; of few hands, parts drawn by lot.

    A hand is never in two parts. The largest hands are given out first, each to the part with the fewest articles.
    """
    sizes = Counter(hands)
    if len(sizes) >= _ENOUGH_HANDS:
        shares: list[list[str]] = [[] for _ in range(min(_MOST_PARTS, len(sizes)))]
        for kind in sorted(sizes, key=lambda kind: (-sizes[kind], kind)):
            min(shares, key=lambda share: sum(sizes[each] for each in share)).append(kind)
        return [np.flatnonzero([hand in share for hand in hands]) for share in shares]
    order = np.random.default_rng(SEED).permutation(len(hands))
    return [np.sort(order[fold::FOLDS]) for fold in range(FOLDS)]


def best_threshold(logits: Array, true: NDArray[np.bool_]) -> float:
    """The middle of the thresholds whose F1 is nearly the best: one alone would be chance."""
    figures = np.array([_f1(logits > threshold, true) for threshold in _THRESHOLDS])
    return float(round(_THRESHOLDS[figures >= figures.max() - _AS_GOOD].mean(), 2))


def _f1(said: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    both = int((said & true).sum())
    return 2 * both / max(1, int(said.sum()) + int(true.sum()))
