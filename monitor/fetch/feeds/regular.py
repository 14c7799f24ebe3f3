"""What the readers of regular feeds share: an item's elements, when to give way, which text and addresses are plain.

`_items.c` reads the usual item in C. It leaves what it was not made for to the pattern here, which says what is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from monitor.domain.cleaning import is_plain
from monitor.domain.compiling import compiled
from monitor.fetch.feeds.prepass import is_legal

# name, attributes as written, then what stands in it: one CDATA section and nothing else, or whatever it is; and, of
# what belongs to no element, all that follows
Element = tuple[bytes, bytes, bytes, bytes, bytes]

_SECTION = rb"[^\]]*+(?:\](?!\]>)[^\]]*+)*+"
_TEXT = rb"[^<]*+(?:<!\[CDATA\[%b\]\]>[^<]*+)*+" % _SECTION
_PERSON = rb"(?:[ \t\n]*+<(?:name|uri|email)(?:/|>[^<]*+</(?:name|uri|email))>)*+[ \t\n]*+"
_ELEMENT = re.compile(
    rb"[ \t\n]*+(?:<([A-Za-z][\w:.-]*+)([^<>]{0,900}+)"
    rb"(?:(?<=/)>|(?<!/)>(?:<!\[CDATA\[(%b)\]\]></\1>|(%b|%b)</\1[ \t\n]*+>))|\Z|(.++))" % (_SECTION, _TEXT, _PERSON),
    re.DOTALL,
)
_VALUE = rb"(?:[^%b<&\t\n]++|&(?:amp|lt|gt|quot|apos);)*+"
_ATTRIBUTE = re.compile(
    rb"[ \t\n]++(?:([A-Za-z][\w:.-]*+)[ \t\n]*+=[ \t\n]*+(?:\"(%b)\"|'(%b)')|/?\Z)|/\Z|(.++)"
    % (_VALUE % b'"', _VALUE % b"'"),
    re.DOTALL,
)
_CDATA = re.compile(rb"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_ODD_REFERENCE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)")
_REFERENCE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,8})|#x([0-9a-fA-F]{1,7}));|&")
_PREDEFINED = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}

# feedparser reads C1 controls as Windows-1252, and a text of Latin-1 that is UTF-8 as such.
# (One class first: the pattern is then looked for without trying at every character.)
_TRICKY = re.compile("[\x80-\xbf](?:(?<=[\x80-\x9f])|(?<=[\xc2-\xf4][\x80-\xbf]))")
# Where UTF-8 has a letter of two bytes before a sign of two bytes, the least that such a text needs.
_SEAM = re.compile(rb"\xc2(?<=\xc3[\x82-\xb4]\xc2)")
_C1 = re.compile("[\x80-\x9f]")
_PLAIN_ADDRESS = re.compile(r"(?:https?://|/)[^/;]+(?:/[^;]*)?", re.IGNORECASE)


class DoubtError(Exception):
    """Something that feedparser should see."""


# A name as written, its field, what stands in such an element, and attributes as written that a text may have.
Line = tuple[bytes, str, int, tuple[bytes, ...]]
# What stands in an element, as `_items.c` numbers it: a text that is read (each field once), one that is not, nothing,
# nothing but attributes that refer, a person. The last two may be there several times.
TEXT, SKIPPED, EMPTY, LINK, PERSON = range(5)


@dataclass(frozen=True, slots=True)
class Names:
    """What the names of elements stand for, as written where a feed's items stand, and the prefixes bound there.

    `lines` says the same for the usual item.
    """

    fields: Mapping[bytes, str]
    prefixes: frozenset[bytes]
    lines: tuple[Line, ...]


_library: Any = compiled("_items", Path(__file__).parent, __package__ or "")
COMPILED = _library is not None


@dataclass(slots=True)
class Texts:
    """Makes text of what stands in elements. `plain`: all so far is, as `domain.cleaning.is_plain` has it."""

    plain: bool
    untricky: bool
    carriage: bool

    @classmethod
    def of(cls, body: bytes) -> Texts:
        """For the texts of `body`, of which every character is looked at here, once."""
        carriage = b"\r" in body
        plain = is_plain(body.replace(b"\r", b"") if carriage else body)
        return cls(plain, plain and _SEAM.search(body) is None, carriage)

    def usual(self, item: bytes, tag: bytes, names: Names) -> dict[str, Any] | None:
        """What the elements of an item called `tag` say, by field, where it is a usual one and that was compiled.

        Of links and persons each field has a list: of what the first refer to as `Mapping[str, str]`, of names.
        """
        if _library is None:
            return None
        if self.carriage:
            item = _unix(item)
        found: dict[str, Any] | None = _library.fields(item, len(tag) + 2, len(item) - len(tag) - 3, names.lines)
        if found and not self.untricky:
            for said in found.values():
                for text in (said,) if isinstance(said, str) else said:
                    if isinstance(text, str):
                        untricky(text)
        return found

    def elements(self, item: bytes) -> list[Element]:
        """The elements in an item, in order. Raises `DoubtError` for other content and for elements in them."""
        if self.carriage:
            item = _unix(item)
        found: list[Element] = _ELEMENT.findall(item)
        while found and not found[-1][0]:  # what is left, or the end, with the blanks before it and once more
            if found.pop()[4]:
                raise DoubtError
        return found

    def read(self, section: bytes, value: bytes) -> str:
        """The text of an element, stripped as feedparser does.

        Raises `DoubtError` for what is not well-formed, and for what feedparser has ideas of its own about.
        """
        text = section.decode() if section else self._resolved(value) if b"<" in value else self._unescaped(value)
        text = text.strip()
        return text if self.untricky or text.isascii() else untricky(text)

    def check(self, value: bytes) -> None:
        """Raises `DoubtError` for content of an element that is not well-formed."""
        if b"&" in value or b"]" in value:
            self._resolved(value)

    def _resolved(self, value: bytes) -> str:
        # every second piece stood in CDATA
        pieces = enumerate(_CDATA.split(value))
        return "".join([piece.decode() if number % 2 else self._unescaped(piece) for number, piece in pieces])

    def _unescaped(self, value: bytes) -> str:
        if b"<" in value or b"]]>" in value:
            raise DoubtError
        text = value.decode()
        if b"&" not in value:
            return text
        if _ODD_REFERENCE.search(value):
            return _REFERENCE.sub(self._character, text)
        return predefined(text)

    def _character(self, reference: re.Match[str]) -> str:
        name, decimal, hexadecimal = reference.groups()
        if name:
            return _PREDEFINED[name]
        code = int(decimal or hexadecimal or "0", 16 if hexadecimal else 10)
        if not is_legal(code):
            raise DoubtError
        character = chr(code)
        self.untricky = self.untricky and character.isascii()
        self.plain = self.plain and is_plain(character.encode())
        return character


def _unix(item: bytes) -> bytes:
    return item.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def bound(namespaces: Iterable[str | None]) -> frozenset[bytes]:
    """The prefixes in a mapping of prefixes to namespaces."""
    return frozenset(prefix.encode() for prefix in namespaces if prefix)


def attributes(written: bytes, prefixes: frozenset[bytes]) -> dict[bytes, bytes]:
    """Names and values, as written, of a tag's attributes; `prefixes` are bound.

    Raises `DoubtError` for what is not well-formed, and for what says of other elements: `xml:…` and `xmlns`.
    """
    return _usual_attributes(written, prefixes) if len(written) < _USUAL else _attributes(written, prefixes)


def _attributes(written: bytes, prefixes: frozenset[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, one, other, odd in _ATTRIBUTE.findall(written):
        if odd or name in found or name == b"xmlns" or (b":" in name and name.partition(b":")[0] not in prefixes):
            raise DoubtError
        if name:
            found[name] = one or other
    return found


_USUAL = 24
_usual_attributes = lru_cache(maxsize=256)(_attributes)


def predefined(text: str) -> str:
    """`text` with the references that every XML knows resolved."""
    # `&amp;` last: what it makes is no reference
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
    return text.replace("&amp;", "&")


def untricky(text: str) -> str:
    """`text`, where feedparser leaves it as it is. Raises `DoubtError`."""
    if _TRICKY.search(text) is None:
        return text
    try:
        text.encode("latin-1").decode()
    except UnicodeError:
        if not _C1.search(text):
            return text
    raise DoubtError


def plain_address(text: str) -> str:
    """An address that feedparser leaves as it is."""
    if not _PLAIN_ADDRESS.fullmatch(text):
        raise DoubtError
    return text


def plain_guid(text: str) -> str:
    """A guid, which feedparser takes for an address when it looks like one."""
    return plain_address(text) if "://" in text else text
