"""The reading commands on an embedded database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from monitor.cli import alerts, articles, main, matches, stories
from monitor.cli.asking import open_desk
from monitor.storage.tables import Feed
from tests.newsroom import NOON, Newsroom

RUN = CliRunner()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEILLE_DATA_DIR", str(tmp_path / "var"))


@pytest.fixture
def alert() -> int:
    with open_desk() as (store, _):
        room = Newsroom(store)
        return room.alert(room.article("La Suède exclut Huawei", matches={"5g-exclusion": 0.8}))


@pytest.mark.parametrize("module", [matches, alerts, stories, articles])
def test_every_command_works_on_an_empty_directory(module: object) -> None:
    found = RUN.invoke(module.app, ["--format", "json"])  # type: ignore[attr-defined]
    assert (found.exit_code, json.loads(found.stdout)) == (0, [])


def test_an_empty_store_says_what_to_do_first_beside_the_result() -> None:
    found = RUN.invoke(alerts.app, ["--format", "jsonl"])
    assert (found.stdout, "`veille run`" in found.stderr) == ("", True)
    with open_desk() as (store, _), store.write() as session:
        session.add(Feed(url="https://press.example/feed", name="Le Courrier", origin="file", created_at=NOON))
    assert "no feed was polled yet" in RUN.invoke(articles.app, []).stderr


def test_a_store_that_has_alerts_says_nothing_beside_an_empty_result(alert: int) -> None:
    assert RUN.invoke(alerts.app, ["--status", "dismissed"]).stderr == ""


def test_an_empty_result_names_the_topic_and_the_dossier_there_is_not(alert: int) -> None:
    found = RUN.invoke(matches.app, ["--topic", "5g-exclusio", "--dossier", "nulle-part", "--format", "jsonl"])
    assert (found.exit_code, found.stdout) == (0, "")
    assert "there is no topic '5g-exclusio': did you mean '5g-exclusion'?" in found.stderr
    assert "there is no dossier 'nulle-part'\n" in found.stderr
    assert "there is no topic" not in RUN.invoke(articles.app, ["--topic", "cloud", "--q", "baleine"]).stderr


@pytest.mark.parametrize("module", [matches, alerts, stories, articles])
@pytest.mark.parametrize("format_", ["table", "json", "jsonl", "csv", "md"])
def test_every_format_shows_what_is_stored(alert: int, module: object, format_: str) -> None:
    found = RUN.invoke(module.app, ["--format", format_, "--topic", "5g-exclusion"])  # type: ignore[attr-defined]
    assert found.exit_code == 0, found.output
    assert "La Suède exclut Huawei" in found.stdout


def test_filters_come_through(alert: int) -> None:
    found = RUN.invoke(alerts.app, ["--status", "confirmed", "--format", "jsonl"])
    assert found.stdout == ""


def test_an_alert_is_followed_up_from_the_command_line(alert: int) -> None:
    RUN.invoke(alerts.app, ["set", str(alert), "confirmed", "--who", "Ada"])
    RUN.invoke(alerts.app, ["assign", str(alert), "Grace"])
    RUN.invoke(alerts.app, ["note", str(alert), "vu"])
    shown = json.loads(RUN.invoke(alerts.app, ["show", str(alert)]).stdout)
    assert (shown["status"], shown["assignee"]) == ("confirmed", "Grace")


def test_alerts_list_takes_the_same_options(alert: int) -> None:
    found = RUN.invoke(alerts.app, ["list", "--format", "jsonl", "--topic", "cloud"])
    assert (found.exit_code, found.stdout) == (0, "")


@pytest.mark.parametrize("wrong", [["--status", "done"], ["--sort", "age"], ["--format", "xml"], ["--limit", "0"]])
def test_a_wrong_option_is_a_usage_error(wrong: list[str]) -> None:
    assert RUN.invoke(alerts.app, wrong).exit_code == 2


def test_parquet_goes_to_a_file_for_notebooks(alert: int, tmp_path: Path) -> None:
    from pyarrow import parquet

    file = tmp_path / "m.parquet"
    assert RUN.invoke(matches.app, ["--format", "parquet", "--output", str(file)]).exit_code == 0
    assert parquet.read_table(file).to_pylist()[0]["article.title"] == "La Suède exclut Huawei"
    assert RUN.invoke(matches.app, ["--format", "parquet"]).exit_code == 2


@pytest.mark.parametrize("module", [matches, alerts, stories, articles])
def test_every_option_says_what_it_is_for(module: object) -> None:
    command = typer.main.get_command(module.app)  # type: ignore[attr-defined]
    assert [param.name for param in command.params if not getattr(param, "help", None)] == []


def test_a_query_that_cannot_be_read_is_shown_with_the_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["veille", "articles", "--q", "exclure AND (huawei"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[1:] == ["  exclure AND (huawei", "  " + " " * 12 + "^"]
