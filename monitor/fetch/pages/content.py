"""The article's paragraphs: trafilatura on the article's element, checked against what the page says its text is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise

from lxml import etree, html
from trafilatura import bare_extraction, main_extractor
from trafilatura.htmlprocessing import convert_tags, prune_unwanted_nodes, tree_cleaning
from trafilatura.main_extractor import extract_content
from trafilatura.metadata import Document
from trafilatura.settings import Extractor
from trafilatura.xml import xmltotxt
from trafilatura.xpaths import (
    BODY_XPATH,
    DISCARD_IMAGE_ELEMENTS,
    OVERALL_DISCARD_XPATH,
    REMOVE_COMMENTS_AND_LISTS_XPATH,
    TEASER_DISCARD_XPATH,
)

from monitor.fetch.pages.asked_once import ask_once
from monitor.fetch.pages.blocks import INLINE, Block, blocks_of, squeeze
from monitor.fetch.pages.cards import Kind, cards_among, kind_of
from monitor.fetch.pages.linked_data import squash
from monitor.fetch.pages.markup import empty_page
from monitor.fetch.pages.scope import LINE_BREAK, PROSE, find_article, prune, with_title
from monitor.fetch.pages.trees import delete_made_of_links, process_node

_GLUED_CLOCK = re.compile(
    r"^(\d{1,2} ?[h:] ?\d{2})(?=[A-ZÀ-Þ«“\"])"
)  # of a live blog: "10h15Le maire", where tags stood
_NAME = re.compile(r"[a-z][\w.-]*", re.ASCII)
HEADINGS = frozenset({"h2", "h3", "h4"})
_FILLING = HEADINGS | {"p", "li", "blockquote"}
_MARKED = frozenset({"article", "main", "body", "html"})
# trafilatura's own lists, in place, for its functions here: the same answers, found quicker.
for dropped in (
    OVERALL_DISCARD_XPATH,
    REMOVE_COMMENTS_AND_LISTS_XPATH,
    TEASER_DISCARD_XPATH,
    DISCARD_IMAGE_ELEMENTS,
):
    ask_once(dropped)
ask_once(BODY_XPATH, first=True)
main_extractor.delete_by_link_density = delete_made_of_links  # type: ignore[attr-defined]
main_extractor.process_node = process_node  # type: ignore[attr-defined]
OPTIONS = Extractor(fast=True, comments=False)
SHORTEST_KNOWN = 200  # characters below which an `articleBody` is a summary or a mistake
FEWEST_OF_KIND = 3
SHORTEST_HEADING = 10  # characters of an intertitle that stands in a box of its own
LINKED = 0.3  # share of a block in links from which it is no text by its place alone
CUT = 0.6  # share of the known text below which an extraction was cut
LONG_PROSE = 120  # characters of a box of prose that is of the article
FARTHEST = 5_000  # blocks of a page that are looked at
LOST = 0.25  # the same share where nothing marks the article: much of a whole page is teasers
SWALLOWED = 1.6  # times the known text above which an extraction swallowed its surroundings


@dataclass(frozen=True, slots=True)
class Content:
    """The article's lines in order; those that are only links, squashed; the page's blocks from the title on."""

    lines: list[str]
    linked: frozenset[str]
    blocks: list[Block]


def read_content(root: html.HtmlElement, known: str = "", url: str = "") -> Content:
    """The paragraphs of the page's article; `root` is cut to it.

    `known` is JSON-LD's `articleBody`: often without the chapô, sometimes cut; never the text, but it tells when the
    extraction lost the article or took in its surroundings.
    """
    known = known if len(known) >= SHORTEST_KNOWN else ""
    article = find_article(root, url)
    region = with_title(article)
    around = blocks_of(region, FARTHEST)
    blocks = around if region is article else _within(around, article)
    linked = frozenset(squash(block.text) for block in blocks if block.link_share > 0.9 and block.element.tag != "td")
    prose = _prose(blocks)
    lines = _without_surroundings(_extract(article), known)
    apart = article.tag not in {"body", "html"}
    share = CUT if apart else LOST
    if not (_covers(lines, known) and _size(lines) >= share * _size(prose)):
        lines = _best(lines, prose if apart else [], root, known)
    lines = _without_cards(_with_gaps(lines, blocks, apart=apart), blocks)
    if not (article.tag in _MARKED or article.get("itemprop") or region is article):
        lines = _opening(around, article, lines) + lines
    return Content(lines, linked, around)


def _without_cards(lines: list[str], blocks: list[Block]) -> list[str]:
    cards = {squash(blocks[at].text) for at in cards_among(blocks)}
    return [line for line in lines if squash(line) not in cards] if cards else lines


def _within(around: list[Block], article: html.HtmlElement) -> list[Block]:
    """The blocks of `article`: those `around` that stand in it, without a second walk where nothing else can differ."""
    if len(around) >= FARTHEST or article.tag in INLINE or next(article.iterancestors("a"), None) is not None:
        return blocks_of(article, FARTHEST)
    inside = set(article.iter())
    return [block for block in around if block.element in inside]


def _opening(around: list[Block], article: html.HtmlElement, lines: list[str]) -> list[str]:
    """Paragraphs between the title and an `article` found by the mass of its prose alone: its first stand there."""
    opening: list[str] = []
    for block in around:
        if article in block.element.iterancestors():
            break
        if block.element.tag == "h1":
            opening = []
        elif len(block.text) >= PROSE and block.link_share < 0.4:
            beside = block.element.tag == "div" and block.element.getparent() is article.getparent()
            opening += _lines(block.text) if beside or block.element.tag == "p" else []
    return [line for line in opening if line not in lines]


def _best(lines: list[str], prose: list[str], root: html.HtmlElement, known: str) -> list[str]:
    """The fullest of what can be had when the first attempt lost text; the known text where all lost it."""
    prune(root)
    document = bare_extraction(_page_of(root), fast=True, include_comments=False)
    whole = _split(document.text if isinstance(document, Document) else None)
    attempts = [lines, prose, _without_surroundings(whole, known)]
    best = max(attempts, key=lambda attempt: _shared(attempt, known) if known else _size(attempt))
    if _covers(best, known) or _size(best) >= len(known):
        return best
    return [line for line in map(squeeze, known.split("\n")) if line]


def _extract(element: html.HtmlElement) -> list[str]:
    """trafilatura's main extractor alone: its rescues for thin results cost as much again, and `_best` is ours."""
    try:
        return _extracted(element)
    except ValueError:  # it makes elements anew, and some are called `b"x"`, which lxml reads and does not make
        for named in element.iter("*"):
            named.tag = named.tag if _NAME.fullmatch(str(named.tag)) else "span"
        return _extracted(element)


