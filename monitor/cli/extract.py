"""`veille extract FILE|URL… --format jsonl`: pages to article lines."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import settings
from monitor.errors import ContentError, FetchError

if TYPE_CHECKING:
    from monitor.domain.model import PageData
    from monitor.fetch.web import PageAnswer

app = typer.Typer()
MAX_FILE = 16 * 1024 * 1024  # bytes, unpacked


class Format(StrEnum):
    JSONL = "jsonl"
    JSON = "json"


@app.command()
def extract(
    sources: Annotated[list[str], typer.Argument(metavar="FILE|URL...", help="pages: .html, .html.gz, or addresses")],
    output: Annotated[Format, typer.Option("--format", help="jsonl: a line a page; json: one list")] = Format.JSONL,
) -> None:
    """Read pages and print the articles on them. What cannot be read is said on stderr; then the exit code is 1."""
    fetched = _fetch([source for source in sources if _is_address(source)])
    lines: list[dict[str, object]] = []
    failed = False
    for source in sources:
        try:
            line = _fetched_line(source, fetched[source]) if source in fetched else article_line(source)
        except (ContentError, FetchError, OSError) as error:
            typer.echo(f"veille: {source}: {error}", err=True)
            failed = True
            continue
        if output is Format.JSONL:
            typer.echo(json.dumps(line, ensure_ascii=False))
        lines.append(line)
    if output is Format.JSON:
        typer.echo(json.dumps(lines, ensure_ascii=False, indent=2))
    raise typer.Exit(1 if failed else 0)


def article_line(path: str) -> dict[str, object]:
    """One stored page as the contract's article line. Raises `ContentError`, `OSError`."""
    from monitor.fetch.pages import extract_page

    return to_line(path, None, extract_page(_read(Path(path)), url=""))


def to_line(source: str, url: str | None, page: PageData) -> dict[str, object]:
    """The JSON shape of a page: times in ISO 8601, in the offset that the page gives."""
    return {
        "file": source if url is None else None,
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


def _is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def _fetch(urls: list[str]) -> dict[str, PageAnswer | Exception]:
    """The pages behind `urls`, through the one door: pace, robots and opt-outs hold here too."""
    if not urls:
        return {}
    from monitor.fetch.web import Web

    loaded = settings()

    async def run() -> dict[str, PageAnswer | Exception]:
        web = await Web.open(loaded)
        try:
            answers = await asyncio.gather(*(web.page(url) for url in urls), return_exceptions=True)
        finally:
            await web.close()
        return dict(zip(urls, map(_expected, answers), strict=True))

    return asyncio.run(run())


def _expected(answer: PageAnswer | BaseException) -> PageAnswer | Exception:
    """Answers and errors of our own pass; any other error is a fault and is raised."""
    if isinstance(answer, BaseException) and not isinstance(answer, ContentError | FetchError):
        raise answer
    return answer


def _fetched_line(url: str, answer: PageAnswer | Exception) -> dict[str, object]:
    if isinstance(answer, Exception):
        raise answer
    return to_line(url, url, answer.page)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _read(path: Path) -> bytes:
    """The file, unpacked if it is gzip, within `MAX_FILE`."""
    body = path.read_bytes()
    if body[:2] != b"\x1f\x8b":
        return body
    try:
        with gzip.open(path) as unpacked:
            return unpacked.read(MAX_FILE)
    except (EOFError, zlib.error) as error:
        raise ContentError(f"the gzip file is damaged: {error}", kind="truncated") from error
