"""Where `veille demo` works, and what it keeps away from."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from monitor.cli.demo import choose_home, demo_environment
from monitor.errors import ConfigError, InUseError


def test_an_empty_configured_directory_is_taken(tmp_path: Path) -> None:
    assert choose_home(str(tmp_path / "data"), tmp_path / "demo") == tmp_path / "data"


def test_a_configured_directory_with_data_in_it_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "veille.db").write_text("mine")
    assert choose_home(str(data), tmp_path / "demo") == tmp_path / "demo"
    assert (data / "veille.db").read_text() == "mine"


def test_what_an_earlier_demo_left_is_made_anew(tmp_path: Path) -> None:
    home = choose_home(None, tmp_path / "demo")
    (home / "veille.db").write_text("old")
    assert not (choose_home(None, tmp_path / "demo") / "veille.db").exists()


def test_a_directory_that_no_demo_made_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="something else than a demo"):
        choose_home(None, tmp_path)


def test_a_demo_that_runs_is_not_disturbed(tmp_path: Path) -> None:
    home = choose_home(None, tmp_path / "demo")
    with (home / "veille.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InUseError, match="already runs"):
            choose_home(None, tmp_path / "demo")


def test_nothing_configured_reaches_the_demo(tmp_path: Path) -> None:
    configured = {"VEILLE_DATABASE_URL": "postgresql://production/", "VEILLE_LANGUAGE": "en", "PATH": "/bin"}
    environment = demo_environment(tmp_path, "smtp://127.0.0.1:25", configured)
    assert "VEILLE_DATABASE_URL" not in environment
    assert (environment["VEILLE_LANGUAGE"], environment["PATH"]) == ("en", "/bin")
