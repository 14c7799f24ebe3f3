"""Bytes to text, whatever the server said of them."""

from __future__ import annotations

import codecs
import re

from monitor.fetch.trimming import is_utf8

# What a French page may be written in. Anything else a page names (UTF-7, `zip`, `rot13`) is not believed.
ALLOWED = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-1": "cp1252",  # browsers read Latin-1 as Windows-1252, and so do the pages that say it
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-15": "iso8859-15",
    "latin9": "iso8859-15",
    "iso-8859-2": "iso8859-2",
    "windows-1250": "cp1250",
    "macintosh": "mac-roman",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# References to controls and to surrogates: libxml2 reads them and then refuses to write them. One that begins with
# "&#" is found ten times as fast as one that may begin otherwise.
ILLEGAL_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}))(?![0-9a-fA-F]);?"
    r"|&#0*(?:55(?:29[6-9]|[3-9]\d\d)|56\d{3}|57(?:[0-2]\d\d|3[0-3]\d|34[0-3]))(?!\d);?"
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_MULTIBYTE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")


def decode(body: bytes, content_type: str | None = None) -> str:
    """The text of `body`; never fails. BOM, then valid UTF-8, then the header's charset, the page's, Windows-1252.

    Valid UTF-8 with accents is never an accident, so it wins over a charset that a server declares by habit.
    """
    for bom, codec in BOMS:
        if body.startswith(bom):
            return body.decode(codec, errors="replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        return body.decode(_declared(body, content_type) or _guess(body, error), errors="replace")


def as_utf8(body: bytes, content_type: str | None = None) -> bytes:
    """The text of `body` in UTF-8; what is that already, as most pages are, is not written anew."""
    if not body.startswith(tuple(bom for bom, _ in BOMS)) and is_utf8(body):
        return body
    return decode(body, content_type).encode("utf-8", "ignore")


def _declared(body: bytes, content_type: str | None) -> str | None:
    for source in ((content_type or "").encode("ascii", "ignore"), body[:4096]):
        found = _CHARSET.search(source)
        codec = ALLOWED.get(found.group(1).decode("ascii").lower()) if found else None
        if codec:
            return codec
    return None


def _guess(body: bytes, error: UnicodeDecodeError) -> str:
    """UTF-8 that was cut or damaged in a place or two is still UTF-8."""
    if error.start >= len(body) - 4 or len(_MULTIBYTE.findall(body)) > 20:
        return "utf-8"
    return "cp1252"
