"""Boxes around an article that say in words what they are: comments, who wrote it, where it comes from.

Their names and tags differ from site to site; their headings do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import html

from monitor.fetch.pages import trees
from monitor.fetch.pages.blocks import INLINE, INLINE_NAMES

LONGEST = 60  # characters of a box's heading
SHORTEST_TITLE = 20  # characters of a link that is a title
LONGEST_TEASER = 400  # characters of a title, and of what is said of it
_HEADINGS = ("h2", "h3", "h4", "h5", "h6", "legend")
_NAMES = trees.names((*_HEADINGS, "div", "p", "span", "strong", "b"))
_COMMENTS = re.compile(
    r"(?:(?:tous |voir |lire )?(?:les |vos |\d+ )?(?:commentaires?|réactions?|contributions?)"
    r"(?: des? (?:lecteurs?|abonnés?|internautes?))?(?: ?\(?\d*\)?)"
    r"|(?:écrire|laisser|laissez|poster|ajouter|publier|rédiger) (?:un|votre) (?:commentaire|réaction|réponse|message)"
    r"|(?:réagir|réagissez|commenter|commentez)(?: (?:à )?(?:l.article|cet article))?"
    r"|laisser une réponse.{0,30}|vos? (?:avis|commentaires?|réactions?)"
    r"|\d+ (?:réflexions?|réponses?|pensées?) (?:sur|à|au sujet de) .{1,60})\W*",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:(?:à propos|au sujet) (?:de l.auteure?|des auteur(?:e|·e|\(e\))?s|de .{3,30})|l.auteure?|les auteure?s"
    r"|sur l.auteure?|source de (?:l.|cet )article|(?:la )?(?:biographie|bio) de l.auteure?|qui sommes[- ]nous)\W*",
    re.IGNORECASE,
)
_LARGE = trees.names(_HEADINGS)
_BEGINNINGS = (
    *("à pr", "au s", "l.aut", "les aut", "sur l", "source", "la b", "bio", "qui s"),
    *("à l", "à v", "a l", "a v", "à d", "lire", "voir", "dans la", "pour al", "aller plus", "articles"),
    *("vous ai", "derni", "nos d", "sur le m", "plus d.a"),
)
_LABEL_BEGINS = re.compile(rf"\s*(?:{'|'.join(_BEGINNINGS)})", re.IGNORECASE)
_MAY_BEGIN = trees.names(_BEGINNINGS)
_ELSEWHERE = re.compile(
    r"(?:(?:à |a )?(?:re)?lire (?:aussi|également|ensuite)|à (?:lire|voir|découvrir|écouter)"
    r"(?: (?:aussi|également|ensuite))?|(?:voir|découvrez) (?:aussi|également)"
    r"|sur le même (?:sujet|thème)|(?:plus d.articles )?(?:dans la même|de la même|du même|sur la même)"
    r" (?:rubrique|catégorie|thématique|thème|sujet|auteur|section)"
    r"|(?:les )?articles? (?:liés?|similaires?|associés?|recommandés?|connexes?)"
    r"|(?:les )?plus (?:lus?|populaires?|récents?)|nos lecteurs ont (?:aussi )?lu(?: aussi)?"
    r"|vous aimerez (?:aussi|peut-être)|cela (?:peut|pourrait) vous intéresser|(?:pour )?aller plus loin"
    r"|(?:ces |d.autres )?(?:articles?|contenus?|produits?) (?:qui )?(?:pourrai(?:en)?t|peu(?:ven)?t|devraient)"
    r" (?:également |aussi )?vous (?:intéresser|plaire)|articles? récents?|(?:sujets?|thèmes?) (?:d.actualité|associés)"
    r"|la rédaction vous (?:conseille|recommande)"
    r"|(?:nos |les |mes )?derni(?:ers (?:articles|billets)|ères (?:actus|actualités|infos|publications))"
    r"|à la une|en continu|contenus? sponsorisés?|ailleurs sur le web|(?:il ne fallait|à ne) pas (?:manquer|rater)"
    r"|autres (?:informations|titres|articles|actualités)|(?:nos |sites? )?partenaires?)\W*",
    re.IGNORECASE,
)


def cut_boxes(root: html.HtmlElement, enough: int) -> None:
    """Take out, in place, what the article's end is followed by; nothing before `enough` characters of paragraphs.

    From a heading over comments on, all of the page goes; under another such heading, its own box.
    """
    for heading, text in list(_headings(root, enough)):
        if not _is_in(heading, root):  # it went with an earlier one
            continue
        large = heading.tag in _HEADINGS
        if large and _COMMENTS.fullmatch(text):
            _cut_after(heading, root)
            return
        if _ABOUT.fullmatch(text):
            _drop_box(_largest_begun_by(heading), heading, 8 * enough)
        elif _ELSEWHERE.fullmatch(text):
            box = _largest_begun_by(heading)
            if box is not heading and box.tag not in INLINE and _holds_only_teasers(box):
                box.drop_tree()
            elif large:
                _drop_cards(heading)


def _headings(root: html.HtmlElement, enough: int) -> Iterator[tuple[html.HtmlElement, str]]:
    """Elements that hold a few words and no blocks, with their text, once `enough` was read before them."""
    for element in trees.headings(root, _NAMES, INLINE_NAMES, enough, LONGEST, _LARGE, _MAY_BEGIN):
        if element.tag in _HEADINGS or _is_label(element.text or ""):
            yield element, trees.squeezed(element)


@lru_cache(maxsize=4096)
def _is_label(text: str) -> bool:
    """Whether a label of ours may begin so: a site's pages repeat what stands in their small elements."""
    return bool(_LABEL_BEGINS.match(text))


