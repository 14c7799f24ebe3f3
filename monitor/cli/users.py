"""`veille users`: people who sign in with a password of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import asking
from monitor.cli.output import write_rows

app = typer.Typer(add_completion=False, no_args_is_help=True, help="People who sign in: add, list, disable, sign-out.")


@app.command()
def add(name: Annotated[str, typer.Argument(help="how they sign in")]) -> None:
    """Add somebody, or change their password; it is asked for, or read from a pipe."""
    from monitor.steps.access import Access

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with asking.open_desk() as (store, _):
        Access(store).put_user(name, password)
    typer.echo(f"{name} can sign in", err=True)


@app.command("list")
def list_(format_: asking.Format = "table") -> None:
    """Everybody, and whether they may sign in."""
    from monitor.steps.access import Access

    with asking.open_desk() as (store, _):
        write_rows([{"name": name, "enabled": enabled} for name, enabled in Access(store).users()], format_)


@app.command()
def disable(name: str) -> None:
    """Shut somebody out, at once."""
    from monitor.steps.access import Access

    with asking.open_desk() as (store, _):
        Access(store).disable_user(name)
    typer.echo(f"{name} is out", err=True)


@app.command("sign-out")
def sign_out() -> None:
    """End every open session."""
    from monitor.steps.access import Access

    with asking.open_desk() as (store, _):
        typer.echo(f"{Access(store).sign_everybody_out()} sessions ended", err=True)
