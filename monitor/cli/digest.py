"""`veille digest preview|send`: what a subscriber's digest would say, and closing it now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.common import open_monitor

app = typer.Typer(no_args_is_help=True, help="Digests: preview, send.")


@app.command()
def preview(
    subscriber: str,
    html: Annotated[Path | None, typer.Option(help="write the HTML part to this file")] = None,
) -> None:
    """Print what the digest would be if it closed now; nothing is stored or sent."""
    with open_monitor() as monitor:
        message = monitor.preview_digest(subscriber)
    if html is not None:
        html.write_text(message.html, encoding="utf-8")
        typer.echo(f"{html}", err=True)
    else:
        typer.echo(message.text)


@app.command()
def send(subscriber: str) -> None:
    """Close the subscriber's digest now and send it from here."""
    with open_monitor() as monitor:
        summary = monitor.send_digest(subscriber)
    if not summary.closed:
        typer.echo("nothing new: no digest was made")
    else:
        typer.echo(f"sent {summary.sent}, to be tried again {summary.retried}, failed {summary.failed}")
        if summary.failed or summary.retried:
            raise typer.Exit(1)
