"""`veille feeds` as a user types it, against a small press on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from monitor.cli.feeds import app
from monitor.errors import FetchError
from tests.press import Answer, Press, open_press


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Press]:
    monkeypatch.setenv("VEILLE_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
    monkeypatch.setenv("VEILLE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("VEILLE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("VEILLE_DATABASE_URL", raising=False)
    with open_press() as opened:
        yield opened


def feeds(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def listed() -> list[dict[str, object]]:
    return [json.loads(line) for line in feeds("list", "--format", "jsonl").stdout.splitlines()]


def site(press: Press) -> None:
    """A page that names two feeds."""
    press.publish("/rss", [("1", "Une usine ferme", "/1")])
    press.publish("/feed", [("1", "Un pont ouvre", "/1"), ("2", "Un autre", "/2")])
    links = "".join(f'<link rel=alternate type="application/rss+xml" href="{path}">' for path in ("/rss", "/feed"))
    press.answers["/"] = Answer(f"<html><head>{links}</head></html>".encode(), headers={"content-type": "text/html"})


def test_of_several_feeds_none_is_taken_unasked(press: Press) -> None:
    site(press)
    result = feeds("add", press.url)
    assert result.exit_code == 1
    assert "1 entry," in result.stderr
    assert "2 entries," in result.stderr
    assert listed() == []


def test_the_first_is_taken_on_request_and_once(press: Press) -> None:
    site(press)
    assert feeds("add", press.url, "--yes").exit_code == 0
    assert [feed["url"] for feed in listed()] == [f"{press.url}/rss"]
    assert feeds("add", f"{press.url}/rss").exit_code == 1


def test_an_address_without_a_feed_says_so(press: Press) -> None:
    press.answers["/"] = Answer(b"<html></html>", headers={"content-type": "text/html"})
    result = feeds("add", f"{press.url}/")
    assert result.exit_code == 1
    assert "no feed was found" in result.stderr
    assert "--no-check" in result.stderr


def test_a_feed_without_entries_is_taken_with_a_warning(press: Press) -> None:
    press.publish("/rss", [])
    result = feeds("add", f"{press.url}/rss", "--yes")
    assert result.exit_code == 0
    assert f"no entry in {press.url}/rss" in result.stderr.replace("\n", " ")
    assert [feed["url"] for feed in listed()] == [f"{press.url}/rss"]


def test_an_address_without_a_scheme_is_asked_by_https_and_says_so(press: Press) -> None:
    result = feeds("add", press.url.removeprefix("http://"))
    assert isinstance(result.exception, FetchError)
    assert f"asked https://{press.url.removeprefix('http://')}" in result.stderr
    assert "http://" in result.stderr


def test_an_address_that_is_none_says_what_is_missing(press: Press) -> None:
    assert "https:// or http:// is missing" in str(feeds("add", "journal").exception)


def test_a_list_comes_in_and_goes_out_with_its_folders(press: Press, tmp_path: Path) -> None:
    file = tmp_path / "in.opml"
    file.write_text(
        '<opml version="2.0"><body><outline text="Presse"><outline text="Un" xmlUrl="https://exemple.fr/rss"/>'
        '<outline text="Deux" xmlUrl="feed://exemple.fr/deux"/><outline text="Trois" xmlUrl="file:///etc/passwd"/>'
        "</outline></body></opml>",
        "utf-8",
    )
    result = feeds("import", str(file))
    assert result.stdout == "2 added, 0 known already\n"
    assert "file:///etc/passwd" in result.stderr
    out = feeds("export").stdout
    assert 'category="Presse"' in out
    assert 'xmlUrl="https://exemple.fr/deux"' in out
    (tmp_path / "out.opml").write_text(out, "utf-8")
    assert feeds("import", str(tmp_path / "out.opml")).stdout == "0 added, 2 known already\n"


def test_a_list_that_is_not_there_is_a_mistake_in_the_command(press: Press, tmp_path: Path) -> None:
    result = feeds("import", str(tmp_path / "none.opml"))
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_health_of_a_feed_that_was_never_polled(press: Press) -> None:
    press.publish("/rss", [("1", "Une usine ferme", "/1")])
    assert feeds("add", f"{press.url}/rss").exit_code == 0
    result = feeds("health", "--format", "jsonl")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["state"] == "new"
