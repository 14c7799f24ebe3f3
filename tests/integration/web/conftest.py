"""A web part with a password, and one that is open on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.newsroom import Newsroom
from tests.site import PASSWORD, Site, serve


def fill(site: Site) -> Newsroom:
    """Three alerts, an article with a hostile text."""
    room = Newsroom(site.monitor.store)
    story = room.article(
        "La Suède exclut Huawei", "Les opérateurs écartent <b>l’équipementier</b>.", matches={"cloud": 0.9}
    )
    room.alert(story)
    room.alert(room.article("<script>alert(1)</script>", "<img src=x onerror=alert(2)>", matches={"cloud": 0.6}))
    room.alert(room.article("Un nuage", matches={"5g-exclusion": 0.7}, url="javascript:alert(3)"), status="confirmed")
    return room


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Nobody is signed in yet."""
    with serve(tmp_path, VEILLE_WEB_PASSWORD=PASSWORD) as running:
        fill(running)
        yield running


@pytest.fixture
def open_site(tmp_path: Path) -> Iterator[Site]:
    """No password: open on loopback."""
    with serve(tmp_path) as running:
        fill(running)
        yield running
