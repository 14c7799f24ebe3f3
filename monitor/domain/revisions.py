"""What an edit changed: the sentences that an article says now and did not say before."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from monitor.domain import excerpts

_LETTERS = re.compile(r"\w+")
REWORDED = 0.9  # likeness from which a sentence was only touched up


def sentences(text: str) -> list[str]:
    """The sentences of `text` in order; a line break always ends one."""
    return [line[start:end] for line in text.splitlines() for start, end in excerpts.sentences(line)]


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
