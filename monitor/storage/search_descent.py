"""Where PostgreSQL looks for the newest articles of some words: GIN knows no order, and a page needs only the newest.

A first look at the newest articles tells how dense the words are. Dense ones are found by walking on; sparse ones by
asking the index within the stretches of ids (eras) that should fill the page; of rare ones the index gives all.
Measured on a million articles, in microseconds: to walk over an article .4, and .08 more for each form asked; to look
at one within an era .1 to .6; each article found in the index 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.words import Word, Words, has_prefix, some

ERAS = (10, 13, 16)  # stretches of 1,024 articles, 8,192 and 65,536; after these, all the rest
LOOK = 512  # articles of the first look
FEW_FORMS = 8  # of more, the index is quicker than a walk from the start
WALKED = 8192  # articles at most that are walked over at a time
MOST_ERAS = 6
RARE = 2000  # so many articles in all: the index gives them quicker than piece by piece
DENSE = 1 / 24
MARGIN = 1.3  # more articles than should fill the page
GROWTH = 16


def era_mark(bits: int, article_id: int) -> str:
    """The word of a stretch of 2 ** bits ids."""
    return f"¤e{bits}_{article_id >> bits}"


@dataclass(frozen=True, slots=True)
class Part:
    """Ids from `low` to below `high`; walked over, or asked of the index, where one of `eras` must stand, too."""

    low: int
    high: int
    walked: bool = False
    eras: Words | None = None


class Descent:
    """From `high` down to `low`, part by part."""

    def __init__(self, words: Words, low: int, high: int) -> None:
        self.low, self.high = low, high
        self._prefix, self._many = has_prefix(words), forms(words) > FEW_FORMS
        self.seen = 0

    def first(self) -> Part | None:
        """What tells how dense the words are."""
        if self.high <= self.low:
            return None
        if self._many and not self._prefix:
            return self._eras(LOOK)
        return self._walk(LOOK)

    def next(self, hits: int, found: int, count: int) -> Part | None:
        """The part after those given, when the words had `hits` articles in them and `found` of these will do."""
        if self.high <= self.low:
            return None
        density, left = (hits + 1) / max(self.seen, 1), self.high - self.low
        if density * left <= RARE:
            return self._rest()
        need = MARGIN * (count - found) * max(self.seen, 1) / (found + 1)
        need = min(need, GROWTH * self.seen + 1)
        if self._prefix:
            return self._walk(int(need)) if need <= WALKED else self._rest()
        if density > DENSE and not self._many and need <= WALKED:
            return self._walk(int(need))
        return self._eras(int(need))

    def _walk(self, articles: int) -> Part:
        return self._down(Part(max(self.low, self.high - max(articles, 1)), self.high, walked=True))

    def _rest(self) -> Part:
        return self._down(Part(self.low, self.high))

    def _eras(self, articles: int) -> Part:
        bits = next((bits for bits in ERAS if articles <= MOST_ERAS << bits), None)
        if bits is None:
            return self._rest()
        last = (self.high - 1) >> bits
        first = max((self.high - max(articles, 1)) >> bits, 0)
        marks = some(Word(era_mark(bits, era << bits)) for era in range(first, last + 1))
        return self._down(Part(max(self.low, first << bits), self.high, eras=marks))

    def _down(self, part: Part) -> Part:
        self.seen += part.high - part.low
        self.high = part.low
        return part


def forms(words: Words) -> int:
    """How many words are asked."""
    return 1 if isinstance(words, Word) else sum(forms(part) for part in words.parts)
