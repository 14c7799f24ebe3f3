"""What the demo says."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from monitor.cli.demo_screen import Screen
from monitor.storage.progress import Counts


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "La Vigie ne répond pas (le serveur a répondu 500)"),
        ("en", "La Vigie does not answer (the server answered 500)"),
    ],
)
def test_a_feed_that_fails_is_told_in_the_readers_language(language: str, said: str) -> None:
    out = io.StringIO()
    Screen(Console(file=out, width=200), language).read(
        Counts(13, 1, 22, 0, {"matched": 8}, 8, 0), [("La Vigie", "status: the server answered 500", None)]
    )
    assert said in out.getvalue()
