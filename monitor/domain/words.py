"""The words of an article as a search index holds them, and what words a query cannot do without.

Words are those that matching compares (`text.skeleton`): folded, letters and digits only, one character a byte. So an
index of them, whatever the database, leaves out no article that matching would find.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import xxhash

from monitor.domain.expression_tree import side_by_side
from monitor.domain.expressions import (
    About,
    And,
    AtLeast,
    Expression,
    Near,
    Not,
    Or,
    Reference,
    Term,
    Within,
    Without,
)
from monitor.domain.model import Document
from monitor.domain.reading import Reading
from monitor.domain.terms import SMALL_WORDS

if TYPE_CHECKING:
    from monitor.domain.automaton import Automaton, Vocabulary
    from monitor.domain.dossier import Entity

LONGEST_WORD = 64
COMMON = frozenset("a au aux d de des du en et l la le les un une que qui par pour sur dans est".split())  # noqa: SIM905
TITLE = "¤t"  # no word of a text has such a sign
PAIR = "¤p"
_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"
_PASSED = SMALL_WORDS | {""}  # between the two words of a pair
MOST_BYTES = 800_000  # PostgreSQL's tsvector ends at a megabyte; no article comes near
MOST_PAIRS = 20_000  # beside these still within that megabyte


def index_words(document: Document) -> list[str]:
    """The words of an article's title behind `TITLE`, then each word of the whole once; both in order."""
    title = sorted(_words(_said(Document(document.title))))
    words = [*(TITLE + word for word in title), *sorted(_words(_said(document)))]
    if sum(map(len, words)) + 4 * len(words) > MOST_BYTES:
        words = words[: MOST_BYTES // (LONGEST_WORD + 4)]
    return words


def pair_words(document: Document, paired: Collection[str]) -> list[str]:
    """What an article that is indexed with pairs has beside these: `PAIR`, and the pairs that stand side by side."""
    telling = [word if word in paired else "" for word in _said(document) if word not in _PASSED]
    pairs = {pair_word(one, other) for one, other in pairwise(telling) if one and other}
    return [PAIR, *sorted(pairs)[:MOST_PAIRS]]


def _said(document: Document) -> list[str]:
    """The words of an article in order, some of them empty."""
    return Reading(document).haystack.decode("latin-1").split(" ")


def _words(said: list[str]) -> set[str]:
    found = set(said)
    found.discard("")
    return {word[:LONGEST_WORD] for word in found} if max(map(len, found), default=0) > LONGEST_WORD else found


@lru_cache(maxsize=20_000)
def pair_word(first: str, second: str) -> str:
    """The word of two words that stand side by side, small words between them left out.

    Three signs of a hash, so two pairs may share a word: written out, fourteen pairs made an article's words longer
    than the 2 kB that PostgreSQL keeps without packing them, and a walk over them a third slower.
    """
    number = xxhash.xxh3_64_intdigest(f"{first} {second}".encode("latin-1"))
    return f"{PAIR}{_SIGNS[number % 36]}{_SIGNS[number // 36 % 36]}{_SIGNS[number // 1296 % 36]}"


@dataclass(frozen=True, slots=True)
class Word:
    """A word that must stand in the article; `prefix`: one that begins so."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """All the parts."""

    parts: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Phrase(Every):
    """All the parts, which stand side by side: as one of the `patterns` says, each without its small words."""

    patterns: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of the parts."""

    parts: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class But:
    """What is wanted, in articles that have none of the refused words."""

    wanted: Words
    refused: tuple[Word, ...]


Words = Word | Every | Some | But


def has_prefix(words: Words) -> bool:
    """Whether a part asks for the beginning of a word."""
    if isinstance(words, But):
        return has_prefix(words.wanted)
    return words.prefix if isinstance(words, Word) else any(has_prefix(part) for part in words.parts)


def has_phrase(words: Words | None) -> bool:
    """Whether a part asks for words side by side."""
    match words:
        case Every(parts) | Some(parts):
            return isinstance(words, Phrase) or any(map(has_phrase, parts))
        case But(wanted, _):
            return has_phrase(wanted)
        case _:
            return False


class WordsNeeded:
    """Tells which words stand in every article that makes an expression true."""

    def __init__(
        self, vocabulary: Vocabulary, automaton: Automaton, entities: dict[str, Entity], sets: dict[str, Expression]
    ) -> None:
        self._vocabulary, self._automaton, self._patterns = vocabulary, automaton, automaton.patterns_of()
        self._entities, self._sets = entities, sets

    def of(self, expression: Expression) -> Words | None:
        """None when there are none such: every article must then be asked."""
        needed = self._of(expression)
        refused = tuple(dict.fromkeys(self._refused(expression)))
        return But(needed, refused) if needed is not None and refused else needed

    def _refused(self, expression: Expression, mark: str = "") -> Iterable[Word]:
        """Words that stand in no article that makes the expression true."""
        match expression:
            case Reference("set", name):
                yield from self._refused(self._sets[name], mark)
            case Within("title", part):
                yield from self._refused(part, TITLE)
            case And(parts):
                for part in parts:
                    yield from self._sufficing(part.part, mark) if isinstance(part, Not) else self._refused(part, mark)

    def _sufficing(self, expression: Expression, mark: str) -> Iterable[Word]:
        """Words that make an expression true wherever they stand."""
        match expression:
            case Term():
                yield from self._certain(self._vocabulary.number(expression), mark)
            case Reference("set", name):
                yield from self._sufficing(self._sets[name], mark)
            case Or(parts):
                terms, others = side_by_side(parts, self._sets)
                if terms:
                    yield from self._certain(self._vocabulary.number(*terms), mark)
                for part in others:
                    yield from self._sufficing(part, mark)

    def _certain(self, number: int, mark: str) -> Iterable[Word]:
        for pattern in self._automaton.certain_of().get(number, ()):
            word = pattern.strip()
            if b" " not in word and len(word) < LONGEST_WORD:
                yield Word(mark + word.decode("latin-1"))

    def _of(self, expression: Expression, mark: str = "") -> Words | None:  # noqa: PLR0911 - a line a kind
        """`mark` stands before words of a title."""
        match expression:
            case Term():
                return self._group(self._vocabulary.number(expression), mark)
            case Reference("set", name):
                return self._of(self._sets[name], mark)
            case Reference(_, name):
                return some(self._names(self._entities[name], mark))
            case And(parts):
                return every(self._of(part, mark) for part in parts)
            case Or(parts):
                return some(self._alternatives(parts, mark))
            case Near(left, right):
                return every((self._of(left, mark), self._of(right, mark)))
            case Without(left, _):
                return self._of(left, mark)
            case Within("title", part):
                return self._of(part, TITLE)
            case Within(_, part) | AtLeast(_, part) | About(part):
                return self._of(part, mark)
            case _:
                return None

    def _alternatives(self, parts: tuple[Expression, ...], mark: str) -> Iterable[Words | None]:
        """As the compiler numbers them: terms side by side share one group."""
        terms, others = side_by_side(parts, self._sets)
        if terms:
            yield self._group(self._vocabulary.number(*terms), mark)
        yield from (self._of(part, mark) for part in others)

    def _names(self, entity: Entity, mark: str) -> Iterable[Words | None]:
        """A periphrasis counts only where a name stands before it, so the names will do."""
        open_ended = [alias.term for alias in entity.aliases if not (alias.since or alias.until)]
        if open_ended:
            yield self._group(self._vocabulary.number(*open_ended), mark)
        for alias in entity.aliases:
            if alias.since or alias.until:
                yield self._group(self._vocabulary.number(alias.term), mark)

    def _group(self, number: int, mark: str) -> Words | None:
        """Patterns of as many words are asked place by place: a form of the first word, one of the second …"""
        by_length: dict[int, list[list[Word]]] = {}
        for pattern, tail in self._patterns.get(number, ()):
            words = _pattern(pattern, tail, mark)
            by_length.setdefault(len(words), []).append(words)
        return some(_phrase(patterns, mark) for patterns in by_length.values())


def _phrase(patterns: list[list[Word]], mark: str) -> Words | None:
    """What patterns of as many words ask for."""
    asked = every(_telling([some(place) for place in zip(*patterns, strict=True)]))
    if not isinstance(asked, Every) or any(words[-1].prefix for words in patterns):
        return asked
    plain = ([word.text.removeprefix(mark) for word in words] for words in patterns)
    said = tuple(tuple(word for word in words if word not in SMALL_WORDS) for words in plain)
    lengths = set(map(len, said))
    return Phrase(asked.parts, said) if len(lengths) == 1 and min(lengths) > 1 else asked


def _pattern(pattern: bytes, tail: int, mark: str) -> list[Word]:
    """The words of a pattern; of a prefix the last one is cut short."""
    words = [piece[:LONGEST_WORD].decode("latin-1") for piece in pattern.split()]
    prefix = bool(tail) and not pattern.endswith(b" ")
    return [Word(mark + word, prefix and index == len(words) - 1) for index, word in enumerate(words)]


def _telling(places: list[Words | None]) -> list[Words | None]:
    """Without the words that stand in nearly every text, unless there are no others."""
    return [one for one in places if not (isinstance(one, Word) and one.text in COMMON)] or places


def every(parts: Iterable[Words | None]) -> Words | None:
    """All of the parts; one that asks nothing is left out."""
    kept = tuple(dict.fromkeys(part for part in parts if part is not None))
    return (kept[0] if len(kept) == 1 else Every(kept)) if kept else None


def some(parts: Iterable[Words | None]) -> Words | None:
    """One of the parts; when one of them asks nothing, nothing is asked. None of no parts, too."""
    kept = tuple(dict.fromkeys(parts))
    asked = tuple(part for part in kept if part is not None)
    if len(asked) < len(kept) or not asked:
        return None
    return asked[0] if len(asked) == 1 else Some(asked)
