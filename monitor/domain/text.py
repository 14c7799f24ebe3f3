"""Text as matching sees it: folded one character for one, cut into sentences and paragraphs.

Every function keeps offsets: character i of what comes out stands for character i of what went in. `_texts.c` has twins
in C of what cuts; `kernel` takes these where they are compiled.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise

# Wide characters that French pages are full of, each with a one-byte stand-in: `replace` is a scan at memory speed,
# while `str.translate` looks each character up.
_OE, _EURO = "\x9c", "\x80"
WIDE = (
    ("’", "'"),
    ("‘", "'"),
    ("ʼ", "'"),
    ("\u202f", " "),
    ("\u2009", " "),
    ("–", "-"),
    ("—", "-"),
    ("‑", "-"),
    ("‐", "-"),
    ("“", '"'),
    ("”", '"'),
    ("…", "."),
    ("œ", _OE),
    ("Œ", _OE),
    ("€", _EURO),
)
_SINGLE = {
    "«": '"',
    "»": '"',
    "\u00a0": " ",
    "\u2212": "-",
    "\u2011": "-",
    "ß": "s",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ı": "i",
    "þ": "t",
    "μ": "µ",  # the Greek letter and the sign
    _OE: "œ",
    _EURO: "€",
    "æ": "æ",
    **{wide: narrow for wide, narrow in WIDE if ord(narrow) < 128},
}
# Dropped at ingest; when they come all the same, matching works on the text without them and maps offsets back.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\u0300-\u036f]")


def _fold_char(char: str) -> str:
    """One character without case and accent; what has no such form stays."""
    lower = char.lower()
    if len(lower) != 1:  # İ gives two
        lower = lower[0]
    if lower in _SINGLE:
        return _SINGLE[lower]
    if lower.isspace():
        return "\n" if lower in "\n\r" else " "
    decomposed = unicodedata.normalize("NFKD", lower)
    base = decomposed[0]
    if all(unicodedata.combining(mark) for mark in decomposed[1:]):
        return _SINGLE.get(base, base)
    return lower


class _Table(dict[int, str]):
    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_char(chr(code))
        return folded


def _skeleton_byte(char: str) -> int:
    """The byte of a folded character: letters, digits, % and € themselves, all else a space.

    Letters of other scripts share 26 bytes; terms that hold one are verified on the original.
    """
    if char in "œæ":
        return ord(_OE) if char == "œ" else 0xE6
    if char.isascii():
        return ord(char) if char.isalnum() or char == "%" else 32
    if char == "€":
        return ord(_EURO)
    return 0x81 + ord(char) % 26 if char.isalnum() else 32


_FOLD = _Table()
_LATIN_FOLD = "".join(_fold_char(chr(code)) for code in range(256))
_STAND_IN = {"œ": ord(_OE), "€": ord(_EURO)}  # what folds out of Latin-1
_FOLD_BYTES = bytes(_STAND_IN[c] if c in _STAND_IN else ord(c) for c in _LATIN_FOLD)
_SKELETON_BYTES = bytes(_skeleton_byte(c) for c in _LATIN_FOLD)


def _one_byte() -> bytes:
    """By code, the byte of each character that `narrow` knows; 0 for others, and for what shows nothing."""
    table = bytearray(max(ord(wide) for wide, _ in WIDE) + 1)
    table[:256] = _SKELETON_BYTES
    table[ord("\u00ad")] = 0
    for wide, stand_in in WIDE:
        table[ord(wide)] = _SKELETON_BYTES[ord(stand_in)]
    return bytes(table)


ONE_BYTE = _one_byte()


def narrow(text: str) -> bytes | None:
    """One byte a character, or None when a rare character has none."""
    if text.isascii():
        return text.encode()
    for wide, stand_in in WIDE:
        text = text.replace(wide, stand_in)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None


_RARE = re.compile("[^\x00-\xff]")


def narrowed_by(text: str, rare: Callable[[str], str]) -> bytes:
    """One byte a character: its own of Latin-1; of all others that of the character of Latin-1 that `rare` gives."""
    return text.encode() if text.isascii() else _RARE.sub(lambda found: rare(found[0]), text).encode("latin-1")


def fold(text: str) -> str:
    """`text` without case, accents and typographic variants, of the same length.

    Curly apostrophes and quotes become straight, no-break spaces spaces, dashes hyphens; `œ` and `æ` stay.
    """
    small = narrow(text)
    if small is None:
        return text.translate(_FOLD)
    folded = small.translate(_FOLD_BYTES).decode("latin-1")
    return folded if folded.isascii() else folded.replace(_OE, "œ").replace(_EURO, "€")


def has_invisible(text: str, small: bytes | None) -> bool:
    """Whether something that shows nothing stands in `text`, of which `small` is what `narrow` says."""
    return b"\xad" in small if small is not None else INVISIBLE.search(text) is not None


def skeleton(text: str) -> bytes:
    """The folded letters and digits of `text`, one byte a character, every other character a space."""
    return skeleton_of(text, narrow(text))


def skeleton_of(text: str, small: bytes | None) -> bytes:
    """The same where `narrow` was asked before."""
    if small is not None:
        return small.translate(_SKELETON_BYTES)
    plain = bytearray(_RARE.sub(" ", text).encode("latin-1").translate(_SKELETON_BYTES))
    for match in _RARE.finditer(text):
        plain[match.start()] = _skeleton_byte(_FOLD[ord(match.group())])
    return bytes(plain)


def haystack_of(text: str, table: bytes = ONE_BYTE) -> bytes | None:  # noqa: ARG001 - what the compiled twin looks at
    """The skeleton between two spaces, so that byte n + 1 stands for character n.

    None where a character is rare or shows nothing.
    """
    small = narrow(text)
    return None if small is None or has_invisible(text, small) else b" %b " % small.translate(_SKELETON_BYTES)


_BEFORE_WORD = re.compile(rb" (?=[^ ])")


def word_starts(haystack: bytes) -> list[int]:
    """Where the words of a haystack begin, counted from the character behind its first space."""
    return [match.start() for match in _BEFORE_WORD.finditer(haystack)]


# A sentence ends at . ! ? … (and closing marks) before white space and an opening: capital, digit, quote or dash; and
# at a line break. The group marks a point behind what may be an abbreviation: a longer word is none.
# Only the first of several stops begins a match, and none is given back: what follows them is the same for each, and
# a text of stops alone would be looked through once for each of them.
_SENTENCE_END = re.compile(
    r"\n+|(?<![.!?…])[.!?…](?:(?<=\w{5}.)|(?<!\.)|())[.!?…]*+[\"»”’)\]]*+(?:[ \u00a0\u202f]»)?[ \n\u00a0\u202f]+"
    r"(?=[\"«“(\[–—-]?[ \u00a0\u202f]?[A-ZÀ-ÖØ-ÞŒ0-9])"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:M|MM|Mme|Mmes|Mlle|Me|Dr|Pr|St|Ste|Mgr|cf|art|etc|env|av|n|no|vol|p|Inc|Corp|Ltd|Jr|vs|[A-Z]))\.$"
)
_LONGEST_ABBREVIATION = 4


def sentence_starts(text: str) -> list[int]:
    """Where the sentences of `text` begin, in order; white space between them belongs to none."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if not _is_abbreviated(match)]
    starts = []
    for cut, end in pairwise([0, *ends, len(text)]):
        piece = text[cut:end].lstrip()
        if piece:
            starts.append(end - len(piece))
    return starts


