"""Text from outside, made harmless once, at ingest, so that nothing downstream can choke on it.

A NUL makes PostgreSQL drop a whole batch, a CRLF in a title makes a message impossible to send, an escape sequence
repaints a terminal, a bidirectional override hides what a link says.
"""

from __future__ import annotations

import re
import unicodedata

_LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\u2028\u2029]")
# CSI (colours, cursor), OSC (titles, links; ended by BEL or ST), other two-character escapes.
_ANSI = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\\\)|[ -/]*[0-Z^-~\\\\])")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_C1 = re.compile("[\x80-\x9f]")
_DROPPED = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, tab and line feed apart
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners and fillers that show nothing
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # zero width, marks of direction, overrides, isolates
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"  # byte order mark, annotations, non-characters
    "\ud800-\udfff"  # surrogates left alone
    "\U000e0000-\U000e007f"  # tags: text that no reader sees
    "]"
)
# One class, not alternatives: this looks at every character of every text.
_SUSPECT = re.compile("[\r\u2028\u2029" + _DROPPED.pattern[1:])
_BLANKS = re.compile("[ \t\n]+")
# Letters of Latin scripts, French typography, currencies, most emoji: no normal form joins or changes them.
_PLAIN = re.compile(
    "[\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u202f-\u205e\u20a0-\u20bf\u2122\U0001f300-\U0001f6ff\U0001f900-\U0001f9ff]*"
)
_PLAIN_ASCII = bytes([9, 10, *range(0x20, 0x7F)])


def clean(text: str) -> str:
    """`text` in NFC with its lines ended by `\\n`, and without anything that is neither text, tab nor line end.

    Idempotent. C1 controls are read as Windows-1252, as browsers do: they are misdeclared quotes and dashes.
    """
    if _SUSPECT.search(text):
        text = _PAIR.sub(_join_pair, text)
        text = _LINE_BREAKS.sub("\n", text)
        text = without_escapes(text)
        text = _DROPPED.sub("", _C1.sub(_windows_1252, text))
    return unicodedata.normalize("NFC", text)


def is_plain(body: bytes) -> bool:
    """Whether `clean` leaves all that is cut out of, and joined from, this valid UTF-8 as it is.

    One look at a whole body, most of which is ASCII, instead of one at each of its texts.
    """
    return _PLAIN.fullmatch(body.translate(None, _PLAIN_ASCII).decode()) is not None


def without_escapes(text: str) -> str:
    """`text` without ANSI escape sequences."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def clean_line(text: str) -> str:
    """`clean`, on one line and trimmed: for titles, names, anything that may stand in a header or a table.

    No-break spaces inside stay: French typography puts them before `: ; ! ?` and inside quotes.
    """
    return one_line(clean(text))


def one_line(text: str) -> str:
    """Clean text on one line and trimmed."""
    if "\n" in text or "  " in text or "\t" in text:
        text = _BLANKS.sub(" ", text)
    return text.strip()


def _join_pair(match: re.Match[str]) -> str:
    return match[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _windows_1252(match: re.Match[str]) -> str:
    return match[0].encode("latin-1").decode("cp1252", "ignore")
