"""Signatures as a reader sees them, for pages whose metadata name nobody: "Par Lucie Weber, avec AFP"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import html

from monitor.domain.cleaning import clean_line
from monitor.fetch.pages.blocks import INLINE

LONGEST = 200  # characters of a line that signs
NEAR = 150  # elements after the title, within which an article is signed
_TAGS = ("p", "div", "span", "li", "a", "address", "strong", "em", "b", "i", "cite", "h2", "h3", "h4", "h5", "footer")
_APART = frozenset({"aside", "nav", "figure", "footer"})  # cards that lead elsewhere are signed too
_SIGNS = re.compile(
    r"(?:^|[|•·]\s)(?:(?:un|une)\s)?(?:par|(?:propos )?recueillis? par|(?:écrit|rédigé|publié|posté|proposé) par"
    r"|texte(?: de| par)?|article de|reportage de|enquête de|auteur(?:e|s|es)?|signé)\b\s*:?\s+(?=[A-ZÀ-Ý])",
    re.IGNORECASE,
)
_UPPER = "A-ZÀ-ÖØ-Þ"
_WORD = rf"(?:[{_UPPER}]\.|[{_UPPER}][\w’'.·-]*[\w.])"
_PARTICLE = r"(?:(?:d[eu]s?|la|le|van|von|der|den|el|al|ben|bin|di|da|dos|y)\s+|d[’']|l[’'])"
_NAME = rf"{_WORD}(?:[ \u00a0-]+{_PARTICLE}?{_WORD}){{1,3}}"
_NAMES = re.compile(rf"({_NAME})(?:\s*(?:,|&|;|/|\bet\b|\bavec\b|\(avec)\s*({_NAME}))*")
_ONE_NAME = re.compile(_NAME)
_LONE = re.compile(rf"({_NAME})\s*(?:\(([^()]{{2,60}})\))?\s*\.?")
_TRAILING = re.compile(r"\s(?:Le|La|À|A|En)$")  # "Par Lucie Weber Le 17/02/2026"
# Words with a capital that are no names: a page's words about itself, and months.
_NO_NAME = re.compile(
    r"^(?:Le|La|Les|L|Un|Une|Des)\b|\b(?:Envoyée?s?|Correspondante?s?|Journalistes?|[ÉE]dition|Publié|Mis|Modifié|Rédaction|Lire|Voir|Suivre|Newsletter|Abonn\w+|Partager?|Photo|Crédits?|Janvier|Février"
    r"|Mars|Avril|Mai|Juin|Juillet|Août|Septembre|Octobre|Novembre|Décembre|Lundi|Mardi|Mercredi|Jeudi|Vendredi|Samedi|Dimanche)\b"
)


def signed(root: html.HtmlElement) -> list[str]:
    """The names in the first line near the title that signs in words; empty for none."""
    return _first_names(lines_near_title(root))


def signed_below(lines: list[str]) -> list[str]:
    """The names that the last of a text's `lines` sign it with: after "Par", or alone, with or without a place."""
    if names := _first_names(line for line in lines[-8:] if len(line) <= 60):
        return names
    for line in lines[-3:]:
        found = _LONE.fullmatch(line) if len(line) <= 80 else None
        if found and not _NO_NAME.search(line):
            return [found.group(1)]
    return []


def _first_names(lines: Iterable[str]) -> list[str]:
    for line in lines:
        start = _SIGNS.search(line) if len(line) <= LONGEST else None
        found = _NAMES.match(line, start.end()) if start else None
        if found and (names := _named(found.group())):
            return names
    return []


def _named(line: str) -> list[str]:
    """The names in `line`, up to the first word with a capital that is of no name."""
    stop = _NO_NAME.search(line) or _TRAILING.search(line)
    return _ONE_NAME.findall(line[: stop.start()] if stop else line)


def lines_near_title(root: html.HtmlElement) -> Iterator[str]:
    """What a reader sees on a line of its own, from the title (the top, without an `h1`) to the text."""
    title = next((heading for tag in ("h1", "h2") for heading in root.iter(tag)), None)
    if title is None:
        return
    seen, read, started = 0, 0, False
    for element in root.iter("h1", *_TAGS):
        started = started or element is title or title.tag == "h2"
        if not started:
            continue
        seen += 1
        text = clean_line(element.text_content())
        read += element.tag == "p" and len(text) > LONGEST
        if seen > NEAR or read > 2:
            return
        if not _is_one_line(element, text):
            continue
        if 5 < len(text) <= LONGEST and not any(around.tag in _APART for around in element.iterancestors()):
            yield text


def _is_one_line(element: html.HtmlElement, text: str) -> bool:
    """Whether a reader sees `element` on one line: it holds inline elements, or so little that it looks so."""
    return (len(text) <= 60 and len(element) < 4) or all(child.tag in INLINE for child in element)
