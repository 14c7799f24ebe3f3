"""`veille check` looks at what is around: mail, web, clock."""

from __future__ import annotations

import socket
from pathlib import Path

from monitor.checks import check_all


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


def test_the_databases_clock_is_compared(tmp_path: Path, postgres_url: str) -> None:
    assert ("S003", "ok") in codes(tmp_path, VEILLE_DATABASE_URL=postgres_url)
