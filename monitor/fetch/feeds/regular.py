"""What the readers of regular feeds share: when to give way, and which text and addresses are plain."""

from __future__ import annotations

import re


class DoubtError(Exception):
    """Something that feedparser should see."""


# feedparser reads C1 controls as Windows-1252, and Latin-1 that looks like UTF-8 as such.
# (One class first: the pattern is then looked for without trying at every character.)
_TRICKY = re.compile("[\x80-\xbf](?:(?<=[\x80-\x9f])|(?<=[\xc2-\xf4][\x80-\xbf]))")
_PLAIN_ADDRESS = re.compile(r"(?:https?://|/)[^/;]+(?:/[^;]*)?", re.IGNORECASE)


def plain_text(text: str | None) -> str:
    """Stripped, as feedparser does; characters on which it has ideas of its own are left to it."""
    stripped = (text or "").strip()
    if not stripped.isascii() and _TRICKY.search(stripped):
        raise DoubtError
    return stripped


def plain_address(text: str) -> str:
    """An address that feedparser leaves as it is."""
    if not _PLAIN_ADDRESS.fullmatch(text):
        raise DoubtError
    return text


def plain_guid(text: str) -> str:
    """A guid, which feedparser takes for an address when it looks like one."""
    return plain_address(text) if "://" in text else text
