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
    browse: Annotated[bool, typer.Option("--open", help="open the HTML part in a browser")] = False,
) -> None:
    """Print what the digest would be if it closed now, or show it as mail; nothing is stored or sent."""
    with open_monitor() as monitor:
        message = monitor.preview_digest(subscriber)
        if browse and html is None:
            html = monitor.settings.data_dir / "preview" / f"{subscriber}.html"
            html.parent.mkdir(exist_ok=True)
    if html is not None:
        html.write_text(message.html, encoding="utf-8")
        typer.echo(f"{html}", err=True)
        if browse:
            open_in_browser(html)
    else:
        typer.echo(message.text)


def open_in_browser(page: Path) -> None:
    """Where there is a browser; else its path, which was told, is all."""
    import webbrowser

    if not webbrowser.open(page.absolute().as_uri()):
        typer.echo("no browser was found: open that file yourself", err=True)


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
