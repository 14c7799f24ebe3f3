"""`veille channels test|resume SUBSCRIBER`: a marked message by every channel; taking back an unsubscription."""

from __future__ import annotations

import typer

from monitor.cli.common import open_monitor

app = typer.Typer(no_args_is_help=True, help="Channels: test, resume.")


@app.callback()
def _channels() -> None:
    """Channels: test, resume."""


@app.command()
def resume(subscriber: str) -> None:
    """Bring back the channels that a subscriber ended by the link in a mail."""
    from monitor.steps.subscriptions import Subscriptions

    with open_monitor() as monitor:
        count = Subscriptions(monitor.store, monitor.settings).resume(subscriber)
    typer.echo(f"{count} brought back")


@app.command()
def test(subscriber: str) -> None:
    """Send a marked test by every channel; exit code 1 when one fails."""
    failed = False
    with open_monitor() as monitor:
        for line in monitor.test_channels(subscriber):
            typer.echo(f"{line.channel}: {line.detail}")
            failed = failed or not line.ok
    raise typer.Exit(1 if failed else 0)
