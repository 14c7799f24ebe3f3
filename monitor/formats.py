"""Lines as text: JSON, CSV, Markdown, harmless to terminals, spreadsheets and pages."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

# what moves a cursor, colours, or turns the direction of text
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]")
_HIDDEN = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Line = Mapping[str, Any]


def to_json(value: object, indent: int | None = None) -> str:
    """JSON in which no character can steer a terminal: these are written as escapes, the value is the same."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def flatten(line: Line, prefix: str = "") -> dict[str, Any]:
    """One level of columns: nested tables by dotted names, lists as one text."""
    flat: dict[str, Any] = {}
    for key, value in line.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = _cell(value)
    return flat


def _cell(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return " | ".join(str(_gist(part)) for part in value)
    return "" if value is None else value


def _gist(part: object) -> object:
    """What stands for a table inside a list: an evidence's text, an article's address."""
    if isinstance(part, Mapping):
        return next((part[key] for key in ("text", "url", "topic", "slug") if key in part), to_json(part))
    return part


def to_csv(rows: Sequence[Line], columns: Sequence[str] = ()) -> str:
    """RFC 4180 with a header; a text that a spreadsheet would take for a formula gets an apostrophe before it.

    `columns` are the header where there is no row; nothing at all without them, as an empty line is no header.
    """
    flat = [flatten(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row)) or list(columns)
    if not names:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in flat)
    return out.getvalue()


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    clean = _CONTROLS.sub("", value)
    return "'" + clean if clean.lstrip().startswith(_FORMULA) or value.startswith(_FORMULA) else clean


def to_markdown(rows: Sequence[Line], columns: Sequence[str] = ()) -> str:
    """A Markdown table; what could be markup or a cell's end is escaped."""
    flat = [_only(flatten(row), columns) for row in rows]
    names = list(columns) or list(dict.fromkeys(name for row in flat for name in row))
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(_markdown(row.get(name, "")) for name in names) + " |" for row in flat]
    return "\n".join(lines)


def _only(flat: Line, columns: Sequence[str]) -> dict[str, Any]:
    return {name: flat.get(name, "") for name in columns} if columns else dict(flat)


def _markdown(value: object) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", plain(value))


def plain(value: object) -> str:
    """One line without anything that could steer a terminal."""
    return _CONTROLS.sub("", str(value).replace("\n", " ").replace("\t", " "))
