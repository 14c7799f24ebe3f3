"""Throw-away virtual environments for the peers, made from PyPI on first use and never part of the project."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent / "peers"


def python_of(name: str, place: Path) -> Path | None:
    """The interpreter of the environment for `peers/NAME.txt`, below `place`; None, and a line, when pip fails."""
    listed = (PEERS / f"{name}.txt").read_bytes()
    folder = place / f"{name}-{hashlib.sha256(listed).hexdigest()[:8]}"
    python, stamp = folder / "bin" / "python", folder / "installed"
    if stamp.exists():
        return python
    print(f"making an environment for {name}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    done = subprocess.run([*install, "-r", str(PEERS / f"{name}.txt")], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name} is left out: {(done.stderr.strip() or '?').splitlines()[-1]}")
        return None
    stamp.touch()
    return python


def command_of(name: str) -> str | None:
    """A peer that the system brings; None, said in one line, when it does not."""
    found = shutil.which(name)
    if found is None:
        print(f"{name} is left out: no such command")
    return found
