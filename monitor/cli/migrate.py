"""`veille migrate`: bring the database to this program's schema."""

from __future__ import annotations

import typer

from monitor.cli.common import settings

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the database to this program's schema (safe to run twice, and by several at once)."""
    from monitor.app import make_monitor

    with make_monitor(settings()) as monitor:
        typer.echo(f"schema {monitor.migrate()}")
