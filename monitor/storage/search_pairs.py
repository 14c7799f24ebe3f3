"""Frequent words that stand side by side: the index has a word for each two of them, as else a phrase of both would be
looked for in each article that has both.

Which words are frequent a night's pruning finds (`search_frequent`). They stand in a setting, each with the id from
which on articles are indexed with it, and none is ever taken away: so an article's id tells what it was indexed with.
Older articles are asked for the words alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from pydantic_core import from_json
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from monitor.domain.words import But, Every, Phrase, Some, Word, Words, every, pair_word, some

KEY = "paired_words"  # the setting
_ASKED = f"SELECT CAST(value AS text) FROM settings WHERE key = '{KEY}'"  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Paired:
    """Words, each with the id of the first article that is indexed with it."""

    since: Mapping[str, int]
    first: int | None = field(init=False)
    """The first article that is indexed with pairs."""
    _last: int = field(init=False)
    _all: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", min(self.since.values(), default=None))
        object.__setattr__(self, "_last", max(self.since.values(), default=0))
        object.__setattr__(self, "_all", frozenset(self.since))

    def of(self, article_id: int) -> frozenset[str] | None:
        """The words whose pairs an article is indexed with; None where it is older than all of them."""
        if self.first is None or article_id < self.first:
            return None
        if article_id >= self._last:
            return self._all
        return frozenset([word for word, since in self.since.items() if since <= article_id])


HOLDS = 30.0  # seconds
_KNOWN: WeakKeyDictionary[Engine, tuple[str | None, Paired]] = WeakKeyDictionary()


def paired_words(connection: Connection | Session) -> Paired:
    """The words of the setting as they are now: whoever writes asks after its articles have their ids."""
    on = connection.connection() if isinstance(connection, Session) else connection
    told: str | None = on.exec_driver_sql(_ASKED).scalar()
    known = _KNOWN.get(on.engine)
    if known is None or known[0] != told:
        known = _KNOWN[on.engine] = (told, Paired(from_json(told) if told else {}))
    return known[1]


def pairs_known(session: Session) -> Paired:
    """The same for who reads: some seconds old, as of a word that came since only the words themselves are asked."""
    engine, now = session.get_bind().engine, time.monotonic()
    known = _READ.get(engine)
    if known is None or now - known[0] > HOLDS:
        known = _READ[engine] = (now, paired_words(session))
    return known[1]


_READ: WeakKeyDictionary[Engine, tuple[float, Paired]] = WeakKeyDictionary()


def with_pairs(words: Words, paired: Paired) -> tuple[Words, int] | None:
    """What articles from an id on are to be asked instead of `words`, and that id; None where no pair is indexed."""
    since: list[int] = []
    found = _with(words, paired.since, since)
    return (found, max(since)) if since else None


def _with(words: Words, listed: Mapping[str, int], since: list[int]) -> Words:
    match words:
        case Phrase(parts, patterns):
            return _phrase(parts, patterns, listed, since)
        case Every(parts):
            return Every(tuple([_with(part, listed, since) for part in parts]))
        case Some(parts):
            return Some(tuple([_with(part, listed, since) for part in parts]))
        case But(wanted, refused):
            return But(_with(wanted, listed, since), refused)
        case _:
            return words


def _phrase(
    parts: tuple[Words, ...], patterns: tuple[tuple[str, ...], ...], listed: Mapping[str, int], since: list[int]
) -> Words:
    """A phrase with its pairs; words that a pair implies are not asked for themselves."""
    asked, implied = list[Words | None](), list[Words | None]()
    for here in range(len(patterns[0]) - 1):
        sides = dict.fromkeys(pattern[here : here + 2] for pattern in patterns)
        indexed = [side for side in sides if side[0] in listed and side[1] in listed]
        if not indexed:
            continue
        since += [listed[word] for side in indexed for word in side]
        asked.append(some([*(Word(pair_word(*side)) for side in indexed), *_unpaired(sides, listed)]))
        implied += [some(Word(pattern[place]) for pattern in patterns) for place in (here, here + 1)]
    return every([*asked, *(part for part in parts if part not in implied)]) or Every(parts)


def _unpaired(sides: Mapping[Any, Any], listed: Mapping[str, int]) -> Iterator[Words | None]:
    """Both words of those sides that are not indexed as a pair."""
    after: dict[str, tuple[Word, ...]] = {}
    for one, other in sides:
        if one not in listed or other not in listed:
            after[one] = (*after.get(one, ()), Word(other))
    alike: dict[tuple[Word, ...], list[Word]] = {}
    for one, others in after.items():
        alike.setdefault(others, []).append(Word(one))
    for others, ones in alike.items():
        yield every([some(ones), some(others)])
