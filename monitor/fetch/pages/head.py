"""What a page's head says: meta properties, canonical link, robots."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import html

# "author", "article:author", "dc.creator", "sailthru.author", "cXenseParse:author", "byl": whose last word says it.
_AUTHOR = re.compile(r"(?:^|[.:_#-]|article)(?:authors?(?:_?name)?|auteurs?|creator|byl|byline)$")
_WRITTEN_BY = re.compile(r"(?:[ée]crit|rédigé|publié|written|posted) (?:par|by)|auteure?|author", re.IGNORECASE)
_FIRST = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author", "byl")


@dataclass(frozen=True, slots=True)
class Head:
    """`meta` maps a lower-case name, property or itemprop to its first non-empty content.

    `authors` maps each name that speaks of authors to all its contents, the usual names first.
    """

    title: str = ""
    canonical: str | None = None
    language: str | None = None
    meta: dict[str, str] = field(default_factory=dict)
    robots: tuple[str, ...] = ()
    authors: dict[str, list[str]] = field(default_factory=dict)

    def first(self, *names: str) -> str:
        """The first of `names` that the head fills, or an empty string."""
        return next((self.meta[name] for name in names if self.meta.get(name)), "")


def read_head(root: html.HtmlElement) -> Head:
    """Read the whole tree's `meta` and `link` elements: many pages close their head early."""
    meta: dict[str, str] = {}
    authors: dict[str, list[str]] = {name: [] for name in _FIRST}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = (element.get("content") or "").strip()
        if name and content:
            key = name.strip().lower()
            meta.setdefault(key, content[:5_000])
            if _AUTHOR.search(key) and not key.startswith("twitter:"):
                authors.setdefault(key, []).append(content[:500])
    for number in ("1", "2"):  # what WordPress tells the cards of a network: label "Écrit par", data "Lucie Weber"
        if _WRITTEN_BY.fullmatch(meta.get(f"twitter:label{number}", "")):
            authors.setdefault("twitter:data", []).append(meta.get(f"twitter:data{number}", "")[:500])
    return Head(
        title=(root.findtext(".//title") or "").strip(),
        canonical=_canonical(root),
        language=root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        meta=meta,
        robots=_robots(meta),
        authors=authors,
    )


def _canonical(root: html.HtmlElement) -> str | None:
    for link in root.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split() and link.get("href"):
            return str(link.get("href")).strip()
    return None


def _robots(meta: dict[str, str]) -> tuple[str, ...]:
    """Directives of `robots` and of text-and-data-mining reservations, lower case, in order, once each."""
    words: list[str] = []
    for name in ("robots", "veille"):
        words += [word.strip().lower() for word in meta.get(name, "").split(",") if word.strip()]
    if meta.get("tdm-reservation", "").strip() == "1":
        words.append("tdm-reservation")
    return tuple(dict.fromkeys(words))
