"""`veille matches`: the topics found in articles."""

from __future__ import annotations

import typer

from monitor.cli import asking

app = typer.Typer(add_completion=False)

TABLE = ("topic", "score", "article.published_at", "article.source", "article.title", "evidence")


@app.command()
@asking.asks
def matches(request: asking.Request) -> None:
    """Topics found in articles, with the evidence, newest first."""
    from monitor.query import match_line

    with asking.open_queries() as (queries, settings):
        request.print(queries.matches, match_line, settings, TABLE, queries)