def _is_in(element: html.HtmlElement, root: html.HtmlElement) -> bool:
    return any(around is root for around in element.iterancestors())


def _cut_after(element: html.HtmlElement, root: html.HtmlElement) -> None:
    """`element` and all that follows it in the document, within `root`."""
    while element is not root and (parent := element.getparent()) is not None:
        for following in list(element.itersiblings()):
            parent.remove(following)
        element.tail = None
        element = parent
        if element.tag in {"body", "html"}:
            break


def _largest_begun_by(heading: html.HtmlElement) -> html.HtmlElement:
    """The largest element around `heading` that begins with it, short of an article's."""
    box, outer = heading, heading.getparent()
    while outer is not None and outer.tag not in {"body", "html", "article", "main"} and _begins(outer, box):
        box, outer = outer, outer.getparent()
    return box


def _drop_box(box: html.HtmlElement, heading: html.HtmlElement, most: int) -> None:
    """Take out a `box` that is more than its `heading` and holds less text than an article."""
    if box is not heading and trees.size(box) < most:
        box.drop_tree()


def _holds_only_teasers(box: html.HtmlElement) -> bool:
    """Whether `box` has links that are titles, and says little more of what they lead to."""
    titles = sum(any(map(_is_title, heading.iter("a"))) for heading in box.iter(*_HEADINGS))
    if not titles:
        titles = sum(size >= SHORTEST_TITLE for size in trees.sizes(box, "a"))
    prose = sum(length >= LONGEST for length in trees.lengths(box, "p"))
    return titles > 0 and prose <= titles and trees.size(box) <= (titles + 1) * LONGEST_TEASER


def _begins(outer: html.HtmlElement, inner: html.HtmlElement) -> bool:
    """Whether `outer` shows nothing before `inner`, one of its children."""
    if (outer.text or "").strip():
        return False
    before = inner.itersiblings(preceding=True)
    return not any(text.strip() for beside in before for text in (beside.tail or "", *beside.itertext()))


def _drop_cards(heading: html.HtmlElement) -> None:
    """The teasers that follow a `heading` over them, up to what is none: they lead away, each by its title."""
    while (following := heading.getnext()) is not None and _leads_away(following):
        following.drop_tree()


def _leads_away(element: html.HtmlElement) -> bool:
    """Whether a link, or a heading that is one, makes up `element`; an empty one does too."""
    size = trees.size(element)
    if not size:
        return True
    linked = sum(trees.sizes(element, "a"))
    return linked > size / 2 or (element.tag not in _HEADINGS and any(map(_is_title, element.iter("a"))))


def _is_title(link: html.HtmlElement) -> bool:
    """Whether `link` holds a heading, or stands in one."""
    inside = next(link.iter(*_HEADINGS), None) is not None
    return inside or any(around.tag in _HEADINGS for around in link.iterancestors())
