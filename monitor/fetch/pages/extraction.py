"""One page to one article."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator

from lxml import html

from monitor.domain.agencies import agency_of
from monitor.domain.cleaning import clean, clean_line
from monitor.domain.model import PageData
from monitor.domain.urls import canonicalise, host_key, same_site
from monitor.errors import ContentError
from monitor.fetch.page_decoding import as_utf8
from monitor.fetch.pages.access import access_of, free_of_charge
from monitor.fetch.pages.authors import find_authors, organisation_of
from monitor.fetch.pages.boilerplate import (
    heads_notes,
    is_boilerplate,
    is_byline,
    is_credit,
    is_note,
    is_paywall,
    is_reference,
    is_signatories,
)
from monitor.fetch.pages.bylines import signed_below, signs_alone
from monitor.fetch.pages.content import HEADINGS, Content, read_content
from monitor.fetch.pages.dates import modified_at, published_at
from monitor.fetch.pages.head import Head, read_head
from monitor.fetch.pages.language import language_of
from monitor.fetch.pages.lead import Seen, find_lead, without_lead
from monitor.fetch.pages.linked_data import LinkedData, read_linked_data, squash, text_of
from monitor.fetch.pages.markup import drop_unseen, parse_markup
from monitor.fetch.pages.paper import Paper, name_in_title
from monitor.fetch.pages.title import find_title, headings

_FRENCH = re.compile(r"\b(?:le|la|les|des|du|une|est|dans|pour|qui|que|par|sur|aux?|pas)\b", re.IGNORECASE)
_WHO = re.compile(
    r",? (?:est|a été|a (?:notamment )?(?:écrit|publié)|enseigne|travaille|collabore|dirige|vit|anime|couvre)\b"
)
BELOW = 3  # lines at a text's end where it is told who wrote it
MOST_OF_A_WALL = 600  # characters of what a paywall says after its first line
LONGEST_LABEL = 40  # characters of what stands above a title
FEWEST_OF_TITLE, MOST_ADDED = 20, 12  # letters of a title that a line repeats, and of what it adds
SHORTEST_OWN = 50  # letters and figures that tell that a lead is the text's beginning
ARROWS = ">→►▶➡⇒"  # before a link that leads away
FEWEST_NOTES = 2
MOST_HEADS = 5  # headings over notes that are looked at
MOST_LINES, MOST_WORDS = 1_000, 300_000  # lines, letters and figures of a text in which pulled quotes are looked for
LONGEST_REFERENCE = 400  # characters
SHORTEST_PULLED, LONGEST_PULLED = 40, 300  # letters and figures of a quote pulled out of the text
LEAST_LEFT = 15  # letters and figures that the text says around it
EDGE = 5  # lines at either end of a text where signatures stand


def extract_page(body: bytes, *, url: str, content_type: str | None = None) -> PageData:
    """The article on the page `body` that was served at `url`.

    Raises `ContentError` (`empty`, `too-large`, `not-a-page`). A page without article text gives empty `text`.
    Not limited in time: what comes from outside goes through `fetch.sandbox`.
    """
    if not body.strip():
        raise ContentError("the page is empty", kind="empty")
    markup = parse_markup(as_utf8(body, content_type))
    root, head = markup.root, read_head(markup.root)
    found = headings(root)
    data = read_linked_data(markup.linked_data, found)
    at = published_at(data, head, markup, url)
    drop_unseen(root)
    site_name = clean_line(head.first("og:site_name") or organisation_of(data.article))
    title = find_title(root, found, text_of(data.article.get("headline")), head, Paper(site_name, url))
    host = host_key(url).partition(".")[0] if url else ""
    named = site_name or name_in_title(head.title)
    authors = find_authors(data, head, root, title=title, site_name=named, host=host)
    content = read_content(root, _known_text(data), url)
    lines = content.lines
    authors = authors or tuple(signed_below(lines))
    kept = [cleaned for line in _own_lines(content, title, authors) if (cleaned := clean(line))]
    kept = [line for line in kept[:EDGE] if not _is_cut_from(line, kept)] + kept[EDGE:]
    lead = clean(find_lead(content.blocks, kept, Seen(title, _descriptions(data, head), authors)))
    lead = "" if _is_cut_from(lead, kept) else lead
    text = without_lead(kept, lead)
    if kept and not text:  # a page of one paragraph has no lead
        lead, text = "", kept
    return PageData(
        title=title,
        lead=lead,
        text="\n\n".join(text),
        canonical_url=_canonical(data, head, url),
        published_at=at,
        modified_at=modified_at(data, head),
        authors=authors,
        site_name=site_name or None,
        language=_language(f"{title} {lead} {' '.join(text)}", head),
        access=access_of(data, head, lines),
        agency=agency_of([*authors, *lines[:EDGE], *lines[-EDGE:]]),
        robots=head.robots,
    )


def _known_text(data: LinkedData) -> str:
    """JSON-LD's `articleBody`, unless it is behind a wall: what is not shown is not read."""
    if free_of_charge(data) is False:
        return ""
    text = entities.unescape(text_of(data.article.get("articleBody")))  # some escape it twice
    if "<" in text[:2_000] and ">" in text:
        text = html.fromstring(f"<div>{text}</div>").text_content()
    return text


