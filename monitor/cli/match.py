"""`veille match`: article lines in, verdict lines out."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from monitor.cli.article_lines import find_dossier, read_lines, to_document
from monitor.domain.model import Span, Verdict
from monitor.errors import ConfigError

app = typer.Typer()


@app.command()
def match(
    source: Annotated[str, typer.Argument(metavar="FILE|-", help="article lines (JSON), or - for standard input")],
    dossier: Annotated[str, typer.Option(help="slug, or path of a dossier file")],
    format: Annotated[str, typer.Option(help="jsonl")] = "jsonl",  # noqa: A002 - the option's name
) -> None:
    """Match articles against a dossier: one line out for each line in, in the same order.

    A line that cannot be read gives `"error"` in its place, and the exit code 1 at the end.
    """
    from monitor.domain.matching import compile_dossiers

    if format != "jsonl":
        raise typer.BadParameter("jsonl is the only format", param_hint="--format")
    chosen = find_dossier(dossier)
    matcher, failed = compile_dossiers([chosen]), False
    for where, line in read_lines(source):
        try:
            if isinstance(line, ConfigError):
                raise line
            answer = verdict_line(line.get("id"), matcher.match_one(to_document(line), chosen.slug))
        except ConfigError as error:
            failed = True
            typer.echo(f"veille: {where}: {error.message}", err=True)
            answer = failure_line(None if isinstance(line, ConfigError) else line.get("id"), error)
        typer.echo(_dumped(answer))
    if failed:
        raise typer.Exit(1)


def failure_line(identity: object, error: ConfigError) -> dict[str, Any]:
    """What stands in the place of a line that cannot be matched, so that lines out still pair with lines in."""
    return {"id": identity, "relevant": False, "score": 0.0, "topics": [], "error": error.message}


def _dumped(answer: dict[str, Any]) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    # A lone surrogate of the article, quoted in evidence, has no UTF-8: only its escape can be written.
    return text if text.isascii() or text.encode("utf-8", "ignore").decode() == text else json.dumps(answer)


def verdict_line(identity: object, verdict: Verdict) -> dict[str, Any]:
    """The contract's line of one verdict."""
    topics = [
        {"topic": topic.topic, "score": topic.score, "evidence": [span_line(span) for span in topic.evidence]}
        for topic in verdict.topics
    ]
    return {"id": identity, "relevant": verdict.relevant, "score": verdict.score, "topics": topics}


def span_line(span: Span) -> dict[str, Any]:
    return {"field": span.field.value, "start": span.start, "end": span.end, "text": span.text}
