"""Texts with marks as safe HTML: everything is escaped, only our own tags come in."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch (start, end) of a text; `tone` picks its colour (0: none of a topic), `label` says what it is."""

    start: int
    end: int
    tone: int = 0
    label: str = ""
    light: bool = False


def marked(text: str, marks: Iterable[Mark]) -> Markup:
    """`text` with `<mark>` around its marks. Where marks overlap, the words win over the sentence that holds them."""
    kept = _layers(text, list(marks))
    edges = sorted({0, len(text), *(edge for mark in kept for edge in (mark.start, mark.end))})
    out = Markup()
    for start, end in itertools.pairwise(edges):
        over = [mark for mark in kept if mark.start <= start and mark.end >= end]
        out += _piece(text[start:end], over)
    return out


def _layers(text: str, marks: list[Mark]) -> list[Mark]:
    """Marks that stand in the text; one that holds another is drawn lightly."""
    whole = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)]
    return [
        Mark(mark.start, mark.end, mark.tone, mark.label, light=mark.light or _holds_another(mark, whole))
        for mark in dict.fromkeys(whole)
    ]


def _holds_another(mark: Mark, marks: Sequence[Mark]) -> bool:
    size = mark.end - mark.start
    return any(one.start >= mark.start and one.end <= mark.end and one.end - one.start < size for one in marks)


def _piece(text: str, over: Sequence[Mark]) -> Markup:
    strong = [mark for mark in over if not mark.light] or list(over)
    if not strong:
        return escape(text)
    best = min(strong, key=lambda mark: mark.end - mark.start)
    labels = ", ".join(dict.fromkeys(mark.label for mark in over if mark.label))
    title = Markup(' title="{}"').format(labels) if labels else Markup()
    tone = f"tone-{best.tone % 8}" + (" light" if best.light else "")
    return Markup('<mark class="{}"{}>{}</mark>').format(tone, title, text)


def paragraphs(text: str, marks: Iterable[Mark]) -> list[Markup]:
    """The paragraphs of a text, marked; marks are moved to the paragraph they stand in."""
    marks, found, start = list(marks), [], 0
    for piece in text.split("\n\n"):
        inside = [
            Mark(max(m.start, start) - start, min(m.end, start + len(piece)) - start, m.tone, m.label, m.light)
            for m in marks
            if m.start < start + len(piece) and m.end > start
        ]
        found.append(marked(piece, inside))
        start += len(piece) + 2
    return found


def snippet(text: str, spans: Sequence[tuple[int, int]], width: int = 260) -> Markup:
    """A stretch of about `width` characters around the first span, marked."""
    focus = spans[0][0] if spans else 0
    start = max(0, focus - width // 3)
    if start:
        blank = text.find(" ", start, focus)
        start = blank + 1 if blank >= 0 else start
    end = min(len(text), start + width)
    cut = text[start:end].replace("\n", " ")
    body = marked(cut, [Mark(a - start, min(b, end) - start) for a, b in spans if start <= a < end])
    return escape("…" if start else "") + body + escape("…" if end < len(text) else "")
