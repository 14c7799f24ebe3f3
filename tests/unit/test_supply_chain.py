"""What is installed is pinned, hashed and listed."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
SBOM = runpy.run_path(str(ROOT / "tools" / "sbom.py"))


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], str]:
    """The components of the bill of materials, and the list of licences."""
    place = tmp_path_factory.mktemp("sbom")
    SBOM["main"](ROOT / "requirements.lock", place)
    made = json.loads((place / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.5")
    return made["components"], (place / "LICENCES.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_package_with_hashes_and_names_no_server(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = SBOM["pins"](text)
    assert [pin for pin, _, hashes in pins if not hashes] == []
    assert len(pins) == len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE)) > 0
    assert "://" not in text


def test_the_bill_has_every_locked_package_with_its_hashes(bill: tuple[list[dict[str, Any]], str]) -> None:
    pins = SBOM["pins"]((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    listed = {part["purl"]: len(part["externalReferences"]) for part in bill[0]}
    assert listed == {f"pkg:pypi/{name.lower()}@{version}": len(hashes) for name, version, hashes in pins}


def test_every_package_that_is_installed_says_its_licence(bill: tuple[list[dict[str, Any]], str]) -> None:
    silent = re.findall(r"^\| (\S+) \| \S+ \| \(not installed here\) \|$", bill[1], re.MULTILINE)
    markers = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert [name for name in silent if not re.search(rf"^{re.escape(name)}==\S+ ;", markers, re.MULTILINE)] == []


def test_a_licence_that_binds_what_runs_with_it_is_not_among_them(bill: tuple[list[dict[str, Any]], str]) -> None:
    lines = [line for line in bill[1].splitlines() if re.search(r"\bA?GPL|General Public", line)]
    weak = [line for line in lines if not re.search(r"LGPL|Lesser|MPL|BSD|MIT|Apache", line)]
    assert weak == []
