"""Near-copies: do two texts tell the same event in the same words?

A sketch is the smallest hashes of a text's word 4-grams (bottom-k sampling), so it is exact for short texts and bounded
for long ones; containment of the shorter in the longer finds an agency text in its reprints, cut or lengthened.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from xxhash import xxh3_64_intdigest

GRAM = 4  # words
SIZE = 128  # hashes kept a text
SAME_STORY = 0.5  # containment from which two texts are one story
FEWEST = 4  # shared hashes below which a containment says nothing

_WORD = re.compile(r"\w+")
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], dtype=np.uint64)


def sketch(text: str) -> tuple[int, ...]:
    """The `SIZE` smallest hashes of `text`'s word 4-grams, ascending, signed 64 bit; () below four words.

    The same integers on every machine and in every database: xxh3 of each lower-case word, mixed by position.
    """
    words = _WORD.findall(text.lower())
    if len(words) < GRAM:
        return ()
    hashes = np.fromiter(map(xxh3_64_intdigest, map(str.encode, words)), dtype=np.uint64, count=len(words))
    grams = np.zeros(len(words) - GRAM + 1, dtype=np.uint64)
    for position, factor in enumerate(_MIX):
        grams += (hashes[position : len(words) - GRAM + 1 + position] ^ factor) * factor
    grams ^= grams >> np.uint64(29)
    grams *= _MIX[0]
    return tuple(np.unique(grams.view(np.int64))[:SIZE].tolist())


def containment(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """How much of the shorter text stands in the longer, 0..1, from their sketches.

    A full sketch says nothing above its largest hash, so both are cut at the smaller of such limits.
    """
    limit = min([sketch_[-1] for sketch_ in (a, b) if len(sketch_) == SIZE], default=None)
    left, right = (sketch_ if limit is None else sketch_[: bisect_right(sketch_, limit)] for sketch_ in (a, b))
    smaller = min(len(left), len(right))
    shared = len(set(left).intersection(right))
    return shared / smaller if smaller and (shared >= FEWEST or shared == smaller == len(a) == len(b)) else 0.0


class Rarity:
    """Which hashes stand in many articles, roughly: hashes share counters, which are halved now and then.

    Turns of phrase that every outlet prints say nothing of which article is a copy; what a story's own reprints have in
    common is far less often seen, and must not be taken for them.
    """

    COMMON = 64  # times seen

    def __init__(self, bits: int = 18) -> None:
        self._counts = np.zeros(1 << bits, dtype=np.uint8)
        self._noted = 0

    def rarest(self, sketch: Sequence[int], most: int, among: int) -> tuple[int, ...]:
        """`most` of the `among` smallest hashes of an ascending `sketch`: the common ones last, else the smaller."""
        hashes = np.array(sketch[:among], dtype=np.int64)
        seen = self._counts[self._at(hashes)]
        order = np.argsort(np.where(seen < self.COMMON, 0, seen), kind="stable")[:most]
        return tuple(hashes[order].tolist())

    def note(self, sketch: Sequence[int]) -> None:
        """Count the hashes of a text."""
        at = self._at(np.array(sketch, dtype=np.int64))
        self._counts[at] += self._counts[at] < np.iinfo(np.uint8).max
        self._noted += len(sketch)
        if self._noted > 2 * len(self._counts):
            self._counts >>= 1
            self._noted = 0

    def _at(self, hashes: np.ndarray) -> np.ndarray:
        return hashes & (len(self._counts) - 1)
