"""`veille deliveries list|show|retry`: the ledger of what was sent."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from monitor.cli.common import open_monitor

app = typer.Typer(no_args_is_help=True, help="Deliveries: list, show, retry.")


@app.command("list")
def list_(
    status: Annotated[str | None, typer.Option(help="planned, sent or failed")] = None,
    limit: Annotated[int, typer.Option(min=1, help="how many, newest first")] = 50,
    format_: Annotated[str, typer.Option("--format", help="table, json, jsonl, csv or md")] = "table",
) -> None:
    """The newest deliveries."""
    from monitor.cli.output import write_rows

    with open_monitor() as monitor:
        write_rows(monitor.deliveries(status, limit), format_)


@app.command()
def show(delivery: int) -> None:
    """One delivery with its message, as JSON."""
    with open_monitor() as monitor:
        typer.echo(json.dumps(monitor.delivery(delivery), ensure_ascii=False, indent=2))


@app.command()
def retry(delivery: int) -> None:
    """Make a delivery that failed for good due again."""
    with open_monitor() as monitor:
        monitor.retry_delivery(delivery)
    typer.echo("due now")
