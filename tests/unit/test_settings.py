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


def test_a_password_goes_into_a_url_that_has_none() -> None:
    settings = load_settings(
        {"VEILLE_DATABASE_URL": "postgresql://veille@db/veille", "VEILLE_DATABASE_PASSWORD": "a/b@c"}
    )
    assert settings.effective_database_url == "postgresql://veille:a%2Fb%40c@db/veille"


def test_a_url_with_a_password_keeps_it() -> None:
    settings = load_settings({"VEILLE_BROKER_URL": "redis://:own@db:6379/0", "VEILLE_BROKER_PASSWORD": "other"})
    assert settings.effective_broker_url == "redis://:own@db:6379/0"


def test_a_secret_of_the_repository_starts_nothing_but_the_demo() -> None:
    secret = (Path(__file__).parents[2] / "docker" / "demo-secrets" / "secret_key").read_text().strip()
    assert load_settings({"VEILLE_SECRET_KEY": secret, "VEILLE_DEMO": "1"}).demo
    with pytest.raises(ConfigError, match=r"VEILLE_SECRET_KEY: .*`make secrets`"):
        load_settings({"VEILLE_SECRET_KEY": secret})


@pytest.mark.parametrize(("limit", "lease"), [("200", "180"), ("1000", "2000")])
def test_a_step_may_not_outlive_its_lease(limit: str, lease: str) -> None:
    with pytest.raises(ConfigError, match=r"VEILLE_POLL_TIME_LIMIT: .*less than"):
        load_settings({"VEILLE_POLL_TIME_LIMIT": limit, "VEILLE_POLL_LEASE": lease})
