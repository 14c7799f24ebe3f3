"""Who signs: JSON-LD, then meta, microdata and `rel=author`; names cleaned, outlets left out where a person signs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

from monitor.domain.agencies import AGENCIES
from monitor.domain.cleaning import clean_line
from monitor.fetch.pages.blocks import squeeze
from monitor.fetch.pages.bylines import signed
from monitor.fetch.pages.head import Head
from monitor.fetch.pages.linked_data import LinkedData, Node, squash, text_of, types_of
from monitor.fetch.pages.scope import in_foreign

MOST = 12
_PREFIX = re.compile(
    r"^(?:(?:propos )?recueillis? par|(?:écrit|rédigé|publié|posté) par|(?:une? )?(?:article|texte|reportage) de"
    r"|texte|par|by|auteure?s?)"
    r"\b\s*:?\s+",
    re.IGNORECASE,
)
_ROLES = (
    r"envoyée?|correspondante?|journaliste|rédact\w+|chef|cheffe|directeur|directrice|pigiste|reporter|stagiaire"
    r"|éditorialiste|chroniqueu\w+|chercheu\w+|professeur\w*|agences?"
)
_ROLE = re.compile(
    r"\s*(?:[,(|–—]|\s-\s|\bpour\b|\bavec\b|\bà (?=[A-Z]))\s*"
    rf"(?:(?:notre |l.|les? |la )?(?:{_ROLES})\b.*|(?:{'|'.join(map(re.escape, AGENCIES))})\b.*)$",
    re.IGNORECASE,
)
_AGENCY = re.compile(rf"\b(?:{'|'.join(map(re.escape, AGENCIES))})\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:;|\||\s/\s|,|\bet\b|&|\(avec\b)\s*")
_INITIAL = re.compile(r"(?:^|[\s.])\w\.$")
_NOT_A_NAME = re.compile(r"https?:|www\.|@|<|>|\{|\d{3}", re.IGNORECASE)
_COLLECTIVE = re.compile(
    r"^(?:la |le |les |l.|notre )?(?:rédaction|redaction|équipe|service|admin(?:istrateur)?|webmaster|auteur)\b"
    r"|^(?:contributeur|invité|anonyme|staff|editor)\b",
    re.IGNORECASE,
)


def find_authors(data: LinkedData, head: Head, root: html.HtmlElement, site_name: str) -> tuple[str, ...]:
    """The names that sign, in order, at most `MOST`.

    Where at least one person signs, outlets and agencies are left out; where none does, the signature stays as printed
    ("Source AFP"), since it is what the reader sees.
    """
    printed: list[str] = []
    for source, names in enumerate(_said(data, head, root)):
        cleaned = list(dict.fromkeys(name for raw in names for name in _clean(raw)))
        if people := [name for name in cleaned if not is_outlet(name, site_name)]:
            return tuple(people[:MOST])
        printed = printed or (_printed(names) if cleaned else [])
        if printed and source == 0:
            break  # an outlet that JSON-LD names is how the page signs; in a meta element it is a habit
    return tuple(printed[:MOST])


def _printed(names: list[str]) -> list[str]:
    """Signatures of outlets as they stand on the page, without "Par"."""
    return [name for name in dict.fromkeys(_PREFIX.sub("", squeeze(clean_line(name))) for name in names) if name]


def is_outlet(name: str, site_name: str) -> bool:
    """Whether a signature names a paper, an agency or a team and no person."""
    words, site = squash(name), squash(site_name)
    if _AGENCY.search(name):
        return True
    if site and (words == site or site in words or (len(words) > 4 and words in site)):
        return True
    return bool(_COLLECTIVE.search(name)) or bool(re.search(r"\.(?:fr|com|net|org|info|eu|ch|be)$", name))


def _clean(raw: str) -> list[str]:
    text = _PREFIX.sub("", _bare(squeeze(clean_line(raw))))
    parts = [_bare(_ROLE.sub("", part)) for part in _split(text)]
    return [
        part for part in parts if 2 <= len(part) <= 80 and any(map(str.isalpha, part)) and not _NOT_A_NAME.search(part)
    ]


def _bare(name: str) -> str:
    """`name` without punctuation around it; the point of an initial is of the name."""
    bare = name.strip(" ,;:-–|()")
    return bare if _INITIAL.search(bare) else bare.strip(" .,;:-–|()")


def _split(text: str) -> list[str]:
    """Several names in one string; a comma before a role ("X, correspondant à Madrid") parts nothing."""
    text = _ROLE.sub("", text)
    parts = [part for part in _BETWEEN.split(text) if part]
    whole = all(1 < len(part.split()) < 6 for part in parts)
    return parts if whole else [text]


def _said(data: LinkedData, head: Head, root: html.HtmlElement) -> Iterator[list[str]]:
    yield _from_data(data)
    yield _from_meta(head)
    yield _from_markup(root)
    yield signed(root)


def _from_data(data: LinkedData) -> list[str]:
    value = data.article.get("author") or data.article.get("creator")
    parts = value if isinstance(value, list) else [value]
    return [name for part in parts[: 2 * MOST] for name in _named(part, data)]


def _named(part: object, data: LinkedData) -> Iterator[str]:
    if isinstance(part, dict) and not part.get("name") and part.get("@id"):
        part = next((node for node in data.nodes if node.get("@id") == part["@id"] and node.get("name")), part)
    if isinstance(part, dict) and isinstance(part.get("name"), list):
        yield from (text_of(name) for name in part["name"])
    elif isinstance(part, dict) and not part.get("name"):
        yield f"{text_of(part.get('givenName'))} {text_of(part.get('familyName'))}".strip()
    elif name := text_of(part):
        yield name


def _from_meta(head: Head) -> list[str]:
    names = head.first(
        "author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author", "byl"
    )
    return [] if _NOT_A_NAME.search(names) else [names]


def _from_markup(root: html.HtmlElement) -> list[str]:
    found: list[str] = []
    for element in root.iter("a", "span", "p", "div", "address", "strong", "cite"):
        if element.get("itemprop") == "author" or "author" in (element.get("rel") or "").split():
            named = element.find(".//*[@itemprop='name']")
            text = element.text_content() if named is None else (named.get("content") or named.text_content())
            if len(text) < 200 and not in_foreign(element):
                found.append(text)
    return found[:MOST]


def organisation_of(node: Node) -> str:
    """The publisher's name in an article's node."""
    publisher = node.get("publisher")
    return text_of(publisher) if isinstance(publisher, dict) and "Person" not in types_of(publisher) else ""
