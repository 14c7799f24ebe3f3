"""The note de veille from stored rows, and from the command line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from monitor.cli import report
from monitor.cli.asking import open_desk
from monitor.domain.mentions import mentioned, names_of
from monitor.domain.model import AlertStatus
from monitor.errors import NotFoundError
from monitor.steps.follow_up import FollowUp
from monitor.steps.report import report_content
from monitor.storage.tables import Dossier
from tests.newsroom import NOON, Newsroom

DOSSIER = """
[entities.huawei]
names = ["Huawei", { term = "^Honor", until = 2020-11-17 }]
rivals = ["ZTE", "^Apple"]
[sets]
countries = ["Espagne", "espagnol", "Royaume-Uni", "#autres"]
operators = ["Telefónica"]
"""
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    monkeypatch.setenv("VEILLE_DATA_DIR", str(tmp_path / "var"))
    with open_desk() as (store, _):
        made = Newsroom(store)
        with store.write() as session:
            session.execute(update(Dossier).values(text=DOSSIER, title="Huawei en Europe"))
        return made


def alert(room: Newsroom, title: str, status: AlertStatus = AlertStatus.NEW) -> int:
    made = room.alert(room.article(title, matches={"cloud": 0.8}))
    if status is not AlertStatus.NEW:
        FollowUp(room.store, "Ada", lambda: NOON).set_status([made], status)
    return made


def content(room: Newsroom, slug: str = "huawei"):
    since, until = NOON - timedelta(days=30), NOON + timedelta(days=1)
    return report_content(room.store, slug, since, until, zone=PARIS, now=NOON)


def test_names_are_capitalised_terms_of_the_dossier() -> None:
    names = names_of(DOSSIER)
    assert names.actors == ("Huawei", "ZTE", "Apple", "Telefónica")
    assert names.places == ("Espagne", "Royaume-Uni")


def test_mentions_are_whole_words_most_frequent_first() -> None:
    texts = ["ZTE et Huawei au Royaume-Uni", "Huawei, Huaweiste"]
    assert mentioned(texts, names_of(DOSSIER).actors) == ("Huawei", "ZTE")
    assert mentioned(texts, ()) == ()


def test_a_note_tells_what_was_confirmed_with_actors_countries_and_notes(room: Newsroom) -> None:
    confirmed = alert(room, "Huawei et Telefónica en Espagne", AlertStatus.CONFIRMED)
    alert(room, "Faux", AlertStatus.DISMISSED)
    FollowUp(room.store, "Ada", lambda: NOON).note(confirmed, "vu avec le service")
    (story,) = content(room).stories
    assert (story.status, story.actors, story.places) == ("confirmed", ("Huawei", "Telefónica"), ("Espagne",))
    assert story.notes == ("vu avec le service",)


def test_an_unknown_dossier_is_told_with_those_there_are(room: Newsroom) -> None:
    with pytest.raises(NotFoundError, match="huawei"):
        content(room, "autre")


@pytest.mark.parametrize(("form", "begins"), [("md", b"# Note de veille"), ("html", b"<!DOCTYPE html>")])
def test_the_command_writes_each_format(room: Newsroom, tmp_path: Path, form: str, begins: bytes) -> None:
    alert(room, "Huawei en Espagne")
    path = tmp_path / "note"
    found = CliRunner().invoke(report.app, ["huawei", "--since", "2026-01", "--format", form, "-o", str(path)])
    assert found.exit_code == 0, found.output
    assert path.read_bytes().startswith(begins)
    assert b"Huawei en Espagne" in path.read_bytes()


@pytest.mark.parametrize("wrong", [["--format", "doc"], ["--language", "de"]])
def test_what_there_is_not_is_a_usage_error(room: Newsroom, wrong: list[str]) -> None:
    assert CliRunner().invoke(report.app, ["huawei", *wrong]).exit_code == 2
