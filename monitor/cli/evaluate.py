"""`veille evaluate`: measure a dossier against labelled articles."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.article_lines import find_dossier
from monitor.domain.dossier import Dossier
from monitor.domain.scorecard import Scorecard, below, empty
from monitor.errors import ConfigError

app = typer.Typer()


@app.command()
def evaluate(
    corpus: Annotated[list[str], typer.Argument(help="labelled article lines (JSON)")],
    dossier: Annotated[str, typer.Option(help="slug, or path of a dossier file")] = "huawei-europe",
    floors: Annotated[Path | None, typer.Option(help="exit 1 below a floor of this file (JSON)")] = None,
    rules_only: Annotated[bool, typer.Option("--rules-only", help="without the dossier's model")] = False,
    format: Annotated[str, typer.Option(help="table or json")] = "table",  # noqa: A002 - the option's name
    worst: Annotated[int, typer.Option(help="how many misses to show")] = 10,
) -> None:
    """Precision, recall and F1 by topic, the confusions, the worst misses."""
    chosen = find_dossier(dossier)
    if rules_only:
        chosen = dataclasses.replace(chosen, model=None)
    cards = {name: _measure(chosen, [name]) for name in corpus}
    whole = _measure(chosen, corpus) if len(corpus) > 1 else next(iter(cards.values()))
    if format == "json":
        report = {"files": {Path(name).name: _report(card) for name, card in cards.items()}, "all": _report(whole)}
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        _show(cards, whole, worst)
    failed = below(_figures(whole, rules_only=rules_only), _floors(floors, whole)) if floors else []
    for sentence in failed:
        typer.echo(f"evaluate: {sentence}", err=True)
    if failed:
        raise typer.Exit(1)


def _measure(dossier: Dossier, corpus: list[str]) -> Scorecard:
    from monitor.cli.labelled import read_labelled
    from monitor.domain.matching import compile_dossiers

    matcher = compile_dossiers([dossier])
    card = empty(topic.slug for topic in dossier.topics)
    for name in corpus:
        for identity, labelled in read_labelled(name):
            card.add(identity, labelled, matcher.match_one(labelled.document, dossier.slug))
    return card


def _floors(path: Path, card: Scorecard) -> dict[str, float]:
    """The floors of a file. Raises `ConfigError` for one that no figure has: it would hold nothing."""
    try:
        floors = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", where=str(path), code="A005") from error
    known = {**_figures(card, rules_only=False), **_figures(card, rules_only=True)}
    for name, floor in floors.items():
        if name not in known or not isinstance(floor, (int, float)):
            hint = f"there are {', '.join(known)}"
            raise ConfigError(f"no figure is called {name!r}, or its floor is no number", where=str(path), hint=hint)
    return dict(floors)


def _figures(card: Scorecard, *, rules_only: bool) -> dict[str, float]:
    """Floors of the rules alone have names of their own."""
    return {f"rules_{name}" if rules_only else name: value for name, value in card.figures().items()}


def _report(card: Scorecard) -> dict[str, Any]:
    topics = {
        slug: {"precision": round(c.precision, 4), "recall": round(c.recall, 4), "f1": round(c.f1, 4)}
        for slug, c in card.topics.items()
    }
    return {"articles": card.articles, **card.figures(), "topics": topics}


def _show(cards: dict[str, Scorecard], whole: Scorecard, worst: int) -> None:
    for name, card in cards.items():
        figures = ", ".join(f"{key} {value:.3f}" for key, value in card.figures().items())
        typer.echo(f"{Path(name).name}: {card.articles} articles, {figures}")
    typer.echo(f"\n{'':28}{'precision':>10}{'recall':>8}{'F1':>7}{'right':>7}{'wrong':>7}{'missed':>8}")
    for slug, c in {"relevance": whole.relevance, **whole.topics, "all topics": whole.micro}.items():
        counts = f"{c.hits:>7}{c.wrong:>7}{c.missed:>8}"
        typer.echo(f"{slug:28}{c.precision:>10.3f}{c.recall:>8.3f}{c.f1:>7.3f}{counts}")
    for (true, said), count in whole.confusion.most_common(5):
        typer.echo(f"confused {count} times: {true} taken for {said}")
    for miss in sorted(whole.misses, key=lambda m: (m.topic is not None, -m.score))[:worst]:
        kind = miss.topic or "relevance"
        typer.echo(f"{'wrong' if miss.said else 'missed'} {miss.identity} {kind} {miss.score:.2f}: {miss.text[:120]}")
