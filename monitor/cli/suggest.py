"""`veille suggest`: terms worth adding to a topic, from what was confirmed and what was dismissed."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer

from monitor.cli.article_lines import find_dossier
from monitor.domain.dossier import Dossier
from monitor.domain.expressions import Term
from monitor.errors import NotFoundError

app = typer.Typer()


@app.command()
def suggest(
    topic: Annotated[str, typer.Argument(help="slug of a topic")],
    dossier: Annotated[str, typer.Option(help="slug of its dossier")] = "huawei-europe",
    limit: Annotated[int, typer.Option(help="how many terms")] = 20,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002 - the option's name
) -> None:
    """Terms frequent in articles of confirmed alerts and rare elsewhere: proposals, nothing is changed."""
    from monitor.cli.asking import open_desk
    from monitor.domain.suggesting import suggest_terms
    from monitor.storage.stored import stored_articles, texts_by_topic

    chosen = find_dossier(dossier)
    if topic not in {one.slug for one in chosen.topics}:
        raise NotFoundError(f"no topic {topic!r} in {dossier}; there are: {', '.join(t.slug for t in chosen.topics)}")
    with open_desk() as (store, _):
        with store.read() as session:
            confirmed = texts_by_topic(session, chosen.slug, topic, "confirmed")
        others = [
            "\n\n".join((one.document.title, one.document.lead, one.document.body))
            for one in stored_articles(store, chosen.slug)
            if topic not in one.topics
        ]
    found = suggest_terms(confirmed, others, _known(chosen, topic), limit)
    if format == "json":
        typer.echo(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False))
        return
    typer.echo(f"{len(confirmed)} confirmed articles of {topic}, {len(others)} others")
    for one in found:
        typer.echo(f"{one.score:6.2f}  {one.inside:4} in, {one.outside:4} out  {one.term}")


def _known(dossier: Dossier, topic: str) -> list[str]:
    rules = next(one.rules for one in dossier.topics if one.slug == topic)
    return [item.text for rule in rules for item in rule.items if isinstance(item, Term)]
