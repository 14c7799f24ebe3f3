"""Where PostgreSQL looks for the newest articles of some words: GIN knows no order, and a page needs only the newest.

What the server keeps of frequent words, or else a first look at the newest articles, tells how dense the words are.
Dense ones are found by walking on; sparse ones by asking the index within the stretches of ids (eras) that should fill
the page; of rare ones the index gives all.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.words import But, Word, Words, has_prefix, some

ERAS = (10, 13, 16)  # stretches of 1,024 articles, 8,192 and 65,536; after these, all the rest
LOOK = 512  # articles of the first look
SURE = 4096  # articles as telling as what the server keeps of its words
FEW_FORMS = 8  # of more, the index is quicker than a walk from the start
WALKED = 8192  # articles at most that are walked over for the beginning of a word
STROLL = 512  # and for whole words, of which the index is asked a question apart from that of the eras
MOST_ERAS = 10
DENSE = 1 / 5
# microseconds, measured on a million articles: for an id of an era, and for each form more; for one that is only passed
# over; for an article found in the index (its row is visited); for another statement. One walked over takes 1.3.
LOOK_AT, LOOK_AT_FORM, LOOK_APART, FOUND, ASKING = 0.005, 0.003, 0.005, 2.0, 300
MARGIN = 1.5  # more articles than should fill the page: another turn is dearer than the articles between
# of a question whose other conditions few candidates fulfil, once so many did: how few is known, and each more is dear
SMALL_MARGIN, WELL_KNOWN, SELDOM = 1.15, 200, 1 / 4
GROWTH = 100  # times what was seen: no further on a guess
MOST_ASKED = 20_000  # candidates that are counted of a question


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
    bits: int = 0  # of the eras


@dataclass(slots=True)
class Passed:
    """Of candidates that were asked other conditions, how many fulfilled them; `ids`: over so many they were spread."""

    asked: int = 0
    passed: int = 0
    ids: int = 0

    @property
    def share(self) -> float:
        """The share of candidates that will do; all, while nothing is known."""
        return (self.passed + 1) / (self.asked + 1)

    def saw(self, asked: int, passed: int, ids: int) -> None:
        """Count them; what was seen long ago counts for less."""
        self.asked, self.passed, self.ids = self.asked + asked, self.passed + passed, self.ids + ids
        if self.asked > MOST_ASKED:
            self.asked, self.passed = self.asked // 2, self.passed // 2


NOTHING = Passed()


class Descent:
    """From `high` down to `low`, part by part; `so_far` is a descent above this one, whose findings hold on.

    `likely` is the share of articles that should have the words; None: a first look tells. `old`: most of these lie
    below `low`. `spare`: so many of the newest will hardly do.
    """

    def __init__(
        self,
        words: Words,
        low: int,
        high: int,
        so_far: Descent | None = None,
        likely: float | None = None,
        *,
        old: bool = False,
        spare: int = 0,
    ) -> None:
        self._old, self._spare = old, spare
        self.low, self.high, self._likely = low, high, likely
        self._prefix, self._many = has_prefix(words), forms(words) > FEW_FORMS
        self._look = LOOK_AT + LOOK_AT_FORM * forms(words)
        self.seen: int = so_far.seen if so_far else 0
        self.hits: int = so_far.hits if so_far else 0

    def next(self, wanted: int, passed: Passed = NOTHING) -> Part | None:
        """Where `wanted` more articles should be, when so many of those with the words fulfil the other conditions."""
        if self.high <= self.low:
            return None
        density = self._density()
        if density is None:
            return self._first()
        left = self.high - self.low
        known = max(self.seen, LOOK, passed.ids)
        margin = SMALL_MARGIN if passed.passed >= WELL_KNOWN and passed.share < SELDOM else MARGIN
        need = min(margin * wanted / (density * passed.share) + self._spare, GROWTH * known)
        cost = self._look * need + FOUND * MARGIN * wanted + ASKING
        if need >= left or (self.seen >= LOOK and not self.hits) or FOUND * density * left <= cost:
            return self._rest()
        if self._prefix:
            return self._walk(int(need)) if need <= WALKED else self._rest()
        if density > DENSE and not self._many and need <= STROLL:
            return self._walk(int(need))
        return self._eras(int(need))

    def saw(self, part: Part, hits: int, down_to: int | None = None) -> None:
        """What the words had in a part, or in its upper end when the page was full before."""
        self.seen += part.high - (part.low if down_to is None else down_to)
        self.hits += hits
        self._spare = 0

    def _density(self) -> float | None:
        """The share of articles with the words; what was seen counts for more than what was likely."""
        if self.seen >= LOOK:
            return (self.hits + 0.5) / self.seen
        if self._likely is None:
            return None
        return (self.hits + self._likely * SURE + 0.5) / (self.seen + SURE)

    def begin_at(self, newest: int, part: Part) -> Part:
        """The first part as it was, when the newest article was only guessed before."""
        if not part.walked and part.eras is None:
            return part  # it had no upper end
        size, high = part.high - part.low, newest + 1
        self.high = high
        if part.eras is None:
            return self._walk(size)
        first = max((high - size) >> part.bits, 0)
        return self._down(Part(max(self.low, first << part.bits), high, eras=part.eras, bits=part.bits))

    def _first(self) -> Part:
        """What tells how dense the words are."""
        return self._eras(LOOK) if self._many and not self._prefix else self._walk(LOOK)

    def _walk(self, articles: int) -> Part:
        return self._down(Part(max(self.low, self.high - max(articles, 1)), self.high, walked=True))

    def _rest(self) -> Part:
        """All; by its longest stretches, where more than these cost would be found below it in vain."""
        left, below = self.high - self.low, FOUND * (self._density() or 0) * self.low
        within = (self._old or below > LOOK_APART * left) and left <= MOST_ERAS << ERAS[-1]
        return self._within(self.low, ERAS[-1]) if within else self._down(Part(self.low, self.high))

    def _eras(self, articles: int) -> Part:
        bits = next((bits for bits in ERAS if articles <= MOST_ERAS << bits), None)
        return self._rest() if bits is None else self._within(self.high - max(articles, 1), bits)

    def _within(self, low: int, bits: int) -> Part:
        first, last = max(low >> bits, 0), (self.high - 1) >> bits
        marks = some(Word(era_mark(bits, era << bits)) for era in range(first, last + 1))
        return self._down(Part(max(self.low, first << bits), self.high, eras=marks, bits=bits))

    def _down(self, part: Part) -> Part:
        self.high = part.low
        return part


def forms(words: Words) -> int:
    """How many words are asked."""
    if isinstance(words, But):
        return forms(words.wanted)
    return 1 if isinstance(words, Word) else sum(forms(part) for part in words.parts)
