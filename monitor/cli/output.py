"""Lines out: as a table, JSON, JSON lines, CSV, Markdown, in columns of choice, safe for terminals and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

FORMATS = ("table", "json", "jsonl", "csv", "md")
# what moves a cursor, colours, or turns the direction of text
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]")
_HIDDEN = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Line = Mapping[str, Any]


def write_rows(
    lines: Iterable[Line], format_: str, columns: Sequence[str] = (), *, table_columns: Sequence[str] = ()
) -> None:
    """Print lines on standard output. `columns` (dotted: `article.title`) are what is asked for, `table_columns` what
    a table shows otherwise. Raises `typer.BadParameter` for an unknown format or column.
    """
    if format_ not in FORMATS:
        raise typer.BadParameter(f"{format_!r} is none of {', '.join(FORMATS)}", param_hint="--format")
    if format_ == "jsonl":
        for line in lines:
            typer.echo(to_json(_chosen(line, columns)))
        return
    rows = [_chosen(line, columns) for line in lines]
    if format_ == "json":
        typer.echo(to_json(rows, indent=2))
    elif format_ == "csv":
        sys.stdout.write(to_csv(rows))
    elif format_ == "md":
        typer.echo(to_markdown(rows, columns or table_columns))
    else:
        _print_table(rows, columns or table_columns)


def to_json(value: object, indent: int | None = None) -> str:
    """JSON in which no character can steer a terminal: these are written as escapes, the value is the same."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _chosen(line: Line, columns: Sequence[str]) -> dict[str, Any]:
    if not columns:
        return dict(line)
    return {column: _at(line, column) for column in columns}


def _at(line: Line, column: str) -> Any:
    if column in line:
        return line[column]
    value: Any = line
    for key in column.split("."):
        if not isinstance(value, Mapping) or key not in value:
            known = ", ".join(flatten(line))
            raise typer.BadParameter(f"no column {column!r}; there are {known}", param_hint="--columns")
        value = value[key]
    return value


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


def to_csv(rows: Sequence[Line]) -> str:
    """RFC 4180 with a header; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    flat = [flatten(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
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


def _print_table(rows: Sequence[Line], columns: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    if not rows:
        console.print("(nothing)", style="dim")
        return
    names = list(columns) or list(dict.fromkeys(name for row in rows for name in flatten(row)))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name.rpartition(".")[2] if "." in name else name, overflow="fold")
    for row in rows:
        flat = flatten(row)
        table.add_row(*(_marked(row, name, flat) for name in names))
    console.print(table)


def _marked(row: Line, name: str, flat: Line) -> Any:
    """A cell; evidence is its sentence with the words that counted set off."""
    from rich.text import Text

    evidence = row.get(name)
    if name != "evidence" or not isinstance(evidence, (list, tuple)) or not evidence:
        return Text(plain(flat.get(name, "")))
    sentence = evidence[0]
    text = Text(plain(sentence["text"]))
    for span in evidence[1:]:
        start, end = span["start"] - sentence["start"], span["end"] - sentence["start"]
        if span["field"] == sentence["field"] and 0 <= start < end <= len(text):
            text.stylize("bold yellow", start, end)
    return text
