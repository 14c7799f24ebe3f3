"""A first look at a page's text, tags and all: it leaves what cannot hold a word, for a tenth of a proper look's price.

Most pages hold none of the words that matter, and no trace of one that a tag, a soft hyphen or a backslash breaks. One
pass over one byte a character tells both: it looks for the words, and for each beginning of one before something that
may vanish, after which the rest is then looked for. What it finds is only a reason to look properly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from monitor.domain.beginnings import BLANK, BREAK, CONTROL
from monitor.domain.kernel import Beginnings, narrowed_by
from monitor.domain.text import INVISIBLE, WIDE, fold, skeleton

# Tags that do not end a word or a phrase; all others stay, and what they part stays apart. Names of one beginning stand
# together: one after the other they take half as long again.
INLINE = re.compile(
    r"<(?:/?(?:a(?:bbr|cronym)?|b(?:d[io]|ig)?|c(?:ite|ode)|d(?:ata|el|fn)|em|font|i(?:ns)?|kbd|mark|nobr|q"
    r"|s(?:amp|mall|pan|tr(?:ike|ong)|u[bp])?|t(?:ime|t)|u|var|wbr)(?:[\s/][^<>]*)?>|!--[^<>]{0,200}-->"
    # with marks behind its name that are of none: `<b$>`, `<x_y>`
    r"""|/?[a-z][a-z0-9]*[^a-z0-9\s/<>"':-][^<>"']*>)""",
    re.IGNORECASE,
)
# Tags of nobody's list within a word, a long comment, an instruction or a script in it: extraction may join what they
# part. `<` comes first in the expression: `re` then leaps from one to the next.
_JOINING = (
    r"""(?:!(?!--[^<>]{0,200}-->)|\?|/(?![a-z])|script\b|style\b|/?[a-z][a-z0-9]*[-:"'<]"""
    # an attribute with a tag's sign in its value
    r"""|[a-z][^<>"']*(?:"[^"<>]*"[^<>"']*|'[^'<>]*'[^<>"']*)*(?:"[^"<>]*[<>]|'[^'<>]*[<>]))"""
)
DOUBT = re.compile(r"<(?<=\w<)" + _JOINING, re.IGNORECASE)
_IN_DOUBT = re.compile("<" + _JOINING, re.IGNORECASE)  # where it is known that a word stands before
# Printable, and dropped from text all the same.
SILENT = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f")
_JSON_NOTHING = {b"b", b"f"}  # the letters of what is dropped
_LONG = 4  # letters; shorter words are asked for only where a pattern has no longer one
_STAND_IN = dict(WIDE)
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
        words = sorted(frozenset[bytes]().union(*self._groups))
        self._whole = list(dict.fromkeys([*words, *marks]))
        self._marks = frozenset(marks)
        # By the beginning of a word: what must follow for it to be one.
        rests: dict[bytes, list[bytes]] = {}
        for word in {word.rstrip() for word in words}:
            for at in range(1, len(word)):
                rests.setdefault(word[:at], []).append(word[at:])
        self._rests = list(rests.values())
        self._beginnings = Beginnings(self._whole, list(rests), _MARKS)

    def leaves(self, text: str) -> bool:
        """Whether none of the patterns can stand in `text`, whatever vanishes from it and whatever its tags join."""
        return self.says(text) is False

    def says(self, text: str) -> bool | None:
        """False where none of the patterns can stand in `text`; True where one does, or a mark; None in doubt."""
        if self._useless:
            return None
        small = narrowed_by(text, _narrow)
        hits = self._beginnings.found(small)
        if hits is None:  # extraction takes controls out: a tag or a reference may be another without one
            return None
        found = set[bytes]()
        for at, number in hits:
            if number < len(self._whole):
                word = self._whole[number]
                if word in self._certain or word in self._marks:
                    return True
                found.add(word)
            elif any(_goes_on(text, small, at, rest) for rest in self._rests[number - len(self._whole)]):
                return None
        groups = [short for words, short in self._groups.items() if words <= found]
        if not (found and groups):
            return False
        marked = _marked(small)
        return None if any(_may_stand(short)(marked) for short in groups) else False


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


def _goes_on(text: str, small: bytes, at: int, rest: bytes) -> bool:
    """Whether letters that make up `rest` follow at `at`, with nothing between but what may vanish; or may do so.

    `small` is what `narrowed_by` says of `text`, a byte for each character.
    """
    while rest and at < len(small):
        mark = _MARKS[small[at]]
        if mark == rest[0]:
            at, rest = at + 1, rest[1:]
        elif mark != BREAK[0]:
            return False
        elif text[at] == "<":
            if _IN_DOUBT.match(text, at):
                return True
            tag = INLINE.match(text, at)
            if tag is None:
                return False
            at = tag.end()
        elif text[at] == "\\":
            if small[at + 1 : at + 2].translate(_MARKS) not in _JSON_NOTHING:
                return False
            at += 2
        else:
            at += 1
    return not rest


def _marked(small: bytes) -> bytes:
    """One byte a character, between two blanks: folded letters and digits, breaks, blanks."""
    return b" %b " % small.translate(_MARKS)


def _mark(code: int) -> int:
    """The byte for a byte of `narrowed_by`; C1 controls are read as Windows-1252, as `cleaning` does."""
    char = chr(code)
    if char in "\t\n\r":
        return BLANK[0]
    if code < 32:
        return CONTROL[0]
    if 0x80 <= code < 0xA0:
        char = char.encode("latin-1").decode("cp1252", "ignore")
    if char in "<\\\xad" or (not char.isprintable() and char != "\xa0"):
        return BREAK[0]
    return skeleton(char)[0]


@lru_cache(maxsize=4096)
def _narrow(char: str) -> str:
    """What a character outside of Latin-1 is to `_mark`: a letter that folds into it, what vanishes, a blank."""
    if char in _STAND_IN:
        return _STAND_IN[char]
    folded = fold(char)
    if ord(folded) < 256 and folded.isalnum():
        return folded
    if folded.isspace():
        return " "
    return "\xad" if char in SILENT or not char.isprintable() or INVISIBLE.match(char) else _SIGN


_MARKS = bytes(_mark(code) for code in range(256))
