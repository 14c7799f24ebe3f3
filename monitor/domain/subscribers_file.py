"""Tables of a TOML file that know the line of each key, so that an error can name it.

`tomllib` gives values without lines; the lines come from a scan of headers and keys, which only errors depend on.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from datetime import date
from typing import Any

from monitor.errors import ConfigError

ARRAY = "subscriber"
_HEADER = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
_LINE = re.compile(r"line (\d+)")


class Table:
    """One table of the file: typed access to its keys; `finish` refuses those that nobody asked for."""

    def __init__(self, values: dict[str, Any], where: str, line: int, lines: dict[str, int]) -> None:
        self._values, self._where, self._line, self._lines = values, where, line, lines
        self._asked: list[str] = []
        self._children: dict[str, list[Table]] = {}

    def error(self, key: str, message: str, *, hint: str = "", code: str = "C051") -> ConfigError:
        """A `ConfigError` at the line of `key` (that of the table when the key is missing)."""
        line = self._lines.get(key, self._line)
        return ConfigError(f"{key}: {message}", where=f"{self._where}:{line}", code=code, hint=hint)

    @property
    def line(self) -> int:
        """Where the table begins, from 1."""
        return self._line

    def adopt(self, key: str, children: list[Table]) -> None:
        self._children[key] = children

    def tables(self, key: str) -> list[Table]:
        self._asked.append(key)
        return self._children.get(key, [])

    def finish(self) -> None:
        """Raises `ConfigError` for the first key that is not one of ours."""
        for key in self._values:
            if key not in self._asked:
                close = difflib.get_close_matches(key, self._asked, 1)
                hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(self._asked)}"
                raise self.error(key, "is not a key of this table", hint=hint, code="C052")

    def text(self, key: str, default: str = "", *, required: bool = False, pattern: str = "", shape: str = "") -> str:
        value = self._take(key, str, "a text", default, required=required)
        if pattern and not re.fullmatch(pattern, value):
            raise self.error(key, f"{value!r} is not made of {shape}")
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, list, "a list of texts", [])
        if not all(isinstance(one, str) for one in value):
            raise self.error(key, "must be a list of texts")
        return tuple(value)

    def text_or_texts(self, key: str, *, required: bool) -> tuple[str, ...]:
        """One text, or a list of them; () when absent and not required."""
        if isinstance(self._values.get(key), str):
            return (self.text(key),)
        values = self.texts(key)
        if required and not values:
            raise self.error(key, "is required")
        return values

    def number(self, key: str, default: float, *, low: float, high: float) -> float:
        value = self._take(key, (int, float), "a number", default)
        if isinstance(value, bool) or not low <= value <= high:
            raise self.error(key, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        return bool(self._take(key, bool, "true or false", default))

    def choice(self, key: str, choices: tuple[str, ...], default: str = "", *, required: bool = False) -> str:
        value = self.text(key, default, required=required)
        if value not in choices:
            raise self.error(key, f"{value!r} is not one of {', '.join(choices)}")
        return value

    def dates(self, key: str) -> tuple[date, ...]:
        """TOML dates, or texts of the form 2026-12-24."""
        values = self._take(key, list, "a list of dates", [])
        try:
            return tuple(date.fromisoformat(value) if isinstance(value, str) else _only_date(value) for value in values)
        except (TypeError, ValueError) as error:
            raise self.error(key, "must be a list of dates", hint='write "2026-12-24"') from error

    def _take(self, key: str, kind: Any, shape: str, default: Any, *, required: bool = False) -> Any:
        self._asked.append(key)
        if key not in self._values:
            if required:
                raise self.error(key, "is required")
            return default
        if not isinstance(self._values[key], kind):
            raise self.error(key, f"must be {shape}")
        return self._values[key]


def read_tables(text: str, where: str, array: str = ARRAY) -> list[Table]:
    """The `[[subscriber]]` (or other) tables, each with its channels as children. Raises `ConfigError`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        raise ConfigError(str(error), where=f"{where}:{found[1] if found else 1}", code="C053") from error
    for key in document:
        if key != array:
            hint = f"{array}s are written as [[{array}]]"
            raise ConfigError(
                f"{key} is not known here", where=f"{where}:{_line_of(text, key)}", code="C052", hint=hint
            )
    return _tables(document.get(array, []), text, where, array)


def _tables(values: Any, text: str, where: str, array: str) -> list[Table]:
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise ConfigError(
            f"{array} must be a list of tables", where=f"{where}:{_line_of(text, array)}", hint=f"write [[{array}]]"
        )
    places = iter(_places(text, array))
    channel_places = iter(_places(text, f"{array}.channel"))
    tables = []
    for value in values:
        table = Table(value, where, *next(places, (1, {})))
        children = value.get("channel", [])
        if not isinstance(children, list) or not all(isinstance(child, dict) for child in children):
            raise table.error("channel", "must be tables", hint="write [[subscriber.channel]]")
        table.adopt("channel", [Table(child, where, *next(channel_places, (1, {}))) for child in children])
        tables.append(table)
    return tables


def _places(text: str, header: str) -> list[tuple[int, dict[str, int]]]:
    """For each table of this header, in order: its line, and the line of each of its keys. Lines count from 1."""
    places: list[tuple[int, dict[str, int]]] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            inside = found[1] == header
            if inside:
                places.append((number, {}))
        elif inside and (key := _KEY.match(line)):
            places[-1][1].setdefault(key[1], number)
    return places


def _line_of(text: str, word: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if word in line), 1)


def _only_date(value: Any) -> date:
    if type(value) is not date:
        raise TypeError(value)
    return value
