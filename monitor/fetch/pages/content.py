"""The article's paragraphs: trafilatura on the article's element, checked against what the page says its text is."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import html
from trafilatura import bare_extraction
from trafilatura.metadata import Document

from monitor.fetch.pages.blocks import Block, blocks_of, squeeze
from monitor.fetch.pages.linked_data import squash
from monitor.fetch.pages.scope import LINE_BREAK, PROSE, article_scope

CUT = 0.6  # share of the known text below which an extraction was cut
SWALLOWED = 1.6  # times the known text above which an extraction swallowed its surroundings


@dataclass(frozen=True, slots=True)
class Content:
    """The article's lines in order; which of the page's lines are only links, squashed; the page, pruned."""

    lines: list[str]
    linked: frozenset[str]
    page: html.HtmlElement


def read_content(root: html.HtmlElement, known: str = "") -> Content:
    """The paragraphs of the page's article.

    `known` is JSON-LD's `articleBody`: often without the chapô, sometimes cut; never the text, but it tells when the
    extraction lost the article or took in its surroundings.
    """
    scope, whole = article_scope(root)
    blocks = list(blocks_of(scope))
    linked = frozenset(squash(block.text) for block in blocks if block.link_share > 0.9 and block.element.tag != "td")
    prose = _prose(blocks)
    lines = _without_surroundings(_extract(scope), known)
    if not (_covers(lines, known) and _size(lines) >= CUT * _size(prose)):
        lines = _best(lines, prose, whole, known)
    return Content(lines, linked, whole)


def _best(lines: list[str], prose: list[str], whole: html.HtmlElement, known: str) -> list[str]:
    """The fullest of what can be had when the first attempt lost text; the known text where all lost it."""
    attempts = [lines, prose, _without_surroundings(_extract(whole), known)]
    best = max(attempts, key=lambda attempt: _shared(attempt, known) if known else _size(attempt))
    return best if _covers(best, known) else [line for line in map(squeeze, known.split("\n")) if line]


def _extract(page: html.HtmlElement) -> list[str]:
    document = bare_extraction(page, fast=True, include_comments=False)
    text = document.text if isinstance(document, Document) else None
    return [line for part in (text or "").split("\n") for line in _lines(part)]


def _lines(part: str) -> list[str]:
    pieces = (squeeze(piece).removeprefix("- ").strip(" |") for piece in part.split(LINE_BREAK))
    return [piece for piece in pieces if piece]


def _prose(blocks: list[Block]) -> list[str]:
    """The blocks that read as prose whatever their tags: what is left when trafilatura finds next to nothing."""
    kept = (block for block in blocks if len(block.text) >= PROSE and block.link_share < 0.4)
    return [line for block in kept for line in _lines(block.text)]


def _size(lines: list[str]) -> int:
    return sum(map(len, lines))


def _covers(lines: list[str], known: str) -> bool:
    return not known or _shared(lines, known) >= CUT


def _shared(lines: list[str], known: str) -> float:
    """The share of `known`'s words, by kind, that `lines` hold."""
    wanted = set(known.lower().split())
    return len(wanted & set(" ".join(lines).lower().split())) / len(wanted) if wanted else 0.0


def _without_surroundings(lines: list[str], known: str) -> list[str]:
    """`lines` without what stands before and after the known text, if there is far too much of it."""
    if len(known) < 800 or _size(lines) < SWALLOWED * len(known):
        return lines
    body = squash(known)
    inside = [at for at, line in enumerate(lines) if len(line) >= 40 and squash(line) in body]
    if not inside or sum(len(lines[at]) for at in inside) < CUT * len(known):
        return lines
    return lines[inside[0] : inside[-1] + 1]
