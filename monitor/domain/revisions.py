"""What an edit changed: the sentences that an article says now and did not say before."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

# A French sentence ends at . ! ? or … and before a capital, a digit or an opening quote; not after an initial or "M.".
_END = re.compile(r"(?<=[.!?…])(?:[\u00a0\u202f ]?»)?\s+(?=[«“\"(]?[\u00a0\u202f ]?[A-ZÀ-ÖØ-Þ0-9])")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(«])(?:[A-ZÀ-ÖØ-Þ]|MM?|Mmes?|Mlles?|Drs?|Prs?|Me|St|Ste|art|av|env|cf|ex|etc|n|p|vol)\.$"
)
_LETTERS = re.compile(r"\w+")
REWORDED = 0.9  # likeness from which a sentence was only touched up


def sentences(text: str) -> list[str]:
    """The sentences of `text` in order, trimmed; a line break always ends one."""
    return [sentence for line in text.splitlines() for sentence in _of_line(line.strip()) if sentence]


def _of_line(line: str) -> list[str]:
    found: list[str] = []
    start = 0
    for end in _END.finditer(line):
        piece = line[start : end.start()]
        if _ABBREVIATED.search(piece):
            continue
        found.append(line[start : end.end()].strip())
        start = end.end()
    return [*found, line[start:].strip()]


def changed_sentences(before: str, after: str) -> list[str]:
    """The sentences of `after` that `before` does not say, in order; typography or one corrected word change nothing.

    Each new sentence is compared with the old ones that are gone: a rewritten figure counts, a comma does not.
    """
    old = [_key(sentence) for sentence in sentences(before)]
    known = set(old)
    now = [(sentence, _key(sentence)) for sentence in sentences(after)]
    still = {key for _, key in now}
    gone = [key for key in old if key not in still][:200]
    return [sentence for sentence, key in now if key and key not in known and not _touched_up(key, gone)]


def _key(sentence: str) -> tuple[str, ...]:
    return tuple(_LETTERS.findall(sentence.lower()))


def _touched_up(key: tuple[str, ...], gone: list[tuple[str, ...]]) -> bool:
    """Whether an old sentence says the same figures in almost the same words."""
    figures = [word for word in key if word.isdecimal()]
    for other in gone:
        if abs(len(other) - len(key)) > 2 or [word for word in other if word.isdecimal()] != figures:
            continue
        if SequenceMatcher(None, other, key, autojunk=False).ratio() >= REWORDED:
            return True
    return False
