"""Values of a dossier's TOML, each checked for its type, with errors at the line where it is written.

`tomllib` gives values without lines. They are looked for in the text, from the beginning of the section at hand, as the
key with its value; only errors depend on it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NoReturn

from monitor.errors import DossierError

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MISSING = object()  # where no value is asked for; None is one


class Values:
    """A dossier's text, and the section of it that is being read."""

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where, self._from = text, where, 0

    def section(self, header: str, number: int = 0) -> None:
        """What follows is in the `number`-th table of this name; the whole text when there is none so written."""
        found = list(re.finditer(rf"(?m)^[ \t]*\[\[?\s*{re.escape(header)}\s*\]", self._text))
        self._from = found[number].start() if number < len(found) else 0

    def fail(
        self, message: str, *, near: str = "", value: object = MISSING, code: str = "D002", hint: str = ""
    ) -> NoReturn:
        """Raises `DossierError` at the line of `near`: of a key with this `value` when one is given."""
        raise DossierError(message, where=f"{self._where}:{self.line(near, value)}", code=code, hint=hint)

    def line(self, near: str, value: object = MISSING) -> int:
        """The line, from 1, where `near` stands in the section, else anywhere, else where the section begins."""
        patterns = [rf"(?<![\w-]){re.escape(near)}(?![\w-])"] if near else []
        if near and value is not MISSING:
            patterns.insert(0, rf"(?<![\w-]){re.escape(near)}\"?\s*=\s*{_written(value)}")
        for start in dict.fromkeys((self._from, 0)):
            for pattern in patterns:
                for found in re.compile(pattern).finditer(self._text, start):
                    if not self._is_comment(found.start()):
                        return self._text.count("\n", 0, found.start()) + 1
        return self._text.count("\n", 0, self._from) + 1

    def _is_comment(self, at: int) -> bool:
        return self._text[self._text.rfind("\n", 0, at) + 1 : at].lstrip().startswith("#")

    def known(self, data: Mapping[str, Any], keys: Iterable[str], kind: str) -> None:
        """Refuses keys that are none of `keys`."""
        for key, value in data.items():
            if key not in keys:
                self.fail(f"unknown key {key!r} in {kind}", near=key, value=value, code="D006", hint=closest(key, keys))

    def table(self, data: Mapping[str, Any], key: str) -> dict[str, Any]:
        found = data.get(key, {})
        if not isinstance(found, dict):
            self.fail(f"{key!r} is not a table", near=key, value=found)
        return found

    def tables(self, data: Mapping[str, Any], key: str, hint: str) -> list[dict[str, Any]]:
        """A list of tables; empty when absent."""
        found = data.get(key, [])
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            self.fail(f"{key!r} is not a list of tables", near=key, value=found, hint=hint)
        return found

    def listed(self, data: Mapping[str, Any], key: str) -> list[Any]:
        found = data.get(key, [])
        if not isinstance(found, list):
            self.fail(f"{key!r} is not a list", near=key, value=found, hint=f"{key} = ['…']")
        return found

    def slug(self, data: Mapping[str, Any]) -> str:
        slug = self.string(data, "slug")
        if not _SLUG.fullmatch(slug):
            self.fail(f"{slug!r} is not a slug", near="slug", value=slug, hint="lower-case letters, digits and hyphens")
        return slug

    def string(self, data: Mapping[str, Any], key: str, default: str | None = None) -> str:
        found = data.get(key, default)
        if not isinstance(found, str):
            near, value = (key, found) if key in data else (str(data.get("slug", "")), MISSING)
            self.fail(f"{key!r} is missing or not a string", near=near, value=value, hint=f'{key} = "…"')
        return found

    def strings(self, data: Mapping[str, Any], key: str) -> list[str]:
        """A list of strings of which none is empty; empty when absent."""
        found = data.get(key, [])
        if not isinstance(found, list) or not all(isinstance(text, str) and text for text in found):
            self.fail(f"{key!r} is not a list of strings", near=key, value=found, hint=f"{key} = ['…']")
        return found

    def number(self, data: Mapping[str, Any], key: str, default: float) -> float:
        found = data.get(key, default)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            self.fail(f"{key!r} is not a number", near=key, value=found, hint=f"{key} = 1.0")
        return float(found)

    def count(self, data: Mapping[str, Any], key: str, default: int) -> int:
        """A whole number from 1."""
        found = data.get(key, default)
        if isinstance(found, bool) or not isinstance(found, int) or found < 1:
            self.fail(f"{key!r} is not a whole number from 1", near=key, value=found, hint=f"{key} = {default}")
        return found

    def flag(self, data: Mapping[str, Any], key: str, *, default: bool) -> bool:
        found = data.get(key, default)
        if not isinstance(found, bool):
            self.fail(f"{key!r} is not true or false", near=key, value=found, hint=f"{key} = true")
        return found

    def day(self, data: Mapping[str, Any], key: str) -> date | None:
        """A TOML date, or its text."""
        found = data.get(key)
        if found is None or (isinstance(found, date) and not isinstance(found, datetime)):
            return found
        try:
            return date.fromisoformat(found)
        except (TypeError, ValueError):
            self.fail(f"{key!r} is not a date", near=key, value=found, hint=f"{key} = 2020-11-17")


def closest(word: str, known: Iterable[str]) -> str:
    """A hint: the known word that is most like this one, else all of them."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"


def place_of(text: str, where: str, written: str, value: object = MISSING) -> str:
    """`where:line` of what a dossier's `text` says, as `Values.line` finds it."""
    return f"{where}:{Values(text, where).line(written, value)}"


def _written(value: object) -> str:
    """How a value begins in TOML, as a pattern."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "[\"']" + re.escape(value[:20].partition("\n")[0])
    return r"[\[{]" if isinstance(value, (list, dict)) else re.escape(str(value))
