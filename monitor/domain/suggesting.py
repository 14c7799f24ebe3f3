"""Terms worth proposing for a topic: frequent in its texts, rare in the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

from monitor.domain.terms import is_small_word
from monitor.domain.text import fold, skeleton

_WORD = re.compile(r"[^\W\d_]{3,}(?:[-’'][^\W\d_]{2,})?")
_PRIOR = 0.05


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term with its z-score, and in how many texts of either side it stands."""

    term: str
    score: float
    inside: int
    outside: int


def suggest_terms(
    texts: Iterable[str], others: Iterable[str], known: Iterable[str] = (), limit: int = 20
) -> list[Suggestion]:
    """Words and pairs of words by weighted log-odds (Monroe, Colaresi & Quinn 2008, with a flat prior), best first.

    What `known` holds is left out; a term stands in at least two texts.
    """
    inside, outside = _counts(texts), _counts(others)
    total_in, total_out = sum(inside.values()) or 1, sum(outside.values()) or 1
    seen = {fold(term) for term in known}
    found = [
        Suggestion(term, round(_odds(count, total_in, outside[term], total_out), 2), count, outside[term])
        for term, count in inside.items()
        if count > 1 and fold(term) not in seen
    ]
    found = [one for one in found if one.score > 0]
    return sorted(found, key=lambda one: (-one.score, one.term))[:limit]


def _odds(here: int, total_here: int, there: int, total_there: int) -> float:
    a, b = here + _PRIOR, there + _PRIOR
    delta = log(a / (total_here - here + 1)) - log(b / (total_there - there + 1))
    return delta / sqrt(1 / a + 1 / b)


def _counts(texts: Iterable[str]) -> Counter[str]:
    """In how many texts each word, and each pair of neighbours, stands."""
    counts: Counter[str] = Counter()
    for text in texts:
        words = [match.group().lower() for match in _WORD.finditer(text)]
        kept = {word for word in words if not is_small_word(skeleton(word))}
        pairs = {f"{a} {b}" for a, b in pairwise(words) if a in kept and b in kept}
        counts.update(kept | pairs)
    return counts
