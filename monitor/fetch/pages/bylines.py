"""Signatures as a reader sees them, for pages whose metadata name nobody: "Par Lucie Weber, avec AFP"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

from monitor.domain.cleaning import clean_line

LONGEST = 200  # characters of a line that signs
NEAR = 80  # elements after the title, within which an article is signed
_TAGS = ("p", "div", "span", "li", "a", "address", "strong", "em", "b", "i", "cite", "h2", "h3", "h4", "h5", "footer")
_APART = frozenset({"aside", "nav", "figure", "footer"})  # cards that lead elsewhere are signed too
_SIGNS = re.compile(
    r"(?:(?:un|une)\s)?(?:par|propos recueillis par|recueillis? par|(?:écrit|rédigé|publié|posté|proposé) par|texte(?: de| par)?|article de"
    r"|reportage de|enquête de|auteur(?:e|s|es)?|signé)\b\s*:?\s+(?=[A-ZÀ-Ý])",
    re.IGNORECASE,
)
_UPPER = "A-ZÀ-ÖØ-Þ"
_WORD = rf"(?:[{_UPPER}]\.|[{_UPPER}][\w’'.·-]*[\w.])"
_NAME = rf"{_WORD}(?:[ \u00a0-]+(?:(?:d[eu]s?|la|le|van|von|der|den|el|al|ben|bin|di|da|dos|y)\s+|d[’']|l[’'])?{_WORD}){{1,3}}"
_NAMES = re.compile(rf"({_NAME})(?:\s*(?:,|&|;|/|\bet\b|\bavec\b|\(avec)\s*({_NAME}))*")
_ONE_NAME = re.compile(_NAME)
_LONE = re.compile(rf"({_NAME})\s*(?:\(([^()]{{2,60}})\))?\s*\.?")
# Words with a capital that are no names: a page's words about itself, and months.
_NO_NAME = re.compile(
    r"\b(?:Envoyé\w*|Correspondant\w*|Journaliste\w*|Le|La|Les|Un|Une|Des|Publié|Mis|Modifié|Rédaction|Lire|Voir|Suivre|Newsletter|Abonn\w+|Partager?|Photo|Crédits?|Janvier|Février"
    r"|Mars|Avril|Mai|Juin|Juillet|Août|Septembre|Octobre|Novembre|Décembre|Lundi|Mardi|Mercredi|Jeudi|Vendredi|Samedi|Dimanche)\b"
)


def signed(root: html.HtmlElement) -> list[str]:
    """The names in the first line near the title that signs in words; empty for none."""
    for line in _lines_near_title(root):
        start = _SIGNS.match(line)
        found = _NAMES.match(line, start.end()) if start else None
        if found and (names := _named(found.group())):
            return names
    return []


def _named(line: str) -> list[str]:
    """The names in `line`, up to the first word with a capital that is of no name."""
    stop = _NO_NAME.search(line)
    return _ONE_NAME.findall(line[: stop.start()] if stop else line)


def lone_signature(lines: list[str]) -> list[str]:
    """The name that stands alone in one of the last two `lines` of a text, with or without a place in brackets."""
    for line in lines[-2:]:
        found = _LONE.fullmatch(line) if len(line) <= 80 else None
        if found and not _NO_NAME.search(line):
            return [found.group(1)]
    return []


def _lines_near_title(root: html.HtmlElement) -> Iterator[str]:
    title = next(root.iter("h1"), None)
    if title is None:
        return
    seen, started = 0, False
    for element in root.iter("h1", *_TAGS):
        started = started or element is title
        if not started or len(element) > 12:
            continue
        seen += 1
        if seen > NEAR:
            return
        if any(around.tag in _APART for around in element.iterancestors()):
            continue
        text = clean_line(element.text_content())
        if 5 < len(text) <= LONGEST:
            yield text
