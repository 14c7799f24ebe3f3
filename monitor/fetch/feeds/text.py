"""HTML in feeds, read as text: feeds put markup in every field, escaped once, twice or not at all.

`plain` says that the markup holds plain characters only (`domain.cleaning.is_plain`): then simple markup, which is what
most summaries have, is read without a parser, and nothing needs cleaning. `_markup.c` reads the simplest in C.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from monitor.domain.cleaning import clean, is_plain, one_line
from monitor.domain.compiling import compiled

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
# Tags that mean what they say when they are well nested; anything else in angle brackets is left to a parser.
_ATTRIBUTES = r"""(?: ++[a-z-]++=(?:"[^"<>]*"|'[^'<>]*'))*+ *"""
_SIMPLE_BLOCKS = frozenset(["p", "div", "blockquote", "ul", "ol", "li", "h2", "h3", "h4"])
_NAMES = "|".join(["a", "b", "i", "em", "strong", "span", *_SIMPLE_BLOCKS])
_SIMPLE = re.compile(rf"<(?:(?P<open>{_NAMES}){_ATTRIBUTES}|/(?P<close>{_NAMES})|(?P<void>br|img){_ATTRIBUTES}/?)>")
_HOLDS = {
    None: _SIMPLE_BLOCKS - {"li"},
    "div": _SIMPLE_BLOCKS - {"li"},
    "li": frozenset(["p"]),
    "blockquote": frozenset(["p"]),
}
_HOLDS |= dict.fromkeys(["ul", "ol"], frozenset(["li"]))
_REFERENCE = re.compile(r"&[#A-Za-z0-9]{2,9};")

_library: Any = compiled("_markup", Path(__file__).parent, __package__ or "")
COMPILED = _library is not None


def to_line(markup: str, limit: int = 1_000, *, plain: bool = False) -> str:
    """One clean line of at most `limit` characters."""
    text, plain = _plain(markup[: limit * 8], plain=plain)
    return one_line(text if plain else clean(text))[:limit].rstrip()


def to_text(markup: str, limit: int = 200_000, *, plain: bool = False) -> str:
    """Clean paragraphs joined by a blank line, at most `limit` characters."""
    if plain and _library is not None:
        found: str | None = _library.paragraphs(markup[:MAX_HTML], limit, _character)
        if found is not None:
            return found
    text, plain = _plain(markup[:MAX_HTML], plain=plain)
    text = (text if plain else clean(text)).strip()
    if "\t" in text or "  " in text:
        text = _SPACES.sub(" ", text)
    if "\n" not in text:  # most summaries
        return text[:limit].rstrip()
    paragraphs: list[str] = []
    for part in text.split("\n\n"):
        if "\n" in part:
            paragraphs += _paragraphs(part)
        elif words := part.strip():
            paragraphs.append(words)
    return "\n\n".join(paragraphs)[:limit].rstrip()


def _paragraphs(text: str) -> list[str]:
    """Lines joined, up to a blank one."""
    paragraphs: list[list[str]] = [[]]
    for line in text.split("\n"):
        if words := line.strip():
            paragraphs[-1].append(words)
        elif paragraphs[-1]:
            paragraphs.append([])
    return [" ".join(lines) for lines in paragraphs if lines]


def _plain(markup: str, *, plain: bool) -> tuple[str, bool]:
    """The text, and whether its characters are still plain.

    Markup that was escaped twice is read twice; more is taken for text.
    """
    for _ in range(2):
        if "<" in markup and _MARKUP.search(markup):
            simple = _without_simple_tags(markup) if plain else None
            markup, plain = (_strip_tags(markup), False) if simple is None else (simple, True)
        elif "&" in markup and _ESCAPED.search(markup):
            simple = _unescaped(markup) if plain else None
            markup, plain = (html.unescape(markup), False) if simple is None else (simple, True)
        else:
            break
    return markup, plain


def _without_simple_tags(markup: str) -> str | None:
    """What `_strip_tags` makes of markup that only has simple tags and references, blanks apart; None for other."""
    before, *paragraphs = markup.split("<p>")
    text = "\n\n".join([before, *paragraphs]).replace("</p>", "\n\n")
    if "<" in text:
        text = _SIMPLE.sub(_blank, markup) if _is_well_nested(markup) else "<"
    elif "</p>" in before or any(paragraph.count("</p>") > 1 for paragraph in paragraphs):
        return None
    if "<" in text:
        return None
    return _unescaped(text) if "&" in text else text


def _is_well_nested(markup: str) -> bool:
    """Whether the simple tags in it close each other, and blocks stand where they may."""
    opened: list[str] = []
    for tag in _SIMPLE.finditer(markup):
        if name := tag["open"]:
            if name in _SIMPLE_BLOCKS and name not in _HOLDS.get(opened[-1] if opened else None, ()):
                return False
            opened.append(name)
        elif (name := tag["close"]) and (not opened or opened.pop() != name):
            return False
    return True


def _blank(tag: re.Match[str]) -> str:
    name = tag["open"] or tag["close"] or tag["void"]
    return "\n\n" if name in _SIMPLE_BLOCKS else "\n" if name == "br" else ""


def _unescaped(text: str) -> str | None:
    """`html.unescape` where every `&` begins a common reference; None elsewhere."""
    for reference in {*_REFERENCE.findall(text)} - {"&amp;"}:
        character = _character(reference)
        if character is None:
            return None
        text = text.replace(reference, character)
    return text.replace("&amp;", "&") if text.count("&") == text.count("&amp;") else None


@lru_cache(maxsize=1024)
def _character(reference: str) -> str | None:
    """The plain character that it stands for; None for one that could make up another reference, and for others."""
    character = html.unescape(reference)
    usual = len(character) == 1 and not (character.isascii() and character.isalnum()) and character not in "&#;"
    return character if usual and is_plain(character.encode("utf-8", "replace")) else None


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
