"""The compiled libraries, for tests that hold them against their twins in Python."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from monitor.domain.compiling import compiled

DOMAIN = Path(__file__).parents[1] / "monitor" / "domain"


def library_or_skip(name: str, folder: Path = DOMAIN, package: str = "monitor.domain") -> ModuleType:
    """The library `name` of a package's folder; the test is skipped where none was made."""
    found = compiled(name, folder, package)
    if found is None:
        pytest.skip("nothing was compiled here: make setup does, where there is a compiler")
    return found
