"""`veille backup FILE`: everything in one file, while work goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.common import settings, stderr

app = typer.Typer()


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="made anew, readable by its owner alone")]) -> None:
    """Write everything to FILE: one form for SQLite and PostgreSQL. `config/` and secrets are not in it."""
    from monitor.storage.backup import backup as write
    from monitor.storage.engine import open_store

    store = open_store(settings().effective_database_url)
    try:
        with stderr().status("…"):
            rows = write(store, file)
    finally:
        store.dispose()
    typer.echo(f"{rows} rows, {file.stat().st_size / 1e6:.1f} MB")
