"""`veille stories`: articles that tell one event."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import asking
from monitor.formats import to_json

app = typer.Typer(add_completion=False, help="Stories: articles that tell one event, newest first.")

TABLE = ("id", "created_at", "title", "articles", "alert_ids")


@app.callback(invoke_without_command=True)
@asking.asks
def stories(request: asking.Request) -> None:
    """Stories: articles that tell one event, newest first."""
    from monitor.query import story_line

    with asking.open_queries() as (queries, settings):
        request.print(queries.stories, story_line, settings, TABLE, queries)


@app.command()
def show(story: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """One story, whole, as JSON."""
    from monitor.query import story_line

    with asking.open_queries() as (queries, _):
        typer.echo(to_json(story_line(queries.story(story)), indent=2))
