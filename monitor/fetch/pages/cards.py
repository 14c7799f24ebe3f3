"""Teasers that nothing but their order tells: a title that leads away and what is said of it, over and over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, islice, pairwise

from lxml import html

from monitor.fetch.pages.blocks import Block

SHORTEST_TITLE = 20  # characters of a link that is a title
MOST_LINKS = 3  # of a title, that are looked at
LINKED = 0.9  # share of a title in its link
PROSE = 60  # characters from which a block says something
BELOW_TITLE = 3  # places below its title where what a card says stands
ABOVE_TITLE = 3  # places above it where a card's label and the heading over all cards stand
FEWEST = 2  # cards that are a list of them
MOST_OF_TEXT = 0.5  # share of a page's prose above which they are the text
MOST_OWNED = 0.75  # share of a kind's blocks below titles from which all of it is of cards: some titles are short
MOST_AROUND = 3  # elements around a block of which one with a class tells its kind

HEADINGS = frozenset({"h2", "h3", "h4"})
Kind = tuple[tuple[str, str | None], ...]


def kind_of(block: Block) -> Kind:
    """What tells a text's paragraphs from those of boxes: how they and what they stand in are marked."""
    marks = [(str(block.element.tag), block.element.get("class"))]
    for around in islice(block.element.iterancestors(), MOST_AROUND):
        marks.append((str(around.tag), around.get("class")))
        if marks[-1][1]:
            break
    return tuple(marks)


def cards_among(blocks: list[Block]) -> set[int]:
    """The places of the `blocks` that are of cards: blocks of their kind stand below titles that lead away.

    A text's own paragraphs follow one another, with or without links between them; those of cards never do.
    """
    titles = {at for at, block in enumerate(blocks) if _is_title(block)}
    if len(titles) < FEWEST:
        return set()
    prose = [at for at, block in enumerate(blocks) if len(block.text) >= PROSE and block.link_share < LINKED]
    kinds: dict[Kind, list[int]] = defaultdict(list)
    for at in prose:
        kinds[kind_of(blocks[at])].append(at)
    most = MOST_OF_TEXT * sum(len(blocks[at].text) for at in prose)
    owned = set(_owned(titles, prose))
    rank = {at: order for order, at in enumerate(prose)}
    found: set[int] = set()
    for places in kinds.values():
        below = len(owned.intersection(places))
        if below < FEWEST or below < MOST_OWNED * len(places) or sum(len(blocks[at].text) for at in places) > most:
            continue
        whole = set(_whole(places, titles, rank, prose))
        if prose[-1] > places[-1]:  # what stands over cards among a text may be a heading of the text
            whole = {at for at in whole if blocks[at].element.tag not in HEADINGS or _is_title(blocks[at])}
        found |= whole
    return found


def _is_title(block: Block) -> bool:
    if len(block.text) < SHORTEST_TITLE or block.link_share <= LINKED:
        return False
    links = chain(block.element.iterancestors("a"), block.element.iter("a"))
    return any(map(_leads_away, islice(links, MOST_LINKS)))


def _leads_away(link: html.HtmlElement) -> bool:
    return not (link.get("href") or "#").startswith("#")


def _owned(titles: set[int], prose: list[int]) -> Iterator[int]:
    """The places of `prose` that come next below a title."""
    before = -1
    for at in prose:
        if not titles.isdisjoint(range(max(before + 1, at - BELOW_TITLE), at)):
            yield at
        before = at


def _whole(places: list[int], titles: set[int], rank: dict[int, int], prose: list[int]) -> Iterator[int]:
    """The `places` with what stands between them, from the label above the first's title on.

    `rank` is the order of each place among `prose`: what others say between two places is not of the cards.
    """
    order = rank[places[0]]
    floor = prose[order - 1] + 1 if order else 0
    first = next((at for at in range(places[0], floor - 1, -1) if at in titles), places[0])
    yield from range(max(floor, first - ABOVE_TITLE), places[0] + 1)
    for before, after in pairwise(places):
        yield from range(before + 1, after + 1) if rank[after] == rank[before] + 1 else [after]
