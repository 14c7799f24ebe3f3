"""What leads away from a page among its text, by its shape alone: lists of links, runs of cards, calls to subscribe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import compress, groupby, islice

from lxml import etree, html

from monitor.domain.urls import canonicalise, same_site
from monitor.fetch.pages import trees
from monitor.fetch.pages.blocks import all_text, blocks_of, squeeze
from monitor.fetch.pages.boilerplate import is_paywall

_PAGE = frozenset({"body", "html", "article", "main"})
_BOXES = frozenset({"div", "section", "aside", "li", "ul"})
_HEADED = frozenset({"div", "li", "section"})
_CARDS = frozenset({"div", "li", "article", "section"})
HEADINGS = ("h2", "h3", "h4", "h5", "h6")
LINKED = 0.6  # share of a list's text in links above which it is one of links
SHORTEST_TITLE = 20  # letters of a link that is a title, and no tag or name
LONGEST_INTRODUCTION = 120  # characters of the line that such a list is introduced by
LATEST_HEADING = 3  # place of a card's heading among its parts
LONGEST_DAY = 40  # characters of a day or a section's name above it
LONGEST_CARD = 400  # characters of a title and what it says of itself
LONGEST_CALL = 1_000  # characters of a box that asks for a subscription
MOST_OF_CALL = 400  # characters of its paragraphs
MOST_CALLS = 50  # that are looked at
PROSE = 80  # characters from which a `p` is prose
_CALL = re.compile(
    r"(?:(?:je )?(?:m|s)[’']abonne[rz]?|abonnez-vous|devenir (?:abonné|membre)|(?:je )?(?:m|s)[’']inscri(?:s|re|vez)"
    r"|(?:voir|découvrir|découvrez) (?:les|nos|toutes nos|l[’'])\s?(?:offres?|abonnements?|formules?)"
    r"|(?:je )?(?:fais|faire|faites) un don(?: [a-zé]{4,14})?|je donne|(?:nous )?soutenir"
    r"|soutenez-nous|soutenez .{2,20}"
    r"|(?:je |j[’'])?(?:(?:pré)?command(?:e|er|ez)|ach[eè]t(?:e|er|ez))(?: .{2,30})?"
    r"|(?:j[’']en profite|profite[rz] (?:de l[’']|d[’']une )?offres?.{0,25}|je (?:participe|contribue|deviens .{2,20}))"
    r"|(?:installer|télécharger) (?:l[’'](?:app\w*)|.{2,20}))(?: (?:à|au|aux) .{2,25}| maintenant| gratuitement)?\W*",
    re.IGNORECASE,
)
_CALLING = trees.names(("a", "button"))
_HAS_TITLES = etree.XPath(f"count(li//a[string-length(normalize-space()) >= {SHORTEST_TITLE}]) > 1")


def drop_teasers(root: html.HtmlElement, url: str) -> None:
    """Take out, in place, lists of links to other articles of the site, and runs of cards; what is over them too.

    `url` is the page's own: a list that leads to other sites names sources.
    """
    for found in list(_lists(root)):
        if _is_list_of_titles(found, url):
            _drop_under_its_heading(found)
    for cards in _runs(root):
        for card in cards[1:]:
            card.drop_tree()
        _drop_under_its_heading(cards[0])


def _lists(root: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """Lists with two links at least that are as long as titles."""
    for found in root.iterdescendants("ul", "ol"):
        if sum(length >= SHORTEST_TITLE for length in trees.lengths(found, "a")) > 1 and _HAS_TITLES(found):
            yield found


def _drop_under_its_heading(element: html.HtmlElement) -> None:
    """Take out `element`, boxes that are empty without it, and the heading or the line that introduces it."""
    parent = element.getparent()
    while parent is not None and parent.tag in _BOXES and _is_all(element, parent):
        element, parent = parent, parent.getparent()
    above, below = element.getprevious(), element.getnext()
    if above is not None and _introduces(above, alone=below is None or below.tag != "p"):
        above.drop_tree()
    element.drop_tree()


def _is_all(element: html.HtmlElement, parent: html.HtmlElement) -> bool:
    """Whether `parent` shows nothing but `element`."""
    if (parent.text or "").strip() or any((child.tail or "").strip() for child in parent):
        return False
    return not any(text.strip() for child in parent if child is not element for text in child.itertext())


def drop_calls(root: html.HtmlElement) -> None:
    """Take out, in place, boxes among paragraphs in which a link or a button asks to subscribe, give or install.

    Not where a paywall says so: its words tell that the text is not whole.
    """
    said = trees.texts(root, _CALLING)
    if not any(map(_CALL.fullmatch, said)):
        return
    elements = compress(root.iter("a", "button"), map(_CALL.fullmatch, said))
    for element in list(islice(elements, MOST_CALLS)):
        box = _box_of(element)
        if box is not None and not any(is_paywall(block.text) for block in blocks_of(box)):
            box.drop_tree()


def _is_list_of_titles(found: html.HtmlElement, url: str) -> bool:
    """Whether most points of the list lead to an article by its title, and say next to nothing else."""
    points = [point for point in found if point.tag == "li"]
    if len(points) < 2 or len(points) != len(found):
        return False
    text = linked = titles = 0
    for point in points:
        text += trees.size(point)
        sizes = [trees.size(link) for link in point.iter("a") if _leads_away(link)]
        linked += sum(sizes)
        titles += max(sizes, default=0) >= SHORTEST_TITLE
    if titles < max(2, LINKED * len(points)) or linked < LINKED * text:
        return False
    return any(_is_of_site(link.get("href") or "", url) for link in found.iter("a"))


def _leads_away(link: html.HtmlElement) -> bool:
    return not (link.get("href") or "#").startswith("#")


def _is_of_site(href: str, url: str) -> bool:
    address = canonicalise(href, url or None) if "//" in href else None
    return "//" not in href or (address is not None and same_site(address, url))


def _introduces(element: html.HtmlElement, *, alone: bool) -> bool:
    """Whether `element` stands over a list: a line that ends in a colon, or a heading over nothing else."""
    text = trees.squeezed(element)
    if len(text) > LONGEST_INTRODUCTION:
        return False
    return (alone and element.tag in HEADINGS) or (text.endswith(":") and element.tag in {"p", "div", *HEADINGS})


def _runs(root: html.HtmlElement) -> Iterator[list[html.HtmlElement]]:
    """Cards that stand next to each other, two at least, in an element without paragraphs of its own."""
    cards = set(map(_whole, filter(_is_card, dict.fromkeys(_headed(root)))))
    for parent in dict.fromkeys(card.getparent() for card in cards):
        if parent is None or any(child.tag == "p" and len(all_text(child)) >= PROSE for child in parent):
            continue
        for is_run, found in groupby(parent, cards.__contains__):
            if is_run and len(run := list(found)) > 1:
                yield run


def _whole(card: html.HtmlElement) -> html.HtmlElement:
    """The largest element that shows nothing but the `card`."""
    parent = card.getparent()
    while parent is not None and parent.tag in _CARDS and _is_all(card, parent):
        card, parent = parent, parent.getparent()
    return card


def _headed(root: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """The boxes within `root` that have a heading with a link in it among their first parts; some of them twice."""
    for heading in root.iterdescendants(*HEADINGS):
        box = heading.getparent()
        if box is None or box is root or box.tag not in _HEADED or next(heading.iterdescendants("a"), None) is None:
            continue
        if next(islice(heading.itersiblings("*", preceding=True), LATEST_HEADING - 1, None), None) is None:
            yield box


def _is_card(element: html.HtmlElement) -> bool:
    """Whether `element` begins with a heading that is a link, or a day and such a heading, and says little more."""
    at = next(at for at, child in enumerate(element) if child.tag in HEADINGS)
    heading = element[at]
    above = "".join((element.text or "", *(f"{all_text(child)}{child.tail or ''}" for child in element[:at])))
    if len(squeeze(above)) > (LONGEST_DAY if at else 0):
        return False
    title = trees.squeezed(heading)
    links = [link for link in heading.iter("a") if _leads_away(link)]
    return bool(title) and squeeze("".join(map(all_text, links))) == title and _is_short(element)


def _is_short(element: html.HtmlElement) -> bool:
    return trees.size(element) <= LONGEST_CARD


def _box_of(element: html.HtmlElement) -> html.HtmlElement | None:
    """The box around a call that stands among paragraphs which say as much as it at least; None for none.

    The smallest beside such paragraphs; a larger one after them, that has next to none of its own.
    """
    found, beside = None, False
    for box in element.iterancestors():
        size = trees.size(box) if box.tag not in _PAGE else LONGEST_CALL + 1
        if size > LONGEST_CALL:
            break
        if box.tag in {"div", "section", "aside"}:
            first = not beside and _prose(box.itersiblings("p"), box.itersiblings("p", preceding=True)) >= size
            beside = beside or first
            found = box if first or _ends_page(box, size) else found
    return found


def _ends_page(box: html.HtmlElement, size: int) -> bool:
    """Whether a `box` of `size` characters follows a text, and is hardly one."""
    before = (each.iterdescendants("p") for each in box.itersiblings(preceding=True))
    own = sum(length for length in trees.lengths(box, "p") if length >= PROSE)
    return own <= MOST_OF_CALL and next(box.iter("h1"), None) is None and _prose(*before) >= max(size, 2 * own)


def _prose(*paragraphs: Iterable[html.HtmlElement]) -> int:
    """Characters of those that are long."""
    sizes = (len(all_text(paragraph)) for part in paragraphs for paragraph in part)
    return sum(size for size in sizes if size >= PROSE)
