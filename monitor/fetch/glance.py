"""A first look at a page's text, tags and all: it leaves what cannot hold a word, for a tenth of a proper look's price.

Most pages hold none of the words that matter, and no trace of one that a tag, a soft hyphen or a backslash breaks. One
pass over one byte a character tells both: an automaton looks for the words, and for each beginning of one before
something that may vanish, after which the rest is then looked for. What it finds is only a reason to look properly.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import product

from daachorse import DoubleArrayAhoCorasick

from monitor.domain.text import INVISIBLE, fold, narrowed, skeleton

# Tags that do not end a word or a phrase; all others stay, and what they part stays apart. Names of one beginning stand
# together: one after the other they take half as long again.
INLINE = re.compile(
    r"<(?:/?(?:a(?:bbr|cronym)?|b(?:d[io]|ig)?|c(?:ite|ode)|d(?:ata|el|fn)|em|font|i(?:ns)?|kbd|mark|nobr|q"
    r"|s(?:amp|mall|pan|tr(?:ike|ong)|u[bp])?|t(?:ime|t)|u|var|wbr)(?:[\s/][^<>]*)?>|!--[^<>]{0,200}-->)",
    re.IGNORECASE,
)
# Tags of nobody's list within a word, a long comment, an instruction or a script in it: extraction may join what they
# part. `<` comes first in the expression: `re` then leaps from one to the next.
_JOINING = (
    r"(?:!(?!--[^<>]{0,200}-->)|\?|/(?![a-z])|script\b|style\b|/?[a-z]+[-:]"
    # an attribute with a tag's sign in its value
    r"""|[a-z][^<>"']*(?:"[^"<>]*"[^<>"']*|'[^'<>]*'[^<>"']*)*(?:"[^"<>]*[<>]|'[^'<>]*[<>]))"""
)
DOUBT = re.compile(r"<(?<=\w<)" + _JOINING, re.IGNORECASE)
_IN_DOUBT = re.compile("<" + _JOINING, re.IGNORECASE)  # where it is known that a word stands before
# Printable, and dropped from text all the same.
SILENT = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f")
_TAG = re.compile(r"<(?:[!?/]|[a-z][a-z0-9:-]*[\s/>])", re.IGNORECASE)  # not what a script compares
# The end of a word for certain, after what closes inline: most of what a beginning of a word is followed by.
_PARTING = re.compile(r"(?:</(?:a|b|em|span|strong|time)>)*</?(?:article|div|h\d|li|p|td|ul)[\s>]", re.IGNORECASE)
_CONTROL = b"\x02"
_BLANK, _BREAK = 32, b"\x01"  # the second for what may vanish within a word: a tag's beginning, "\\", a soft hyphen
# Where a word begins: after a blank, a break, or what JSON writes as a letter after a backslash.
_STARTS = (b" ", _BREAK, *(_BREAK + bytes([letter]) for letter in b"nrtbf"))
_JSON_NOTHING = b"bf"  # the letters of what is dropped
_LONG = 4  # letters; shorter words are asked for only where a pattern has no longer one
_FOLDING = "veille.glance"
_Meaning = tuple[bytes, int]
_MARK: _Meaning = (b"", -1)
_SIGN = "\u00d7"  # of Latin-1, and no letter


class Glance:
    """Looks for `patterns`, folded as `text.skeleton` does; one of the `marks` alone asks for a proper look.

    A pattern is found by its words, wherever each stands.
    """

    def __init__(self, patterns: Iterable[bytes], marks: Iterable[bytes] = ()) -> None:
        words_of = {pattern: _words_of(pattern) for pattern in patterns}
        # By words: of each pattern that they are of, a short word that it has beside them.
        self._groups = {
            words: frozenset(_short_word(pattern) for pattern, same in words_of.items() if same == words)
            for words in set(words_of.values())
        }
        # Patterns of one word: where that stands whole, a proper look finds it too.
        self._certain = frozenset[bytes]().union(*(words for pattern, words in words_of.items() if _is_word(pattern)))
        self._useless = frozenset() in self._groups
        # By what is looked for: a word, and how much of it stands before what breaks it; 0 for a whole one.
        meanings: dict[bytes, list[_Meaning]] = {mark: [_MARK] for mark in marks}
        for word in frozenset[bytes]().union(*self._groups):
            letters = word.rstrip()
            looked_for = [(letters + end, (word, 0)) for end in ((b" ", _BREAK) if word != letters else (b"",))]
            looked_for += [(letters[:at] + _BREAK, (letters, at)) for at in range(1, len(letters))]
            for start, (piece, meaning) in product(_STARTS, looked_for):
                meanings.setdefault(start + piece, []).append(meaning)
        ordered = sorted(meanings)
        self._meanings = [meanings[pattern] for pattern in ordered]
        self._whole = [[meaning for meaning in found if meaning[1] <= 0] for found in self._meanings]
        self._machine = DoubleArrayAhoCorasick(ordered) if ordered else None

    def leaves(self, text: str) -> bool:
        """Whether none of the patterns can stand in `text`, whatever vanishes from it and whatever its tags join."""
        return self.says(text) is False

    def says(self, text: str) -> bool | None:
        """False where none of the patterns can stand in `text`; True where one does, or a mark; None in doubt."""
        if self._useless:
            return None
        if self._machine is None:
            return False
        marked, found = _marked(text), set[bytes]()
        if _CONTROL in marked:  # extraction takes it out: a tag or a reference may be another without it
            return None
        text += " "  # one for each of `marked` but the first
        is_tag, parts = _TAG.match, _PARTING.match
        for _, end, number in self._machine.find_overlapping(marked):
            meanings = self._meanings[number]
            if text[end - 2] == "<" and (not is_tag(text, end - 2) or parts(text, end - 2)):
                meanings = self._whole[number]
            for meaning in meanings:
                word, at = meaning
                if meaning is _MARK or (not at and word in self._certain):
                    return True
                if not at:
                    found.add(word)
                elif _goes_on(text, marked, end - 1, word[at:]):
                    return None
        groups = (short for words, short in self._groups.items() if words <= found)
        return None if found and any(_may_stand(short)(marked) for short in groups) else False


def _all_words_of(pattern: bytes) -> list[bytes]:
    """The words of `pattern`, a blank after each that it sees the end of.

    Only ASCII letters and digits, as letters of other scripts share their bytes; only whole beginnings of words.
    """
    first = 0 if pattern.startswith(b" ") else 1
    pieces = [piece for piece in (pattern + b"|").split()[first:] if piece.isascii() and piece != b"|"]
    return [piece[:-1] if piece.endswith(b"|") else piece + b" " for piece in pieces]


def _words_of(pattern: bytes) -> frozenset[bytes]:
    """Words that `pattern` cannot do without, long ones where it has any; none where it has no such word at all."""
    words = _all_words_of(pattern)
    longest = max(words, key=len, default=b"").strip()
    least = min(_LONG, len(longest))
    return frozenset(word for word in words if len(word.strip()) >= least > 0)


def _short_word(pattern: bytes) -> bytes:
    """The longest word of `pattern` that `_words_of` leaves out, or b""."""
    return max((word for word in _all_words_of(pattern) if word not in _words_of(pattern)), key=len, default=b"")


@lru_cache(maxsize=64)
def _may_stand(words: frozenset[bytes]) -> Callable[[bytes], object]:
    """Asks what `_marked` gave whether one of `words` may stand in it, whole or broken; b"" always may."""
    ways = [re.escape(word.rstrip()) + (rb"[ \x01]" if word.endswith(b" ") else b"") for word in words]
    ways += [re.escape(word[:at]) + rb"\x01" for word in words for at in range(1, len(word.rstrip()))]
    return re.compile(rb"[ \x01](?:(?<=\x01)[nrtbf])?(?:" + b"|".join(ways) + b")").search


def _is_word(pattern: bytes) -> bool:
    """Whether `pattern` is one word, or the beginning of one, and nothing else."""
    return pattern.startswith(b" ") and len(pattern.split()) == 1


def _goes_on(text: str, marked: bytes, at: int, rest: bytes) -> bool:
    """Whether letters that make up `rest` follow at `at`, with nothing between but what may vanish; or may do so.

    `marked` has a byte for each character of `text`, and one before.
    """
    while rest and at < len(marked):
        if marked[at] == rest[0]:
            at, rest = at + 1, rest[1:]
        elif marked[at] != _BREAK[0]:
            return False
        elif text[at - 1] == "<":
            if _IN_DOUBT.match(text, at - 1):
                return True
            tag = INLINE.match(text, at - 1)
            if tag is None:
                return False
            at = tag.end() + 1
        elif text[at - 1] == "\\":
            if marked[at + 1] not in _JSON_NOTHING:
                return False
            at += 2
        else:
            at += 1
    return not rest


def _marked(text: str) -> bytes:
    """One byte a character, between two blanks: folded letters and digits, breaks, blanks."""
    return b" %b " % narrowed(text, _FOLDING).translate(_MARKS)


def _mark(code: int) -> int:
    """The byte for a byte of `narrowed`; C1 controls are read as Windows-1252, as `cleaning` does."""
    char = chr(code)
    if char in "\t\n\r":
        return _BLANK
    if code < 32:
        return _CONTROL[0]
    if 0x80 <= code < 0xA0:
        char = char.encode("latin-1").decode("cp1252", "ignore")
    if char in "<\\\xad" or (not char.isprintable() and char != "\xa0"):
        return _BREAK[0]
    return skeleton(char)[0]


def _fold_wide(error: UnicodeError) -> tuple[str, int]:
    """What characters outside of Latin-1 are to `_mark`: letters that fold into it, what vanishes, blanks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_fold_one, error.object[error.start : error.end])), error.end


@lru_cache(maxsize=4096)
def _fold_one(char: str) -> str:
    folded = fold(char)
    if ord(folded) < 256 and folded.isalnum():
        return folded
    if folded.isspace():
        return " "
    return "\xad" if char in SILENT or not char.isprintable() or INVISIBLE.match(char) else _SIGN


_MARKS = bytes(_mark(code) for code in range(256))
codecs.register_error(_FOLDING, _fold_wide)
