"""French inflection: every form of a word, from Hunspell's French data joined with simplemma's.

The data is `forms.txt.xz` (MPL 2.0, see LICENCE.txt); it is read when a dossier is compiled, never per article.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import NamedTuple

from monitor.domain.text import fold

_SHARED_STEM = 3
_PARTICIPLE = re.compile("ée?s?$")


class _Suffix(NamedTuple):
    strip: str
    add: str
    ending: re.Pattern[str]


class _Lexicon(NamedTuple):
    suffixes: dict[str, list[_Suffix]]
    words: dict[str, str]


@cache
def _lexicon() -> _Lexicon:
    packed = resources.files(__package__).joinpath("forms.txt.xz").read_bytes()
    rules, _, words = lzma.decompress(packed).decode().partition("\n\n")
    suffixes: dict[str, list[_Suffix]] = {}
    for rule in rules.splitlines():
        flag, strip, add, condition = rule.split(" ")
        suffix = _Suffix(strip.lstrip("0"), add.lstrip("0"), _ending(condition))
        suffixes.setdefault(flag, []).append(suffix)
    pairs = (line.partition(" ") for line in words.splitlines())
    return _Lexicon(suffixes, {word: flags for word, _, flags in pairs})


@cache
def _ending(condition: str) -> re.Pattern[str]:
    return re.compile(f"{condition}$")


def forget() -> None:
    """Frees the lexicon (some 20 MB); it comes back on demand."""
    for kept in (_lexicon, _simplemma, _folded_words):
        kept.cache_clear()


@cache
def _folded_words() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in _lexicon().words:
        found.setdefault(fold(word), []).append(word)
    return found


@cache
def _simplemma() -> dict[str, str]:
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    table = DefaultDictionaryFactory().get_dictionary("fr")
    return {str(form): str(lemma) for form, lemma in table.items()}


def _hunspell_forms(word: str) -> set[str]:
    lexicon, forms = _lexicon(), {word}
    flags = lexicon.words.get(word, "")
    for index in range(0, len(flags), 2):
        for strip, add, ending in lexicon.suffixes.get(flags[index : index + 2], ()):
            if word.endswith(strip) and ending.search(word):
                forms.add(word[: len(word) - len(strip)] + add)
    return forms


def headwords(word: str) -> list[str]:
    """The entries that `word` stands for: itself with or without its accents, else its lemma, else itself."""
    known = _lexicon().words
    lower = word.lower()
    if lower in known:
        return [lower]
    lemma = _simplemma().get(lower)
    if lemma is not None and lemma in known:
        return [lemma]
    verb = _PARTICIPLE.sub("er", lower)  # dérobée: an adjective that the dictionary gives under its verb
    if verb in known:
        return [verb]
    spelled = [entry for entry in _folded_words().get(fold(lower), ()) if entry.islower()]
    return spelled or [lower]


def expand(words: Iterable[str]) -> dict[str, frozenset[str]]:
    """Each word with all its inflected forms, itself included, in lower case with accents.

    A form of simplemma counts when it starts like its headword: its data holds some wrong pairs.
    """
    heads = {word: headwords(word) for word in words}
    forms = {head: _hunspell_forms(head) for group in heads.values() for head in group}
    for form, lemma in _simplemma().items():
        if lemma in forms and form[:_SHARED_STEM] == lemma[:_SHARED_STEM] and form.isalpha():
            forms[lemma].add(form)
    return {word: frozenset({word.lower()}.union(*(forms[head] for head in group))) for word, group in heads.items()}
