"""Whether a page may hold a word, asked of its bytes: much cheaper than extracting it, and never wrong towards no.

What extraction could put together (a word with a tag inside, an entity, a `\\u00e9` in JSON-LD, a soft hyphen) is
put together here too; a page that is in doubt counts as one that holds everything.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

from monitor.domain.cleaning import clean
from monitor.fetch.page_decoding import decode

Test = Callable[[str], bool]

MAX_BYTES = 1024 * 1024  # a larger page is in doubt: this runs where others wait
# Tags that do not end a word or a phrase; all others stay, and what they part stays apart. Names of one beginning stand
# together: one after the other they take half as long again.
_INLINE = re.compile(
    r"<(?:/?(?:a(?:bbr|cronym)?|b(?:d[io]|ig)?|c(?:ite|ode)|d(?:ata|el|fn)|em|font|i(?:ns)?|kbd|mark|nobr|q"
    r"|s(?:amp|mall|pan|tr(?:ike|ong)|u[bp])?|t(?:ime|t)|u|var|wbr)(?:[\s/][^<>]*)?>|!--[^<>]{0,200}-->)",
    re.IGNORECASE,
)
# Tags of nobody's list within a word, a long comment or a script in it: extraction may join what they part.
# `<` comes first in the expression: `re` then leaps from one to the next.
_DOUBT = re.compile(r"<(?<=\w<)(?:!--(?![^<>]{0,200}-->)|script\b|style\b|/?[a-z]+[-:])", re.IGNORECASE)
_ESCAPED = re.compile(r"&(?:#\d|#[xX][0-9a-fA-F]|[A-Za-z])")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
# Printable, and dropped from text all the same.
_SILENT = ("\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180c", "\u180d", "\u180f")
_PARTIAL = (b"isaccessibleforfree", b"content_tier")  # such a page is read once more when it has more to say


def may_hold(body: bytes, content_type: str | None, test: Test) -> bool:
    """Whether `test` may hold for the article of this page; false only when it cannot."""
    if len(body) > MAX_BYTES:
        return True
    text = _unescaped(decode(body, content_type))
    if text is None:
        return True
    text = _tidy(text)
    return _doubtful(text) or test(text) or test(_composed(_INLINE.sub("", text)))


def _unescaped(text: str) -> str | None:
    """Entities as characters, twice where they were escaped twice; None when that is not enough."""
    for _ in range(3):
        if "&" not in text or not _ESCAPED.search(text):
            break
        before, text = text, html.unescape(text)
        if text == before:  # `&x` that names nothing
            break
    else:
        return None
    if "\\u" in text:
        text = _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return text


def _doubtful(text: str) -> bool:
    lowered = text.encode("utf-8", "replace").lower()  # ASCII alone, and ten times as fast
    return any(mark in lowered for mark in _PARTIAL) or _DOUBT.search(text) is not None


def _tidy(text: str) -> str:
    """As extraction leaves text: blanks in runs are one, what shows nothing is gone, accents are composed."""
    text = " ".join(text.split())
    if not text.isprintable() or any(mark in text for mark in _SILENT):
        text = clean(text)
    return _composed(text)


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
