"""No secret reaches a log, whatever way it takes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from monitor.logs import configure_logs
from monitor.settings import load_settings


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs(load_settings({"VEILLE_LOG_FORMAT": "json"}))
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_credentials_in_an_address_are_blanked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings({"VEILLE_LOG_FORMAT": "json"}))
    structlog.get_logger("t").warning("failed", url="smtp://ada:hunter2@mail.invalid:587")
    assert "hunter2" not in capsys.readouterr().err


def test_a_field_named_after_a_secret_is_blanked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings({"VEILLE_LOG_FORMAT": "json"}))
    structlog.get_logger("t").warning("failed", web_password="hunter2", token="hunter2")
    assert "hunter2" not in capsys.readouterr().err


def test_a_librarys_message_and_a_traceback_are_blanked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings({"VEILLE_LOG_FORMAT": "json"}))
    try:
        int("redis://:hunter2@redis:6379/0")
    except ValueError:
        logging.getLogger("kombu").exception("Connection to %s lost", "redis://:hunter2@redis:6379/0")
    line = capsys.readouterr().err
    assert "hunter2" not in line
    assert json.loads(line)["level"] == "error"


def test_settings_in_a_log_show_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings({"VEILLE_LOG_FORMAT": "json"}))
    structlog.get_logger("t").warning("started", settings=load_settings({"VEILLE_SECRET_KEY": "hunter2"}))
    assert "hunter2" not in capsys.readouterr().err
