"""The n-grams and rules of an article as numbers: in which sentence each stands, and what it counts there."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.domain.linear import Array, Table
from monitor.domain.places import Pair, bits, near_bits

if TYPE_CHECKING:
    from daachorse import DoubleArrayAhoCorasick

    from monitor.domain.reading import Reading
    from monitor.domain.tallies import Item

_ELSEWHERE = 0.4  # what an n-gram counts outside the sentences near the anchor, for relevance
_ELSEWHERE_IN_ARTICLE = 0.5  # the same for the topics' view of the whole article
_RULE_WORTH = 0.5  # of a rule beside an n-gram in that view
_ARTICLE_LENGTH = 3.0  # of the vector of a whole article

Numbers = NDArray[np.int64]
_LOW = 0xFFFFFFFF
_NONE: Numbers = np.zeros(0, np.int64)


class Sightings(NamedTuple):
    """The n-grams of an article as pairs of a sentence (`where`) and one of the `kinds` (`place`), each once,
    in order of the kinds, then of the sentences.

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
    return sighted(machine.find_overlapping(reading.haystack) if machine is not None else [], reading.sentence_at, near)


def sighted(found: list[tuple[int, int, int]], sentence_at: bytes | array[int], near: NDArray[np.bool_]) -> Sightings:
    """The same of what it found: (start, end, n-gram) each. `sentence_at` tells the sentence of each start."""
    if not found:
        return Sightings(near)
    hits = np.fromiter([gram << 32 | start for start, _, gram in found], np.int64, len(found))
    sentences = np.frombuffer(sentence_at, np.uint8 if isinstance(sentence_at, bytes) else np.uintc).astype(np.int64)
    keys = hits >> 32 << 32 | sentences.take(hits & _LOW)
    keys.sort()
    keys = keys[_firsts(keys)]
    grams = keys >> 32
    first = _firsts(grams)
    return Sightings(near, keys & _LOW, first.cumsum() - 1, grams[first])


def _firsts(ordered: Numbers) -> NDArray[np.bool_]:
    """Which numbers are not the same as the one before."""
    first = np.empty(len(ordered), np.bool_)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def near_sentences(reading: Reading, anchors: list[Pair]) -> NDArray[np.bool_]:
    """Which sentences name the anchor or stand beside one that does."""
    count = len(reading.starts)
    return unpacked(near_bits(reading.mask_of(anchors), count), count)


def unpacked(packed: bytes, count: int) -> NDArray[np.bool_]:
    """The first of the bits."""
    return np.unpackbits(np.frombuffer(packed, dtype=np.uint8), bitorder="little")[:count].astype(np.bool_)


def rule_counts(counted: list[tuple[Item, int]], sentences: int, rules: int) -> Array:
    """How often each rule holds in each sentence, as the root of at most 2."""
    counts = np.zeros((sentences, rules))
    held, found = rules_held(counted, sentences)
    counts[:, held] = found
    return counts


def rules_held(counted: list[tuple[Item, int]], sentences: int) -> tuple[Numbers, Array]:
    """The same of the rules that hold somewhere, and the numbers of these, in order."""
    numbers = sorted({item.number for item, _ in counted})
    place = {number: n for n, number in enumerate(numbers)}
    width = len(numbers)
    held = [sentence * width + place[item.number] for item, mask in counted for sentence in bits(mask)]
    counts = np.bincount(np.array(held, np.int64), minlength=sentences * width)
    return np.array(numbers, np.int64), np.sqrt(np.minimum(counts, 2)).reshape(sentences, width)


def sentence_values(seen: Sightings, idf: Table) -> Array:
    """The value of each n-gram in its sentence: its rarity, over the length of the sentence's vector."""
    rarity = idf.take(seen.kinds).astype(np.float64)
    norm = np.sqrt(np.bincount(seen.where, (rarity**2).take(seen.place), len(seen.near)))
    return np.asarray(rarity.take(seen.place) / np.maximum(norm, 1e-9).take(seen.where))


def article_vector(
    seen: Sightings, values: Array, rules: Numbers, counts: Array, *, whole: bool = False
) -> tuple[Numbers, Array]:
    """An article as (columns, values): n-grams, then rules; sentences near the anchor and the first count in full.

    `rules` are the columns of the `counts`; `whole` makes all sentences count in full.
    """
    worth = np.where(seen.near | whole, 1.0, _ELSEWHERE_IN_ARTICLE)
    worth[:1] = 1.0
    mass = np.bincount(seen.place, worth.take(seen.where) * values, len(seen.kinds))
    held = worth @ counts * _RULE_WORTH
    (there,) = held.nonzero()
    found = np.sqrt(np.concatenate([mass, held[there]]))
    length = np.sqrt((found**2).sum()) or 1.0
    return np.concatenate([seen.kinds, rules[there]]), found * (_ARTICLE_LENGTH / length)


def gram_weights(seen: Sightings, idf: Table) -> tuple[Numbers, Array]:
    """The article's n-grams and their normalised weights, for relevance."""
    worth = np.where(seen.near, 1.0, _ELSEWHERE)
    worth[:1] = 1.0
    values = np.log1p(np.bincount(seen.place, worth.take(seen.where), len(seen.kinds))) * idf.take(seen.kinds)
    return seen.kinds, values / (np.sqrt((values**2).sum()) or 1.0)
