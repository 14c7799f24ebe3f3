"""`veille check`: coded findings; exit code 1 when one is an error."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

app = typer.Typer()

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}


@app.command()
def check(format_: Annotated[str, typer.Option("--format", help="text or jsonl")] = "text") -> None:
    """Look at configuration, database, broker and machine; each finding has a code and says what to do."""
    from rich.console import Console
    from rich.text import Text

    from monitor.checks import check_all

    console = Console(highlight=False, soft_wrap=True)
    errors = 0
    for finding in check_all():
        errors += finding.level.value == "error"
        if format_ == "jsonl":
            typer.echo(json.dumps(asdict(finding), ensure_ascii=False))
            continue
        mark, colour = MARKS[finding.level.value]
        line = Text.assemble((f"{mark} {finding.code} ", colour), finding.message)
        line.append(f"  [{finding.where}]" if finding.where else "", "dim")
        line.append(f"  → {finding.hint}" if finding.hint else "", "cyan")
        console.print(line)
    raise typer.Exit(1 if errors else 0)
