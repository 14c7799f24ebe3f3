"""The title a reader sees: the `h1` that the page's own metadata agree with."""

from __future__ import annotations

import html as entities
import re

from lxml import html

from monitor.domain.cleaning import clean_line
from monitor.fetch.pages.blocks import blocks_of
from monitor.fetch.pages.head import Head

_PARTS = re.compile(r"\s+[|•·»–—-]\s+|\s*\|\s*")


def headings(root: html.HtmlElement) -> list[str]:
    """The texts of the page's `h1`s, in order, without repetitions."""
    texts = (clean_line(" ".join(block.text for block in blocks_of(heading))) for heading in root.iter("h1"))
    return list(dict.fromkeys(text for text in texts if text))


def find_title(found: list[str], headline: str, head: Head, site_name: str) -> str:
    """Of the headings `found`, the one closest to what JSON-LD, OpenGraph and `title` say; else those."""
    spoken = (headline, head.first("og:title", "twitter:title"), head.title)
    said = [clean_line(entities.unescape(text)) for text in spoken]
    said = [text for text in said if text]
    ranked = [
        (max((_closeness(text, other) for other in said), default=0.0), -at, text) for at, text in enumerate(found)
    ]
    best = max(ranked, default=None)
    if best and (best[0] >= 0.4 or (len(ranked) == 1 and len(best[2].split()) > 2 and best[2] != site_name)):
        return best[2]
    return _without_site(said[0], site_name) if said else (found[0] if found else "")


def _closeness(a: str, b: str) -> float:
    left, right = set(re.findall(r"\w+", a.lower())), set(re.findall(r"\w+", b.lower()))
    return len(left & right) / max(1, min(len(left), len(right))) if len(left) > 1 else 0.0


def _without_site(text: str, site_name: str) -> str:
    parts = _PARTS.split(text)
    if len(parts) > 1 and (parts[-1].lower() == site_name.lower() or len(parts[-1]) <= 30 < len(text)):
        return text[: text.rindex(parts[-1])].rstrip(" |•·»–—-")
    return text
