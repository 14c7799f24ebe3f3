"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from monitor.domain import french

# Before numpy is loaded: tests run side by side, and the threads of its BLAS wait for each other by turning.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A machine that is busy with other things is no failure of a property.
settings.register_profile("veille", deadline=None)
settings.load_profile("veille")

UNIT = Path(__file__).parent / "unit"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests open no socket; the others talk to servers on loopback that they start themselves."""
    for item in items:
        if UNIT in item.path.parents:
            item.add_marker(pytest.mark.disable_socket)


@pytest.fixture(autouse=True, scope="session")
def one_lexicon() -> Iterator[None]:
    """The French lexicon is loaded once, not for each dossier that is compiled, which took half of the unit tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(french, "forget", lambda: None)
        yield
