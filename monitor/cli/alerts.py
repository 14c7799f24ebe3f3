"""`veille alerts`: what people should know of, and their follow-up."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import alerts_follow_up, asking
from monitor.cli.alerts_follow_up import Ids, alert_ids, tell
from monitor.formats import to_json

app = typer.Typer(add_completion=False, help="Alerts and their follow-up, newest first.")
app.command()(alerts_follow_up.due)
app.command()(alerts_follow_up.snooze)
app.command()(alerts_follow_up.tag)
app.command()(alerts_follow_up.mute)
app.command()(alerts_follow_up.unmute)
app.command()(alerts_follow_up.trail)
app.command()(alerts_follow_up.stats)

TABLE = ("id", "raised_at", "status", "score", "topics", "title", "articles")


@app.callback(invoke_without_command=True)
@asking.asks
def alerts(request: asking.Request) -> None:
    """Alerts and their follow-up, newest first."""
    from monitor.query import alert_line

    with asking.open_queries() as (queries, settings):
        request.print(queries.alerts, alert_line, settings, TABLE, queries)


@app.command()
def show(alert: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """One alert, whole, as JSON."""
    from monitor.query import alert_detail

    with asking.open_queries() as (queries, _):
        typer.echo(to_json(alert_detail(queries.alert(alert)), indent=2))


@app.command("list", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def list_(context: typer.Context) -> None:
    """The same as `veille alerts` alone, with its options."""
    from typer.main import get_command

    get_command(app)(args=list(context.args), prog_name="veille alerts")


@app.command("set")
def set_(
    alert: Ids,
    status: Annotated[str, typer.Argument(help="new, to-verify, follow-up, confirmed or dismissed")],
    reason: Annotated[str | None, typer.Option(help="why, for whoever reads the trail")] = None,
    who: asking.Who = "",
) -> None:
    """Change an alert's follow-up status."""
    with asking.open_follow_up(who) as follow_up:
        changed = follow_up.set_status(alert_ids(alert), asking.parse_status(status), reason=reason)
    tell(changed, status)


@app.command()
def assign(
    alert: Ids,
    person: Annotated[str, typer.Argument(help="a name; - for nobody")],
    who: asking.Who = "",
) -> None:
    """Say who looks after an alert."""
    with asking.open_follow_up(who) as follow_up:
        changed = follow_up.assign(alert_ids(alert), None if person == "-" else person)
    tell(changed, "nobody" if person == "-" else person)


@app.command()
def note(
    alert: Annotated[int, typer.Argument(metavar="ID")],
    text: Annotated[str, typer.Argument(help="what to remember")],
    who: asking.Who = "",
) -> None:
    """Add a note to an alert's trail."""
    with asking.open_follow_up(who) as follow_up:
        follow_up.note(alert, text)
    typer.echo(f"alert {alert}: noted", err=True)
