"""What people decide of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.model import AlertStatus
from monitor.errors import NotFoundError, QueryError
from monitor.query import Queries
from monitor.steps.follow_up import FollowUp
from monitor.storage.engine import Store, open_store
from monitor.storage.tables import Match
from tests.databases import empty_sqlite
from tests.newsroom import NOON, Newsroom


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(empty_sqlite(tmp_path / "veille.db"))
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


def test_days_snoozes_and_tags_stand_in_the_trail(store: Store, alerts: list[int], follow_up: FollowUp) -> None:
    follow_up.due(alerts[:1], NOON.date())
    follow_up.snooze(alerts[:1], NOON + timedelta(days=3))
    follow_up.tag(alerts[:1], ["à  lire", "5G"], [])
    follow_up.tag(alerts[:1], ["à lire"], ["5G"])
    assert [line["kind"] for line in follow_up.trail(alerts[0])] == ["due", "snoozed", "tagged", "tagged"]
    assert follow_up.trail(alerts[0])[0]["detail"]["after"] == {"due_on": "2026-03-02"}
    assert Queries(store).alert(alerts[0]).tags == ("à lire",)


@pytest.mark.parametrize("tag", ["", "a,b", "x" * 61])
def test_what_is_no_tag_is_refused(alerts: list[int], follow_up: FollowUp, tag: str) -> None:
    with pytest.raises(QueryError):
        follow_up.tag(alerts, [tag])


def test_a_muted_story_is_muted_once_and_can_be_told_again(alerts: list[int], follow_up: FollowUp) -> None:
    assert [follow_up.mute(alerts[:1]), follow_up.mute(alerts[:1]), follow_up.unmute(alerts[:1])] == [1, 0, 1]
    assert [line["kind"] for line in follow_up.trail(alerts[0])] == ["muted", "unmuted"]
    assert follow_up.trail(alerts[1]) == []


@pytest.mark.parametrize("change", ["mute", "unmute", "tag"])
def test_what_does_not_exist_cannot_be_changed(follow_up: FollowUp, change: str) -> None:
    with pytest.raises(NotFoundError):
        getattr(follow_up, change)([99])


def test_dismissals_are_counted_by_topic_among_what_was_decided(
    store: Store, alerts: list[int], follow_up: FollowUp
) -> None:
    follow_up.set_status(alerts[:1], AlertStatus.DISMISSED)
    (line,) = Queries(store).dismissals(NOON - timedelta(days=1))
    assert (line.topic, line.alerts, line.decided, line.dismissed, line.rate) == ("cloud", 2, 1, 1, 1.0)


@pytest.mark.parametrize(
    "arithmetic",
    [
        [{"label": "nuage", "value": 1.0}, {"label": "loin", "value": -0.2}],
        [{"label": "best", "value": 2.0}, {"label": "rule: nuage", "value": 0.5}, {"label": "rule: loin", "value": -1}],
    ],
)
def test_dismissals_are_counted_by_the_rules_that_raised_the_score(
    store: Store, follow_up: FollowUp, arithmetic: list[dict[str, object]]
) -> None:
    room = Newsroom(store)
    article = room.article("a", matches={"cloud": 0.8})
    room.article("b", matches={"cloud": 0.7}, story=room.story_of(article))
    with store.write() as session:
        for match in session.query(Match):
            match.arithmetic = arithmetic
    follow_up.set_status([room.alert(article)], AlertStatus.DISMISSED)
    (line,) = Queries(store).dismissals(NOON - timedelta(days=1), by_rule=True)
    assert (line.rule, line.alerts, line.dismissed) == ("nuage", 1, 1)
