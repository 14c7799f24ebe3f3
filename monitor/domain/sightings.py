"""The n-grams and rules of an article as numbers: in which sentence each stands, and what it counts there."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from daachorse import DoubleArrayAhoCorasick
from numpy.typing import NDArray

from monitor.domain.linear import Array
from monitor.domain.reading import Pair, Reading

if TYPE_CHECKING:
    from monitor.domain.scoring import Item

_ELSEWHERE = 0.4  # what an n-gram counts outside the sentences near the anchor, for relevance
_ELSEWHERE_IN_ARTICLE = 0.5  # the same for the topics' view of the whole article
_RULE_WORTH = 0.5  # of a rule beside an n-gram in that view
_ARTICLE_LENGTH = 3.0  # of the vector of a whole article

Numbers = NDArray[np.int64]
_NONE: Numbers = np.zeros(0, np.int64)


class Sightings(NamedTuple):
    """The n-grams of an article as pairs of a sentence (`where`) and one of the `kinds` (`place`), in order, each once.

    `kinds` are the n-grams that stand in it, in order; `near` tells of each sentence whether it is near the anchor.
    """

    near: NDArray[np.bool_]
    where: Numbers = _NONE
    place: Numbers = _NONE
    kinds: Numbers = _NONE

    @property
    def grams(self) -> Numbers:
        """The n-gram of each pair."""
        return self.kinds[self.place]


def sightings(machine: DoubleArrayAhoCorasick | None, reading: Reading, near: NDArray[np.bool_]) -> Sightings:
    """Where the n-grams of a machine stand."""
    found = machine.find_overlapping(reading.haystack) if machine is not None else []
    if not found:
        return Sightings(near)
    hits = np.fromiter(chain.from_iterable(found), np.int64, 3 * len(found)).reshape(-1, 3)
    where = np.searchsorted(np.array(reading.starts or [0]), hits[:, 0], side="right") - 1
    keys = np.maximum(where, 0) << 32 | hits[:, 2]
    keys.sort()
    keys = keys[np.append(True, keys[1:] != keys[:-1])]
    kinds, place = np.unique(keys & 0xFFFFFFFF, return_inverse=True)
    return Sightings(near, keys >> 32, place, kinds)


def near_sentences(reading: Reading, anchors: list[Pair]) -> NDArray[np.bool_]:
    """Which sentences name the anchor or stand beside one that does."""
    mask = reading.mask_of(anchors)
    mask |= mask << 1 | mask >> 1
    count = len(reading.starts)
    packed = (mask & ((1 << count) - 1)).to_bytes(count // 8 + 1, "little")
    return np.unpackbits(np.frombuffer(packed, dtype=np.uint8), bitorder="little")[:count].astype(np.bool_)


def rule_counts(counted: list[tuple[Item, int]], sentences: int, rules: int) -> Array:
    """How often each rule holds in each sentence, as the root of at most 2."""
    size = sentences // 8 + 1
    packed = b"".join([mask.to_bytes(size, "little") for _, mask in counted])
    bits = np.frombuffer(packed, dtype=np.uint8).reshape(-1, size)
    items, held = np.unpackbits(bits, axis=1, count=sentences, bitorder="little").nonzero()
    numbers = np.array([item.number for item, _ in counted], dtype=np.int64)
    counts = np.bincount(held * rules + numbers[items], minlength=sentences * rules)
    return np.sqrt(np.minimum(counts, 2)).reshape(sentences, rules)


def sentence_values(seen: Sightings, idf: Array) -> Array:
    """The value of each n-gram in its sentence: its rarity, over the length of the sentence's vector."""
    rarity = idf[seen.kinds]
    norm = np.sqrt(np.bincount(seen.where, (rarity**2)[seen.place], len(seen.near)))
    return np.asarray(rarity[seen.place] / np.maximum(norm, 1e-9)[seen.where])


def article_vector(
    seen: Sightings, values: Array, counts: Array, first_rule: int, *, whole: bool = False
) -> tuple[Numbers, Array]:
    """An article as (columns, values): n-grams, then rules; sentences near the anchor and the first count in full.

    `whole` makes all of them count in full.
    """
    worth = np.where(seen.near | whole, 1.0, _ELSEWHERE_IN_ARTICLE)
    worth[:1] = 1.0
    mass = np.bincount(seen.place, worth[seen.where] * values, len(seen.kinds))
    held = worth @ counts * _RULE_WORTH
    rules = np.flatnonzero(held)
    found = np.sqrt(np.concatenate([mass, held[rules]]))
    length = np.sqrt((found**2).sum()) or 1.0
    return np.concatenate([seen.kinds, rules + first_rule]), found * (_ARTICLE_LENGTH / length)


def gram_weights(seen: Sightings, idf: Array) -> tuple[Numbers, Array]:
    """The article's n-grams and their normalised weights, for relevance."""
    worth = np.where(seen.near, 1.0, _ELSEWHERE)
    worth[:1] = 1.0
    values = np.log1p(np.bincount(seen.place, worth[seen.where], len(seen.kinds))) * idf[seen.kinds]
    return seen.kinds, values / (np.sqrt((values**2).sum()) or 1.0)
