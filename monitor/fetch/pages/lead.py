"""The chapô: the lines between a French article's title and its first paragraph that say what it tells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import html

from monitor.fetch.pages.blocks import Block, all_text, squeeze
from monitor.fetch.pages.boilerplate import is_boilerplate, is_byline, is_credit
from monitor.fetch.pages.linked_data import squash
from monitor.fetch.pages.scope import LINE_BREAK

SHORTEST, LONGEST = 40, 1_200  # characters
NEAR = 60  # blocks after the title within which a lead is looked for
AGREEMENT = 30  # characters, squashed, from which a description and a block are the same words

# What editors and CMS makers call it, in French and English; an aid where the page describes itself nowhere.
HINTS = re.compile(
    r"chap[oe]|standfirst|(?:^|[\W_-])(?:lead|lede|dek|deck|hat|accroche|intro(?:duction|text)?|summary|resume|excerpt|teaser|"
    r"subtitle|sub-?head(?:line|ing)?|soustitre|sous-titre|description|abstract|tagline|surtitle)(?:$|[\W_-])",
    re.IGNORECASE,
)
_GENRE = re.compile(
    r"(?:analyse|billet|chronique|critique|décryptage|dossier|édito(?:rial)?|enquête|en bref|entretien|exclusif"
    r"|interview|portrait|récit|reportage|témoignages?|tribune|vidéo)s?\W*",
    re.IGNORECASE,
)
_OUTSIDE = frozenset(
    {"figure", "figcaption", "aside", "nav", "footer", "form", "button", "time", "address", "table", "dialog"}
)
_BODY_TAGS = frozenset({"h2", "h3", "p", "div", "span", "strong", "li", "section", "header", "blockquote", "em", "td"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a page when its lead is looked for. `descriptions` are its own, squashed."""

    title: str
    descriptions: tuple[str, ...]
    authors: tuple[str, ...] = ()
    hints: bool = True


def find_lead(blocks: list[Block], paragraphs: list[str], seen: Seen) -> str:
    """The lead in a page's `blocks`, as one text (its points on a line each); "" when there is none.

    By words: a block that the page's own description repeats. By place: the block between title and text that is set
    apart from the paragraphs. A first paragraph like the others is no lead, even if the description quotes it.
    """
    start = _title_at(blocks, seen.title)
    body = _body_at(blocks, paragraphs, start)
    zone = [block for block in blocks[start + 1 : body + 4] if _may_be(block, seen)]
    found = [block for block in zone if _agrees(block.text, seen.descriptions)]
    found = [block for block in found if _apart(block, found, blocks[body : body + 40])]
    if not found:
        around = blocks[body : body + 40]
        before = [block for block in blocks[start + 1 : body + 1] if _may_be(block, seen)]
        placed = [block for block in before if _placed(block, blocks[start], seen)]
        placed = placed or [block for block in before[:-1] if len(before) == 2 and block.text[-1:] in ".!?…»"]
        found = [block for block in placed if _apart(block, [block], around)][:1]
    return "\n".join(dict.fromkeys(_unlabelled(block, seen) for block in _with_siblings(found, zone)))


def without_lead(paragraphs: list[str], lead: str) -> list[str]:
    """`paragraphs` without those among the first that repeat the lead."""
    said = squash(lead)
    if not said:
        return paragraphs
    return [line for line in paragraphs[:8] if not _repeats(line, lead, said)] + paragraphs[8:]


def _repeats(line: str, lead: str, said: str) -> bool:
    """Whether `line` is the lead, one of its points, or the lead behind a label."""
    if len(line) > len(lead) + 2 * SHORTEST:
        return False
    words = squash(line)
    return words in said or (said in words and len(words) < len(said) + SHORTEST)


def _title_at(blocks: list[Block], title: str) -> int:
    wanted = squash(title)
    close = [at for at, block in enumerate(blocks) if -12 < len(block.text) - len(title) < 40]
    found = [at for at in close if wanted and squash(blocks[at].text) == wanted]
    found = found or [at for at in close if wanted and wanted in squash(blocks[at].text)]  # a label stands in the `h1`
    headed = [at for at in found if _inside(blocks[at].element, {"h1"})]
    return (headed or found or [-1])[0]


