"""Follow-up from the command line: due dates, tags, snoozing, muting, the trail, statistics."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli import alerts
from monitor.cli.asking import open_desk
from tests.newsroom import Newsroom

RUN = CliRunner()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEILLE_DATA_DIR", str(tmp_path / "var"))


@pytest.fixture
def both() -> list[int]:
    with open_desk() as (store, _):
        room = Newsroom(store)
        return [room.alert(room.article(title, matches={"cloud": 0.8})) for title in ("Un", "Deux")]


def run(*words: str, given: str | None = None) -> str:
    found = RUN.invoke(alerts.app, list(words), input=given)
    assert found.exit_code == 0, found.output
    return found.stdout


def shown(alert: int) -> dict[str, object]:
    return json.loads(run("show", str(alert)))


def test_a_query_is_changed_at_once_through_a_pipe(both: list[int]) -> None:
    run("set", "-", "dismissed", given=run("--topic", "cloud", "--format", "jsonl"))
    assert {shown(alert)["status"] for alert in both} == {"dismissed"}


def test_several_ids_are_written_with_commas(both: list[int]) -> None:
    run("due", ",".join(map(str, both)), "2026-12-24")
    assert {shown(alert)["due_on"] for alert in both} == {"2026-12-24"}


def test_snoozes_count_from_now_or_end_on_a_day(both: list[int]) -> None:
    run("snooze", str(both[0]), "3d")
    run("snooze", str(both[1]), "2026-12-24")
    until = datetime.fromisoformat(str(shown(both[0])["snoozed_until"]))
    assert abs(until - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=1)
    assert shown(both[1])["snoozed_until"] == "2026-12-23T23:00:00+00:00"


def test_tags_are_put_on_and_taken_off(both: list[int]) -> None:
    run("tag", str(both[0]), "5G", "lobby")
    run("tag", str(both[0]), "--", "-5G")
    assert shown(both[0])["tags"] == ["lobby"]


def test_muting_stands_in_the_trail(both: list[int]) -> None:
    run("mute", str(both[0]), "--who", "Ada")
    (line,) = json.loads(run("trail", str(both[0]), "--format", "json"))
    assert (line["kind"], line["who"]) == ("muted", "Ada")


def test_statistics_name_the_topics_that_were_wrong(both: list[int]) -> None:
    run("set", str(both[0]), "dismissed")
    (line,) = json.loads(run("stats", "--since", "2020-01-01", "--format", "json"))
    assert (line["topic"], line["alerts"], line["rate"]) == ("cloud", 2, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        ["due", "1", "soon"],
        ["snooze", "1", "soon"],
        ["set", "one", "confirmed"],
        ["stats", "--by", "mood"],
        ["set", "-", "confirmed"],
    ],
)
def test_what_cannot_be_understood_is_a_usage_error(both: list[int], wrong: list[str]) -> None:
    assert RUN.invoke(alerts.app, wrong, input='{"x": 1}\n').exit_code == 2
