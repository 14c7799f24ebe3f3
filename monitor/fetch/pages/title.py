"""The title a reader sees: the `h1` that the page's own metadata agree with."""

from __future__ import annotations

import html as entities
import re

from lxml import html

from monitor.domain.cleaning import clean_line
from monitor.fetch.pages.blocks import blocks_of
from monitor.fetch.pages.head import Head
from monitor.fetch.pages.linked_data import squash

LONGEST_NAME = 30  # characters of a paper's name
LONGEST_KICKER = 25  # characters of a place or a section's name that an `h1` begins with
_LABEL = re.compile(
    r"(?:(?:article |contenu )?(?:réservée? aux )?abonné(?:e?s|·e·s)?|premium|payant|(?:contenu |article )?exclusif)",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s+[|•·»›‹–—-]\s+|\s*\|\s*")


def headings(root: html.HtmlElement) -> list[str]:
    """The texts of the page's `h1`s, in order, without repetitions."""
    texts = (clean_line(" ".join(block.text for block in blocks_of(heading))) for heading in root.iter("h1"))
    return list(dict.fromkeys(text for text in texts if text))


def find_title(found: list[str], headline: str, head: Head, site_name: str) -> str:
    """Of the headings `found`, the one closest to what JSON-LD, OpenGraph and `title` say; else those."""
    spoken = (headline, head.first("og:title", "twitter:title"), head.title)
    said = [text for text in (clean_line(entities.unescape(text)) for text in spoken) if text]
    if found:
        said = [text for text in said if " " in text or text in found]  # one word is the paper's name
    mastheads = _mastheads(head.title, site_name) - {text.lower() for text in map(clean_line, spoken[:2])}
    own = [text for text in found if text.lower() not in mastheads] or (found if not said else [])
    best = max(own, key=lambda text: max((_closeness(text, other) for other in said), default=0.0), default="")
    best = _without_label(best, [*said, *(parts[0] for text in said if len(parts := _PARTS.split(text)) > 1)])
    if best and (len(own) == 1 or not said or max(_closeness(best, other) for other in said) >= 0.3):
        return best
    return _without_site(said[0], site_name) if said else best


def _without_label(heading: str, said: list[str]) -> str:
    """`heading` without "Abonnés" at either end or a place before it, where the page gives the title without.

    What two places agree on may also be without a section's name and its colon ("Culture : "), or have the colon that
    parts a kicker from the rest where the heading has only a line break.
    """
    for text in said:
        rest = heading.removeprefix(text) if heading.startswith(text) else heading.removesuffix(text)
        agreed = said.count(text) > 1
        if agreed and len(text) > len(heading) and squash(text) == squash(heading):
            return text
        parted = rest.strip()[-1:].isalpha() or (agreed and rest.strip().endswith(":"))
        place = heading.endswith(text) and len(text) > LONGEST_KICKER >= len(rest) and parted
        if text and len(rest) < len(heading) and (place or _LABEL.fullmatch(rest.strip())):
            return text
    return heading


def site_in_title(title: str) -> str:
    """The paper's name at the end of "Article - Paper", where it can be one; else ""."""
    parts = _PARTS.split(title)
    return parts[-1] if len(parts) > 1 and len(parts[-1]) <= LONGEST_NAME else ""


def _mastheads(title: str, site_name: str) -> set[str]:
    """What an `h1` says that is the paper's name: it, and the short ends of "Article - Paper" that can be it."""
    parts, own = [part.lower() for part in _PARTS.split(title) if part], site_name.lower()
    if len(parts) < 2:
        return {own}
    first = parts[0] if not own or parts[0] in own or own in parts[0] else own
    return {own, *(part for part in (first, parts[-1]) if len(part) <= LONGEST_NAME)}


def _closeness(a: str, b: str) -> float:
    """Words in common, of all the words of both."""
    left, right = set(re.findall(r"\w+", a.lower())), set(re.findall(r"\w+", b.lower()))
    return len(left & right) / len(left | right) if left and right else 0.0


def _without_site(text: str, site_name: str) -> str:
    parts = _PARTS.split(text)
    if len(parts) > 1 and (parts[-1].lower() == site_name.lower() or len(parts[-1]) <= LONGEST_NAME < len(text)):
        rest = text[: text.rindex(parts[-1])].rstrip(" |•·»›‹–—-")
        last = _PARTS.split(rest)[-1]  # "Article | Paper - What the paper is"
        named = len(last) >= 3 and last != rest and site_name.lower().startswith(last.lower())
        return rest[: rest.rindex(last)].rstrip(" |•·»›‹–—-") if named else rest
    return text
