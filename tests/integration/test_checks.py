"""`veille check` looks at what is around: mail, web, clock."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.checks import check_all
from monitor.domain.kernel import in_python
from monitor.fetch.feeds import regular, text
from monitor.fetch.pages import language, trees
from monitor.storage.engine import open_store
from monitor.storage.tables import Channel, Delivery, Subscriber


def codes(tmp_path: Path, **environ: str) -> set[tuple[str, str]]:
    base = {"VEILLE_DATA_DIR": str(tmp_path / "var"), "VEILLE_CONFIG_DIR": str(tmp_path / "config")}
    return {(finding.code, finding.level.value) for finding in check_all(base | environ)}


def test_a_mail_server_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ("M003", "ok") in codes(tmp_path, VEILLE_SMTP_URL=f"smtp://127.0.0.1:{port}?starttls=never")
    assert ("M003", "error") in codes(tmp_path, VEILLE_SMTP_URL=f"smtp://127.0.0.1:{port}?starttls=never")


def test_links_without_https_are_warned_of(tmp_path: Path) -> None:
    assert ("W002", "warning") in codes(tmp_path, VEILLE_PUBLIC_URL="http://veille.example")
    assert ("W001", "ok") in codes(tmp_path, VEILLE_PUBLIC_URL="https://veille.example")


def test_inner_loops_say_what_they_run_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"VEILLE_DATA_DIR": str(tmp_path / "var"), "VEILLE_CONFIG_DIR": str(tmp_path / "config")}
    made = regular.COMPILED and text.COMPILED and language.COMPILED and trees.COMPILED
    if not in_python() and made:
        said = {finding.code: finding.message for finding in check_all(environ)}["S005"]
        assert said == "matching and the reading of feeds and pages are compiled"
    monkeypatch.setitem(sys.modules, "monitor.domain._texts", None)
    said = {finding.code: finding.message for finding in check_all(environ)}["S005"]
    assert said.startswith("inner loops run in Python (not compiled: _texts")


def test_the_databases_clock_is_compared(tmp_path: Path, postgres_url: str) -> None:
    assert ("S003", "ok") in codes(tmp_path, VEILLE_DATABASE_URL=postgres_url)


def test_messages_given_up_this_week_are_told(tmp_path: Path, sqlite_url: str) -> None:
    store, now = open_store(sqlite_url), datetime.now(UTC)
    with store.write() as session:
        session.add(Subscriber(name="claire", origin="cli", settings={}, created_at=now))
        session.flush()
        session.add(Channel(subscriber_id=1, kind="email", address="claire@example.org", created_at=now))
        session.flush()
        row = {"channel_id": 1, "kind": "digest", "message": {}, "created_at": now - timedelta(days=9)}
        session.add(Delivery(**row, message_id="a@x", status="failed", failed_at=now - timedelta(days=8)))
    assert ("M004", "warning") not in codes(tmp_path, VEILLE_DATABASE_URL=sqlite_url)
    with store.write() as session:
        session.add(Delivery(**row, message_id="b@x", status="failed", failed_at=now - timedelta(days=1)))
    store.dispose()
    assert ("M004", "warning") in codes(tmp_path, VEILLE_DATABASE_URL=sqlite_url)
