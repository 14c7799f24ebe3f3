"""Makes `monitor/domain/french/forms.txt.xz` from the French Hunspell dictionary: `french_forms.py fr.aff fr.dic OUT`.

The input is the “toutes variantes” dictionary of Dicollecte/Grammalecte (MPL 2.0), in Debian
`hunspell-fr-comprehensive`.
What comes out keeps the licence: suffix rules (`flag strip add condition`), a blank line, words (`word flags`).
Elision prefixes, phonetics and grammar are left out: matching cuts words at apostrophes itself.
"""

from __future__ import annotations

import lzma
import re
import sys
from pathlib import Path


def suffix_rules(aff: str) -> list[str]:
    """`flag strip add condition` lines; `0` stands for nothing."""
    rules = []
    for line in aff.splitlines():
        parts = line.split()
        if len(parts) >= 5 and parts[0] == "SFX":
            rules.append(f"{parts[1]} {parts[2]} {parts[3].split('/')[0]} {parts[4]}")
    return sorted(set(rules))


def words(dic: str, flags: set[str]) -> list[str]:
    """`word flags` lines; words of several entries come once, with the flags of all."""
    found: dict[str, set[str]] = {}
    for line in dic.splitlines()[1:]:
        word, _, marks = line.split(" ")[0].split("\t")[0].partition("/")
        pairs = {marks[i : i + 2] for i in range(0, len(marks), 2)}
        if re.fullmatch(r"[\w'’.-]+", word):
            found.setdefault(word, set()).update(pairs & flags)
    return [f"{word} {''.join(sorted(marks))}".rstrip() for word, marks in sorted(found.items())]


def main(aff_path: str, dic_path: str, out: str) -> None:
    rules = suffix_rules(Path(aff_path).read_text(encoding="utf-8"))
    lines = words(Path(dic_path).read_text(encoding="utf-8"), {rule.split(" ")[0] for rule in rules})
    text = "\n".join(rules) + "\n\n" + "\n".join(lines) + "\n"
    Path(out).write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main(*sys.argv[1:])
