from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.settings import load_settings


def test_an_empty_environment_gives_embedded_defaults() -> None:
    settings = load_settings({})
    assert settings.effective_database_url.startswith("sqlite:///")
    assert settings.broker_url is None


def test_a_bare_number_is_seconds() -> None:
    assert load_settings({"VEILLE_HOST_GAP": "0.5"}).host_gap == timedelta(seconds=0.5)


def test_a_bad_value_names_its_variable() -> None:
    with pytest.raises(ConfigError, match="VEILLE_TIME_ZONE"):
        load_settings({"VEILLE_TIME_ZONE": "Europe/Lutece"})


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://somewhere/0\n")
    settings = load_settings({"VEILLE_BROKER_URL_FILE": str(tmp_path / "url")})
    assert settings.broker_url is not None
    assert settings.broker_url.get_secret_value() == "redis://somewhere/0"


def test_a_secret_does_not_show_in_the_settings_text() -> None:
    assert "hunter2" not in repr(load_settings({"VEILLE_WEB_PASSWORD": "hunter2"}))


def test_a_missing_secret_file_names_its_variable() -> None:
    with pytest.raises(ConfigError, match="VEILLE_SECRET_KEY_FILE"):
        load_settings({"VEILLE_SECRET_KEY_FILE": "/nowhere/at/all"})
