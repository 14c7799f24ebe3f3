"""`veille explain`: why each topic fired or fell short, term by term."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.article_lines import find_dossier, read_lines, to_document
from monitor.domain.model import Contribution, Document
from monitor.errors import ConfigError, NotFoundError
from monitor.formats import plain

app = typer.Typer()


@app.command()
def explain(
    article: Annotated[str, typer.Argument(help="id of a stored article, or a file of one article line (- for stdin)")],
    dossier: Annotated[str, typer.Option(help="slug, or path of a dossier file")] = "huawei-europe",
    format: Annotated[str, typer.Option(help="text or json")] = "text",  # noqa: A002 - the option's name
) -> None:
    """Tell term by term why each topic fired, or how far it fell short and what was missing."""
    from monitor.domain.explaining import explanation
    from monitor.domain.reasons import number_in_words
    from monitor.settings import load_settings

    stored = article.isdigit()
    document = _stored(int(article)) if stored else _from_file(article)
    found = explanation(find_dossier(dossier), document, load_settings().cache_dir if stored else None)
    if format == "json":
        typer.echo(json.dumps(dataclasses.asdict(found), ensure_ascii=False))
        return
    decided = "the model and the rules" if found.weighed else "the rules"
    typer.echo(f"{'relevant' if found.relevant else 'not relevant'}, score {found.score:.2f}, by {decided}")
    if found.missing:
        typer.echo(f"  {found.missing}")
    _show(tuple(dataclasses.replace(line, label=number_in_words(line.label, "en")) for line in found.arithmetic))
    _tell_words(found.words)
    for topic in found.topics:
        state = "fired" if topic.fired else "silent"
        typer.echo(f"\n{topic.topic}: {state}, score {topic.score:.2f}; rules {topic.raw:.2f} of {topic.threshold:.2f}")
        if topic.missing:
            typer.echo(f"  {topic.missing}")
        _show(topic.arithmetic)
        if topic.passage and (topic.fired or topic.raw >= topic.threshold):
            typer.echo(f"  the model's best passage: « {plain(topic.passage.sentence.text)} »")
            _tell_words(topic.passage.words)


def _tell_words(words: tuple[Contribution, ...]) -> None:
    for side, lines in (("for", [w for w in words if w.value > 0]), ("against", [w for w in words if w.value < 0])):
        if lines:
            typer.echo(f"    words {side} it: {', '.join(f'{plain(w.label)} {w.value:+.2f}' for w in lines)}")


def _show(lines: tuple[Contribution, ...]) -> None:
    for line in lines:
        words = ", ".join(dict.fromkeys(span.text for span in line.spans))
        typer.echo(f"  {line.value:+7.2f}  {line.label}{f' ({words})' if words and words != line.label else ''}")


def _from_file(path: str) -> Document:
    if path != "-" and not Path(path).is_file():
        raise NotFoundError(f"no article {path!r}: give the id of a stored one, or a file of one article line")
    for _, line in read_lines(path):
        if isinstance(line, ConfigError):
            raise line
        return to_document(line)
    raise NotFoundError(f"{path} holds no article line")


def _stored(article_id: int) -> Document:
    from monitor.cli.asking import open_desk
    from monitor.storage.stored import stored_article

    with open_desk() as (store, _), store.read() as session:
        found: Any = stored_article(session, article_id)
        if found is None:
            raise NotFoundError(f"no article {article_id}")
        return Document(**{f.name: getattr(found.document, f.name) for f in dataclasses.fields(Document)})
