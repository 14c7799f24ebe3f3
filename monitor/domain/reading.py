"""One article while it is matched: its text, and where the terms stand in it."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import date
from itertools import pairwise
from typing import Generic, TypeVar, overload

from monitor.domain.kernel import (
    Table,
    first_words,
    haystack_of,
    mask_of,
    numbered,
    paragraphs,
    sentence_starts,
    word_starts,
)
from monitor.domain.model import Document, Field, Span
from monitor.domain.places import Pair
from monitor.domain.text import INVISIBLE, ONE_BYTE, sentences, skeleton

GAP = "\n\n"
T = TypeVar("T")
# Digits within a word (`x0`, `²0`) are no part of a number: what is shown would begin or end within that word.
_NUMBER = re.compile(r"(?<![^\W_])(?:\d{1,3}(?:[ .\u00a0\u202f]\d{3})+(?!\d)(?:,\d+)?|\d+(?:[.,]\d+)*)(?![^\W_])")
_LONGEST_NUMBER = 24
_NOTHING = Table([], [], []).found([])
# To look one up in its class takes as long as all else about a span.
_TITLE, _LEAD, _BODY = Field.TITLE, Field.LEAD, Field.BODY


class _Once(Generic[T]):
    """What is found when it is first asked for, and is an attribute from then on: rules ask for it some forty times an
    article, of C as well, and an attribute takes no function.

    `functools.cached_property` takes a lock before Python 3.12.
    """

    def __init__(self, find: Callable[[Reading], T]) -> None:
        self._find, self._name = find, find.__name__
        self.__doc__ = find.__doc__

    @overload
    def __get__(self, reading: None, owner: type[Reading]) -> _Once[T]: ...

    @overload
    def __get__(self, reading: Reading, owner: type[Reading]) -> T: ...

    def __get__(self, reading: Reading | None, owner: type[Reading]) -> _Once[T] | T:
        if reading is None:
            return self
        found = self._find(reading)
        setattr(reading, self._name, found)
        return found


class Reading:
    """Title, lead and body as one text, and the (start, end) pairs of the terms that stand in it.

    A scan gives `places`, what it found. Invisible characters (soft hyphens, zero width, combining accents) are left
    out of `text`; `span` maps back.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._raw = raw = f"{document.title}{GAP}{document.lead}{GAP}{document.body}"
        self._kept: list[int] | None = None
        self.text = raw
        self.haystack = haystack_of(raw, ONE_BYTE) or self._rare_haystack()
        """The skeleton of `text` between two spaces: byte n + 1 stands for character n."""
        self.end = len(self.text)
        self.places = _NOTHING
        self.entities: dict[str, list[Pair]] = {}
        self.found: dict[object, list[Pair]] = {}  # by expression: what was found for its mask serves as evidence
        self._pairs: dict[int, list[Pair]] = {}
        self._bounds: dict[str, tuple[list[int], list[int]]] = {}

    def _rare_haystack(self) -> bytes:
        """The same of a text with rare characters, or with some that show nothing: these are left out."""
        if INVISIBLE.search(self._raw):
            self._kept = [i for i, char in enumerate(self._raw) if not INVISIBLE.match(char)]
            self.text = "".join(self._raw[i] for i in self._kept)
        return b" %b " % skeleton(self.text)

    @property
    def day(self) -> date | None:
        return self.document.published_at.date() if self.document.published_at else None

    @_Once
    def fields(self) -> dict[str, Pair]:
        """Where title, lead and body stand in `text`."""
        title = len(self.document.title)
        lead = title + len(GAP) + len(self.document.lead)
        bounds = {"title": (0, title), "lead": (title + len(GAP), lead), "body": (lead + len(GAP), len(self._raw))}
        if self._kept is None:
            return bounds
        kept = self._kept
        return {name: (bisect_left(kept, start), bisect_left(kept, end)) for name, (start, end) in bounds.items()}

    @_Once
    def field_masks(self) -> dict[str, int]:
        """The sentences of title, lead and body: none lies in two of them."""
        starts, fields = self.starts, self.fields
        lead = 1 << bisect_left(starts, fields["lead"][0])
        body = 1 << bisect_left(starts, fields["body"][0])
        end = 1 << max(1, len(starts))
        return {"title": lead - 1, "lead": body - lead, "body": end - body}

    @_Once
    def starts(self) -> list[int]:
        """Where the sentences begin."""
        return sentence_starts(self.text)

    @_Once
    def sentences(self) -> list[Pair]:
        return sentences(self.text, self.starts)

    def sentence(self, number: int) -> Pair:
        """Where one sentence stands."""
        start = self.starts[number]
        end = self.starts[number + 1] if number + 1 < len(self.starts) else self.end
        return start, start + len(self.text[start:end].rstrip())

    @_Once
    def paragraphs(self) -> list[Pair]:
        return paragraphs(self.text)

    @_Once
    def word_starts(self) -> list[int]:
        """Where the words begin."""
        return word_starts(self.haystack)

    @property
    def words(self) -> int:
        return len(self.word_starts)

    def word_at(self, offset: int) -> int:
        """How many words begin before `offset`."""
        return bisect_left(self.word_starts, offset)

    def first_words(self, count: int) -> Pair:
        """The stretch that the first `count` words take."""
        return 0, first_words(self.haystack, count)

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
        return self.sentence_at[offset]

    def pairs(self, number: int) -> list[Pair]:
        """Where a group of terms stands, in order of the ends; empty when it does not."""
        found = self._pairs.get(number)
        if found is None:
            found = self._pairs[number] = self.places.pairs(number)
        return found

    @_Once
    def masks(self) -> dict[int, int]:
        """The sentences that hold each group of terms found: bit n stands for sentence n."""
        return self.places.masks(self.sentence_at, len(self.starts))

    def bounds(self, unit: str) -> tuple[list[int], list[int]]:
        """Where each sentence or paragraph starts and ends; what stands around sentences counts as in them."""
        found = self._bounds.get(unit)
        if found is None:
            if unit == "sentence":
                found = [0, *self.starts[1:]], [*self.starts[1:], self.end + 1]
            else:
                found = [start for start, _ in self.paragraphs], [end for _, end in self.paragraphs]
            self._bounds[unit] = found
        return found

    @_Once
    def sentence_at(self) -> bytes | array[int]:
        """Of each offset the number of its sentence; what stands before the first sentence counts as in it."""
        starts = self.starts
        if len(starts) <= 256:
            return numbered(starts, self.end + 1)
        numbers = array("I")
        for number, (start, end) in enumerate(pairwise([0, *starts[1:], self.end + 1])):
            numbers += array("I", [number]) * (end - start)
        return numbers

    def mask_of(self, pairs: Iterable[Pair]) -> int:
        """The sentences that hold these pairs."""
        return mask_of(self.sentence_at, pairs)

    def span(self, start: int, end: int) -> Span:
        """The span of the original field under (start, end) of `text`; the pair must lie in one field.

        A number is shown whole, and a letter with its accent, whatever part of it the rules were about.
        """
        return self.span_of(*self.whole(start, end))

    @property
    def is_plain(self) -> bool:
        """Whether each character of `text` is one of the original."""
        return self._kept is None

    def shown(self, pair: Pair) -> tuple[Pair, Span]:
        """The pair that is whole, and its span."""
        whole = self.whole(*pair)
        return whole, self.span_of(*whole)

    def whole(self, start: int, end: int) -> Pair:
        """The pair, or what is around it when it is part of a number."""
        text = self.text
        if text[start].isdigit() or text[end - 1].isdigit():
            return self._whole_number(start, end)
        return start, end

    def span_of(self, start: int, end: int) -> Span:
        """The span of the original field under a pair that is whole."""
        fields, name, base = self.fields, _TITLE, 0
        body, lead = fields["body"][0], fields["lead"][0]
        if start >= body:
            name, base = _BODY, body
        elif start >= lead:
            name, base = _LEAD, lead
        if self._kept is None:
            return Span(name, start - base, end - base, self.text[start:end])
        start, end = self._kept[start], self._kept[end - 1] + 1
        while end < len(self._raw) and "\u0300" <= self._raw[end] <= "\u036f":
            end += 1
        before = {_TITLE: (), _LEAD: (self.document.title,), _BODY: (self.document.title, self.document.lead)}[name]
        base = sum(len(part) + len(GAP) for part in before)
        return Span(name, start - base, end - base, self._raw[start:end])

    def _whole_number(self, start: int, end: int) -> Pair:
        """`1 000` where only `000` is meant: terms know the groups between blanks and commas, people do not."""
        around = _NUMBER.finditer(self.text, max(0, start - _LONGEST_NUMBER), end + _LONGEST_NUMBER)
        spans = [(start, end), *(found.span() for found in around if found.start() < end and found.end() > start)]
        return min(first for first, _ in spans), max(last for _, last in spans)