def _extracted(element: html.HtmlElement) -> list[str]:
    page = prune_unwanted_nodes(_page_of(element), REMOVE_COMMENTS_AND_LISTS_XPATH)
    page = convert_tags(tree_cleaning(page, OPTIONS), OPTIONS)
    body, _ = extract_content(page, OPTIONS)
    return _split(xmltotxt(body, include_formatting=False))


def _page_of(element: html.HtmlElement) -> html.HtmlElement:
    """A copy of `element` as a page of its own."""
    copied = deepcopy(element)
    copied.tail = None
    if element.tag == "html":
        return copied
    page = empty_page()
    (page if element.tag == "body" else etree.SubElement(page, "body")).append(copied)
    return page


def _split(text: str | None) -> list[str]:
    return [line for part in (text or "").split("\n") for line in _lines(part)]


def _lines(part: str) -> list[str]:
    pieces = (squeeze(piece).removeprefix("- ").strip(" |") for piece in part.split(LINE_BREAK))
    return [_GLUED_CLOCK.sub(r"\1 ", piece) if piece[0].isdigit() else piece for piece in pieces if piece]


def _with_gaps(lines: list[str], blocks: list[Block], *, apart: bool) -> list[str]:
    """`lines` with what the extractor left out: intertitles, paragraphs and points between them, openings and ends.

    Ends only where the `blocks` are of an element `apart`: below a text, all of a page has its foot.
    """
    place = {squash(line): at for at, line in enumerate(lines)}
    seats = [place.get(squash(block.text), -1) for block in blocks]
    kept = [at for at, seat in enumerate(seats) if seat >= 0]
    if not kept:
        return lines
    missing: dict[int, list[str]] = {}
    kinds = _kinds(blocks[at] for at in kept)
    for before, after in pairwise(kept):
        for block in _between(blocks, before, after, kinds):
            missing.setdefault(seats[before], []).extend(_lines(block.text))
    for block in _opened(blocks, kept[0]):
        if _is_of(block, kinds) or (_is_prose(block, LINKED) and _holds(block, blocks[kept[0]].element)):
            missing.setdefault(-1, []).extend(_lines(block.text))
    for block in blocks[kept[-1] + 1 :] if apart else []:
        if _is_of(block, kinds):
            missing.setdefault(seats[kept[-1]], []).extend(_lines(block.text))
    known = squash(" ".join(lines)) if missing else ""
    filled = {seat: [extra for extra in found if squash(extra) not in known] for seat, found in missing.items()}
    return filled.get(-1, []) + [text for at, line in enumerate(lines) for text in (line, *filled.get(at, ()))]


