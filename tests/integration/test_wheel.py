"""The wheel holds everything that the tree holds, and the configuration to start from."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked(*where: str) -> list[str]:
    """Paths that git knows under `where`; those deleted in the working tree are left out."""
    command = ["git", "ls-files", "-z", "--", *where]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for path in found.split("\0") if path and (ROOT / path).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what git knows, in a place of its own: a left-over `build/` would hide what is missing."""
    work = tmp_path_factory.mktemp("wheel")
    source = work / "source"
    for path in tracked("monitor", "workers", "config", "pyproject.toml", "setup.py", "LICENSE", "README.md"):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, source / path)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "--no-index"]
    subprocess.run([*command, "-w", str(work), str(source)], check=True, capture_output=True)
    return next(work.glob("*.whl"))


def test_every_file_of_the_tree_is_in_the_wheel(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    assert set(tracked("monitor", "workers")) - held == set()


def test_the_installed_command_makes_a_configuration(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); from monitor.cli import main; main()"
    subprocess.run([sys.executable, "-P", "-c", code, "init", "made"], cwd=tmp_path, check=True, capture_output=True)
    shipped = {path.relative_to(ROOT / "config") for path in (ROOT / "config").rglob("*.toml")}
    assert {path.relative_to(tmp_path / "made") for path in (tmp_path / "made").rglob("*.toml")} == shipped
