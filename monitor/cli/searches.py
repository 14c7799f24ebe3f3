"""`veille searches`: saved searches, and a subscription made of one."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import asking
from monitor.cli.output import write_rows

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Saved searches: list, save, forget, subscribe.")
Name = Annotated[str, typer.Argument(help="name of the search")]


@app.command("list")
def list_(format_: asking.Format = "table") -> None:
    """All saved searches."""
    from monitor.query import iso
    from monitor.steps.access import Access

    with asking.open_desk() as (store, _):
        found = Access(store).saved_searches()
    lines = [
        {"id": one.id, "name": one.name, "question": one.question, "who": one.who, "created_at": iso(one.created_at)}
        for one in found
    ]
    write_rows(lines, format_)


@app.command()
def save(
    name: Name,
    question: Annotated[str, typer.Argument(help="as in the search box, or after --q")],
    who: asking.Who = "",
) -> None:
    """Keep a question under a name."""
    import getpass
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from monitor.domain.questions import parse_question
    from monitor.steps.access import Access

    with asking.open_desk() as (store, settings):
        parse_question(question, now=datetime.now(UTC), zone=ZoneInfo(settings.time_zone))
        Access(store).save_search(name, "articles", question, who or getpass.getuser())
    typer.echo(f"{name}: saved", err=True)


@app.command()
def forget(name: Name) -> None:
    """Drop a saved search."""
    from monitor.steps.access import Access

    with asking.open_desk() as (store, _):
        access = Access(store)
        access.forget_search(access.search_named(name).id)
    typer.echo(f"{name}: forgotten", err=True)


@app.command()
def subscribe(
    name: Name,
    to: Annotated[str, typer.Option("--to", help="the address: of mail, or what --kind takes")],
    kind: Annotated[str, typer.Option(help="email, apprise, file or console")] = "email",
    rhythm: Annotated[str, typer.Option(help="at once, hourly, daily 07:30, weekly monday 08:00")] = "daily 07:30",
    language: Annotated[str, typer.Option(help="fr or en")] = "fr",
    zone: Annotated[str, typer.Option(help="time zone")] = "",
    q: asking.Query = "",
    write: Annotated[bool, typer.Option("--write", help="put it into subscribers.toml instead of printing it")] = False,
) -> None:
    """Make a subscription of a saved search (or of --q): a subscriber who gets the alerts that answer it.

    Prints the entry for subscribers.toml, or adds it with --write; workers take it up at their next tick.
    """
    from monitor.steps.access import Access
    from monitor.steps.subscribing import add_subscription, subscription_entry

    with asking.open_desk() as (store, settings):
        question = q or Access(store).search_named(name).question
    where = settings.config_dir / "subscribers.toml"
    entry = subscription_entry(
        question, name=name, to=to, kind=kind, rhythm=rhythm, language=language, zone=zone or settings.time_zone
    )
    if not write:
        typer.echo(entry, nl=False)
        return
    add_subscription(where, entry)
    typer.echo(f"{name}: added to {where}", err=True)
