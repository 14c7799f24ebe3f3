"""`veille restore FILE`: what `veille backup` wrote, into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.common import settings, stderr

app = typer.Typer()


@app.command()
def restore(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Fill an empty database from FILE, of SQLite or PostgreSQL alike; one that holds something is left alone."""
    from monitor.storage.backup import restore as read
    from monitor.storage.engine import open_store

    loaded = settings()
    loaded.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(loaded.effective_database_url)
    try:
        with stderr().status("…"):
            rows = read(store, file)
    finally:
        store.dispose()
    typer.echo(f"{rows} rows")
