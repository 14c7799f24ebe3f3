"""`veille health [PART…]`: exit code 1 when work is stuck. Containers ask this; it looks at rows, not at processes."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer()


class Part(StrEnum):
    """What can be asked after."""

    TICK = "tick"
    POLL = "poll"
    READ = "read"
    DELIVER = "deliver"


@app.command()
def health(
    parts: Annotated[list[Part] | None, typer.Argument(help="all when none is named")] = None,
    environment: Annotated[bool, typer.Option("--environment", help="look at the variables and secrets alone")] = False,
) -> None:
    """Say what is stuck: the tick, polling, reading, delivering."""
    from monitor.domain.pulse import ailments
    from monitor.settings import load_settings
    from monitor.storage.pulse import read_beats

    settings = load_settings()
    if environment:
        typer.echo("the environment can be used")
        return
    asked = [part.value for part in parts or Part]
    found = ailments(read_beats(settings.effective_database_url), settings, datetime.now(UTC), asked)
    for sentence in found:
        typer.echo(sentence, err=True)
    if not found:
        typer.echo("work is being done")
    raise typer.Exit(1 if found else 0)
