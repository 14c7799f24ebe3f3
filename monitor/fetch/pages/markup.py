"""From text to a tree, without what no reader sees, and without tags that are made to exhaust a parser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree, html

from monitor.errors import ContentError
from monitor.fetch.page_decoding import ILLEGAL_REFERENCE

MAX_CHARACTERS = 4_000_000
MAX_TAGS = 150_000  # "<" signs; the longest real pages have a fifth of that
MAX_TAG = 20_000  # characters of one tag; libxml2 takes 2 s over 40,000 attributes, 190 s over 200,000
UNSEEN = ("script", "style", "svg", "noscript", "template", "iframe", "object", "canvas", "link", "source")
_REST_OF_TAG = re.compile(r"""(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
# Controls: libxml2 reads them and then refuses to write them.
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_NONCHARACTERS = "\ufffe\uffff"
# One class for all: lxml's own table of classes for forms is asked in Python whenever an element is touched.
_ELEMENTS = etree.ElementDefaultClassLookup(element=html.HtmlElement)
_NAME = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9:-]{0,40})")


@dataclass(frozen=True, slots=True)
class Markup:
    """A page's tree, and the JSON-LD blocks that stood in it."""

    root: html.HtmlElement
    linked_data: list[str]


def parse_markup(text: str) -> Markup:
    """The tree of `text`; raises `ContentError` (`empty`, `too-large`, `not-a-page`)."""
    text = ILLEGAL_REFERENCE.sub("", text)
    tags = text.count("<")
    if len(text) > MAX_CHARACTERS or tags > MAX_TAGS:
        raise ContentError(f"the page has {len(text):,} characters and {tags:,} tags", kind="too-large")
    if not tags:
        raise ContentError("there is no markup in what came", kind="not-a-page" if text.strip() else "empty")
    root = _parse(cut_long_tags(text))
    # The type is asked first: to read a script's text is to copy it, and most of a page is scripts.
    blocks = [script.text for script in root.iter("script") if "ld+json" in script.get("type", "") and script.text]
    return Markup(root, blocks)


def drop_unseen(root: html.HtmlElement) -> None:
    """Take out, in place, the elements that show no text."""
    etree.strip_elements(root, *UNSEEN, with_tail=False)


def cut_long_tags(text: str) -> str:
    """`text` with every tag above `MAX_TAG` characters reduced to its name; what follows a tag never closed is dropped.

    Linear: only around stretches without an end tag, each tag once, quotes respected (an attribute's value may hold `<`
    and `>`), scripts skipped.
    """
    kept: list[str] = []
    at = done = 0
    for window in _without_end_tag(text):
        at = max(at, text.rfind("</", 0, window), 0)
        while 0 <= (at := text.find("<", at)) < window + MAX_TAG // 2:
            name = _NAME.match(text, at)
            rest = _REST_OF_TAG.match(text, name.end()) if name else None
            if name is None:
                at += 1
                continue
            if rest is None:
                return "".join([*kept, text[done:at]])
            if rest.end() - at > MAX_TAG:
                kept += [text[done:at], name[0], ">"]
                done = rest.end()
            at = _after_content(text, name[1].lower(), rest.end())
        if at < 0:
            break
    return "".join([*kept, text[done:]])


def _after_content(text: str, name: str, at: int) -> int:
    """Where markup goes on after a tag: a script's or style's text is none."""
    if name not in {"script", "style"}:
        return at
    end = text.find(f"</{name}", at)
    return at if end < 0 else end


def _without_end_tag(text: str) -> list[int]:
    """Where windows of half `MAX_TAG` without an end tag begin: every overlong tag holds one, few texts do."""
    step = MAX_TAG // 2
    return [at for at in range(0, len(text), step) if text.find("</", at, at + step) < 0]


def empty_page() -> html.HtmlElement:
    """An `html` element in a document of its own."""
    page: html.HtmlElement = _parser().makeelement("html")
    return page


def _parser() -> Any:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    parser.set_element_class_lookup(_ELEMENTS)
    return parser


def _parse(text: str) -> html.HtmlElement:
    try:
        return html.document_fromstring(_legal(text), parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ContentError(f"the page cannot be parsed: {error}", kind="not-a-page") from error


def _legal(text: str) -> bytes:
    """`text` in UTF-8 without the characters that no XML may hold."""
    for character in _NONCHARACTERS:
        text = text.replace(character, "")
    return text.encode("utf-8", "ignore").translate(None, _CONTROLS)