def _body_at(blocks: list[Block], paragraphs: list[str], start: int) -> int:
    """Where the first long paragraph of the extracted text stands; just after the title when it cannot be found."""
    wanted = [squash(line)[:60] for line in paragraphs if len(line) >= 60][:3]
    for at in range(start + 1, min(len(blocks), start + 1 + 4 * NEAR)):
        if len(blocks[at].text) >= 60 and squash(blocks[at].text)[:60] in wanted:
            return at
    return min(start + 1 + NEAR, len(blocks))


def _may_be(block: Block, seen: Seen) -> bool:
    text = block.text
    if (
        LINE_BREAK in text
        or not SHORTEST <= len(text) <= LONGEST
        or block.link_share > 0.5
        or squash(text) == squash(seen.title)
    ):
        return False
    return not (is_boilerplate(text) or is_byline(text) or is_credit(text) or _inside(block.element, _OUTSIDE))


def _inside(element: html.HtmlElement, tags: frozenset[str] | set[str]) -> bool:
    return element.tag in tags or any(ancestor.tag in tags for ancestor in element.iterancestors())


def _agrees(text: str, descriptions: tuple[str, ...]) -> bool:
    words = squash(text)
    return any(_same_words(words, description) for description in descriptions)


def _same_words(words: str, description: str) -> bool:
    if min(len(words), len(description)) < AGREEMENT:
        return False
    return words in description or description[: max(AGREEMENT, len(description) - 8)] in words


def _apart(block: Block, found: list[Block], around: list[Block]) -> bool:
    """Whether `block` is set apart from the text's paragraphs: elsewhere, in another tag, or in another class."""
    peers = [peer for peer in around if peer not in found and len(peer.text) > 80 and peer.link_share < 0.5]
    return all(_signature(peer) != _signature(block) for peer in peers)


def _unlabelled(block: Block, seen: Seen) -> str:
    """The block's text without a section's name set before it in an element of its own."""
    for inner in block.element.iter("span", "p", "strong", "em", "b"):
        text = squeeze(all_text(inner))
        label = len(block.text) - len(text)
        if 0 < label <= 40 and len(text) > 2 * label and block.text.endswith(text) and _agrees(text, seen.descriptions):
            return text
    return block.text.removeprefix(_kicker(block)).lstrip()


def _kicker(block: Block) -> str:
    """The name of a section or a genre in a `span` that the block begins with; "" for none."""
    first = next(iter(block.element), None)
    if first is None or first.tag != "span" or (block.element.text or "").strip():
        return ""
    name, tail = squeeze(all_text(first)), first.tail or ""
    glued = tail[:1].isupper() and name[-1:].isalpha()
    genre = bool(_GENRE.fullmatch(name)) and tail.strip()[:1].isupper()
    return name if 0 < len(name) <= 30 and (glued or genre) else ""


def _signature(block: Block) -> tuple[object, ...]:
    element = block.element
    return (element.getparent(), element.tag, element.get("class"), _all_bold(element))


def _all_bold(element: html.HtmlElement) -> bool:
    first = next(iter(element), None)
    return (
        not (element.text or "").strip()
        and first is not None
        and first.tag in {"strong", "b", "em", "i"}
        and not (first.tail or "").strip()
    )


def _placed(block: Block, title: Block, seen: Seen) -> bool:
    """Whether a block before the text has a lead's place: beside the title, as a heading or a marked block."""
    if len(block.text) < 2 * SHORTEST and block.text[-1:] not in ".!?…»":
        return False
    marks = " ".join(
        f"{e.get('class', '')} {e.get('id', '')} {e.get('itemprop', '')}"
        for e in (block.element, *list(block.element.iterancestors())[:2])
    )
    if "description" in (block.element.get("itemprop") or "") or (seen.hints and HINTS.search(marks)):
        return True
    near = {title.element.getparent(), *list(title.element.iterancestors())[:3]}
    beside = block.element.getparent() in near or block.element in near
    return beside and block.element.tag in {"h2", "h3", "p", "div", "td", "section"}


def _with_siblings(found: list[Block], zone: list[Block]) -> list[Block]:
    """The blocks found, and the points of the same list that a description cut short does not name."""
    if not found or found[0].element.tag not in {"li", "span"}:
        return found
    kind = _signature(found[0])[1:3]
    holder = _holder(found[0])
    return [block for block in zone if block in found or (_signature(block)[1:3] == kind and _holder(block) is holder)]


def _holder(block: Block) -> html.HtmlElement | None:
    return next(block.element.iterancestors("ul", "ol", "header", "div"), None)
