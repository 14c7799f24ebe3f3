"""A compiled library is taken only with the source and the headers that it was made from, and these are shipped.

Installing passes over a source that does not compile; here it fails, wherever there is a compiler.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from monitor.domain.compiling import compiled, digest, headers
from tests.libraries import library_or_skip

ROOT = Path(__file__).parents[3]
SOURCES = sorted((ROOT / "monitor").rglob("*.c"))


def a_compiler_is_at_hand() -> bool:
    """What setuptools would call, and the headers of this Python."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    return shutil.which(command[0]) is not None and Path(sysconfig.get_path("include"), "Python.h").exists()


def said_by_the_build(folder: Path) -> str:
    """All sources compiled anew, out of the way: what the compiler says of those that it refuses."""
    command = [sys.executable, "setup.py", "-q", "build_ext", f"--build-lib={folder}", f"--build-temp={folder}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stderr


@pytest.mark.skipif(not a_compiler_is_at_hand(), reason="no C compiler here: everything runs in Python")
def test_where_there_is_a_compiler_every_source_is_compiled(tmp_path: Path) -> None:
    packages = {source: ".".join(source.parent.relative_to(ROOT).parts) for source in SOURCES}
    left = [source.name for source in SOURCES if compiled(source.stem, source.parent, packages[source]) is None]
    assert not left, f"not compiled, or not since they changed (then: make setup):\n{said_by_the_build(tmp_path)}"


def test_a_library_of_another_header_is_not_taken(tmp_path: Path) -> None:
    library = library_or_skip("_places")
    beside = ROOT / "monitor/domain"
    for path in (beside / "_places.c", *beside.glob("*.h")):
        shutil.copy(path, tmp_path)
    assert compiled("_places", tmp_path) is library
    header = headers(tmp_path / "_places.c")[0]
    header.write_text(header.read_text(encoding="utf-8") + "/* changed since */\n", encoding="utf-8")
    assert compiled("_places", tmp_path) is None
    header.unlink()
    assert compiled("_places", tmp_path) is None


def test_a_header_that_a_header_includes_counts_too(tmp_path: Path) -> None:
    source, one, other = (tmp_path / name for name in ("a.c", "one.h", "other.h"))
    source.write_text('#include <math.h>\n#include "one.h"\n', encoding="utf-8")
    one.write_text('#include "other.h"\n', encoding="utf-8")
    other.write_text("", encoding="utf-8")
    before = digest(source)
    other.write_text("#define CHANGED\n", encoding="utf-8")
    assert digest(source) != before


def test_every_source_shares_the_frames() -> None:
    assert SOURCES
    assert all(path.name == "_frames.h" for source in SOURCES for path in headers(source)[:1])
    assert all(headers(source) for source in SOURCES)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The paths that a source distribution holds."""
    base = tmp_path_factory.mktemp("shipped")
    command = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", str(base)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return set((base / "veille.egg-info" / "SOURCES.txt").read_text(encoding="utf-8").splitlines())


def test_headers_are_shipped_with_the_sources(shipped: set[str]) -> None:
    wanted = {path for source in SOURCES for path in (source, *headers(source))}
    assert shipped >= {path.relative_to(ROOT).as_posix() for path in wanted}


def test_the_configuration_is_shipped_with_the_sources_and_nobodys_own(shipped: set[str]) -> None:
    assert shipped >= {"config/feeds.toml", "config/dossiers/huawei-europe.toml", "config/subscribers.example.toml"}
    assert shipped.isdisjoint({"config/subscribers.toml", "config/veille.env"})
