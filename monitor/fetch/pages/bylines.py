"""Signatures as a reader sees them, for pages whose metadata name nobody: "Par Lucie Weber, avec AFP"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

from lxml import html

from monitor.domain.agencies import AGENCIES
from monitor.domain.cleaning import clean_line
from monitor.fetch.pages.blocks import INLINE, all_text
from monitor.fetch.pages.linked_data import squash

LONGEST = 200  # characters of a line that signs
MOST_BLANKS = 2_000  # characters that indentation adds to it
LONGEST_ALONE = 60  # characters of names on a line of their own
LONGEST_SIGNATURE = 80  # of names, an agency and a place at either end of a text
MOST_TERMS = 50  # of definitions that are looked at
NEAR = 150  # elements after the title, within which an article is signed
_TAGS = ("p", "div", "span", "li", "a", "address", "strong", "em", "b", "i", "cite", "h2", "h3", "h4", "h5", "footer")
_APART = frozenset({"aside", "nav", "figure", "footer"})  # cards that lead elsewhere are signed too
_SIGNS = re.compile(
    r"(?:^|[|•·]\s)(?:(?:une?|l[ae]|article|texte|billet|entretien|interview|reportage|enquête|tribune|dossier|récit"
    r"|analyse|portrait|décryptage)\s|l[’'])?"
    r"(?:par|by|von|(?:propos )?recueillis?(?: et [a-zé]+)? par|texte(?: de| par| et photos)?|signé"
    r"|auteur(?:e|s|es|[·.]e(?:[·.]?s)?|\(e?s?\))?"
    r"|(?:écrite?|rédigée?|réalisée?|menée?|conduite?|préparée?|publié|posté|soumis|proposé|ajouté|mis en ligne"
    r"|mis à jour|written|posted) (?:par|by)"
    r"|(?:article|billet|chronique|tribune|reportage|enquête|documentaire|podcast|récit|contribution|édito(?:rial)?"
    r"|correspondance|analyse|décryptage) de"
    r"|réalisation(?: de)?|(?:de )?(?:notre|nos) (?:correspondante?s?|envoyée?s? spécia(?:les?|l|ux))"
    r"(?: (?:à|en|au|aux) [\w-]+,?)?"
    r")(?:\b|(?<=[,)]))\s*:?\s+(?=[A-ZÀ-Ý])",
    re.IGNORECASE,
)
_AGENCY = "|".join(sorted({re.escape(name) for name in AGENCIES.values()}, key=len, reverse=True))
_UPPER = "A-ZÀ-ÖØ-Þ"
_WORD = rf"(?!(?:ET|AVEC|AND|POUR)\b)(?:[{_UPPER}]\.|[{_UPPER}][\w’'.·-]*[\w.])"
_PARTICLE = r"(?:(?:d[eu]s?|la|le|van|von|der|den|el|al|ben|bin|di|da|dos|y)\s+|d[’']|l[’'])"
_NAME = rf"{_WORD}(?:(?:[ \u00a0]+|-){_PARTICLE}{{0,2}}{_WORD}){{1,3}}"
_ASIDE = r"\s*\((?!avec\b)[^()]{2,40}\)"
_FUNCTION = r",\s[a-zà-ÿ][^,.A-ZÀ-Þ]{2,60}(?=,?\set\s)"  # ", professeure de droit, et Paul Ott"
_LIST = rf"{_NAME}(?:(?:{_ASIDE}|{_FUNCTION})?\s*(?:,\s*et\b|,|&|;|/|\b(?:et|ET|and|und|avec)\b|\(avec)\s*{_NAME})*"
_NAMES = re.compile(_LIST)
_ASIDES = re.compile(_ASIDE)
_ONE_NAME = re.compile(_NAME)
_LONE = re.compile(rf"({_NAME}(?:\s+(?:et|&)\s+{_NAME})?)\s*(?:\(([^()]{{2,60}})\))?\s*\.?")
_TRAILING = re.compile(r"\s(?:Le|La|À|A|En)$")  # "Par Lucie Weber Le 17/02/2026"
# Words with a capital that are no names: a page's words about itself, and months.
_MONTHS = (
    "Janvier|Février|Mars|Avril|Mai|Juin|Juillet|Août|Septembre|Octobre|Novembre|Décembre"
    "|January|February|March|July|August|September|October|November|December|Sept|Oct|Nov|Dec"
)
_NO_NAME = re.compile(
    r"^(?:(?:Le|La|Les|Un|Une|Des)\b|L[’'])|\b(?:Envoyée?s?|Correspondante?s?|Journalistes?|[ÉE]dition|Publié|Mis|Modifié|Traduite?"
    r"|Rédaction|Lire|Voir|Plus|Tous|Profil|Biographie|Articles?|Suivre|Newsletter|Abonn\w+|Partager?|Photos?|Crédits?|Temps"
    rf"|{_MONTHS}|Lundi|Mardi|Mercredi|Jeudi|Vendredi|Samedi|Dimanche"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Staff|Follow"
    r"|Facebook|Twitter|LinkedIn|WhatsApp|Instagram|Telegram|Bluesky)\b"
)


# A signature in the midst of a line about the page: "Publié le 3 mars à 8 h par Lucie Weber".
_SIGNS_LATER = re.compile(
    r"^(?:(?:article )?(?:publié|posté|écrit|rédigé|mis en ligne|mis à jour|paru|posted|published)|le \d"
    r"|\d{1,2} |(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) ).{0,80}?"
    r"\b(?:par|by)\b\s*:?\s+(?=[A-ZÀ-Ý])",
    re.IGNORECASE,
)
# A pen name of one word or initials, where nothing but an agency follows: "jeudi 27 juin 2019, par lucie", "Par L.W.".
_PEN_NAME = re.compile(
    r"(?:[^.!?]{0,40}\b20\d\d\b[^.!?]{0,20}[\s,–|-])?(?:(?:publié|posté|écrit|rédigé|proposé) )?par\s*:?\s+"
    r"(?!défaut|courriel|e?-?mail|téléphone|sms|date|thème|nos|notre|abonnement)((?:[^\W\d_]\.){1,2}[^\W\d_]\.?|[\w’'-]{3,30})"
    rf"(?:\s*,?\s+avec (?:l[’'])?(?:{_AGENCY}))?",
    re.IGNORECASE,
)
# A name that a date or a role follows signs without a word: "Lucie Weber | 3 mars 2026", "Lucie Weber, journaliste".
_DAY = r"\d{1,2}(?:er)? (?:janv|févr|mars|avr|mai|juin|juil|août|sept|oct|nov|déc)|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}"
_WEEKDAY = "(?:[Ll]un|[Mm]ar|[Mm]ercre|[Jj]eu|[Vv]endre|[Ss]ame)di|[Dd]imanche"
_ROLE = (
    r"(?:[Jj]ournaliste|[Rr]édact(?:eur|rice)|[Cc]orrespondante?|[Ee]nvoyée? spéciale?|[Pp]igiste|[Cc]hroniqueu(?:r|se)"
    r"|[ÉEée]ditorialiste)\b"
)
_SAID = r"(?:[Pp]ublié|[Mm]is à jour|[Mm]is en ligne|[Mm]odifié|[Pp]osté)\b"
# The other way about, to the line's end: "2 mars 2026 à 8h15 | Lucie Weber".
_AFTER_DATE = re.compile(
    rf"(?:{_SAID}\s+)?(?:[Ll]e\s+)?(?:[^\W\d]{{3,5}}di,?\s+)?(?:\d{{1,2}}(?:er)?\s+[^\W\d]{{3,9}}\.?\s+\d{{4}}|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}})"
    rf"(?:[\s,à|–-]*\d{{1,2}}\s*[h:]\s*(?:\d{{2}})?(?:\s*[Uu]hr)?)?"
    rf"(?:\s*[|•·,–—-]\s*\d{{1,3}}\s?min(?:utes?)?\b[^|•·–—-]{{0,12}})?\s*[|•·,–—-]\s*({_LIST})\.?"
)
_DATED = re.compile(rf"({_LIST})\s*(?:[|•·,–—-]\s*)?(?:{_SAID}|{_ROLE}|(?:[Ll]e )?(?:(?:{_WEEKDAY}) )?(?:{_DAY}))")
_MAILED = re.compile(rf"({_LIST})\s*[<(]?[\w.+-]+@[\w-]+\.[\w.-]+[>)]?")
# A name and a day, and nothing else but a time: of the page, and not of the text, whatever parts them.
_WITH_DAY = re.compile(
    rf"(?:[Pp]ar\s+)?{_LIST}\W*(?:{_SAID}\s*)?(?:[Ll]e\s+)?(?:[^\W\d]{{3,5}}di\s+)?"
    rf"(?:(?:{_DAY})[^\W\d]*\.?(?:\s+\d{{4}})?)[\s,à|–-]*(?:\d{{1,2}}\s*[h:]\s*\d{{0,2}})?\W*"
)
_LIST_ALONE = re.compile(rf"(?!Par\b){_LIST}")
_LABEL = re.compile(
    r"(?:auteure?s?(?:\(s\)|·e·?s?)?|texte|(?:article )?(?:écrit|rédigé) par|article de|signataires?)\s*:?",
    re.IGNORECASE,
)
_BELOW_NAMES = re.compile(rf"{_SAID}|{_ROLE}")
# Or an agency, or where it was written, to the line's end: "Lucie Weber avec AFP", "Lucie Weber (à Bruxelles)".
_CREDITED = re.compile(
    rf"({_LIST})\s*(?:,?\s*avec (?:l[’'])?(?:{_AGENCY})(?:\s+et\s+(?:{_AGENCY}))?"
    rf"|\((?:avec )?(?:{_AGENCY})\)|\((?:à|en|au|aux) [{_UPPER}][^()]{{1,40}}\)"
    rf"|,\s*(?:à|en|au|aux) [{_UPPER}][\w-]+)\.?"
)


def signed(root: html.HtmlElement, title: str) -> list[str]:
    """The names in the first line near the title that signs in words; empty for none."""
    lines = list(lines_near_title(root, title))
    if names := _first_names(lines):
        return names
    pen_names = (found for line in lines if len(line) <= LONGEST and (found := _PEN_NAME.fullmatch(line)))
    if names := [found.group(1) for found in pen_names if not _NO_NAME.search(found.group(1))][:1]:
        return names
    return _above_a_date(lines) or _in_definitions(root)


def _above_a_date(lines: list[str]) -> list[str]:
    """The names on a line of their own, where the next says when the article came out, or a role: no "Par" beside.

    Or where the line before is a label: "Auteur".
    """
    for line, after in pairwise(lines):
        if len(line) <= LONGEST_ALONE and _BELOW_NAMES.match(after) and _LIST_ALONE.fullmatch(line):
            return _named(line)
        if _LABEL.fullmatch(line) and len(after) <= LONGEST_ALONE and _LIST_ALONE.fullmatch(after):
            return _named(after)
    return []


def _in_definitions(root: html.HtmlElement) -> list[str]:
    """The names that a list of definitions gives for "Auteur"."""
    for term in islice(root.iter("dt"), MOST_TERMS):
        beside = term.getnext()
        if beside is not None and beside.tag == "dd" and _LABEL.fullmatch(clean_line(all_text(term)[:LONGEST])):
            text = clean_line(text_apart(beside))
            return _named(text) if _LIST_ALONE.fullmatch(text) else []
    return []


def signed_below(lines: list[str]) -> list[str]:
    """The names that the last of a text's `lines` sign it with: after "Par", or alone, with or without a place."""
    if names := _first_names(line for line in lines[-8:] if len(line) <= 60):
        return names
    for line in lines[-3:]:
        found = _LONE.fullmatch(line) if len(line) <= LONGEST_SIGNATURE else None
        if found and not _NO_NAME.search(line):
            return _ONE_NAME.findall(found.group(1))
    return []


