"""Press agencies, as French articles credit them: "avec AFP", "Source Reuters", "PARIS (AFP) –", "© 2026 AFP"."""

from __future__ import annotations

import re
from collections.abc import Iterable

# As printed (lower case) to the name that is kept.
AGENCIES = {
    "afp": "AFP",
    "agence france-presse": "AFP",
    "agence france presse": "AFP",
    "reuters": "Reuters",
    "associated press": "AP",
    "ap": "AP",
    "belga": "Belga",
    "ats": "ATS",
    "keystone-ats": "ATS",
    "dpa": "dpa",
    "efe": "EFE",
    "ansa": "ANSA",
    "bloomberg": "Bloomberg",
    "dow jones": "Dow Jones",
    "agefi-dow jones": "Dow Jones",
    "xinhua": "Xinhua",
    "chine nouvelle": "Xinhua",
    "zonebourse": "Zonebourse",
    "relaxnews": "Relaxnews",
    "etx daily up": "ETX Daily Up",
    "la presse canadienne": "La Presse canadienne",
    "presse canadienne": "La Presse canadienne",
    "aef info": "AEF info",
    "apm news": "APMnews",
    "news tank": "News Tank",
}
_NAMES = "|".join(sorted(map(re.escape, AGENCIES), key=len, reverse=True))
_BEFORE = r"avec|sources?|par(?: l.)?|d.après|selon|©|\(c\)|copyright|dépêche|agence"
_CREDITS = (
    re.compile(rf"(?:^|[^\w])(?:{_BEFORE})\s*:?\s*(?:l.|les |\d{{4}} )?({_NAMES})\b", re.IGNORECASE),
    re.compile(rf"(?:^|[A-ZÀ-Ýa-zà-ÿ-],? )\(({_NAMES})(?:\s*[/-][^)]{{2,30}})?\)\s*[-–—]", re.IGNORECASE),
    re.compile(rf"\(\s*(?:avec |source ?:? ?)?({_NAMES})(?:[ ,/-]+[\w. ]{{2,30}})?\s*\)\W*$", re.IGNORECASE),
    re.compile(rf"(?:^|[/,&-]\s*)({_NAMES})\W*$", re.IGNORECASE),
)
_DATELINES = _CREDITS[1:3]  # what stands for a credit in a paragraph
LONGEST_CREDIT = 140  # characters; "selon l’AFP" in a longer line cites and does not credit
_UPPER = {"ap", "ats", "efe", "dpa"}  # short enough to be other words: believed in capitals only
# Of which one stands in each line that credits: as printed, and in lower case.
_PRINTED = (*(name.upper() for name in _UPPER), "dpa")
_LOWER = [name for name in AGENCIES if name not in _UPPER]


def agency_of(lines: Iterable[str]) -> str | None:
    """The agency that short `lines` (bylines, datelines, an article's first and last words) credit; None for none."""
    lines = list(lines)
    if not _may_credit("\n".join(line[:400] for line in lines)):  # most texts name none: asked once for all lines
        return None
    for line in lines:
        if not _may_credit(line[:400]):
            continue
        for pattern in _CREDITS if len(line) <= LONGEST_CREDIT else _DATELINES:
            for found in pattern.finditer(line[:400]):
                printed = found.group(1)
                if printed.lower() not in _UPPER or printed.isupper() or printed == "dpa":
                    return AGENCIES[printed.lower()]
    return None


def _may_credit(text: str) -> bool:
    """Whether an agency's name stands in `text`: cheap to ask, and most lines have none."""
    lower = text.lower()
    return any(name in text for name in _PRINTED) or any(name in lower for name in _LOWER)
