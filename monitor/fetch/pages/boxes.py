"""Boxes around an article that say in words what they are: comments, who wrote it, where it comes from.

Their names and tags differ from site to site; their headings do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

from monitor.fetch.pages.blocks import INLINE, squeeze

LONGEST = 60  # characters of a box's heading
_HEADINGS = ("h2", "h3", "h4", "h5", "h6", "legend")
_SHORT = ("div", "p", "span", "strong", "b")
_COMMENTS = re.compile(
    r"(?:(?:tous |voir |lire )?(?:les |vos |\d+ )?(?:commentaires?|réactions?|contributions?)(?: des? (?:lecteurs?|abonnés?|internautes?))?"
    r"(?: ?\(?\d*\)?)"
    r"|(?:écrire|laisser|laissez|poster|ajouter|publier|rédiger) (?:un|votre) (?:commentaire|réaction|réponse|message)"
    r"|(?:réagir|réagissez|commenter|commentez)(?: (?:à )?(?:l.article|cet article))?"
    r"|laisser une réponse.{0,30}|vos? (?:avis|commentaires?|réactions?)|\d+ (?:réflexions?|réponses?|pensées?) (?:sur|à|au sujet de) .{1,60})\W*",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:(?:à propos|au sujet) (?:de l.auteure?|des auteur(?:e|·e|\(e\))?s|de .{3,30})|l.auteure?|les auteure?s|sur l.auteure?"
    r"|source de (?:l.|cet )article|(?:la )?(?:biographie|bio) de l.auteure?|qui sommes[- ]nous)\W*",
    re.IGNORECASE,
)


def cut_boxes(root: html.HtmlElement, enough: int) -> None:
    """Take out, in place, what the article's end is followed by; nothing before `enough` characters of paragraphs.

    From a heading over comments on, all of the page goes; under another such heading, its own box.
    """
    for heading in _found(root, enough, _HEADINGS, _COMMENTS):
        _cut_after(heading, root)
        break
    for heading in list(_found(root, enough, (*_HEADINGS, *_SHORT), _ABOUT)):
        _drop_box(heading, enough)


def _found(
    root: html.HtmlElement, enough: int, tags: tuple[str, ...], pattern: re.Pattern[str]
) -> Iterator[html.HtmlElement]:
    read = 0
    for element in root.iter("p", *tags):
        if read >= enough and element.tag in tags and _says(element, pattern):
            yield element
        if element.tag == "p":
            read += len(squeeze(element.text_content()))


def _says(element: html.HtmlElement, pattern: re.Pattern[str]) -> bool:
    """Whether `element` holds nothing but words that `pattern` matches whole."""
    first = (element.text or "").strip()
    if len(first) > LONGEST or not (first or len(element)) or any(child.tag not in INLINE for child in element):
        return False
    text = squeeze(element.text_content())
    return 3 < len(text) <= LONGEST and bool(pattern.fullmatch(text))


def _cut_after(element: html.HtmlElement, root: html.HtmlElement) -> None:
    """`element` and all that follows it in the document, within `root`."""
    while element is not root and (parent := element.getparent()) is not None:
        for following in list(element.itersiblings()):
            parent.remove(following)
        element.tail = None
        element = parent
        if element.tag in {"body", "html"}:
            break


def _drop_box(heading: html.HtmlElement, enough: int) -> None:
    """The largest element around `heading` that begins with it and holds less text than an article."""
    box, outer = heading, heading.getparent()
    while outer is not None and outer.tag not in {"body", "html", "article", "main"} and _begins(outer, box):
        box, outer = outer, outer.getparent()
    if box is not heading and len(squeeze(box.text_content())) < 8 * enough:
        box.drop_tree()


def _begins(outer: html.HtmlElement, inner: html.HtmlElement) -> bool:
    return outer[0] is inner and not (outer.text or "").strip()
