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
    """Articles gained and lost by topic, alerts a week, dead terms, near-misses. Nothing is written."""
    from monitor.cli.asking import open_desk
    from monitor.steps.rematching import backtest as run

    chosen = find_dossier(dossier)
    with open_desk() as (store, settings):
        report = run(store, chosen, settings.data_dir / "cache").report(chosen)
    if format == "json":
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)


def _show(report: dict[str, Any]) -> None:
    rate = report["alerts_per_week"]
    typer.echo(f"{report['articles']} articles; stories a week: {rate['before']} before, {rate['after']} after\n")
    typer.echo(f"{'topic':28}{'kept':>6}{'gained':>8}{'lost':>6}")
    for slug, topic in report["topics"].items():
        typer.echo(f"{slug:28}{topic['kept']:>6}{topic['gained']:>8}{topic['lost']:>6}")
        for sign, key in (("+", "gained_articles"), ("-", "lost_articles")):
            for row in topic[key][:3]:
                typer.echo(f"    {sign} {row['article']} {row['title'][:90]}")
    for row in report["near_misses"][:5]:
        typer.echo(f"near: {row['article']} {row['score']:.2f} {row['title'][:90]}")
    if report["dead_terms"]:
        typer.echo(f"{len(report['dead_terms'])} terms never hit: {', '.join(report['dead_terms'][:12])}…")
    if report["terms_alone"]:
        typer.echo(f"terms that carry a topic alone: {', '.join(report['terms_alone'])}")
