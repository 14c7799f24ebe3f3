"""One article while it is matched: its text, and where the terms stand in it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from operator import itemgetter

from monitor.domain.model import Document, Field, Span
from monitor.domain.text import INVISIBLE, has_invisible, narrow, paragraphs, sentence_starts, sentences, skeleton_of

Pair = tuple[int, int]
Worded = tuple[int, int, Pair]  # the words before its beginning, the words before its end, and the pair
GAP = "\n\n"
_NUMBER = re.compile(r"\d{1,3}(?:[ .\u00a0\u202f]\d{3})+(?!\d)(?:,\d+)?|\d+(?:[.,]\d+)*")
_LONGEST_NUMBER = 24


class Reading:
    """Title, lead and body as one text, and the (start, end) pairs of the terms that stand in it.

    A scan fills `rows`, pairs in order by row of the automaton's table, and `sources`, the rows of each group of terms.
    Invisible characters (soft hyphens, zero width, combining accents) are left out of `text`; `span` maps back.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._raw = raw = f"{document.title}{GAP}{document.lead}{GAP}{document.body}"
        self._kept: list[int] | None = None
        self.text, small = raw, narrow(raw)
        if has_invisible(raw, small):
            self._kept = [i for i, char in enumerate(raw) if not INVISIBLE.match(char)]
            self.text = "".join(raw[i] for i in self._kept)
            small = narrow(self.text)
        self.haystack = b" %b " % skeleton_of(self.text, small)
        """The skeleton of `text` between two spaces: byte n + 1 stands for character n."""
        self.end = len(self.text)
        self.rows: dict[int, list[Pair]] = {}
        self.sources: dict[int, list[int]] = {}
        self.entities: dict[str, list[Pair]] = {}
        self.found: dict[object, list[Pair]] = {}  # by expression: what was found for its mask serves as evidence
        self._pairs: dict[int, list[Pair]] = {}
        self._in_words: dict[int, tuple[list[Pair], list[Worded]]] = {}
        self._entity_masks: dict[str, int] = {}

    @property
    def day(self) -> date | None:
        return self.document.published_at.date() if self.document.published_at else None

    @cached_property
    def fields(self) -> dict[str, Pair]:
        """Where title, lead and body stand in `text`."""
        title = len(self.document.title)
        lead = title + len(GAP) + len(self.document.lead)
        bounds = [(0, title), (title + len(GAP), lead), (lead + len(GAP), len(self._raw))]
        if self._kept is not None:
            kept = self._kept
            bounds = [(bisect_left(kept, start), bisect_left(kept, end)) for start, end in bounds]
        return dict(zip(("title", "lead", "body"), bounds, strict=True))

    @cached_property
    def starts(self) -> list[int]:
        """Where the sentences begin."""
        return sentence_starts(self.text)

    @cached_property
    def sentences(self) -> list[Pair]:
        return sentences(self.text, self.starts)

    def sentence(self, number: int) -> Pair:
        """Where one sentence stands."""
        start = self.starts[number]
        end = self.starts[number + 1] if number + 1 < len(self.starts) else self.end
        return start, start + len(self.text[start:end].rstrip())

    @cached_property
    def paragraphs(self) -> list[Pair]:
        return paragraphs(self.text)

    def bounds(self, unit: str) -> tuple[Sequence[int], Sequence[int]]:
        """Where sentences or paragraphs begin, and what no term in them ends behind."""
        return self._sentence_bounds if unit == "sentence" else self._paragraph_bounds

    @cached_property
    def _sentence_bounds(self) -> tuple[Sequence[int], Sequence[int]]:
        return self.starts, [*self.starts[1:], self.end]

    @cached_property
    def _paragraph_bounds(self) -> tuple[Sequence[int], Sequence[int]]:
        starts, ends = zip(*self.paragraphs, strict=True) if self.paragraphs else ((), ())
        return starts, ends

    @cached_property
    def _word_starts(self) -> list[int]:
        import numpy as np  # here: commands that only list rows read no text, and start sooner without it

        letters = np.frombuffer(self.haystack, dtype=np.uint8) != 32
        starts: list[int] = np.flatnonzero(letters[1:] & ~letters[:-1]).tolist()
        return starts

    @property
    def words(self) -> int:
        return len(self._word_starts)

    def word_at(self, offset: int) -> int:
        """How many words begin before `offset`."""
        return bisect_left(self._word_starts, offset)

    def in_words(self, pairs: list[Pair]) -> list[Worded]:
        """Pairs with their places in words, in order; worked out once a list, as many rules ask for the same name."""
        known = self._in_words.get(id(pairs))
        if known is None:
            starts = self._word_starts
            worded = sorted([(bisect_left(starts, pair[0]), bisect_left(starts, pair[1]), pair) for pair in pairs])
            known = self._in_words[id(pairs)] = pairs, worded  # with the list, so that nothing else gets its identity
        return known[1]

    def first_words(self, count: int) -> Pair:
        """The stretch that the first `count` words take."""
        starts = self._word_starts
        return (0, self.end) if len(starts) <= count else (0, starts[count])

    def units(self, unit: str, low: int, high: int) -> list[Pair]:
        """Sentences, paragraphs or fields that lie within `low` and `high`."""
        if unit in self.fields:
            found = [self.fields[unit]]
        else:
            found = self.sentences if unit == "sentence" else self.paragraphs
            if low == 0 and high == self.end:
                return found
        return [(max(start, low), min(end, high)) for start, end in found if end > low and start < high]

    def sentence_of(self, offset: int) -> int:
        """The number of the sentence that holds `offset` (or ends before it)."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def pairs(self, number: int) -> list[Pair]:
        """Where a group of terms stands, in order of the ends; empty when it does not."""
        found = self._pairs.get(number)
        if found is None:
            rows = self.sources.get(number, ())
            if len(rows) == 1:
                return self.rows[rows[0]]
            found = [pair for row in rows for pair in self.rows[row]]
            found.sort(key=_by_end)
            self._pairs[number] = found
        return found

    @cached_property
    def masks(self) -> Mapping[int, int]:
        """The sentences that hold each group of terms found: bit n stands for sentence n."""
        starts = self.starts
        single = [1, *(1 << n for n in range(len(starts)))]  # before the first sentence counts as in it
        of_row, masks = {}, {}
        for row, pairs in self.rows.items():
            if len(pairs) == 1:  # most
                of_row[row] = single[bisect_right(starts, pairs[0][0])]
                continue
            mask = 0
            for start, _ in pairs:
                mask |= single[bisect_right(starts, start)]
            of_row[row] = mask
        for number, rows in self.sources.items():
            mask = 0
            for row in rows:
                mask |= of_row[row]
            masks[number] = mask
        return masks

    def entity_mask(self, key: str, pairs: Callable[[], Iterable[Pair] | None]) -> int:
        """The sentences that hold an entity, asked for once."""
        found = self._entity_masks.get(key)
        if found is None:
            found = self._entity_masks[key] = self.mask_of(pairs() or ())
        return found

    def mask_of(self, pairs: Iterable[Pair]) -> int:
        """The sentences that hold these pairs."""
        starts, found = self.starts, 0
        for start, _ in pairs:
            found |= 1 << bisect_right(starts, start)
        return found >> 1 | found & 1  # what stands before the first sentence counts as in it

    def field_of(self, offset: int) -> str:
        fields = self.fields
        if offset < fields["lead"][0]:
            return "title"
        return "lead" if offset < fields["body"][0] else "body"

    def span(self, start: int, end: int) -> Span:
        """The span of the original field under (start, end) of `text`; the pair must lie in one field.

        A number is shown whole, and a letter with its accent, whatever part of it the rules were about.
        """
        name = self.field_of(start)
        text = self.text
        if text[start].isdigit() or text[end - 1].isdigit():
            start, end = self._whole_number(start, end)
        if self._kept is None:
            base = self.fields[name][0]
            return Span(_FIELDS[name], start - base, end - base, text[start:end])
        start, end = self._kept[start], self._kept[end - 1] + 1
        while end < len(self._raw) and "\u0300" <= self._raw[end] <= "\u036f":
            end += 1
        base = {"title": 0, "lead": len(self.document.title) + len(GAP)}.get(
            name, len(self.document.title) + len(self.document.lead) + 2 * len(GAP)
        )
        return Span(_FIELDS[name], start - base, end - base, self._raw[start:end])

    def _whole_number(self, start: int, end: int) -> Pair:
        """`1 000` where only `000` is meant: terms know the groups between blanks and commas, people do not."""
        around = _NUMBER.finditer(self.text, max(0, start - _LONGEST_NUMBER), end + _LONGEST_NUMBER)
        spans = [(start, end), *(found.span() for found in around if found.start() < end and found.end() > start)]
        return min(first for first, _ in spans), max(last for _, last in spans)


_FIELDS = {field.value: field for field in Field}


_by_end = itemgetter(1, 0)


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
