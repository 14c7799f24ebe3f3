"""`veille report DOSSIER`: the note de veille, a chronology of a dossier for a manager."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import asking

app = typer.Typer(add_completion=False, help="A chronology of a dossier for a manager.")


@app.command()
def report(
    dossier: Annotated[str, typer.Argument(help="slug of a dossier")],
    since: Annotated[str, typer.Option(help="2024-03-18, 2024-03, or 30d, 4w ago")] = "30d",
    until: Annotated[str | None, typer.Option(help="as --since; that instant not included; now, if not given")] = None,
    format_: Annotated[str, typer.Option("--format", help="md, html or pdf")] = "md",
    language: Annotated[str | None, typer.Option(help="fr or en; the settings' when not given")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="a file; standard output when not given")
    ] = None,
) -> None:
    """A note de veille: stories by date with actors and countries, confirmed ones first, sources listed."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from monitor.channels.report import FORMATS, render_report
    from monitor.domain.moments import parse_moment
    from monitor.steps.report import report_content

    if format_ not in FORMATS:
        raise typer.BadParameter(f"{format_!r} is none of {', '.join(FORMATS)}", param_hint="--format")
    if language not in {None, "fr", "en"}:
        raise typer.BadParameter(f"{language!r} is neither fr nor en", param_hint="--language")
    with asking.open_desk() as (store, settings):
        now, zone = datetime.now(UTC), ZoneInfo(settings.time_zone)
        start = parse_moment(since, now=now, zone=zone)
        end = parse_moment(until, now=now, zone=zone) if until else now
        content = report_content(store, dossier, start, end, zone=zone, now=now, public_url=settings.public_url)
        templates = settings.config_dir / "templates"
        own = templates if templates.is_dir() else None
        note = render_report(content, format_, language or settings.language, own)
    write(note, output)


def write(note: bytes, output: Path | None) -> None:
    """To the file, or to standard output as bytes (a PDF is no text)."""
    if output is None:
        sys.stdout.buffer.write(note if note.endswith(b"\n") else note + b"\n")
        sys.stdout.flush()
    else:
        output.write_bytes(note)
        typer.echo(str(output), err=True)
