"""Signatures that a page marks in its own words: `class="byline"`, a link to `/auteur/lucie-weber`."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from lxml import html

from monitor.domain.cleaning import clean_line
from monitor.fetch.pages.bylines import LONGEST, is_apart, is_word_of_name, names_in, near_title, text_apart
from monitor.fetch.pages.names import clean_names

_WORDS = r"authors?|auteure?s?|autore?n?s?|by-?line|signature|signataires?|journalistes?|reporter"
# Words of a class, an id or a test mark, however they are joined: "article__author", "author-name", "authorName".
_MARK = re.compile(
    rf"(?:^|[\s_:-])(?:{_WORDS})s?(?:[_-]*(?:name|nom|list|link|info)s?)?(?:$|[\s_:-]+(?!bio|img|image))", re.IGNORECASE
)
_PATH = re.compile(
    r"/(?:authors?|auteure?s?|autor(?:es|en)?|journalistes?|redacteurs?|signataires?|contributeurs?|reporters?)/[^/]",
    re.IGNORECASE,
)


def marked(root: html.HtmlElement, title: str) -> list[str]:
    """The names near the title in what the page's own markup calls author or byline; empty for none."""
    found = [element for element in near_title(root, title) if _is_marked(element) and not is_apart(element)]
    inner = [element for element in found if not any(element in other.iterancestors() for other in found)]
    return _names(inner) or _names(found)


def _names(elements: list[html.HtmlElement]) -> list[str]:
    texts = ((element, clean_line(text_apart(element))) for element in elements)
    return list(
        dict.fromkeys(name for element, text in texts if len(text) <= LONGEST for name in _people(element, text))
    )


def _people(element: html.HtmlElement, text: str) -> list[str]:
    """The names in a marked text: all of it, where it is names only; else those at its beginning.

    What a link to an author's page says may be one word: a pen name.
    """
    cleaned = clean_names(text)
    if cleaned and all(names_in(name) == [name] for name in cleaned):
        return cleaned
    if len(cleaned) == 1 and " " not in cleaned[0] and element.tag == "a" and is_word_of_name(cleaned[0]):
        return cleaned if _leads_to_author(element.get("href") or "") else []
    return names_in(text)


def _is_marked(element: html.HtmlElement) -> bool:
    marks = (element.get("class"), element.get("id"), element.get("data-testid"))
    if any(mark and _has_mark(mark) for mark in marks):
        return True
    return element.tag == "a" and _leads_to_author(element.get("href") or "")


@lru_cache(maxsize=4096)
def _has_mark(mark: str) -> bool:
    return bool(_MARK.search(mark))


def _leads_to_author(href: str) -> bool:
    try:
        return bool(_PATH.search(urlsplit(href).path))
    except ValueError:
        return False
