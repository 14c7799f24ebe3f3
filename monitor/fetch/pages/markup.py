"""From text to a tree, without what no reader sees: scripts, styles, drawings, oversized tags."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree, html

from monitor.errors import ContentError

MAX_CHARACTERS = 4_000_000
MAX_TAG = 50_000  # characters of one tag: above, its attributes are data or an attack
MAX_DEPTH = 200
UNSEEN = ("script", "style", "svg", "noscript", "template", "iframe", "object", "canvas", "link", "source")
_OVERSIZED = re.compile(rf"<[a-zA-Z][^<>]{{{MAX_TAG},}}>")
_TOO_DEEP = etree.XPath("/*" * MAX_DEPTH)


@dataclass(frozen=True, slots=True)
class Markup:
    """A page's tree, and the JSON-LD blocks that stood in it."""

    root: html.HtmlElement
    linked_data: list[str]


def parse_markup(text: str) -> Markup:
    """The tree of `text`; raises `ContentError` (`empty`, `too-large`, `not-a-page`)."""
    if len(text) > MAX_CHARACTERS:
        raise ContentError(f"the page has {len(text):,} characters", kind="too-large")
    if "<" not in text:
        raise ContentError("there is no markup in what came", kind="not-a-page" if text.strip() else "empty")
    root = _parse(_OVERSIZED.sub("", text).replace("\x00", ""))
    blocks = [script.text for script in root.iter("script") if script.text and "ld+json" in script.get("type", "")]
    return Markup(root, blocks)


def drop_unseen(root: html.HtmlElement) -> None:
    """Take out, in place, the elements that show no text."""
    etree.strip_elements(root, *UNSEEN, with_tail=False)


def _parse(text: str) -> html.HtmlElement:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = html.document_fromstring(text.encode("utf-8", "ignore"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ContentError(f"the page cannot be parsed: {error}", kind="not-a-page") from error
    _cut_deep(root)
    return root


def _cut_deep(root: html.HtmlElement) -> None:
    """Drop what lies deeper than any article does: recursion over it would end the process."""
    for element in _TOO_DEEP(root):
        for child in list(element):
            element.remove(child)
