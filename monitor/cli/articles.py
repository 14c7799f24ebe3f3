"""`veille articles`: what was read, whole."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import asking
from monitor.formats import to_json

app = typer.Typer(add_completion=False, help="Articles that were read, newest first.")

TABLE = ("id", "published_at", "source", "title", "access", "outcome")


@app.callback(invoke_without_command=True)
@asking.asks
def articles(request: asking.Request) -> None:
    """Articles that were read, newest first."""
    from monitor.query import article_line

    with asking.open_queries() as (queries, settings):
        request.print(queries.articles, article_line, settings, TABLE, queries)


@app.command()
def show(article: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """One article, whole, as JSON."""
    from monitor.query import article_line

    with asking.open_queries() as (queries, _):
        typer.echo(to_json(article_line(queries.article(article)), indent=2))