def _is_abbreviated(match: re.Match[str]) -> bool:
    """Whether the point of a match is an abbreviation's; one that ends a line ends a sentence all the same."""
    if not match.lastindex or "\n" in match.group():
        return False
    start = match.start()
    return _ABBREVIATION.search(match.string, max(0, start - _LONGEST_ABBREVIATION - 1), start + 1) is not None


def numbered(starts: list[int], length: int) -> bytes:
    """Of each of `length` offsets the number of its sentence, of 256 at most; what stands before the first is in it."""
    bounds = pairwise([0, *starts[1:], length])
    return b"".join([bytes((number,)) * (end - start) for number, (start, end) in enumerate(bounds)])


def sentences(text: str, starts: list[int] | None = None) -> list[tuple[int, int]]:
    """Sentences of `text` as (start, end) offsets, in order, without white space at their ends."""
    starts = sentence_starts(text) if starts is None else starts
    ends = [*starts[1:], len(text)]
    return [(start, start + len(text[start:end].rstrip())) for start, end in zip(starts, ends, strict=False)]


def paragraphs(text: str) -> list[tuple[int, int]]:
    """Paragraphs of `text` as (start, end) offsets: stretches without a line break."""
    found, start = list[tuple[int, int]](), 0
    for line in text.split("\n"):
        end = start + len(line)
        if line and not line.isspace():
            found.append((start, end))
        start = end + 1
    return found
