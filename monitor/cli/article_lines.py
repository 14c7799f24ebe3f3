"""Article lines: the JSON that `match`, `evaluate` and `train` take, one article a line."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.domain.dossier import Dossier
from monitor.domain.model import Document
from monitor.errors import ConfigError, NotFoundError


def read_lines(source: str) -> Iterator[tuple[str, dict[str, Any] | ConfigError]]:
    """The article lines of a file (`-`: standard input) with their places; a bad line gives its error.

    Lines are decoded one by one, so that one in another encoding costs no other. Raises `NotFoundError`.
    """
    try:
        opened = nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise NotFoundError(f"{source}: {error.strerror}") from error
    with opened as lines:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if text.strip():
                where = f"{'standard input' if source == '-' else source}:{number}"
                yield where, _parsed(text, where)


def _parsed(line: bytes, where: str) -> dict[str, Any] | ConfigError:
    try:
        found = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return ConfigError(f"not UTF-8 at byte {error.start + 1} of the line", where=where, code="A001")
    except (ValueError, RecursionError) as error:
        return ConfigError(f"not JSON: {error}", where=where, code="A001")
    if not isinstance(found, dict):
        return ConfigError("an article is a JSON object", where=where, code="A001")
    return found


def to_document(line: dict[str, Any]) -> Document:
    """The document of an article line. A `body` list is paragraphs joined by a blank line; `text` serves for it.

    Raises `ConfigError` when a field has the wrong type.
    """
    body = line.get("body") or line.get("text") or ""
    if isinstance(body, list) and all(isinstance(paragraph, str) for paragraph in body):
        body = "\n\n".join(body)
    texts = {"title": line.get("title") or "", "lead": line.get("lead") or "", "body": body}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ConfigError(f"{name!r} is not a string", where=str(line.get("id", "")), code="A002")
    return Document(
        **texts,
        source=_word(line.get("source")),
        language=_word(line.get("language")),
        published_at=_moment(line.get("published_at") or line.get("published")),
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def find_dossier(name: str) -> Dossier:
    """The dossier of a slug in the configuration, or of a path. Raises `NotFoundError`, `DossierError`."""
    from monitor.domain.topics import load_dossier
    from monitor.settings import load_settings

    folder = load_settings().config_dir / "dossiers"
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in folder.glob("*.toml"))) or "none"
        raise NotFoundError(f"no dossier {name!r} at {path}; there are: {known}")
    return load_dossier(path)
