"""From bytes to characters: what the bytes show counts for more than what the server says of them."""

from __future__ import annotations

import codecs
import re

_MARKS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_SHAPES = [
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
]
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_PARAMETER = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
# Python knows codecs that are no charsets (zlib, idna, unicode_escape) and UTF-7, which smuggles markup.
_ALLOWED = frozenset(
    ["utf-8", "ascii", "koi8-r", "koi8-u", "mac-roman", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "cp932"]
    + ["euc_jp", "euc_kr", "iso2022_jp", "tis-620"]
    + [f"iso8859-{number}" for number in (1, *range(2, 12), 13, 14, 15, 16)]
    + [f"cp125{number}" for number in range(9)]
)
# Seven-bit charsets decode as UTF-8 without an error, and wrongly.
_SEVEN_BIT = frozenset(["iso2022_jp"])


def decode(body: bytes, content_type: str | None = None) -> tuple[str, str | None]:
    """The characters of `body`, and a warning when its declaration was not followed.

    A mark or the shape of UTF-16 decides; then valid UTF-8, whatever was declared (the usual fault, and Latin text is
    next to never valid UTF-8 by chance); then the XML declaration; then the header. Never fails.
    """
    utf8, warning = in_utf8(body, content_type)
    return utf8.decode(), warning


def in_utf8(body: bytes, content_type: str | None = None) -> tuple[bytes, str | None]:
    """The same in UTF-8: most bodies are, and remain as they are."""
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace").encode(), None
    for shape, charset in _SHAPES:
        if body.startswith(shape):
            return body.decode(charset, "replace").encode(), None
    declared = _declared(body, content_type)
    allowed = [name for name in map(_known, declared) if name]
    if not set(allowed) & _SEVEN_BIT:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return body, _said_otherwise(declared, "utf-8")
    charset = next((name for name in allowed if name != "ascii"), "utf-8")
    return _tolerant(body, charset).encode(), _said_otherwise(declared, charset)


def _declared(body: bytes, content_type: str | None) -> list[str]:
    in_body, in_header = _DECLARED.search(body[:400]), _PARAMETER.search(content_type or "")
    return ([in_body[1].decode("ascii")] if in_body else []) + ([in_header[1]] if in_header else [])


def _known(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    return name if name in _ALLOWED else None


def _tolerant(body: bytes, charset: str) -> str:
    """Latin-1 means Windows-1252, as in browsers; bytes that break UTF-8 are read so too, the others stay UTF-8."""
    if charset == "utf-8":
        return body.decode("utf-8", "windows-1252-bytes")
    charset = "cp1252" if charset in {"iso8859-1", "iso8859-15", "ascii"} and b"\xa4" not in body else charset
    return body.decode(charset, "replace")


def _said_otherwise(declared: list[str], charset: str) -> str | None:
    if not declared or _known(declared[0]) == charset or (_known(declared[0]) == "ascii" and charset == "utf-8"):
        return None
    return f"declared as {declared[0]}, read as {charset}"


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("windows-1252-bytes", _windows_1252)
