"""Signatures that a page marks: `itemprop=author`, `rel=author`, `class=byline`, a link to `/auteur/lucie-weber`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from urllib.parse import urlsplit

from lxml import html

from monitor.domain.cleaning import clean_line
from monitor.fetch.pages.blocks import all_text
from monitor.fetch.pages.bylines import LONGEST, is_apart, is_no_name, is_word_of_name, names_in, near_title, text_apart
from monitor.fetch.pages.names import clean_names
from monitor.fetch.pages.scope import in_foreign
from monitor.fetch.pages.trees import Question

_WORDS = r"authors?|auteure?s?|autore?n?s?|by-?line|signature|signataires?|journalistes?|reporter"
# Words of a class, an id or a test mark, however they are joined: "article__author", "author-name", "authorName".
_MARK = re.compile(
    rf"(?:^|[\s_:-])(?:{_WORDS})s?(?:[_-]*(?:name|nom|list|link|info)s?)?(?:$|[\s_:-]+(?!bio|img|image))"
    r"|(?-i:[a-z](?:Author|Auteur|Autor|Byline)(?:Name)?(?:$|[\s_:-]))",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"/(?:authors?|auteure?s?|autor(?:es|en)?|journalistes?|redact(?:eurs?|ion)|signataires?|contributeurs?"
    r"|reporters?|creators?|editors?)/[^/]",
    re.IGNORECASE,
)


_PEN_NAME = re.compile(r"(?:par|by|von|auteur\s?:|posté par|publié par)\s+[\w.-]{3,30}", re.IGNORECASE)
_SIGNED = re.compile(r"(?:par|by|von|source)\s*:?\s+\S", re.IGNORECASE)
_BY_TEAM = re.compile(r"par\s*:?\s+(?:la |notre )?r[ée]daction\b", re.IGNORECASE)
_JOINS = re.compile(r"\s*(?:,|;|/|&|\bet\b|\band\b|\bund\b)\s*")
_WHEN = re.compile(r"[\s|•·,–—-]+(?:le\s+\d|\d{1,2}[/. ]|publié|mis|posté).*$", re.IGNORECASE)
MOST = 12
MOST_MARKED = 200  # elements looked at; a page made to exhaust us may mark all
LONGEST_NAME = 40  # characters of one of a list
LONGEST_OUTLET = 60  # characters of a signature that names no person
LONGEST_BYLINE = 300  # characters of what stands around the names of one signature


def in_microdata(root: html.HtmlElement, title: str) -> list[str]:
    """What the page states to be its author, in attributes that have a meaning on every site."""
    stated = (element for element in _MAY_STATE(root) if _is_stated(element))
    found = [element for element in islice(stated, MOST_MARKED) if not in_foreign(element)]
    if len(found) > 1:
        near = set(near_title(root, title)) if title else set()
        found = _of_one_byline([element for element in found if element in near] or found)
    texts = []
    for element in found[:MOST]:
        named = element.find(".//*[@itemprop='name']")
        text = all_text(element) if named is None else (named.get("content") or all_text(named))
        texts += [text] if text.strip() and len(text) < LONGEST else []
    return texts


def _states(element: html.HtmlElement) -> bool:
    """By schema.org, and by HTML's own link type."""
    return element.get("itemprop") == "author" or " author " in f" {element.get('rel', '')} "


def _is_named(element: html.HtmlElement) -> bool:
    """By hCard, which themes of blogs use within `<span class="author vcard">`."""
    return " fn " in f" {element.get('class', '')} "


_MAY_STATE = Question(lambda element: _states(element) or _is_named(element), ("itemprop", "rel", "class"))


def _is_stated(element: html.HtmlElement) -> bool:
    around = islice(element.iterancestors(), 2)
    return _states(element) or any("author" in each.get("class", "") for each in around)


def _of_one_byline(elements: list[html.HtmlElement]) -> list[html.HtmlElement]:
    """Those of `elements` that stand around the first: others sign other articles."""
    around = elements[0]
    for outer in elements[0].iterancestors():
        if len(clean_line(all_text(outer))) > LONGEST_BYLINE:
            break
        around = outer
    byline = {around, *_listed_after(around)}
    return [element for element in elements if element in byline or around in element.iterancestors()]


