from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.press import Press, open_press


@pytest.fixture
def press() -> Iterator[Press]:
    with open_press() as opened:
        yield opened


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)
