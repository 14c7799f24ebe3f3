"""`veille match`: lines pair with lines, and a bad one costs no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.match import app

DOSSIER = """
slug = "ports"
title = "Ports"
[entities.haropa]
names = ["Haropa"]
[relevance]
anchor = "@haropa"
rules = [{ find = "@haropa", weight = 2.0 }]
[[topics]]
slug = "reseaux"
title = "Réseaux"
rules = [{ any = ["5G"], weight = 2.0 }]
"""
GOOD = {"id": "good", "title": "Haropa passe à la 5G", "body": ["Un mât.", "Haropa et la 5G."]}


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    path = tmp_path / "ports.toml"
    path.write_text(DOSSIER, encoding="utf-8")
    return path


def matched(dossier: Path, body: bytes) -> tuple[Result, list[dict[str, Any]]]:
    result = CliRunner().invoke(app, ["-", "--dossier", str(dossier)], input=body)
    return result, [json.loads(line) for line in result.stdout.splitlines()]


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def test_evidence_counts_characters_of_the_field_as_it_came(dossier: Path) -> None:
    _, (answer,) = matched(dossier, line(**GOOD))
    spans = answer["topics"][0]["evidence"]
    fields = {"title": GOOD["title"], "body": "\n\n".join(GOOD["body"])}
    assert {span["field"] for span in spans} <= {"title", "body"}
    assert all(fields[span["field"]][span["start"] : span["end"]] == span["text"] for span in spans)


@pytest.mark.parametrize(
    "bad",
    [b"\xff\xfe{}\n", b"not json\n", b"[1, 2]\n", b"[" * 20_000 + b"\n", line(id=4, title=["x"]), line(body=[1])],
    ids=["bytes", "words", "list", "nested", "title", "paragraph"],
)
def test_a_bad_line_has_its_error_in_its_place_and_the_others_their_verdicts(dossier: Path, bad: bytes) -> None:
    result, answers = matched(dossier, line(**GOOD) + bad + line(**GOOD))
    assert [answer["relevant"] for answer in answers] == [True, False, True]
    assert answers[1]["error"]
    assert "standard input:2" in result.stderr
    assert result.exit_code == 1


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(dossier: Path) -> None:
    result, (answer,) = matched(dossier, b"\xef\xbb\xbf" + line(**GOOD).replace(b"\n", b"\r\n"))
    assert (answer["relevant"], result.exit_code) == (True, 0)


def test_text_serves_where_there_is_no_body(dossier: Path) -> None:
    _, (answer,) = matched(dossier, line(id=1, title="", body=None, text="Haropa et la 5G."))
    assert answer["relevant"]


def test_a_lone_surrogate_in_evidence_is_written_as_its_escape(dossier: Path) -> None:
    result, (answer,) = matched(dossier, line(id=1, title="Haropa et la 5G \ud800"))
    assert (answer["relevant"], result.exit_code) == (True, 0)