def _descriptions(data: LinkedData, head: Head) -> tuple[str, ...]:
    texts = (
        text_of(data.article.get("description")),
        text_of(data.article.get("alternativeHeadline")),
        text_of(data.article.get("abstract")),
        head.first("description"),
        head.first("og:description"),
        head.first("twitter:description"),
    )
    return tuple(dict.fromkeys(squash(text) for text in texts if text))


def _own_lines(content: Content, title: str, authors: tuple[str, ...]) -> Iterator[str]:
    """The lines that are of the article: no title, no signature at either end, nothing about the page.

    A line that is only a link goes with the "lire aussi" before it, and with others of its kind.
    """
    names, dropped = {squash(name) for name in authors} | {squash(title)}, False
    above = _above_title(content)
    lines = _said_once(_before_notes(_before_wall(content.lines), content), content)
    count = len(lines)
    for at, line in enumerate(lines):
        edge = at < EDGE or at >= count - EDGE
        words = squash(line)
        dropped = (
            words in names
            or (edge and _is_title(words, title))
            or (at < EDGE and words in above)
            or is_boilerplate(line)
            or is_credit(line)
            or is_signatories(line)
            or ((dropped or line[0] in ARROWS) and words in content.linked)
            or (at >= count - BELOW and _is_about(line, authors))
            or (edge and (is_byline(line) or signs_alone(line, authors) or _breadcrumb(line, title)))
        )
        if not dropped:
            yield line


def _is_cut_from(lead: str, lines: list[str]) -> bool:
    """Whether `lead` is the text's own beginning, cut off by dots."""
    if not lead.endswith(("...", "…")):
        return False
    own = squash(lead.rstrip(". …"))
    return len(own) >= SHORTEST_OWN and any(squash(line).startswith(own) for line in lines[:EDGE] if line != lead)


def _is_title(words: str, title: str) -> bool:
    """Whether the squashed `words` are the title and what a page adds to it: "(photos)", "En images"."""
    own = squash(title)
    return len(own) > FEWEST_OF_TITLE and len(words) - len(own) <= MOST_ADDED and words.startswith(own)


def _above_title(content: Content) -> set[str]:
    """The words of a line or two above the title, squashed: the section's name, a label."""
    texts = [block.text for block in content.blocks]
    at = next((at for at, block in enumerate(content.blocks) if block.element.tag == "h1"), 0)
    return {squash(text) for text in texts[:at] if len(text) <= LONGEST_LABEL}


def _is_about(line: str, authors: tuple[str, ...]) -> bool:
    """Whether a `line` below the text tells who one of the `authors` is."""
    return any(line.startswith(name) and _WHO.match(line, len(name)) for name in authors if " " in name)


