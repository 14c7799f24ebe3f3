"""A parsed feed between the parsing child and the worker: JSON, and its entries as one text.

To read entries as JSON, each value's type checked, took an eighth of what a first poll costs a worker. Each piece of
a text that is UTF-8 is a `str`, and cleaned text holds no separator: left to check is how many pieces there are, and
the dates. `_packed.c` writes and reads them in C.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from monitor.domain.compiling import compiled
from monitor.domain.model import EntryData, ParsedFeed

Parted = tuple[Sequence[Any], ...]
Instant = Callable[[str], datetime]
Names = Callable[[str], tuple[str, ...]]

# `domain.cleaning.clean` leaves neither in a text.
_BETWEEN, _WITHIN = "\x1e", "\x1f"
_SEPARATOR = _BETWEEN.encode()
# What is mostly ASCII, and what has letters of any script: cheaper apart.
_short = attrgetter("identity", "link", "guid", "language")
_long = attrgetter("title", "summary", "content")
_SHORT, _ALL = 6, 10  # columns, with the dates, and with the authors

_library: Any = compiled("_packed", Path(__file__).parent, __package__ or "")
COMPILED = _library is not None


def pack(parsed: ParsedFeed) -> bytes:
    """As JSON without its entries, a line's end, and the entries by column. Raises `ValueError` for uncleaned text."""
    entries = parsed.data.entries
    head = to_json(replace(parsed, data=replace(parsed.data, entries=())))
    if not entries:
        return head
    text = _joined(entries)
    if text.count(_SEPARATOR) != _ALL * len(entries) - 1:
        raise ValueError("a separator within a text")
    return b"%b\n%b" % (head, text)


def joined_in_python(entries: tuple[EntryData, ...]) -> bytes:
    """The values of all entries, one at least, by column."""
    short = [value or "" for value in chain.from_iterable(zip(*map(_short, entries), strict=True))]
    short += [_date(entry.published_at) for entry in entries]
    short += ["=" if entry.updated_at is entry.published_at else _date(entry.updated_at) for entry in entries]
    long = [*chain.from_iterable(zip(*map(_long, entries), strict=True))]
    long += [_WITHIN.join(entry.authors) for entry in entries]
    return _SEPARATOR.join([_BETWEEN.join(short).encode(), *map(str.encode, long)])


_joined: Callable[[tuple[EntryData, ...]], bytes] = _library.joined if COMPILED else joined_in_python


def unpack(packed: bytes) -> tuple[EntryData, ...]:
    """The entries of a reply, from what stands behind its first line. Raises `ValueError` for what is none.

    A link, guid or language that is empty is None.
    """
    if not packed:
        return ()
    return tuple(map(EntryData, *_parted(packed, _instant, _names)))


def parted_in_python(packed: bytes, instant: Instant, names: Names) -> Parted:
    """The columns of what was packed, in the order of `EntryData`. Raises `ValueError`."""
    pieces = packed.split(_SEPARATOR)
    count, odd = divmod(len(pieces), _ALL)
    if odd:
        raise ValueError(f"{len(pieces)} values are no rows")
    short = _SEPARATOR.join(pieces[: _SHORT * count]).decode().split(_BETWEEN)
    identity, link, guid, language, published, updated = _columns(short, count)
    title, summary, content, authors = _columns([piece.decode() for piece in pieces[_SHORT * count :]], count)
    first = [instant(date) if date else None for date in published]
    last = [then if date == "=" else instant(date) if date else None for date, then in zip(updated, first, strict=True)]
    links, guids, languages = ([value or None for value in column] for column in (link, guid, language))
    return identity, title, links, guids, summary, content, first, last, list(map(names, authors)), languages


_parted: Callable[[bytes, Instant, Names], Parted] = _library.columns if COMPILED else parted_in_python


def _columns(pieces: Sequence[str], count: int) -> list[Sequence[str]]:
    return [pieces[start : start + count] for start in range(0, len(pieces), count)]


def _date(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""


def _instant(written: str) -> datetime:
    instant = datetime.fromisoformat(written)
    if instant.tzinfo is not UTC:
        raise ValueError(f"{written!r} is not in UTC")
    return instant


@lru_cache(maxsize=1024)
def _names(written: str) -> tuple[str, ...]:
    """Who signs one entry of a feed signs others."""
    return tuple(written.split(_WITHIN)) if written else ()
