"""`veille tokens`: keys for programs."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import asking
from monitor.cli.output import write_rows

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Keys for programs: add, list, revoke.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="what it is for")],
    scope: Annotated[str, typer.Option(help="read, or write (follow-up too)")] = "read",
    days: Annotated[int, typer.Option(help="how long it lives")] = 365,
) -> None:
    """Make a token and print it: it is shown this once, and stored as a hash."""
    from monitor.steps.access import Access

    with asking.open_desk() as (store, _):
        typer.echo(Access(store).make_token(name, scope, days=days))


@app.command("list")
def list_(format_: asking.Format = "table") -> None:
    """All tokens, without their secrets."""
    from monitor.query import iso
    from monitor.steps.access import Access

    with asking.open_desk() as (store, _):
        found = Access(store).tokens()
    lines = [
        {
            "id": token.id,
            "name": token.name,
            "scope": token.scope,
            "created_at": iso(token.created_at),
            "expires_at": iso(token.expires_at),
            "revoked_at": iso(token.revoked_at),
        }
        for token in found
    ]
    write_rows(lines, format_)


@app.command()
def revoke(token: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Shut a token out at once."""
    from monitor.steps.access import Access

    with asking.open_desk() as (store, _):
        Access(store).revoke_token(token)
    typer.echo(f"token {token}: revoked", err=True)
