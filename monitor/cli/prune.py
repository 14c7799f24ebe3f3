"""`veille prune`: let go of what is older than its retention; workers do it every night."""

from __future__ import annotations

import typer

from monitor.cli.common import open_monitor

app = typer.Typer()


@app.command()
def prune() -> None:
    """Let go of what is older than its retention; alerts, matches and their articles stay."""
    with open_monitor(sync=False) as monitor:
        for kind, count in monitor.prune().items():
            typer.echo(f"{kind} {count}")
