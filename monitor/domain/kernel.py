"""The inner loops of matching: compiled where they could be, else in Python, by the twin of the same name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from monitor.domain import beginnings, masks, operations, patterns, places, sums, text
from monitor.domain.compiling import compiled, digest

if TYPE_CHECKING:
    from monitor.domain.beginnings import Beginnings
    from monitor.domain.hashes import grams_of, rows_of, smallest_of, word_grams
    from monitor.domain.masks import in_field_mask, joined_by_and, joined_by_or, kept_mask, term_mask
    from monitor.domain.operations import (
        at_least,
        found_mask,
        in_field,
        in_first,
        mentioned,
        merged,
        near,
        negated,
        often,
        standing,
        together,
    )
    from monitor.domain.patterns import Patterns
    from monitor.domain.places import Table, first_words, mask_of
    from monitor.domain.sums import Ledger, Tallies, contributions, evidence, levels
    from monitor.domain.text import haystack_of, narrowed_by, numbered, paragraphs, sentence_starts, word_starts
    from monitor.domain.weighing import weighed

__all__ = [
    "Beginnings",
    "Ledger",
    "Patterns",
    "Table",
    "Tallies",
    "at_least",
    "compiled",
    "contributions",
    "digest",
    "evidence",
    "first_words",
    "found_mask",
    "grams_of",
    "haystack_of",
    "in_field",
    "in_field_mask",
    "in_first",
    "in_python",
    "joined_by_and",
    "joined_by_or",
    "kept_mask",
    "levels",
    "mask_of",
    "mentioned",
    "merged",
    "narrowed_by",
    "near",
    "negated",
    "numbered",
    "often",
    "paragraphs",
    "rows_of",
    "sentence_starts",
    "smallest_of",
    "standing",
    "term_mask",
    "together",
    "weighed",
    "word_grams",
    "word_starts",
]

_OF_HASHES = dict.fromkeys(("grams_of", "rows_of", "smallest_of", "word_grams"), "hashes")
LIBRARIES = ("_beginnings", "_patterns", "_places", "_texts")


def in_python() -> list[str]:
    """The libraries that could not be compiled, or no longer fit their sources: what they do is done in Python."""
    return [name for name in LIBRARIES if compiled(name) is None]


if not TYPE_CHECKING:
    # All of them or none: some hand each other what their twins do not take.
    _beginnings, _patterns, _places, _texts = (
        (beginnings, patterns, places, text) if in_python() else map(compiled, LIBRARIES)
    )
    Beginnings = _beginnings.Beginnings
    Patterns = _patterns.Patterns
    Table, first_words = _places.Table, _places.first_words
    mask_of = _places.mask_of
    _operations, _sums = (operations, sums) if in_python() else (_places, _places)
    at_least, negated, near, together = (
        _operations.at_least,
        _operations.negated,
        _operations.near,
        _operations.together,
    )
    in_field, in_first, often = _operations.in_field, _operations.in_first, _operations.often
    standing, mentioned = _operations.standing, _operations.mentioned
    found_mask, merged = _operations.found_mask, _operations.merged
    _masks = masks if in_python() else _places
    term_mask, kept_mask, in_field_mask = _masks.term_mask, _masks.kept_mask, _masks.in_field_mask
    joined_by_and, joined_by_or = _masks.joined_by_and, _masks.joined_by_or
    Ledger, Tallies = _sums.Ledger, _sums.Tallies
    evidence, contributions, levels = _sums.evidence, _sums.contributions, _sums.levels
    haystack_of, narrowed_by, numbered = _texts.haystack_of, _texts.narrowed_by, _texts.numbered
    paragraphs, sentence_starts = _texts.paragraphs, _texts.sentence_starts
    word_starts = _texts.word_starts
    if in_python():

        def __getattr__(name: str) -> object:
            """The twins that load numpy, which commands that only list rows start sooner without."""
            module = "weighing" if name == "weighed" else _OF_HASHES.get(name)
            if module is None:
                raise AttributeError(name)
            return getattr(import_module(f"monitor.domain.{module}"), name)
    else:
        grams_of, rows_of, smallest_of = _texts.grams_of, _texts.rows_of, _texts.smallest_of
        word_grams = _texts.word_grams
        weighed = _places.weighed