def signs_alone(line: str, authors: tuple[str, ...]) -> bool:
    """Whether `line` is names only, one of the `authors`, with or without an agency, a place or a day beside."""
    text = line.strip(" —–-")
    known = len(text) <= LONGEST_SIGNATURE and any(name in text for name in authors)
    return known and any(shape.fullmatch(text) for shape in (_LONE, _CREDITED, _LIST_ALONE, _WITH_DAY, _MAILED))


def _first_names(lines: Iterable[str]) -> list[str]:
    for line in lines:
        if len(line) > LONGEST:
            continue
        start = _SIGNS.search(line) or _SIGNS_LATER.match(line)
        found = _NAMES.match(line, start.end()) if start else _unannounced(line)
        if found and (names := _named(found.group(0 if start else 1))):
            return names
    return []


def _unannounced(line: str) -> re.Match[str] | None:
    """Names that no "Par" stands before, but what follows or precedes a signature does."""
    return _DATED.match(line) or _AFTER_DATE.fullmatch(line) or _CREDITED.fullmatch(line) or _MAILED.fullmatch(line)


def names_in(text: str) -> list[str]:
    """The names that `text` begins with, after "Par" or without; empty for none."""
    start = _SIGNS.match(text)
    found = _NAMES.match(text, start.end() if start else 0)
    return _named(found.group()) if found else []


