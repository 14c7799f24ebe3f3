"""Evidence as people read it: the sentence around the matched words, short enough to be a quotation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from monitor.domain.model import Field, Span
from monitor.domain.terms import is_small_word
from monitor.domain.text import skeleton

WIDTH = 280
# Ends of sentences: a mark, perhaps a closing quote, then a blank and something that opens a sentence. Abbreviations
# (M. Dupont, p. ex.) are not worth a model: a sentence cut there is still a readable quotation.
_END = re.compile(r"(?<=[.!?…])(?:[\s\u00a0]*[»”\"])?\s+(?=[A-ZÀ-ÖØ-Þ0-9«“\"—–-])|\n\s*\n")
_ABBREVIATION = re.compile(r"(?:\b(?:MM?|Mme|Mlle|Dr|Me|St|p|cf|art|env|n)|\b[A-Z])\.$")
ELLIPSIS = "…"


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence of `text`, in order, without the blanks between them."""
    bounds, start = [], 0
    for found in _END.finditer(text):
        end = found.start() + len(found[0].rstrip())
        if found[0].startswith("\n"):
            end = found.start()
        elif _ABBREVIATION.search(text, start, found.start()):
            continue
        bounds.append((start, end))
        start = found.end()
    bounds.append((start, len(text)))
    return [(first, last) for first, last in bounds if text[first:last].strip()]


def quotations(
    texts: Mapping[Field, str], spans: Sequence[Span], *, most: int = 2, width: int = WIDTH
) -> list[tuple[str, tuple[tuple[int, int], ...]]]:
    """Up to `most` sentences with their matched words as (start, end), in the order of `spans` (best first).

    The title stands above the evidence already, so its spans serve only when there are no others. A sentence longer
    than `width` is cut around its first matched words, at blanks, with an ellipsis.
    """
    chosen: list[tuple[str, tuple[tuple[int, int], ...]]] = []
    taken: set[tuple[Field, int]] = set()
    outside = [span for span in spans if span.field is not Field.TITLE and _stands(texts, span)]
    for span in outside or [span for span in spans if _stands(texts, span)]:
        text = texts[span.field]
        bound = next((bound for bound in sentences(text) if span.start < bound[1]), (0, len(text)))
        if (span.field, bound[0]) not in taken and len(chosen) < most:
            taken.add((span.field, bound[0]))
            same = [(one.start, one.end) for one in spans if one.field is span.field and _stands(texts, one)]
            marks = _words(text, [(a, b) for a, b in same if a < bound[1] and b > bound[0]], bound)
            focus = max(span.start, bound[0])
            if marks and _holds((span.start, span.end), bound):
                focus = max(marks[0][0], bound[0])
            chosen.append(_cut(text, bound, marks, width=width, focus=focus))
    return chosen


def _words(text: str, marks: list[tuple[int, int]], bound: tuple[int, int]) -> list[tuple[int, int]]:
    """The matched words alone, neighbours joined: a mark over the whole sentence would mark nothing.

    Small words (nous, sans), which a rule counts beside others, are marked only beside others or where there are none.
    """
    joined: list[tuple[int, int]] = []
    for start, end in sorted(_whole_words(text, mark) for mark in marks if not _holds(mark, bound)):
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return [span for span in joined if not is_small_word(skeleton(text[slice(*span)]))] or joined


def _whole_words(text: str, mark: tuple[int, int]) -> tuple[int, int]:
    """What matched may be a part of a word or number; people read it whole."""
    start, end = mark
    while start and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def _holds(mark: tuple[int, int], bound: tuple[int, int]) -> bool:
    """Whether the mark is of all the sentence, its closing mark and quotation perhaps left out."""
    return mark[0] <= bound[0] and mark[1] >= bound[1] - 3


def _stands(texts: Mapping[Field, str], span: Span) -> bool:
    """Offsets of an earlier revision can point past the text, or at other words."""
    text = texts.get(span.field, "")
    return span.start < span.end <= len(text) and bool(text[span.start : span.end].strip())


def _cut(
    text: str, bound: tuple[int, int], marks: Iterable[tuple[int, int]], *, width: int, focus: int
) -> tuple[str, tuple[tuple[int, int], ...]]:
    start, end = bound
    first, last = start, end
    if end - start > width:
        first = max(start, min(focus - width // 3, end - width))
        last = min(end, first + width)
        if first > start:
            first = _next_blank(text, first, focus)
        if last < end:
            last = max(text.rfind(" ", focus, last), focus + 1)
    before, after = (ELLIPSIS if first > start else ""), (ELLIPSIS if last < end else "")
    shift = len(before) - first
    inside = sorted((max(a, first) + shift, min(b, last) + shift) for a, b in marks if a < last and b > first)
    return before + text[first:last] + after, tuple(dict.fromkeys(inside))


def _next_blank(text: str, at: int, focus: int) -> int:
    blank = text.find(" ", at, focus)
    return blank + 1 if blank >= 0 else min(at, focus)


def edited_sentences(before: str, after: str, width: int = WIDTH) -> tuple[str, str]:
    """The first sentence that an edit added and the first it removed ("" for none), each at most `width` long."""
    old, new = ([text[a:b] for a, b in sentences(text)] for text in (before, after))
    added = removed = ""
    for kind, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind in {"insert", "replace"} and not added and k < m:
            added = _short(new[k], width)
        if kind in {"delete", "replace"} and not removed and i < j:
            removed = _short(old[i], width)
    return added, removed


def _short(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    blank = text.rfind(" ", 0, width)
    return text[: blank if blank > 0 else width] + ELLIPSIS
