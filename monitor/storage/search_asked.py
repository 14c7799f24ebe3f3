"""A question without its values: so a statement is made once for all questions of one shape.

SQLAlchemy takes as long to put the statement of a page together, and to find it among those that it compiled, as the
database takes to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import BigInteger, Float, String, bindparam

from monitor.domain.filters import Filter
from monitor.storage.search_filters import SOURCES, Resolved
from monitor.storage.types import UtcDateTime

MOST_MADE = 200  # statements kept
_ONE: dict[str, Any] = {
    "since": UtcDateTime(),
    "until": UtcDateTime(),
    "min_score": Float(),
    "max_score": Float(),
    "story": BigInteger(),
    "access": String(),
    "assignee": String(),
}
_MANY = ("statuses", "not_statuses")
Made = TypeVar("Made")
_MADE: dict[Hashable, Any] = {}


class Shape(NamedTuple):
    """What a question asks: names of single values, and of how many values its lists are; None: not asked."""

    single: frozenset[str]
    lists: tuple[int, ...]
    topics: int | None
    sources: int | None
    as_array: bool

    @classmethod
    def of(cls, asked: Filter, resolved: Resolved) -> Shape:
        """The shape of a filter whose names were looked up."""
        return cls(
            frozenset(name for name in _ONE if getattr(asked, name) is not None),
            tuple(len(getattr(asked, name)) for name in _MANY),
            None if resolved.topics is None else len(resolved.topics),
            None if resolved.sources is None else 1 if resolved.as_array else len(resolved.sources),
            resolved.as_array,
        )


@lru_cache(maxsize=MOST_MADE)
def placeholders(shape: Shape) -> tuple[Filter, Resolved]:
    """A filter of that shape with a parameter in the place of each value."""
    fields: dict[str, Any] = {name: bindparam(f"asked_{name}", type_=_ONE[name]) for name in shape.single}
    for name, length in zip(_MANY, shape.lists, strict=True):
        fields[name] = _several(name, length, String())
    topics = None if shape.topics is None else _several("topics", shape.topics, BigInteger())
    # as an array they are one parameter, which `search_filters` makes
    sources = None if shape.sources is None else ("",) if shape.as_array else _several(SOURCES, shape.sources, String())
    return replace(Filter(), **fields), Resolved(topics, sources, None, shape.as_array)


def values(asked: Filter, resolved: Resolved) -> dict[str, Any]:
    """The values of those parameters."""
    found = {f"asked_{name}": value for name in _ONE if (value := getattr(asked, name)) is not None}
    lists = {name: getattr(asked, name) for name in _MANY} | {"topics": resolved.topics or ()}
    if resolved.sources is not None and resolved.as_array:
        found[SOURCES] = list(resolved.sources)
    else:  # unasked they are no parameter, as conditions from elsewhere may have one of that name
        lists[SOURCES] = resolved.sources or ()
    return found | {f"asked_{name}{n}": value for name, said in lists.items() for n, value in enumerate(said)}


def _several(name: str, length: int, kind: Any) -> tuple[Any, ...]:
    return tuple(bindparam(f"asked_{name}{n}", type_=kind) for n in range(length))


def made(key: Hashable, make: Callable[[], Made]) -> Made:
    """What `make` gives, once for each key."""
    found: Made | None = _MADE.get(key)
    if found is None:
        if len(_MADE) >= MOST_MADE:
            _MADE.clear()
        found = _MADE[key] = make()
    return found