def _listed_after(element: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """The elements that a comma or "et" joins to `element`, or that the page says just after it to be authors too."""
    for beside in element.itersiblings():
        stated = element.get("itemprop") == beside.get("itemprop") == "author" and not (element.tail or "").strip()
        if not stated and not _JOINS.fullmatch(element.tail or ""):
            return
        element = beside
        yield beside


def marked_anywhere(root: html.HtmlElement) -> list[str]:
    """The one name that the page marks as an author's wherever it does, asides and the end of the page included."""
    found: set[str] = set()
    candidates = (
        element for element in root.iter("a", "span", "p", "div", "section", "li", "h3", "h4") if _is_marked(element)
    )
    for element in islice(candidates, MOST_MARKED):
        if len(text := clean_line(text_apart(element))) <= LONGEST and not in_foreign(element):
            names = clean_names(text)
            found.update(name for name in names if names_in(name) == [name])
    return list(found) if len(found) == 1 else []


def marked(root: html.HtmlElement, title: str) -> list[str]:
    """The names near the title in what the page's own markup calls author or byline; empty for none."""
    found = [element for element in near_title(root, title) if _is_marked(element) and not is_apart(element)]
    found = _of_one_byline(found) if found else []
    inner = [element for element in found if not any(element in other.iterancestors() for other in found)]
    return _names(inner) or _names(found)


def marked_outlet(root: html.HtmlElement, title: str) -> list[str]:
    """The signature near the title that names no person: "Par La Gazette avec AFP"; empty for none.

    A team signs in words ("Par la rédaction"), a paper only where the page marks it.
    """
    for element in near_title(root, title):
        is_marked = _is_marked(element)
        if (is_marked or element.tag in ("p", "span", "div")) and not is_apart(element):
            text = _WHEN.sub("", clean_line(text_apart(element)))
            if (_SIGNED if is_marked else _BY_TEAM).match(text) and len(text) <= LONGEST_OUTLET:
                return [text]
    return []


def _names(elements: list[html.HtmlElement]) -> list[str]:
    texts = ((element, clean_line(text_apart(element))) for element in elements)
    return list(
        dict.fromkeys(name for element, text in texts if len(text) <= LONGEST for name in _people(element, text))
    )


def _people(element: html.HtmlElement, text: str) -> list[str]:
    """The names in a marked text: all of it, where it is names only; else those at its beginning.

    What a link or "par" says may be one word: a pen name.
    """
    cleaned = clean_names(text)
    if cleaned and all(names_in(name) == [name] for name in cleaned):
        return cleaned
    if len(cleaned) == 1 and " " not in cleaned[0]:
        links = [element] if element.tag == "a" else element.findall(".//a")
        leads = len(links) == 1 and all_text(links[0]).strip() == cleaned[0] and is_word_of_name(cleaned[0])
        return cleaned if leads or (_PEN_NAME.fullmatch(text) and not is_no_name(cleaned[0])) else []
    return names_in(text)


def _is_marked(element: html.HtmlElement) -> bool:
    marks = (element.get("class"), element.get("id"), element.get("data-testid"))
    if any(mark and _has_mark(mark) for mark in marks):
        return True
    if element.tag == "li" and _is_list_of_names(element.getparent()):
        return True
    return element.tag == "a" and _leads_to_author(element.get("href") or "")


def _is_list_of_names(around: html.HtmlElement | None) -> bool:
    """Whether a marked list holds nothing that is longer than a name: what somebody wrote is listed too."""
    if around is None or around.tag not in ("ul", "ol") or len(around) > MOST or not _is_marked(around):
        return False
    return all(len(clean_line(all_text(part))) <= LONGEST_NAME for part in around)


@lru_cache(maxsize=4096)
def _has_mark(mark: str) -> bool:
    return bool(_MARK.search(mark))


def _leads_to_author(href: str) -> bool:
    try:
        return bool(_PATH.search(urlsplit(href).path))
    except ValueError:
        return False
