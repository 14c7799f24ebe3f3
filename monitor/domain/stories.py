"""Near-copies: do two texts tell the same event in the same words?

A sketch is the smallest hashes of a text's word 4-grams (bottom-k sampling), so it is exact for short texts and bounded
for long ones; containment of the shorter in the longer finds an agency text in its reprints, cut or lengthened. Which
texts to compare, keys say: a few hashes of word 12-grams. Turns of phrase that every outlet prints are shorter than
that, so that what shares a key is nearly always a copy, however much is stored.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xxhash import xxh3_64_intdigest

from monitor.domain.kernel import grams_of, rows_of, smallest_of, word_grams

SIZE = 128  # hashes kept a text
KEY_GRAMS = 3  # in a row make a key: twelve words
KEY_SHARE = 24  # of so many 12-grams, one is a key: the same ones in each text, so that a cut copy keeps its share
FORMER_GRAMS, FORMER_SHARE = 2, 16  # the same of the keys that versions before stored
FEWEST_KEYS, MOST_KEYS = 16, 32  # of a text, unless it is shorter
SAME_STORY = 0.5  # containment from which two texts are one story
FEWEST = 4  # shared hashes below which a containment says nothing
KNOWN_WORDS = 20_000  # words whose hashes are kept: nine in ten of a text's

_WORD = re.compile(r"\w+")


class _WordHashes(dict[bytes, int]):
    """xxh3 of words in cp1252, as of the same words in UTF-8."""

    def __missing__(self, word: bytes) -> int:
        if len(self) >= KNOWN_WORDS:
            self.clear()
        found = self[word] = xxh3_64_intdigest(word.decode("cp1252").encode())
        return found


def _word_bytes() -> bytes:
    """For each byte of cp1252, the lower-case letter or digit that it is, else a blank."""
    letters = bytearray(b" " * 256)
    for code in range(256):
        character = bytes([code]).decode("cp1252", "replace")
        if _WORD.fullmatch(character) and character != "\ufffd":
            letters[code] = character.lower().encode("cp1252")[0]
    return bytes(letters)


_hash_of = _WordHashes()
_LETTERS = _word_bytes()
_NARROW = "\u202f\u2009\u2011"  # blanks and a hyphen of French typography that cp1252 lacks


def _codes() -> bytes:
    """The same for each character that cp1252 or `_NARROW` has, 16 bits each by its code; 0 for the others."""
    known = {bytes([code]).decode("cp1252", "ignore"): chr(letter) for code, letter in enumerate(_LETTERS)}
    codes = {
        ord(character): ord(bytes([ord(letter)]).decode("cp1252")) for character, letter in known.items() if character
    }
    codes |= dict.fromkeys(map(ord, _NARROW), ord(" "))
    return array("H", [codes.get(code, 0) for code in range(max(codes) + 1)]).tobytes()


_CODES = _codes()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """By its `sketch` a text is weighed, by its `keys` it is found: both ascending, signed 64 bit.

    `grams` are all its 4-grams, as they stand in the text, 8 bytes each.
    """

    sketch: tuple[int, ...] = ()
    keys: tuple[int, ...] = ()
    grams: bytes = field(default=b"", compare=False, repr=False)

    @property
    def former_keys(self) -> tuple[int, ...]:
        """The keys by which versions before stored the same text."""
        return _keys(self.grams, FORMER_GRAMS, FORMER_SHARE) or self.sketch[:FEWEST_KEYS]


def sketch(text: str) -> tuple[int, ...]:
    """The `SIZE` smallest hashes of `text`'s word 4-grams, ascending, signed 64 bit; () below four words."""
    return fingerprint(text).sketch


def fingerprint(text: str) -> Fingerprint:
    """`text`'s sketch and keys; empty below four words.

    The same integers on every machine and in every database: xxh3 of each lower-case word, mixed by position.
    """
    grams = word_grams(text, _CODES, xxh3_64_intdigest)
    if grams is None:
        grams = grams_of(_word_hashes(text))
    smallest = smallest_of(grams, SIZE, SIZE, 1)
    return Fingerprint(smallest, _keys(grams, KEY_GRAMS, KEY_SHARE) or smallest[:FEWEST_KEYS], grams)


def _keys(grams: bytes, in_a_row: int, share: int) -> tuple[int, ...]:
    """The smallest hashes of so many 4-grams in a row: one in `share` of them, ascending; () of a text too short."""
    return smallest_of(rows_of(grams, in_a_row), FEWEST_KEYS, MOST_KEYS, share)


def _word_hashes(text: str) -> list[int]:
    """xxh3 of each lower-case word; what Western texts are written in is cut up as bytes, which is twice as quick."""
    for character in _NARROW:
        text = text.replace(character, " ")
    try:
        return list(map(_hash_of.__getitem__, text.encode("cp1252").translate(_LETTERS).split()))
    except UnicodeEncodeError:
        return list(map(xxh3_64_intdigest, map(str.encode, _WORD.findall(text.lower()))))


def containment(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """How much of the shorter text stands in the longer, 0..1, from their sketches."""
    return next(containments(a, (b,)))


def containments(a: tuple[int, ...], others: Iterable[tuple[int, ...]]) -> Iterator[float]:
    """The containment of `a` and of each other.

    A full sketch says nothing above its largest hash, so both are cut at the smaller of such limits.
    """
    hashes = frozenset(a)
    for b in others:
        shared = len(hashes.intersection(b))  # none of them is above a limit: it stands in both
        ends = [sketch_[-1] for sketch_ in (a, b) if len(sketch_) == SIZE]
        smaller = min(bisect_right(sketch_, min(ends)) if ends else len(sketch_) for sketch_ in (a, b))
        told = shared >= FEWEST or shared == smaller == len(a) == len(b)
        yield shared / smaller if smaller and told else 0.0
