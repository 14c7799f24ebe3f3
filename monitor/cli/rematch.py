"""`veille rematch`: apply a dossier to stored articles."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.article_lines import find_dossier

app = typer.Typer()


@app.command()
def rematch(
    dossier: Annotated[str, typer.Argument(help="slug of a dossier in the configuration")],
    deliver: Annotated[bool, typer.Option("--deliver", help="put the alerts into digests, as a backlog")] = False,
) -> None:
    """Give stored articles the matches that the dossier finds now; alerts raised so are marked retroactive."""
    from monitor.cli.asking import open_desk
    from monitor.cli.common import counting, open_monitor
    from monitor.steps.context import utc_now
    from monitor.steps.rematching import rematch as run
    from monitor.storage.stored import count_articles

    chosen = find_dossier(dossier)
    with open_monitor():
        pass  # the dossier's topics are in the database as the file has them
    with open_desk() as (store, settings), counting("matching", count_articles(store)) as progress:
        cache = settings.cache_dir
        done = run(store, chosen, now=utc_now(), deliver=deliver, cache_dir=cache, progress=progress)
    typer.echo(f"{done.articles} articles, {done.changed} with other topics, {done.alerts_raised} alerts raised")
