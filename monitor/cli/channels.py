"""`veille channels test SUBSCRIBER`: one marked message by every channel of a subscriber."""

from __future__ import annotations

import typer

from monitor.cli.common import open_monitor

app = typer.Typer(no_args_is_help=True, help="Channels: test.")


@app.callback()
def _channels() -> None:
    """Channels: test."""


@app.command()
def test(subscriber: str) -> None:
    """Send a marked test by every channel; exit code 1 when one fails."""
    failed = False
    with open_monitor() as monitor:
        for line in monitor.test_channels(subscriber):
            typer.echo(f"{line.channel}: {line.detail}")
            failed = failed or not line.ok
    raise typer.Exit(1 if failed else 0)
