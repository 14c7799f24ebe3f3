"""The hashes that a text's near-copies are found by, by numpy: of so many words, of so many such in a row.

`_texts.c` has a twin of each; `kernel` takes that where there is one, so that numpy is not loaded. Hashes are unsigned
64 bit, 8 bytes each as this machine has them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

GRAM = 4  # words
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], dtype=np.uint64)
_HALF = np.uint64(29)


def grams_of(words: list[int]) -> bytes:
    """The hash of each four words in a row, of the hashes of the words, mixed by position; none of fewer words."""
    hashes = np.array(words, dtype=np.uint64)
    grams = np.zeros(max(0, len(hashes) - GRAM + 1), dtype=np.uint64)
    for position, factor in enumerate(_MIX):
        grams += (hashes[position : len(grams) + position] ^ factor) * factor
    return _stirred(grams, 0)


def word_grams(_text: str, _letters: bytes, _digest: Callable[[bytes], int]) -> bytes | None:
    """The same of the words of a text, each by its `digest` in UTF-8; None where they are to be hashed one by one.

    Compiled that is a text with a character that `letters` do not know (16 bits for each: the letter in lower case, a
    blank for what is in no word, 0 for an unknown one); in Python it is each.
    """
    return None


def rows_of(grams: bytes, in_a_row: int) -> bytes:
    """The hash of each so many 4-grams in a row that share no word, of 1 to 4; none of a text too short."""
    hashes = np.frombuffer(grams, dtype=np.uint64)
    rows = hashes[: max(0, len(hashes) - GRAM * (in_a_row - 1))].copy()
    for number in range(1, in_a_row):
        rows += hashes[GRAM * number : GRAM * number + len(rows)] * _MIX[number]
    return _stirred(rows, 2)


def _stirred(hashes: NDArray[np.uint64], factor: int) -> bytes:
    hashes ^= hashes >> _HALF
    hashes *= _MIX[factor]
    return hashes.tobytes()


def smallest_of(hashes: bytes, fewest: int, most: int, share: int) -> tuple[int, ...]:
    """The smallest hashes as signed integers, ascending, each once: one in `share` of them, but `fewest` to `most`."""
    ordered = np.sort(np.frombuffer(hashes, np.int64))
    once = np.empty(len(ordered), dtype=bool)  # as `np.unique`, at a fourth of its price on a text's few
    once[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=once[1:])
    found = ordered[once]
    below = int(np.searchsorted(found, -(2**63) + 2**64 // share)) if share > 1 else len(found)
    return tuple(found[: max(fewest, min(below, most))].tolist())
