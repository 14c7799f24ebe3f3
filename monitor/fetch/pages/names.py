"""Names out of signatures: "Par Lucie Weber (texte) et Paul Ott, à Lille, avec AFP" are two persons and an agency."""

from __future__ import annotations

import re

from monitor.domain.agencies import AGENCIES
from monitor.domain.cleaning import clean_line
from monitor.fetch.pages.blocks import squeeze
from monitor.fetch.pages.linked_data import squash

LONGEST = 2_000  # characters of one signature that are read
_AGENCY_NAMES = "|".join(map(re.escape, AGENCIES))
_PREFIX = re.compile(
    r"^(?:(?:propos )?recueillis? par|(?:écrit|rédigé|publié|posté|réalisé|mené) par"
    r"|(?:une? )?(?:article|texte|reportage) (?:de|par)|(?:ein )?artikel von"
    r"|texte|par|by|von(?! de[rnm]\b)|auteure?s?)"
    r"\b\s*:?\s+",
    re.IGNORECASE,
)
# What a link to all that somebody wrote says before the name: "Voir tous les articles de Lucie Weber →".
_ALL_BY = re.compile(
    r"^.{0,30}?\b(?:articles?|billets?|posts?|publications?|beiträge)\s+"
    r"(?:(?:écrits?|publiés?|rédigés?)\s+)?(?:d[eu]s?\b|d[’']|par\b|by\b|von\b|of)\s*:?\s*",
    re.IGNORECASE,
)
_ROLES = (
    r"envoyée?|correspondante?|journaliste|rédact\w+|chef|cheffe|directeur|directrice|pigiste|reporter|stagiaire"
    r"|éditorialiste|chroniqueu\w+|chercheu\w+|professeur\w*|agences?"
)
_ROLE = re.compile(
    r"\s*(?:[,(|–—]|\s-\s|\bpour\b|\bavec\b|\bà (?=[A-Z]))\s*"
    rf"(?:(?:notre |l.|les? |la )?(?:{_ROLES})\b.*|(?:{_AGENCY_NAMES})\b.*)$",
    re.IGNORECASE,
)
# "Lucie Weber, économiste à Lille": what follows the comma in lower case is what she does, unless it is a particle.
_TITLE_AFTER = re.compile(r",\s+(?!(?:et|and|und|og|avec|d[eu]|van|von|el|al|ben)\b|d.[A-ZÀ-Ý])[a-zà-ÿ][^,]*$")
# "Lucie Weber Journaliste": a role that only a style parts from the name.
_ROLE_AFTER = re.compile(
    r"(?<=\w )(?:[Jj]ournaliste|[Rr]édact(?:eur|rice)(?: en chef)?|[Cc]orrespondante?|[Pp]igiste|[Cc]hroniqueu(?:r|se))"
    r"$"
)
_ASIDE = re.compile(r"\s*\((?!avec\b)[^()]*\)")
_AGENCY = re.compile(rf"\b(?:{_AGENCY_NAMES})\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:;|\||/|\b(?:et|ET|and|und|og)\b|&|\(avec\b|(?<=\s)[–—-](?=\s))\s*")
_INITIAL = re.compile(r"(?:^|[\s.])(?:\w|[JS]r)\.$")
_NOT_A_NAME = re.compile(r"https?:|www\.|@|<|>|\{|\d{3}", re.IGNORECASE)
_COLLECTIVE = re.compile(
    r"^(?:la |le |les |l.|notre )?(?:rédaction|redaction|équipe|service|admin(?:istrateur)?|webmaster|auteur|web)\b"
    r"|^(?:contributeur|invité|anonyme|staff|editor)\b",
    re.IGNORECASE,
)
_AROUND = " ,;:-–—|•·→»›"
_WORDS = re.compile(r"[^\W_]+")
# What a link beside a name says, and what stands for a name that is not known.
_NO_NAME = re.compile(
    r"^(?:afficher|voir|tous|toutes|suivre|lire|plus|contacter|envoyer|en savoir"
    r"|view|see|read|follow|show|more|unknown|inconnue?|no author|sans auteur|aucune?|n/a)\b"
    r"|\bprofile?$|^\w*admin\w*$",
    re.IGNORECASE,
)
_PERSON = r"[A-ZÀ-Þ][\w’'.-]+(?: (?:(?:d[eu]|la|le|van|von) )?[A-ZÀ-Þ][\w’'.-]+){1,2}"
_ELSEWHERE = re.compile(rf"({_PERSON}),?\s+(?:à|au|aux|en|pour)\s+(?:[Ll][ae]s?\s+)?[A-ZÀ-Þ].*")
_OWNED = re.compile(
    rf"(?:[Ll]e )?(?:[Bb]logu?e?|[Cc]arnet|[Jj]ournal) (?:de |d[’'])({_PERSON})|({_PERSON})[’']s (?:[Ww]eb)?[Bb]log"
)
_DOMAIN = re.compile(r"\.(?:fr|com|net|org|info|eu|ch|be|de)$")


