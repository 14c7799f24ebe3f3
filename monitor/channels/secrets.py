"""Secrets named by reference: `file:PATH` stands for what the file holds, so that neither rows nor listings show it."""

from __future__ import annotations

from pathlib import Path

from monitor.errors import ChannelError

PREFIX = "file:"


def resolve(reference: str) -> str:
    """The secret itself. Raises `ChannelError` (temporary: the operator can mend the file)."""
    if not reference.startswith(PREFIX):
        return reference
    path = Path(reference.removeprefix(PREFIX))
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ChannelError(f"the secret {path} cannot be read: {error}") from error
