"""What may run by itself when Python starts."""

from __future__ import annotations

import sysconfig
from pathlib import Path

# ours (an editable install), setuptools' own, and the coverage of test runs
EXPECTED = ("__editable__.veille-", "distutils-precedence", "_virtualenv", "a1_coverage")


def test_no_unexpected_path_file_is_in_the_environment() -> None:
    """A `.pth` file runs code at every start of Python: a favourite place of hostile packages."""
    places = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    found = {path.name for place in places for path in place.glob("*.pth")}
    assert {name for name in found if not name.startswith(EXPECTED)} == set()