def clean_names(raw: str) -> list[str]:
    """The names, of persons or outlets, in the signature `raw`; empty where it holds none (an address, a number)."""
    text = _PREFIX.sub("", _ALL_BY.sub("", _bare(squeeze(clean_line(raw[:LONGEST])))))
    text = _ELSEWHERE.sub(r"\1", text) if _ELSEWHERE.fullmatch(text) else text
    parts = [_bare(_ROLE_AFTER.sub("", _ROLE.sub("", part))) for part in _split(text)]
    return [part for part in parts if 2 <= len(part) <= 80 and _may_be_name(part)]


def _may_be_name(part: str) -> bool:
    return any(map(str.isalpha, part)) and not is_address(part) and not _NO_NAME.search(part)


def printed_names(names: list[str]) -> list[str]:
    """Signatures of outlets as they stand on the page, without "Par"."""
    texts = (_PREFIX.sub("", _ALL_BY.sub("", squeeze(clean_line(name)))) for name in names)
    return [name for name in dict.fromkeys(texts) if name and not _NO_NAME.search(name)]


def is_address(text: str) -> bool:
    """Whether `text` is a web or mail address, markup or a number rather than a name."""
    return bool(_NOT_A_NAME.search(text))


def is_collective(name: str) -> bool:
    """Whether a signature is of a team or of nobody: "La rédaction", "Web", "admin"."""
    return bool(_COLLECTIVE.search(name))


def is_outlet(name: str, site_name: str, host: str = "") -> bool:
    """Whether a signature names a paper, an agency or a team and no person.

    `site_name` is what the page's own paper is called, `host` the word in its address: "fredcavazza" is of a person.
    """
    if _AGENCY.search(name) or _COLLECTIVE.search(name) or _DOMAIN.search(name):
        return True
    spaced, own = _spaced(name), _spaced(site_name)
    if own.strip() and (
        squash(name) == squash(site_name)
        or own in spaced
        or (len(squash(name)) > 4 and squash(name) in squash(site_name))
    ):
        return True
    return bool(host) and _spaced(host) in spaced


def owner_of(site_name: str) -> list[str]:
    """Who writes all of a site that is called after its author: "Le blog de Lucie Weber"; empty for others."""
    found = _OWNED.fullmatch(site_name)
    return [name for name in found.groups() if name] if found else []


def _spaced(text: str) -> str:
    return f" {' '.join(_WORDS.findall(text.lower()))} "


def _bare(name: str) -> str:
    """`name` without punctuation around it; the point of an initial is of the name."""
    bare = name.strip(_AROUND)
    if bare.count("(") != bare.count(")"):
        bare = bare.strip("()")
    return bare if _INITIAL.search(bare) else bare.strip(f".{_AROUND}")


def _split(text: str) -> list[str]:
    """Several names in one string; what stands in brackets or after a comma and is no name goes."""
    text = _TITLE_AFTER.sub("", _ROLE.sub("", _ASIDE.sub("", text)))
    parts = [name for part in _BETWEEN.split(text) if part.strip() for name in _by_comma(part.strip())]
    whole = all(1 < len(part.split()) < 6 or _AGENCY.fullmatch(part) for part in parts)
    return parts if whole and parts else [text]


def _by_comma(text: str) -> list[str]:
    """The names among what commas part: "Lucie Weber, Lille" is a name and a place, "Weber, Lucie" one name."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    named = [part for part in parts if 1 < len(part.split()) < 6 or _AGENCY.fullmatch(part)]
    persons = any(len(part.split()) > 1 for part in named)
    return named if persons else [text]
