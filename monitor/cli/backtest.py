"""`veille backtest`: what a changed dossier would gain and lose on what is stored."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from monitor.cli.article_lines import find_dossier

app = typer.Typer()


@app.command()
def backtest(
    dossier: Annotated[str, typer.Argument(metavar="DOSSIER.toml", help="the changed file")],
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002 - the option's name
) -> None:
    """Articles gained and lost by topic, alerts a week, dead terms, near-misses. Nothing is written.

    A copy that has no model beside it is weighed by that of the dossier in force.
    """
    from monitor.cli.asking import open_desk
    from monitor.cli.common import counting
    from monitor.steps.rematching import backtest as run
    from monitor.steps.rematching import weighed_as_in_force
    from monitor.storage.stored import count_articles

    with open_desk() as (store, settings):
        chosen = weighed_as_in_force(store, find_dossier(dossier))
        with counting("matching", count_articles(store)) as progress:
            report = run(store, chosen, settings.cache_dir, progress).report(chosen)
    if format == "json":
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)


def _show(report: dict[str, Any]) -> None:
    rate, decided = report["alerts_per_week"], "the model and the rules" if report["weighed"] else "the rules"
    typer.echo(f"{report['articles']} articles, decided by {decided}")
    typer.echo(f"alerts a week: {rate['before']} before, {rate['after']} after\n")
    typer.echo(f"{'topic':28}{'kept':>6}{'gained':>8}{'lost':>6}")
    for slug, topic in report["topics"].items():
        typer.echo(f"{slug:28}{topic['kept']:>6}{topic['gained']:>8}{topic['lost']:>6}")
        for sign, key in (("+", "gained_articles"), ("-", "lost_articles")):
            for row in topic[key][:3]:
                typer.echo(f"    {sign} {row['article']} {row['title'][:90]}")
    for row in report["near_misses"][:5]:
        typer.echo(f"near {row['topic'] or 'relevance'}: {row['article']} {row['score']:.2f} {row['title'][:90]}")
    if report["dead_terms"]:
        shown = [
            *report["dead_terms"][:12],
            *(["… (all with --format json)"] if len(report["dead_terms"]) > 12 else []),
        ]
        typer.echo(f"{len(report['dead_terms'])} terms never hit: {', '.join(shown)}")
    if report["terms_alone"]:
        alone = (f"{term} ({count})" for term, count in report["terms_alone"].items())
        typer.echo(f"terms that carry a topic alone: {', '.join(alone)}")
