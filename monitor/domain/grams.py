"""The n-grams of a sentence, as patterns for the automaton."""

from __future__ import annotations

from monitor.domain.terms import is_small_word
from monitor.domain.text import skeleton

_PREFIXES = (4, 6)


def grams_of(sentence: str) -> set[bytes]:
    """The n-grams of a sentence as byte patterns: words, beginnings of words, pairs of words."""
    found: set[bytes] = set()
    for run in skeleton(sentence).split(b"  "):
        words = run.split()
        for number, word in enumerate(words):
            small = is_small_word(word)
            if len(word) > 1 and not small:
                found.add(b" " + word + b" ")
                found.update(b" " + word[:length] for length in _PREFIXES if len(word) > length)
            if number and not (small and is_small_word(words[number - 1])):
                found.add(b" " + words[number - 1] + b" " + word + b" ")
    return found
