"""`veille extract FILE|URL… --format jsonl`: pages to article lines."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.errors import ContentError

if TYPE_CHECKING:
    from monitor.domain.model import PageData

app = typer.Typer()


class Format(StrEnum):
    JSONL = "jsonl"
    JSON = "json"


@app.command()
def extract(
    sources: Annotated[list[str], typer.Argument(metavar="FILE|URL...", help="pages: .html, .html.gz, or addresses")],
    output: Annotated[Format, typer.Option("--format", help="jsonl: a line a page; json: one list")] = Format.JSONL,
) -> None:
    """Read pages and print the articles on them."""
    lines, failed = [], False
    for source in sources:
        try:
            line = article_line(source, _read(Path(source)))
        except (ContentError, OSError, EOFError) as error:
            typer.echo(f"veille: {source}: {error}", err=True)
            failed = True
            continue
        if output is Format.JSONL:
            typer.echo(json.dumps(line, ensure_ascii=False))
        lines.append(line)
    if output is Format.JSON:
        typer.echo(json.dumps(lines, ensure_ascii=False, indent=2))
    raise typer.Exit(1 if failed else 0)


def article_line(source: str, body: bytes, url: str = "") -> dict[str, object]:
    """One page as the contract's article line."""
    from monitor.fetch.pages import extract_page

    return to_line(source, url, extract_page(body, url=url))


def to_line(source: str, url: str, page: PageData) -> dict[str, object]:
    """The JSON shape of a page: times in ISO 8601, UTC."""
    return {
        "file": source,
        "url": url or page.canonical_url,
        "canonical_url": page.canonical_url,
        "title": page.title,
        "lead": page.lead,
        "text": page.text,
        "published_at": _iso(page.published_at),
        "authors": list(page.authors),
        "language": page.language,
        "access": page.access.value,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _read(path: Path) -> bytes:
    body = path.read_bytes()
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
