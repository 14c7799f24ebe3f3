"""A feed cut at its items, so that what was seen before need not be parsed again.

The cut must be certain: markup between items, items inside items, an item that is never closed, and the feed is parsed
whole. Characters were through `prepass.prepare`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import xxhash

# What stands before the root when nothing is odd.
_PROLOGUE = re.compile(rb"[ \t\r\n]*+(?:<\?[^<>?]*+\?>[ \t\r\n]*+)*+(?=<(rss|feed)[ \t\r\n>])")
_TOKEN = re.compile(
    r"<!\[CDATA\[|<!--|<\?|<(?P<close>/)?(?P<name>(?:[A-Za-z]\w{0,19}:)?(?:item|entry))(?=[\s/>])", re.ASCII
)
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
_IDENTITY = re.compile(rb"<(?:guid|id)(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[)?([^<>\]]{1,2000})")


@dataclass(frozen=True, slots=True)
class CutFeed:
    """`head + b"".join(items) + tail` is the feed, blanks and comments between items apart; in UTF-8."""

    head: bytes
    items: tuple[bytes, ...]
    tail: bytes

    def only(self, items: tuple[bytes, ...]) -> bytes:
        """The feed with these items."""
        return b"\n".join((self.head, *items, self.tail))


def item_hash(item: bytes) -> str:
    """16 hexadecimal digits; an item that was edited has another."""
    return xxhash.xxh3_64_hexdigest(item)


def quick_cut(body: bytes) -> CutFeed | None:
    """A feed's UTF-8 cut wherever `<item>` follows upon `</item>`, blanks apart; None when anything else stands there.

    That cut is right once each item proved to be one: by reading it to its end (`regular`), or because its hash says
    that it was one before.
    """
    begun = _PROLOGUE.match(body)
    if begun is None:
        return None
    opening, closing = (b"<item>", b"</item>") if begun[1] == b"rss" else (b"<entry>", b"</entry>")
    first, last = body.find(opening, begun.end()), body.rfind(closing)
    if first < 0 or last < first:
        return None
    pieces = [piece.lstrip(b" \t\r\n") for piece in body[first:last].split(closing)]
    if not all(piece.startswith(opening) for piece in pieces):
        return None
    items = tuple(piece + closing for piece in pieces)
    if _shared_identity(items):
        return None
    return CutFeed(body[begun.end() : first], items, body[last + len(closing) :])


def cut(text: str) -> CutFeed | None:
    """The feed cut at its items, or None when the cut is in doubt or there is nothing to cut."""
    spans = _spans(text)
    if not spans or any(not _is_blank(text[a:b]) for (_, a), (b, _) in pairwise(spans)):
        return None
    items = tuple(text[start:end].encode() for start, end in spans)
    if _shared_identity(items):
        return None
    return CutFeed(text[: spans[0][0]].encode(), items, text[spans[-1][1] :].encode())


def _spans(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    opened: tuple[str, int] | None = None
    position = 0
    names: set[str] = set()
    while (token := _TOKEN.search(text, position)) is not None:
        position = _after(text, token)
        if position < 0:
            return []
        if token["name"] is None:
            continue
        names.add(token["name"])
        if token["close"]:
            if opened is None or opened[0] != token["name"]:
                return []
            spans.append((opened[1], position))
            opened = None
        elif opened is not None or text[position - 2] == "/":
            return []
        else:
            opened = (token["name"], token.start())
    return spans if opened is None and len(names) == 1 else []


def _after(text: str, token: re.Match[str]) -> int:
    """Where to go on after `token`; -1 when what it opens is never closed."""
    end = _ENDS.get(token[0], ">")
    found = text.find(end, token.end())
    return found + len(end) if found >= 0 else -1


def _is_blank(between: str) -> bool:
    between = between.strip()
    return not between or (between.startswith("<!--") and between.find("-->") == len(between) - 3)


def _shared_identity(items: tuple[bytes, ...]) -> bool:
    """Whether two items carry one guid: only the whole feed shows that it identifies nothing."""
    seen = [found for found in map(_identity, items) if found]
    return len(set(seen)) < len(seen)


def _identity(item: bytes) -> bytes:
    # where it stands nearly always, without a look at each tag before it
    at = item.find(b"<guid")
    found = (at >= 0 and _IDENTITY.match(item, at)) or _IDENTITY.search(item)
    return found[1].strip() if found else b""
