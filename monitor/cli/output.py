"""Lines out: as a table, JSON, JSON lines, CSV, Markdown, in columns of choice."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from monitor.formats import Line, flatten, plain, to_csv, to_json, to_markdown

FORMATS = ("table", "json", "jsonl", "csv", "md", "parquet")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)")


def write_rows(
    lines: Iterable[Line],
    format_: str,
    columns: Sequence[str] = (),
    *,
    table_columns: Sequence[str] = (),
    output: Path | None = None,
) -> None:
    """Print lines on standard output. `columns` (dotted: `article.title`) are what is asked for, `table_columns` what
    a table shows otherwise; `output` is the file of Parquet. Raises `typer.BadParameter` for what is unknown.
    """
    if format_ not in FORMATS:
        raise typer.BadParameter(f"{format_!r} is none of {', '.join(FORMATS)}", param_hint="--format")
    if format_ == "jsonl":
        for line in lines:
            typer.echo(to_json(_chosen(line, columns)))
        return
    rows = [_chosen(line, columns) for line in lines]
    if format_ == "parquet":
        _write_parquet([flatten(row) for row in rows], output)
    elif format_ == "json":
        typer.echo(to_json(rows, indent=2))
    elif format_ == "csv":
        sys.stdout.write(to_csv(rows, columns or table_columns))
    elif format_ == "md":
        typer.echo(to_markdown(rows, columns or table_columns))
    else:
        _print_table(rows, columns or table_columns)


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

    value = row.get(name)
    if not value or not isinstance(value, (list, tuple)):
        return Text(plain(_readable(flat.get(name, ""))))
    if name == "articles":
        return Text(plain(" · ".join(dict.fromkeys(article["source"] for article in value))))
    return _sentence(value) if name == "evidence" else Text(plain(flat[name]))


def _readable(value: object) -> object:
    """A cell for eyes: an instant by this machine's clock, to the minute; a score by its hundredths.

    Every other format has the value as it is.
    """
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M}"
    return value


def _sentence(evidence: Sequence[Line]) -> Any:
    from rich.text import Text

    sentence = evidence[0]
    text = Text(plain(sentence["text"]))
    for span in evidence[1:]:
        start, end = span["start"] - sentence["start"], span["end"] - sentence["start"]
        if span["field"] == sentence["field"] and 0 <= start < end <= len(text):
            text.stylize("bold yellow", start, end)
    return text


def _write_parquet(rows: list[dict[str, Any]], output: Path | None) -> None:
    """A file for notebooks: columns as in CSV. Needs the extra `parquet`."""
    if output is None:
        raise typer.BadParameter("Parquet goes to a file", param_hint="--output FILE")
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise typer.BadParameter("install it first: pip install veille[parquet]", param_hint="--format") from error
    parquet.write_table(pa.Table.from_pylist(rows), output)
