"""`veille suggest`: terms worth adding to a topic, from what was confirmed and what was dismissed."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer

from monitor.cli.article_lines import find_dossier
from monitor.domain.dossier import Dossier
from monitor.domain.expressions import Term
from monitor.domain.suggesting import Suggestion
from monitor.errors import NotFoundError

app = typer.Typer()


@app.command()
def suggest(
    topic: Annotated[str, typer.Argument(help="slug of a topic")],
    dossier: Annotated[str, typer.Option(help="slug of its dossier")] = "huawei-europe",
    limit: Annotated[int, typer.Option(help="how many terms")] = 20,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002 - the option's name
) -> None:
    """Terms of confirmed alerts that are rare elsewhere, and of dismissed ones: proposals, nothing is changed."""
    from monitor.cli.asking import open_desk
    from monitor.domain.suggesting import suggest_terms
    from monitor.storage.stored import stored_articles, texts_by_topic

    chosen = find_dossier(dossier)
    if topic not in {one.slug for one in chosen.topics}:
        raise NotFoundError(f"no topic {topic!r} in {dossier}; there are: {', '.join(t.slug for t in chosen.topics)}")
    with open_desk() as (store, _):
        with store.read() as session:
            confirmed = texts_by_topic(session, chosen.slug, topic, "confirmed")
            dismissed = texts_by_topic(session, chosen.slug, topic, "dismissed")
        others = [
            "\n\n".join((one.document.title, one.document.lead, one.document.body))
            for one in stored_articles(store, chosen.slug)
            if topic not in one.topics
        ]
    found = {
        "for": suggest_terms(confirmed, [*others, *dismissed], _known(chosen, topic), limit),
        "against": suggest_terms(dismissed, confirmed or others, (), limit),
    }
    if format == "json":
        lines = [{**dataclasses.asdict(one), "side": side} for side, terms in found.items() for one in terms]
        typer.echo(json.dumps(lines, ensure_ascii=False))
        return
    if not confirmed and not dismissed:
        typer.echo(f"no alert with {topic} was confirmed or dismissed yet: `veille alerts set ID confirmed`", err=True)
    rest = len(others) + len(dismissed)
    typer.echo(f"for {topic}: {len(confirmed)} articles of confirmed alerts (in), {rest} others (out)")
    _print(found["for"])
    if dismissed:
        rate = len(dismissed) / (len(dismissed) + len(confirmed))
        typer.echo(f"against {topic}: {len(dismissed)} articles of dismissed alerts (in), {rate:.0%} of those decided")
        _print(found["against"])


def _print(terms: list[Suggestion]) -> None:
    for one in terms:
        typer.echo(f"{one.score:6.2f}  {one.inside:4} in, {one.outside:4} out  {one.term}")


def _known(dossier: Dossier, topic: str) -> list[str]:
    rules = next(one.rules for one in dossier.topics if one.slug == topic)
    return [item.text for rule in rules for item in rule.items if isinstance(item, Term)]
