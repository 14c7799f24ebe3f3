"""Saved searches from the command line, and the subscription that one becomes in a step."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli import searches
from monitor.domain.subscribers import load_subscribers
from monitor.errors import ConfigError, NotFoundError, VeilleError
from monitor.steps.subscribing import add_subscription, subscription_entry

NAME = "Usines d’Alsace"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VEILLE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("VEILLE_CONFIG_DIR", str(tmp_path))
    return tmp_path / "subscribers.toml"


def run(*words: str) -> str:
    return CliRunner().invoke(searches.app, list(words), catch_exceptions=False).stdout


def test_a_saved_search_becomes_a_subscription(config: Path) -> None:
    run("save", NAME, "usine AND Alsace since:7d -statut:écarté")
    printed = run("subscribe", NAME, "--to", "claire@example.org", "--rhythm", "hourly")
    assert not config.exists()
    run("subscribe", NAME, "--to", "claire@example.org", "--rhythm", "hourly", "--write")
    assert config.read_text(encoding="utf-8") == printed
    (made,) = load_subscribers(config)
    assert (made.name, made.title, made.query) == ("usines-d-alsace", NAME, "usine AND Alsace")
    assert (made.rhythm.cadence.value, made.channels[0].address) == ("hourly", "claire@example.org")


def test_an_entry_is_added_behind_what_stands_in_the_file_or_nothing_is(config: Path) -> None:
    config.write_text('# ours\n[[subscriber]]\nname = "ada"\n', encoding="utf-8")
    config.chmod(0o640)
    add_subscription(config, subscription_entry('title("porte dérobée")', name="Deux", to="a@example.org"))
    before = config.read_text(encoding="utf-8")
    assert before.startswith("# ours\n")
    assert [one.name for one in load_subscribers(config)] == ["ada", "deux"]
    assert config.stat().st_mode & 0o777 == 0o640
    with pytest.raises(ConfigError, match="two subscribers"):
        run("subscribe", "Deux", "--q", "usine", "--to", "b@example.org", "--write")
    assert config.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("wrong", [{"to": "nobody"}, {"question": "usine ("}, {"rhythm": "often"}, {"zone": "Lutèce"}])
def test_what_cannot_be_subscribed_is_said(wrong: dict[str, str]) -> None:
    with pytest.raises(VeilleError):
        subscription_entry(**{"question": "usine", "name": "x", "to": "a@example.org"} | wrong)


def test_a_name_that_is_not_there_is_told_with_those_that_are() -> None:
    run("save", NAME, "usine")
    with pytest.raises(NotFoundError, match=f"there are: {NAME}"):
        run("forget", "autre")
    run("forget", NAME)
    assert NAME not in run("list")
