"""The bill of materials of what runs: `python tools/sbom.py requirements.lock dist`.

Writes `sbom.cdx.json` (CycloneDX 1.5: every locked package with its version, hashes and licence) and `LICENCES.md`.
Licences are what the installed packages say of themselves.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def main(lock: Path, target: Path) -> None:
    """Both files from one lock."""
    parts = [component(name, version, hashes) for name, version, hashes in pins(lock.read_text(encoding="utf-8"))]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "veille", "bom-ref": "veille"}},
        "components": parts,
    }
    target.mkdir(parents=True, exist_ok=True)
    (target / "sbom.cdx.json").write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    lines = ["# Licences of what runs", "", "| Package | Version | Licence |", "| --- | --- | --- |"]
    lines += [f"| {part['name']} | {part['version']} | {licence_of(part)} |" for part in parts]
    (target / "LICENCES.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(parts)} packages: {target}/sbom.cdx.json, {target}/LICENCES.md\n")


def pins(text: str) -> list[tuple[str, str, list[str]]]:
    """(name, version, sha256 hashes) of every pin of a lock."""
    found: list[tuple[str, str, list[str]]] = []
    for line in text.splitlines():
        pin = _PIN.match(line)
        if pin:
            found.append((pin[1], pin[2], []))
        for digest in _HASH.findall(line):
            found[-1][2].append(digest)
    return found


def component(name: str, version: str, hashes: list[str]) -> dict[str, Any]:
    """One package as CycloneDX has it; the hashes are those of its files, one of which was installed."""
    address = f"pkg:pypi/{name.lower()}@{version}"
    files = [{"type": "distribution", "url": address, "hashes": [{"alg": "SHA-256", "content": h}]} for h in hashes]
    part: dict[str, Any] = {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address}
    licence = licence_name(name)
    return part | ({"licenses": [{"license": {"name": licence}}]} if licence else {}) | {"externalReferences": files}


def licence_name(name: str) -> str:
    """What the installed package says; empty for one that is for other systems."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return ""
    said = about.get("License-Expression") or ""
    classifiers = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier", []) if c.startswith("License :: ")]
    return said or ", ".join(classifiers) or (about.get("License") or "").split("\n")[0][:80]


def licence_of(part: dict[str, Any]) -> str:
    found = part.get("licenses")
    return str(found[0]["license"]["name"]) if found else "(not installed here)"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
