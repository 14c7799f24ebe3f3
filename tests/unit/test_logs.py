"""No secret reaches a log, whatever way it takes."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from monitor.logs import configure_logs
from monitor.settings import load_settings

SECRETS = {
    "VEILLE_SMTP_URL": "smtp://ada:s%C3%A9same%2Fouvre@mail.invalid",
    "VEILLE_BROKER_PASSWORD": "broker/pass",
    "VEILLE_SECRET_KEY": "key of ours",
}


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """What is logged."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs(load_settings({"VEILLE_LOG_FORMAT": "json", **SECRETS}))
    written = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_field_named_after_a_secret_is_blanked(told: io.StringIO) -> None:
    structlog.get_logger("t").warning("failed", web_password="hunter2", token="hunter2")
    assert (told.getvalue().count("***"), told.getvalue().count("hunter2")) == (2, 0)


def test_a_librarys_message_and_a_traceback_are_blanked(told: io.StringIO) -> None:
    try:
        int("redis://:hunter2@redis:6379/0")
    except ValueError:
        logging.getLogger("kombu").exception("Connection to %s lost", "redis://:hunter2@redis:6379/0")
    assert json.loads(told.getvalue())["level"] == "error"
    assert "hunter2" not in told.getvalue()


def test_settings_in_a_log_show_no_secret(told: io.StringIO) -> None:
    structlog.get_logger("t").warning("started", settings=load_settings({"VEILLE_WEB_PASSWORD": "hunter2"}))
    assert "database_url" in told.getvalue()
    assert "hunter2" not in told.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        {"tried": [("smtp", OSError("smtp://ada:hunter2@mail.invalid refused"))]},
        "smtp://ada:hunter2@mail.invalid:587",
        "smtp://ada:p@hunter2@mail.invalid:587",
        "https://a.invalid/feed?lang=fr&access_token=hunter2&n=1",
        "https://a.invalid/feed?Key=hunter2",
    ],
    ids=str,
)
def test_credentials_in_an_address_are_blanked_wherever_it_stands(told: io.StringIO, value: object) -> None:
    structlog.get_logger("t").warning("failed", detail=value)
    logging.getLogger("t").warning("failed: %s", value)
    assert (told.getvalue().count("***"), told.getvalue().count("hunter2")) == (2, 0)


@pytest.mark.parametrize("said", ["sésame/ouvre", "s%C3%A9same%2Fouvre", "broker/pass", "broker%2Fpass", "key of ours"])
def test_the_settings_secrets_are_blanked_whoever_says_them(told: io.StringIO, said: str) -> None:
    structlog.get_logger("t").warning("failed", reason=f"535 no user has the password {said}.", seen=[said])
    logging.getLogger("smtplib").warning("reply: %s", f"AUTH {said}")
    assert (told.getvalue().count("***"), told.getvalue().count(said)) == (3, 0)


def test_what_is_no_secret_stays(told: io.StringIO) -> None:
    structlog.get_logger("t").warning("polled", feed="https://a.invalid/feed?lang=fr&n=1", count=3, topics=("5g", None))
    line = json.loads(told.getvalue())
    assert (line["feed"], line["count"], line["topics"]) == ("https://a.invalid/feed?lang=fr&n=1", 3, ["5g", None])
