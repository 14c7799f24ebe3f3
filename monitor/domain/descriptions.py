"""Definite descriptions (*le groupe*, *l'équipementier*): a noun of a list behind its determiner."""

from __future__ import annotations

import re
from functools import cached_property

from daachorse import DoubleArrayAhoCorasick

from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from monitor.domain.text import skeleton

_BEFORE = 16  # characters that determiner and adjective take at most, with some to spare
_BEHIND = 8  # what may be looked at behind the noun


class Descriptions:
    """What `pattern`, with the nouns in place of its `%s`, finds in a text in any case, left to right.

    Determiners are everywhere and the nouns are few: so the nouns are looked for first, by an automaton, and the
    pattern is tried around each. A blank in a noun is written `_`.
    """

    def __init__(self, pattern: str, nouns: str) -> None:
        self._nouns = [noun.replace("_", " ") for noun in nouns.split()]
        self._pattern = re.compile(pattern % "|".join(self._nouns), re.IGNORECASE)

    @cached_property
    def _machine(self) -> DoubleArrayAhoCorasick:
        return DoubleArrayAhoCorasick([skeleton(noun) for noun in self._nouns])

    def spans(self, reading: Reading) -> list[Pair]:
        """Where they stand."""
        text, search, found, last = reading.text, self._pattern.search, list[Pair](), 0
        for start, end, _ in self._machine.find_overlapping(reading.haystack):
            match = search(text, max(last, start - 1 - _BEFORE), end - 1 + _BEHIND)
            if match is not None and match.end() == end - 1:  # another noun, cut off, may end where the window does
                last = match.end()
                found.append(match.span())
        return found