def is_word_of_name(word: str) -> bool:
    """Whether `word` may be a pen name: it begins with a capital and is none of a page's words about itself."""
    return word[:1].isupper() and not is_no_name(word)


def is_no_name(word: str) -> bool:
    """Whether `word` is one of a page's words about itself."""
    return bool(_NO_NAME.search(word))


def _named(line: str) -> list[str]:
    """The names in `line`, up to the first word with a capital that is of no name."""
    stop = _NO_NAME.search(line) or _TRAILING.search(line)
    return _ONE_NAME.findall(_ASIDES.sub("", line[: stop.start()] if stop else line))


def lines_near_title(root: html.HtmlElement, title: str = "") -> Iterator[str]:
    """What a reader sees on a line of its own, from the title (the top, without an `h1`) to the text."""
    for element in near_title(root, title):
        whole = all_text(element)
        text = clean_line(whole) if len(whole) <= MOST_BLANKS + LONGEST else ""
        if _is_one_line(element, text) and 5 < len(text) <= LONGEST and not is_apart(element):
            yield clean_line(text_apart(element)) if len(element) else text


def text_apart(element: html.HtmlElement) -> str:
    """The element's text, with a blank where only a style parts two words: `Weber<span>12 mars</span>`.

    Of a text above `LONGEST`, only so much that it is seen to be longer.
    """
    parts: list[str] = []
    read = 0
    for part in map(str, element.itertext()):
        read += len(part.strip())
        if read > 2 * LONGEST:
            return "".join([*parts, " ", part.strip()[: 2 * LONGEST]])
        glued = parts and parts[-1][-1:].islower() and (part[:1].isupper() or part[:1].isdigit())
        parts += [" ", part] if glued else [part]
    return "".join(parts)


