"""`feeds.toml`: the list of feeds, from text and back."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from monitor.domain.cleaning import clean_line
from monitor.domain.subscribers_file import Table, read_tables
from monitor.domain.urls import canonicalise
from monitor.errors import ConfigError


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """A feed as a list names it. `every` forces the interval between polls; `line` is where it stands (0: nowhere)."""

    name: str
    url: str
    enabled: bool = True
    tags: tuple[str, ...] = ()
    every: timedelta | None = None
    site_url: str | None = None
    line: int = 0


def load_feeds(path: Path) -> list[FeedSpec]:
    """The feeds of the file at `path`. Raises `ConfigError` with `path:line`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", where=str(path), code="C060") from error
    return parse_feeds(text, str(path))


def parse_feeds(text: str, where: str) -> list[FeedSpec]:
    """The feeds of a `feeds.toml`: `C061` for an address that is none, `C062` for one listed twice."""
    specs: list[FeedSpec] = []
    seen: dict[str, FeedSpec] = {}
    for table in read_tables(text, where, "feed"):
        spec = _spec(table)
        key = canonicalise(spec.url)
        if key is None:
            hint = "write the feed's full address, https://…"
            raise table.error("url", f"{spec.url!r} is not an address on the web", hint=hint, code="C061")
        if key in seen:
            raise table.error("url", f"is listed already, as {seen[key].name}, line {seen[key].line}", code="C062")
        seen[key] = spec
        specs.append(spec)
    return specs


def _spec(table: Table) -> FeedSpec:
    name = clean_line(table.text("name", required=True))
    if not name:
        raise table.error("name", "is empty")
    every = table.number("every_minutes", 0, low=0, high=10_080)
    spec = FeedSpec(
        name=name,
        url=table.text("url", required=True).strip(),
        enabled=table.flag("enabled", default=True),
        tags=tuple(dict.fromkeys(clean_line(tag) for tag in table.texts("tags"))),
        every=timedelta(minutes=every) if every else None,
        line=table.line,
    )
    table.finish()
    return spec


def format_feeds(specs: Iterable[FeedSpec]) -> str:
    """A `feeds.toml` that `parse_feeds` reads back."""
    return "\n".join(map(_table, specs))


def _table(spec: FeedSpec) -> str:
    lines = ["[[feed]]", f"name = {_quoted(spec.name)}", f"url = {_quoted(spec.url)}"]
    lines += [] if spec.enabled else ["enabled = false"]
    lines += [f"tags = [{', '.join(map(_quoted, spec.tags))}]"] if spec.tags else []
    lines += [f"every_minutes = {spec.every.total_seconds() / 60:g}"] if spec.every else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = re.sub(r'[\x00-\x1f\x7f"\\]', lambda found: f"\\u{ord(found[0]):04x}", text)
    quoted = f'"{escaped}"'
    tomllib.loads(f"x = {quoted}")
    return quoted
