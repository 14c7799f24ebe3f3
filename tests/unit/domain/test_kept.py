"""What a cache keeps on disk, and for how long."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.domain.kept import UNUSED, in_another_process, keep, keep_each, load_kept, map_kept


def aged(path: Path, seconds: float) -> Path:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    keep(tmp_path / "terms-old.bin", b"old")
    return aged(tmp_path / "terms-old.bin", UNUSED + 60)


def test_what_was_kept_is_given_back_and_anything_else_is_not(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "terms-1.bin"
    keep(path, b"body")
    assert load_kept(path, bytes.upper) == b"BODY"
    path.write_bytes(path.read_bytes() + b"!")
    assert load_kept(path, bytes.upper) is None


def test_what_was_kept_in_parts_is_mapped_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "terms-1.bin"
    keep(path, b"one ", b"two")
    assert map_kept(path, bytes) == load_kept(path, bytes) == b"one two"
    path.write_bytes(path.read_bytes()[:-1])
    assert map_kept(path, bytes) is map_kept(tmp_path / "terms-2.bin", bytes) is None


def test_nothing_is_kept_of_parts_that_could_not_all_be_made(tmp_path: Path) -> None:
    def parts() -> Iterator[bytes]:
        yield b"one "
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        keep_each(tmp_path / "terms-1.bin", parts())
    assert not list(tmp_path.iterdir())


def test_a_file_that_nobody_used_for_a_month_goes_when_one_of_its_kind_is_written(tmp_path: Path, old: Path) -> None:
    keep(tmp_path / "model-1.bin", b"another kind")
    assert old.exists()
    keep(tmp_path / "terms-new.bin", b"new")
    assert not old.exists()


def test_a_file_that_is_used_stays(tmp_path: Path, old: Path) -> None:
    assert load_kept(old, bytes) == b"old"
    keep(tmp_path / "terms-new.bin", b"new")
    assert old.exists()


def test_files_of_a_crashed_writer_go_too_and_strangers_stay(tmp_path: Path) -> None:
    half, stranger = tmp_path / "terms-1.bin.77.new", tmp_path / "notes.txt"
    for path in (half, stranger):
        path.write_bytes(b"?")
        aged(path, UNUSED + 60)
    keep(tmp_path / "terms-2.bin", b"new")
    assert (half.exists(), stranger.exists()) == (False, True)


_WORK = """
import os, sys
from pathlib import Path
from monitor.domain.kept import in_another_process
in_another_process(lambda: Path(sys.argv[1]).write_text(str(os.getpid())))
print(os.getpid(), Path(sys.argv[1]).read_text())
"""


def test_another_process_works_and_is_waited_for(tmp_path: Path) -> None:
    """Asked in a process of its own: in that of the tests some earlier one may have left a thread."""
    done = subprocess.run(
        [sys.executable, "-c", _WORK, str(tmp_path / "pid")], capture_output=True, text=True, check=True
    )
    asked, worked = map(int, done.stdout.split())
    assert asked != worked


def test_no_other_process_is_made_beside_another_thread(tmp_path: Path, another_thread: None) -> None:
    in_another_process((tmp_path / "file").touch)
    assert not (tmp_path / "file").exists()