def near_title(root: html.HtmlElement, title: str) -> Iterator[html.HtmlElement]:
    """The elements from the heading that says `title` to the text's second paragraph, at most `NEAR`."""
    heading = _heading(root, squash(title))
    if heading is None:
        return
    seen, read, started = 0, 0, False
    for element in root.iter("h1", *_TAGS):
        started = started or element is heading or heading.tag == "h2"
        if not started:
            continue
        seen += 1
        read += element.tag == "p" and len(clean_line(all_text(element))) > LONGEST
        if seen > NEAR or read > 2:
            return
        yield element


def _heading(root: html.HtmlElement, title: str) -> html.HtmlElement | None:
    """The `h1` that says `title`, as a paper's name often stands in the first; else the first, else the first `h2`."""
    headings = list(root.iter("h1"))
    if len(headings) > 1 and title:
        headings.sort(key=lambda heading: title not in squash(all_text(heading)))
    return next(iter(headings or root.iter("h2")), None)


def is_apart(element: html.HtmlElement) -> bool:
    """Whether `element` stands in a card, a menu or a figure: these are signed too."""
    return any(around.tag in _APART for around in element.iterancestors())


def _is_one_line(element: html.HtmlElement, text: str) -> bool:
    """Whether a reader sees `element` on one line: it holds inline elements, or so little that it looks so."""
    return (len(text) <= 60 and len(element) < 4) or all(child.tag in INLINE for child in element)
