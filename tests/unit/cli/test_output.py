"""Lines out."""

from __future__ import annotations

import csv
import io
import json
import time

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.output import write_rows
from monitor.formats import flatten, plain, to_csv, to_json, to_markdown

LINE = {"topic": "5g", "article": {"title": "Un titre", "id": 3}, "evidence": [{"text": "mot"}], "alert_id": None}


def test_nested_tables_become_dotted_columns_and_lists_one_text() -> None:
    assert flatten(LINE) == {
        "topic": "5g",
        "article.title": "Un titre",
        "article.id": 3,
        "evidence": "mot",
        "alert_id": "",
    }


@pytest.mark.parametrize("start", ["=1+1", "+33", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1"])
def test_csv_never_begins_a_cell_like_a_formula(start: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv([{"title": start}]))))
    assert rows[1][0].startswith("'")


def test_csv_keeps_negative_numbers_as_numbers() -> None:
    assert to_csv([{"score": -1.5}]) == "score\r\n-1.5\r\n"


@given(st.text())
def test_no_character_of_a_cell_steers_the_terminal(text: str) -> None:
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in plain(text))


@given(st.text())
def test_json_keeps_every_value_and_steers_nothing(text: str) -> None:
    written = to_json({"title": text})
    assert json.loads(written) == {"title": text}
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in written)


def test_markdown_cells_hold_no_markup() -> None:
    assert to_markdown([{"title": "a|b <script> [x](y)"}]).splitlines()[2] == r"| a\|b \<script\> \[x\](y) |"


def test_columns_may_be_chosen_by_dotted_name(capsys: pytest.CaptureFixture[str]) -> None:
    write_rows([LINE], "jsonl", ["article.title", "topic"])
    assert json.loads(capsys.readouterr().out) == {"article.title": "Un titre", "topic": "5g"}


def test_an_unknown_column_is_named_with_those_there_are() -> None:
    with pytest.raises(typer.BadParameter, match=r"article\.title"):
        write_rows([LINE], "json", ["titel"])


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="jsonl"):
        write_rows([LINE], "xml")


def test_csv_without_rows_is_its_header_or_nothing() -> None:
    assert to_csv([], ["id", "title"]) == "id,title\r\n"
    assert to_csv([]) == ""


def test_a_table_is_for_eyes_local_minutes_hundredths_and_outlets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    articles = [
        {"url": "https://a.example/1", "source": "La Lettre"},
        {"url": "https://b.example/2", "source": "L'Octet"},
    ]
    row = {"raised_at": "2026-07-14T22:59:30+00:00", "score": 0.9988, "articles": articles, "title": "2026-07-14"}
    write_rows([row], "table")
    shown = capsys.readouterr().out
    monkeypatch.undo()
    time.tzset()
    assert "2026-07-15 00:59 " in shown
    assert " 1.00 " in shown
    assert "La Lettre · L'Octet" in shown
    assert "https" not in shown
    write_rows([row], "jsonl")
    assert json.loads(capsys.readouterr().out) == row