def _between(blocks: list[Block], before: int, after: int, kinds: set[Kind]) -> Iterator[Block]:
    """What is of the text between two blocks that are: like them, or beside one of them and no link."""
    beside = {blocks[before].element.getparent(), blocks[after].element.getparent()}
    announced = blocks[before].text.endswith(":")
    listed = announced or (_is_prose(blocks[before], LINKED) and _is_prose(blocks[after], LINKED))
    for at in range(before + 1, after):
        block = blocks[at]
        fills = block.element.tag in _FILLING and block.link_share < LINKED and block.element.getparent() in beside
        numbered = block.text[:1].isdigit()  # a note, which some set beside the paragraph that names it
        fills = fills or (listed and (announced or not numbered) and _is_point(block, beside))
        fills = fills or (at + 1 == after and _is_heading(block))
        if fills or _is_of(block, kinds) or _is_box_above(block, blocks[after].element):
            yield block


def _is_point(block: Block, beside: set[html.HtmlElement | None]) -> bool:
    """Whether `block` is a point of a list that stands `beside` what announced it."""
    around = block.element.getparent()
    return (
        block.element.tag == "li" and block.link_share < LINKED and around is not None and around.getparent() in beside
    )


def _opened(blocks: list[Block], first: int) -> list[Block]:
    """The blocks before the `first`, from the title on."""
    title = max((at for at in range(first) if blocks[at].element.tag == "h1"), default=-1)
    return blocks[title + 1 : first]


def _is_heading(block: Block) -> bool:
    return block.element.tag in HEADINGS and len(block.text) >= SHORTEST_HEADING and block.link_share < LINKED


def _is_prose(block: Block, most_linked: float) -> bool:
    return block.element.tag == "p" and len(block.text) >= PROSE and block.link_share < most_linked


def _is_of(block: Block, kinds: set[Kind]) -> bool:
    """Whether `block` is a paragraph of one of the `kinds`, though much of it may be links."""
    return _is_prose(block, 2 * LINKED) and kind_of(block) in kinds


def _holds(block: Block, element: html.HtmlElement) -> bool:
    """Whether what holds the `block` holds the `element` too: no box of its own is around it."""
    return any(around is block.element.getparent() for around in element.iterancestors())


def _kinds(blocks: Iterable[Block]) -> set[Kind]:
    """The kinds of paragraph that an article is made of: so many at least are of each."""
    counted = Counter(kind_of(block) for block in blocks if block.element.tag == "p")
    return {kind for kind, count in counted.items() if count >= FEWEST_OF_KIND}


def _is_box_above(block: Block, paragraph: html.HtmlElement) -> bool:
    """Whether `block` is a `div` of prose just before what holds the `paragraph`: a summary, what happened."""
    if block.element.tag != "div" or block.link_share or len(block.text) < LONG_PROSE or block.text[-1] not in ".!?»…":
        return False
    return block.element.getnext() in {paragraph, *paragraph.iterancestors()}


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