def _before_wall(lines: list[str]) -> list[str]:
    """`lines` up to one that asks for a subscription near their end: slogans and offers follow it."""
    for at, line in enumerate(lines):
        if is_paywall(line) and sum(map(len, lines[at + 1 :])) < min(MOST_OF_A_WALL, sum(map(len, lines[:at]))):
            return lines[: at + 1]
    return lines


def _said_once(lines: list[str], content: Content) -> list[str]:
    """`lines` without quotes that were pulled out of one of the others; a heading may say what its part will say."""
    words = [squash(line) for line in lines]
    whole = "\n".join(words)
    if len(words) > MOST_LINES or len(whole) > MOST_WORDS:
        return lines
    often = [own for own in words if SHORTEST_PULLED <= len(own) <= LONGEST_PULLED and whole.count(own) > 1]
    pulled = {own for own in often if any(own in other and len(other) >= len(own) + LEAST_LEFT for other in words)}
    pulled.difference_update(squash(block.text) for block in content.blocks if pulled and block.element.tag in HEADINGS)
    if not pulled:
        return lines
    following = [*lines[1:], ""]
    return [
        line
        for line, own, after in zip(lines, words, following, strict=True)
        if own not in pulled or after.startswith("— ")  # a message, and who sent it
    ]


def _before_notes(lines: list[str], content: Content) -> list[str]:
    """`lines` up to the notes, or to the list of what was read, that end a text; what heads them may be of no line."""
    said = [at for at, line in enumerate(lines) if at and heads_notes(line)]
    for at in said[-MOST_HEADS:]:
        if _are_notes(lines[at + 1 :], lines[:at]):
            return lines[:at]
    heads = [at for at, block in enumerate(content.blocks) if heads_notes(block.text)]
    for head in heads[-MOST_HEADS:]:
        below = {squash(block.text) for block in content.blocks[head:]}
        end = len(lines)
        while end and squash(lines[end - 1]) in below:
            end -= 1
        if end < len(lines) and _are_notes(lines[end:], lines[:end]):
            return lines[:end]
    end = len(lines)
    while end and is_note(lines[end - 1]):
        end -= 1
    return lines[:end] if len(lines) - end >= FEWEST_NOTES and _are_notes(lines[end:], lines[:end]) else lines


def _are_notes(below: list[str], text: list[str]) -> bool:
    """Whether most lines `below` a `text` are notes, none is prose, and they are no more than half of it."""
    if any(len(line) > LONGEST_REFERENCE and not is_note(line) for line in below):
        return False
    return sum(map(is_reference, below)) >= len(below) / 2 and 2 * sum(map(len, below)) <= sum(map(len, text))


def _breadcrumb(line: str, title: str) -> bool:
    return len(line) < len(title) + 80 and len(title) > 20 and squash(line).endswith(squash(title)) and line != title


def _canonical(data: LinkedData, head: Head, url: str) -> str | None:
    """The page's own address for itself, believed only within the registrable domain it was served from.

    Many sites name their front page by mistake: a bare path is not believed of a page that has one.
    """
    own = canonicalise(url) if url else None
    for said in (head.canonical, head.first("og:url"), text_of(data.article.get("url"))):
        address = canonicalise(said, url or None) if said else None
        if address is None or (own is not None and not same_site(address, own)):
            continue
        if own is not None and _bare(address) and not _bare(own):
            continue
        return address
    return None


def _bare(address: str) -> bool:
    return address.partition("://")[2].partition("/")[2] == ""


def _language(text: str, head: Head) -> str | None:
    """By the words where there are enough of them; what the page declares where there are not."""
    declared = (head.language or head.first("og:locale")).strip()[:2].lower()
    if declared == "fr" and len(_FRENCH.findall(text[:600])) >= 8:
        return declared  # two thousand times as quick as the model, and as sure
    if len(text) >= 200:
        return language_of(text[:400])
    return declared if declared.isalpha() else None
