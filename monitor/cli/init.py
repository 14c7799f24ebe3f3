"""`veille init DIR`: a configuration directory to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def init(directory: Annotated[Path, typer.Argument(help="made when it does not exist")]) -> None:
    """Write the shipped dossier, feeds and examples to DIR; files that are there already are left alone."""
    from monitor.starter import init_config

    written = init_config(directory)
    for path in written:
        typer.echo(str(path))
    if not written:
        typer.echo(f"{directory} has everything already", err=True)
    else:
        typer.echo(f"next: VEILLE_CONFIG_DIR={directory} veille check", err=True)
