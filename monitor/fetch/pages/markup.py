"""From text to a tree, without what no reader sees, and without tags that are made to exhaust a parser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree, html

from monitor.errors import ContentError
from monitor.fetch.page_decoding import ILLEGAL_REFERENCE
from monitor.fetch.pages.trees import CONTROLS, signs
from monitor.fetch.trimming import has_long_tag, has_noncharacter, has_odd_reference, trimmed

MAX_BYTES = 4_000_000
MAX_TAGS = 150_000  # "<" signs; the longest real pages have a fifth of that
MAX_TAG = 20_000  # bytes of one tag; libxml2 takes 2 s over 40,000 attributes, 190 s over 200,000
UNSEEN = ("script", "style", "svg", "noscript", "template", "iframe", "object", "canvas", "link", "source")
_REST_OF_TAG = re.compile(rb"""(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())
_ILLEGAL_REFERENCE = re.compile(ILLEGAL_REFERENCE.pattern.encode())
# One class for all: lxml's own table of classes for forms is asked in Python whenever an element is touched.
_ELEMENTS = etree.ElementDefaultClassLookup(element=html.HtmlElement)
_NAME = re.compile(rb"<(/?[a-zA-Z][a-zA-Z0-9:-]{0,40})")


@dataclass(frozen=True, slots=True)
class Markup:
    """A page's tree, and the JSON-LD blocks that stood in it."""

    root: html.HtmlElement
    linked_data: list[str]
    body: bytes  # of which the tree was made; without what nothing reads, but for those who look at all of a page

    def whole(self) -> html.HtmlElement:
        """The tree of all that came, as it was parsed."""
        return _parse(self.body)


def parse_markup(body: bytes) -> Markup:
    """The tree of a page in UTF-8; raises `ContentError` (`empty`, `too-large`, `not-a-page`)."""
    if has_odd_reference(body):
        body = _ILLEGAL_REFERENCE.sub(b"", body)
    tags, controls = signs(body)
    if len(body) > MAX_BYTES or tags > MAX_TAGS:
        raise ContentError(f"the page has {len(body):,} bytes and {tags:,} tags", kind="too-large")
    if not tags:
        kind = "not-a-page" if body.decode(errors="replace").strip() else "empty"
        raise ContentError("there is no markup in what came", kind=kind)
    body = _legal(cut_long_tags(body), controls=controls)
    root = _parse(trimmed(body))
    # The type is asked first: to read a script's text is to copy it, and most of a page is scripts.
    blocks = [script.text for script in root.iter("script") if "ld+json" in script.get("type", "") and script.text]
    return Markup(root, blocks, body)


def drop_unseen(root: html.HtmlElement) -> None:
    """Take out, in place, the elements that show no text."""
    etree.strip_elements(root, *UNSEEN, with_tail=False)


def cut_long_tags(body: bytes) -> bytes:
    """`body` with every tag above `MAX_TAG` bytes reduced to its name; what follows a tag never closed is dropped.

    Linear: only around stretches without an end tag, each tag once, quotes respected (an attribute's value may hold `<`
    and `>`), scripts skipped. Whether there is such a tag is asked in C: hardly a page has one.
    """
    return cut_long_tags_in_python(body) if has_long_tag(body, MAX_TAG) else body


def cut_long_tags_in_python(body: bytes) -> bytes:
    kept: list[bytes] = []
    at = done = 0
    for window in _without_end_tag(body):
        at = max(at, body.rfind(b"</", at, window))
        while 0 <= (at := body.find(b"<", at)) < window + MAX_TAG // 2:
            name = _NAME.match(body, at)
            rest = _REST_OF_TAG.match(body, name.end()) if name else None
            if name is None:
                at += 1
                continue
            if rest is None:
                return b"".join([*kept, body[done:at]])
            if rest.end() - at > MAX_TAG:
                kept += [body[done:at], name[0], b">"]
                done = rest.end()
            at = _after_content(body, name[1].lower(), rest.end())
        if at < 0:
            break
    return b"".join([*kept, body[done:]]) if kept else body


def _after_content(body: bytes, name: bytes, at: int) -> int:
    """Where markup goes on after a tag: a script's or style's text is none."""
    if name not in {b"script", b"style"}:
        return at
    end = body.find(b"</" + name, at)
    return at if end < 0 else end


def _without_end_tag(body: bytes) -> list[int]:
    """Where windows of half `MAX_TAG` without an end tag begin: every overlong tag holds one, few texts do."""
    step = MAX_TAG // 2
    return [at for at in range(0, len(body), step) if body.find(b"</", at, at + step) < 0]


def empty_page() -> html.HtmlElement:
    """An `html` element in a document of its own."""
    page: html.HtmlElement = _parser().makeelement("html")
    return page


def _parser() -> Any:
    # Nobody asks for an element by its id, and to know them all is a tenth of parsing.
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False, collect_ids=False
    )
    parser.set_element_class_lookup(_ELEMENTS)
    return parser


def _parse(body: bytes) -> html.HtmlElement:
    try:
        return html.document_fromstring(body, parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ContentError(f"the page cannot be parsed: {error}", kind="not-a-page") from error


def _legal(body: bytes, *, controls: bool) -> bytes:
    """`body` without the characters that no XML may hold; `controls`: it has some."""
    if has_noncharacter(body):
        for character in _NONCHARACTERS:
            body = body.replace(character, b"")
    return body.translate(None, CONTROLS) if controls else body
