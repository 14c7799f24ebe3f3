"""A search made a subscription: the entry of `subscribers.toml` that sends what answers it from now on."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from monitor.domain.subscribers import parse_query, parse_subscribers
from monitor.domain.text import fold
from monitor.errors import ConfigError

# Filters of a search that mean nothing for alerts that are still to come.
_OF_THE_PAST = re.compile(
    r"(?<![\w\"])-?(?:since|depuis|until|avant|status|statut|assignee|suivi|story|r[ée]cit):(?:\"[^\"]*\"|[^\s()\"]*)",
    re.IGNORECASE,
)


def subscription_entry(
    question: str,
    *,
    name: str,
    to: str,
    kind: str = "email",
    rhythm: str = "daily 07:30",
    language: str = "fr",
    zone: str = "Europe/Paris",
) -> str:
    """The `[[subscriber]]` table of a question, in TOML; its filters on time and follow-up are left out.

    Raises `QueryError` for a question that cannot be read, `ConfigError` for an address, rhythm or zone that is none.
    """
    query = " ".join(_OF_THE_PAST.sub(" ", question).split())
    parse_query(query)
    values = {
        "name": re.sub(r"[^\w.@+]+", "-", fold(name)).strip("-")[:64] or "recherche",
        "title": name,
        "query": query,
        "rhythm": rhythm,
        "language": language,
        "zone": zone,
    }
    lines = ["[[subscriber]]", *(f"{key} = {_quoted(value)}" for key, value in values.items() if value)]
    lines += ["", "  [[subscriber.channel]]", f"  kind = {_quoted(kind)}", f"  to = {_quoted(to)}", ""]
    entry = "\n".join(lines)
    parse_subscribers(entry, "the new entry")
    return entry


def add_subscription(path: Path, entry: str) -> None:
    """Put an entry at the end of `subscribers.toml`, whole or not at all. Raises `ConfigError`: nothing is written."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = f"{text.rstrip()}\n\n{entry}" if text.strip() else entry
    parse_subscribers(whole, str(path))
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False) as file:
            file.write(whole)
        made = Path(file.name)
        made.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        made.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error}", where=str(path), code="C050") from error


def _quoted(text: str) -> str:
    """A basic string of TOML, which is one of JSON but for the character DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
