"""When the configuration's files are read again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from monitor.steps import config_hash as module
from monitor.steps.config_hash import config_hash


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "dossiers").mkdir()
    (tmp_path / "feeds.toml").write_text("one", encoding="utf-8")
    (tmp_path / "dossiers" / "a.toml").write_text("two", encoding="utf-8")
    return tmp_path


def never(_path: Path) -> bytes:
    raise AssertionError("read once more")


def test_files_that_have_looked_the_same_for_a_while_are_not_read(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SETTLED", -1.0)
    found = config_hash(config)
    monkeypatch.setattr(Path, "read_bytes", never)
    assert config_hash(config) == found


def test_files_that_are_new_are_read_again_at_every_tick(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config_hash(config)
    monkeypatch.setattr(Path, "read_bytes", never)
    with pytest.raises(AssertionError, match="read once more"):
        config_hash(config)


def test_files_that_were_written_a_while_ago_are_read_once(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTLED", 0.05)
    time.sleep(0.1)
    found = config_hash(config)
    monkeypatch.setattr(Path, "read_bytes", never)
    assert config_hash(config) == found


def test_an_old_time_that_was_given_to_a_new_file_does_not_make_it_settled(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(config / "feeds.toml", (1, 1))
    os.utime(config / "dossiers" / "a.toml", (1, 1))
    config_hash(config)
    monkeypatch.setattr(Path, "read_bytes", never)
    with pytest.raises(AssertionError, match="read once more"):
        config_hash(config)


def test_what_a_model_was_learnt_from_is_not_read(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = config_hash(config)
    (config / "dossiers" / "a.training").mkdir()
    (config / "dossiers" / "a.training" / "hand.jsonl").write_text("{}", encoding="utf-8")
    assert config_hash(config) == found


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes that have a name")
def test_hidden_files_and_pipes_are_left_out(config: Path) -> None:
    found = config_hash(config)
    (config / ".feeds.toml.swp").write_text("three", encoding="utf-8")
    os.mkfifo(config / "pipe")
    assert config_hash(config) == found


@pytest.mark.parametrize("change", ["write", "write with the old time", "replace", "remove", "add"])
def test_whatever_changes_is_noticed(config: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    monkeypatch.setattr(module, "_SETTLED", -1.0)
    time.sleep(0.02)  # the system's own clock of files goes by 4 ms
    path, other = config / "feeds.toml", config / "other"
    before, found = path.stat(), config_hash(config)
    match change:
        case "write" | "write with the old time":
            path.write_text("eno", encoding="utf-8")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + (change == "write")))
        case "replace":
            other.write_text("eno", encoding="utf-8")
            os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
            other.replace(path)
        case "remove":
            path.unlink()
        case "add":
            other.write_text("", encoding="utf-8")
    assert config_hash(config) != found
