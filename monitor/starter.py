"""The configuration to start from: the dossier, the feeds, the examples. In a checkout it is `config/` itself."""

from __future__ import annotations

import shutil
from pathlib import Path

from monitor.errors import ConfigError

PACKAGE = Path(__file__).parent


def starter_dir() -> Path:
    """Where the shipped configuration stands: inside the installed package, else in the checkout."""
    for folder in (PACKAGE / "starter", PACKAGE.parent / "config"):
        if (folder / "dossiers").is_dir():
            return folder
    raise ConfigError("the shipped configuration is missing from this installation", code="C003")


def init_config(target: Path) -> list[Path]:
    """Copy the shipped configuration to `target`; what is there already is left alone. Gives what was written."""
    source = starter_dir()
    written = []
    for path in sorted(p for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        copy = target / path.relative_to(source)
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            written.append(copy)
    return written
