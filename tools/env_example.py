"""Prints config/veille.env.example: every variable, its default and what it is for, from the settings themselves."""

from __future__ import annotations

import sys
import textwrap
from datetime import timedelta
from typing import Any

from monitor.settings import PREFIX, Settings

HEADING = """\
# Every variable of Veille; all are optional. Each has a *_FILE form, a path whose content is the value (for secrets).
# Durations are in seconds. Copy, take away the # where you change something, and load it: set -a; . ./veille.env
"""


def example() -> str:
    """The file's text."""
    lines = [HEADING]
    for name, field in Settings.model_fields.items():
        lines += textwrap.wrap(field.description or "", 116, initial_indent="# ", subsequent_indent="#   ")
        lines += [f"#{PREFIX}{name.upper()}={_shown(field.default)}", ""]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if " " in str(value) else str(value)


if __name__ == "__main__":
    sys.stdout.write(example())
