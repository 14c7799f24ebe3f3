"""Whether a page may hold a word, asked of its bytes: much cheaper than extracting it, and never wrong towards no.

What extraction could put together (a word with a tag inside, an entity, a `\\u00e9` in JSON-LD, a soft hyphen) is
put together here too; a page that is in doubt counts as one that holds everything.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import Protocol

from monitor.domain.cleaning import clean
from monitor.domain.text import INVISIBLE, skeleton
from monitor.fetch.glance import DOUBT, INLINE, SILENT, Glance
from monitor.fetch.page_decoding import ILLEGAL_REFERENCE, decode
from monitor.fetch.references import written_out


class Wanted(Protocol):
    """What is looked for, as a `Matcher` does: a test, and patterns of which one stands in each text that passes."""

    def may_match(self, text: str, /) -> bool: ...

    @property
    def needed(self) -> tuple[bytes, ...] | None: ...


MAX_BYTES = 1024 * 1024  # a larger page is in doubt: this runs where others wait
_ESCAPED = re.compile(r"&(?:#\d|#[xX][0-9a-fA-F]|[A-Za-z])")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")  # a page's tree is made without them
_PARTIAL = (b"isaccessibleforfree", b"content_tier")  # such a page is read once more when it has more to say
_MARKS = tuple(mark.replace(b"_", b" ") for mark in _PARTIAL)  # as a glance sees them
_IN_DOUBT = "\0"  # as a glance sees a control
_MAY_VANISH = "\xad"  # a soft hyphen: what it parts is a word, and what it joins


def may_hold(body: bytes, content_type: str | None, wanted: Wanted) -> bool:
    """Whether the test of `wanted` may hold for the article of this page; false only when it cannot."""
    if len(body) > MAX_BYTES or b"\0" in body:
        return True
    if wanted.needed is not None:
        written = _written_out(_without_json_escapes(decode(body, content_type)))
        seen = _glance(wanted.needed).says(written)
        if seen is not None:
            return seen
    return _may_hold_tidied(_without_json_escapes(decode(body.translate(None, _CONTROLS), content_type)), wanted)


def _may_hold_tidied(text: str, wanted: Wanted) -> bool:
    """The same, asked of all of the text as extraction would leave it."""
    readings = _readings(text)
    return readings is None or any(_may_hold_read(reading, wanted) for reading in readings)


def _may_hold_read(reading: str, wanted: Wanted) -> bool:
    text, test = _tidy(reading), wanted.may_match
    return _doubtful(text) or test(text) or test(_tidy(INLINE.sub("", text)))


@lru_cache(maxsize=4)
def _glance(patterns: tuple[bytes, ...]) -> Glance:
    return Glance(patterns, _MARKS)


def _written_out(text: str) -> str:
    """`text` without references to letters, and to what may vanish or part a word; with a control where it is in doubt.

    Most references are to quotes and blanks: these are found to be so and stay.
    """
    written = written_out(text, _spelt)
    # what was written out may have made another
    return written if written is text or written_out(written, _spelt) is written else _IN_DOUBT


@lru_cache(maxsize=4096)
def _spelt(reference: str) -> str:
    """What stands for a reference in a text that is written out."""
    if ILLEGAL_REFERENCE.match(reference) or reference.startswith("&amp;amp"):
        return _IN_DOUBT
    written = html.unescape(reference)
    if reference.startswith("&amp;") and written != "&":
        again = _spelt(written)
        if again == "&":
            return _IN_DOUBT
        # A title reads it twice, a paragraph once and keeps the rest: `Huawei&amp;eacute;` holds the name in one alone.
        return again if _is_harmless(written[1:]) else f"{_MAY_VANISH}{again}{_MAY_VANISH}"
    if written != reference and _is_harmless(reference[1:]):
        return reference.removesuffix(";") + ";"  # without one it would begin the word behind it
    return _IN_DOUBT if "\\" in written else written  # an escape of JSON may begin there


@lru_cache(maxsize=4096)
def _is_harmless(name: str) -> bool:
    """Whether a reference is to no letter, to nothing that shows nothing, and begins neither a tag nor a reference."""
    whole = name.removesuffix(";") + ";"
    found = html.unescape(f"&{whole}")
    if found == f"&{whole}":
        return True
    if ILLEGAL_REFERENCE.match(f"&{whole}"):  # a form feed's too, which is a blank elsewhere
        return False
    if name[0] == "#" and name != whole:  # what follows it would look like a part of it
        return False
    return bool(found) and all(map(_parts_words, found))


def _parts_words(mark: str) -> bool:
    """Whether `mark` is a blank or a sign that stays one."""
    stays = mark.isspace() or (mark.isprintable() and mark not in SILENT and not INVISIBLE.match(mark))
    return stays and skeleton(mark) == b" " and mark not in "<&#;\\\ufffd"


def _readings(text: str) -> list[str] | None:
    """`text` with its entities as characters, once and, where they were escaped twice, once more.

    Extraction reads a paragraph in the first way, a title in the last. None when that is not enough.
    """
    text = ILLEGAL_REFERENCE.sub("", text) if "&#" in text else text
    readings = list[str]()
    for _ in range(3):
        if "&" not in text or not _ESCAPED.search(text):
            break
        before, text = text, html.unescape(text)
        if text == before:  # `&x` that names nothing
            break
        readings.append(_without_json_escapes(text))
    else:
        return None
    return readings or [_without_json_escapes(text)]


def _without_json_escapes(text: str) -> str:
    if "\\" in text and "\\u" in text:  # the first is looked for ten times as fast
        text = _JSON_ESCAPE.sub(_escaped, text)
    return text


def _escaped(found: re.Match[str]) -> str:
    """The character; for a control, which is dropped from text later, another that shows nothing."""
    char = chr(int(found[1], 16))
    return "\u00ad" if char < " " and char not in "\t\n\r" else char


def _doubtful(text: str) -> bool:
    lowered = text.encode("utf-8", "replace").lower()  # ASCII alone, and ten times as fast
    return any(mark in lowered for mark in _PARTIAL) or DOUBT.search(text) is not None


def _tidy(text: str) -> str:
    """As extraction leaves text: blanks in runs are one, what shows nothing is gone, accents are composed."""
    text = " ".join(text.split())
    if not text.isprintable() or any(mark in text for mark in SILENT):
        text = clean(text)
    return _composed(text)


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
