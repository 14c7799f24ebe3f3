"""Token F1 and folding, as the shared scorer has them."""

from __future__ import annotations

import collections
import re
import unicodedata

FOLDED = str.maketrans({"’": "'", "‘": "'", "\u00a0": " ", "\u202f": " ", "«": '"', "»": '"', "“": '"', "”": '"'})


def flat(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).translate(FOLDED)
    return re.sub(r"\s+", " ", folded).replace('" ', '"').replace(' "', '"').strip().lower()


def token_f1(truth: str, text: str) -> float:
    left, right = (collections.Counter(re.findall(r"\w+", flat(side))) for side in (truth, text))
    shared = (left & right).total()
    return 2 * shared / (left.total() + right.total()) if shared else 0.0
