"""HTML in feeds, read as text: feeds put markup in every field, escaped once, twice or not at all."""

from __future__ import annotations

import html
import re
from typing import Any

from lxml import etree

from monitor.domain.cleaning import clean, clean_line

MAX_HTML = 300_000
_MARKUP = re.compile(r"<[A-Za-z/!]")
_ESCAPED = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SILENT = frozenset(["script", "style", "template", "noscript", "iframe", "object", "svg", "math", "title", "head"])
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_BLOCKS = _HEADINGS | frozenset(
    ["p", "div", "section", "article", "ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "blockquote", "figure", "pre"]
)
_BLOCKS |= frozenset(["figcaption", "hr", "header", "footer", "aside"])
_SPACES = re.compile(r"[ \t]+")
_UNEVEN = re.compile(r"\t|  ")


def to_line(markup: str, limit: int = 1_000) -> str:
    """One clean line of at most `limit` characters."""
    return clean_line(_plain(markup[: limit * 8]))[:limit].rstrip()


def to_text(markup: str, limit: int = 200_000) -> str:
    """Clean paragraphs joined by a blank line, at most `limit` characters."""
    text = clean(_plain(markup[:MAX_HTML]))
    if "\n" not in text:  # most summaries
        return (_SPACES.sub(" ", text) if _UNEVEN.search(text) else text).strip()[:limit].rstrip()
    paragraphs: list[list[str]] = [[]]
    for line in text.split("\n"):
        if words := (_SPACES.sub(" ", line) if _UNEVEN.search(line) else line).strip():
            paragraphs[-1].append(words)
        elif paragraphs[-1]:
            paragraphs.append([])
    return "\n\n".join([" ".join(lines) for lines in paragraphs if lines])[:limit].rstrip()


def _plain(markup: str) -> str:
    """Markup that was escaped twice is read twice; more is taken for text."""
    for _ in range(2):
        if "<" in markup and _MARKUP.search(markup):
            markup = _strip_tags(markup)
        elif "&" in markup and _ESCAPED.search(markup):
            markup = html.unescape(markup)
        else:
            break
    return markup


def _strip_tags(markup: str) -> str:
    try:
        root: Any = etree.HTML(markup, etree.HTMLParser(remove_comments=True, remove_pis=True, no_network=True))
    except (etree.XMLSyntaxError, ValueError):  # nothing but markup; characters that libxml2 refuses
        return ""
    pieces: list[str] = []
    if root is not None:  # a comment and nothing else
        _collect(root, pieces)
    return "".join(pieces)


def _collect(root: Any, pieces: list[str]) -> None:
    """In document order, without recursion: nesting is the sender's choice."""
    silent = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag
        if tag in _SILENT:
            silent += 1 if event == "start" else -1
        if not silent and (tag in _BLOCKS or tag == "br"):
            pieces.append("\n\n" if tag != "br" else "\n" if event == "start" else "")
        text = element.text if event == "start" else element.tail
        if text and not silent:
            pieces.append(text)
