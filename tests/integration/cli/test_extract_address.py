import json

import pytest
from typer.testing import CliRunner

from monitor.cli.extract import app
from tests.press import Answer, open_press


def test_an_address_is_read_through_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEILLE_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
    with open_press() as press:
        press.page("/a", "Le conseil vote le budget des écoles")
        press.answers["/gone"] = Answer(status=410)
        result = CliRunner().invoke(app, [f"{press.url}/a", f"{press.url}/gone"])
    line = json.loads(result.stdout)
    assert (line["url"], line["title"]) == (f"{press.url}/a", "Le conseil vote le budget des écoles")
    assert result.exit_code == 1
    assert "/gone" in result.stderr


def test_an_inside_address_is_not_read() -> None:
    result = CliRunner().invoke(app, ["http://127.0.0.1:9/a"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "http://127.0.0.1:9/a" in result.stderr
