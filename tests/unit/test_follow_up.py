"""What people decide of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.domain.model import AlertStatus
from monitor.errors import NotFoundError, QueryError
from monitor.query import Queries
from monitor.steps.follow_up import FollowUp
from monitor.storage.engine import Store, open_store
from monitor.storage.schema import migrate
from tests.newsroom import NOON, Newsroom


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'veille.db'}")
    migrate(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def alerts(store: Store) -> list[int]:
    room = Newsroom(store)
    return [room.alert(room.article(str(number), matches={"cloud": 0.8})) for number in range(2)]


@pytest.fixture
def follow_up(store: Store) -> FollowUp:
    return FollowUp(store, "Ada", lambda: NOON)


def test_a_status_is_set_once_and_told_in_the_trail(store: Store, alerts: list[int], follow_up: FollowUp) -> None:
    assert follow_up.set_status(alerts, AlertStatus.DISMISSED, reason="hors sujet") == 2
    assert follow_up.set_status(alerts, AlertStatus.DISMISSED, reason="hors sujet") == 0
    line = follow_up.trail(alerts[0])[0]
    assert (line["kind"], line["who"], line["detail"]["after"]["status"]) == ("status", "Ada", "dismissed")
    assert Queries(store).alert(alerts[0]).reason == "hors sujet"


def test_one_unknown_alert_leaves_all_as_they_were(store: Store, alerts: list[int], follow_up: FollowUp) -> None:
    with pytest.raises(NotFoundError):
        follow_up.set_status([*alerts, 99], AlertStatus.CONFIRMED)
    assert Queries(store).alert(alerts[0]).status == "new"


def test_somebody_looks_after_an_alert_until_nobody_does(store: Store, alerts: list[int], follow_up: FollowUp) -> None:
    follow_up.assign(alerts, "Grace")
    follow_up.assign(alerts[:1], None)
    assert [Queries(store).alert(alert).assignee for alert in alerts] == [None, "Grace"]


def test_notes_stand_in_the_trail(alerts: list[int], follow_up: FollowUp) -> None:
    follow_up.note(alerts[0], " à rappeler ")
    assert follow_up.trail(alerts[0])[0]["detail"] == {"text": "à rappeler"}


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_an_empty_or_endless_note_is_refused(alerts: list[int], follow_up: FollowUp, text: str) -> None:
    with pytest.raises(QueryError):
        follow_up.note(alerts[0], text)
