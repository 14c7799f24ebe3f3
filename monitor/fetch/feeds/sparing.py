"""Work that feedparser is spared, where what it reads comes out the same.

Dates are read from their text elsewhere; each accented letter cost an exception; a mapping of a handful of words was
asked through two layers of Python for every element, and copied as if it could hold anything. Tests compare all of it
with feedparser as it comes.
"""

from __future__ import annotations

import copy
from typing import Any

import feedparser
from feedparser import mixin, util

_NO_DATE = (1970, 1, 1, 0, 0, 0, 3, 1, 0)
_USUAL = {code: code for code in (*range(0x80), *range(0xA0, 0x180), *range(0x2010, 0x2040), 0x20AC)}
# What stood there before, by owner and name; None where nothing did.
REPLACED: dict[tuple[Any, str], Any] = {}


def spare_work() -> None:
    """Once a process. What another version of feedparser no longer has is left alone."""
    feedparser.registerDateHandler(lambda _text: _NO_DATE)
    table = getattr(mixin, "_cp1252", None)
    if isinstance(table, dict):
        _replace(mixin, "_cp1252", _USUAL | table)
    if hasattr(mixin, "_urljoin"):
        _replace(mixin, "_urljoin", _joined(mixin._urljoin))  # noqa: SLF001 - there is no other way to it
    _spare_mapping(util.FeedParserDict)


def _replace(owner: Any, name: str, value: Any) -> None:
    REPLACED[owner, name] = vars(owner).get(name)
    setattr(owner, name, value)


def _joined(join: Any) -> Any:
    """For every element what its base and its parent's come to: without `xml:base` nothing and nothing."""
    return lambda base, uri: join(base, uri) if base or uri else ""


def _spare_mapping(mapping: Any) -> None:
    """Names that stand for others, or for parts of a value, go the long way; all others are keys."""
    if not (isinstance(getattr(mapping, "keymap", None), dict) and issubclass(mapping, dict)):
        return
    special = frozenset([*mapping.keymap, "category", "enclosures", "license", "updated", "updated_parsed"])
    slow_get, slow_contains = mapping.get, mapping.__contains__

    def get(self: Any, key: Any, default: Any = None) -> Any:
        return slow_get(self, key, default) if key in special else dict.get(self, key, default)

    def contains(self: Any, key: Any) -> Any:
        return slow_contains(self, key) if key in special else dict.__contains__(self, key)

    def deep_copy(self: Any, memo: dict[int, Any]) -> Any:
        made = type(self)()
        memo[id(self)] = made
        values = {key: value if isinstance(value, str) else copy.deepcopy(value, memo) for key, value in self.items()}
        dict.update(made, values)
        return made

    _replace(mapping, "get", get)
    _replace(mapping, "__contains__", contains)
    _replace(mapping, "__deepcopy__", deep_copy)
