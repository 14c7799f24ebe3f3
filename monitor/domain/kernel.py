"""The inner loops of matching: compiled where they could be, else in Python, by the twin of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.domain import beginnings, patterns, places, sums, text
from monitor.domain.compiling import compiled, digest

if TYPE_CHECKING:
    from monitor.domain.beginnings import Beginnings
    from monitor.domain.patterns import Patterns
    from monitor.domain.places import Table, first_words, mask_of, near_pairs
    from monitor.domain.sums import heaviest, held, spans_of, tallied, words_of
    from monitor.domain.text import haystack_of, numbered, paragraphs, sentence_starts

__all__ = [
    "Beginnings",
    "Patterns",
    "Table",
    "compiled",
    "digest",
    "first_words",
    "haystack_of",
    "heaviest",
    "held",
    "in_python",
    "mask_of",
    "near_pairs",
    "numbered",
    "paragraphs",
    "sentence_starts",
    "spans_of",
    "tallied",
    "words_of",
]

LIBRARIES = ("_beginnings", "_patterns", "_places", "_sums", "_texts")


def in_python() -> list[str]:
    """The libraries that could not be compiled, or no longer fit their sources: what they do is done in Python."""
    return [name for name in LIBRARIES if compiled(name) is None]


if not TYPE_CHECKING:
    # All of them or none: some hand each other what their twins do not take.
    _beginnings, _patterns, _places, _sums, _texts = (
        (beginnings, patterns, places, sums, text) if in_python() else map(compiled, LIBRARIES)
    )
    Beginnings = _beginnings.Beginnings
    Patterns = _patterns.Patterns
    Table, first_words = _places.Table, _places.first_words
    mask_of, near_pairs = _places.mask_of, _places.near_pairs
    heaviest, held, spans_of = _sums.heaviest, _sums.held, _sums.spans_of
    tallied, words_of = _sums.tallied, _sums.words_of
    haystack_of, numbered = _texts.haystack_of, _texts.numbered
    paragraphs, sentence_starts = _texts.paragraphs, _texts.sentence_starts
