"""Troubles in the reader's language: what waits for a worker, and configuration files with mistakes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_WORK = (
    (r"no tick was ever seen.*", "aucun tour n’a été fait : beat et l’ouvrier de la file « deliver » tournent-ils ?"),
    (
        r"the last tick was (\d+) s ago.*",
        "le dernier tour date de {0} s : beat et l’ouvrier de la file « deliver » tournent-ils ?",
    ),
    (
        r"work for (\w+) has waited (\d+) s for an answer: is a worker on the queue `(\w+)`\?",
        "{0} attend depuis {1} s : un ouvrier sert-il la file « {2} » ?",
    ),
)
_KINDS = {
    "poll": "relever les flux",
    "read": "lire les pages",
    "digest": "composer les bulletins",
    "deliver": "envoyer",
}
_REFUSED = (
    (r"'?(.+?)'? is not an http or https address", "« {0} » n’est pas une adresse http ou https"),
    (r"a saved search has a name of at most (\d+) characters", "donnez un nom, de {0} caractères au plus"),
    (r"a search is called '(.+)' already", "une recherche s’appelle déjà « {0} »"),
    (r"no (\w+) has the id (\d+)", "il n’y a rien sous le numéro {1}"),
    (r"no dossier in force is called (.+)", "aucun dossier en vigueur ne s’appelle « {0} »"),
    (r"too many requests; again in (\d+) s", "trop de demandes : recommencez dans {0} s"),
    (r"this token only reads", "ce jeton ne permet que de lire"),
    (r"this form is out of date.*", "ce formulaire a expiré : rechargez la page et recommencez"),
    (r"nothing was asked for at this address", "rien n’a été demandé à cette adresse"),
    (r"no such feed", "il n’y a pas de flux à cette adresse"),
    (r"sign in from this site's own page", "connectez-vous depuis la page de ce site"),
    (r"(?:body|query|path)\.(\w+): .*", "une valeur n’a pas la forme attendue : {0}"),
    (r"Not Found", "il n’y a pas de page à cette adresse"),
    (r"Method Not Allowed", "cette adresse ne s’emploie pas ainsi"),
)
_WHERE = re.compile(r"(?P<path>[^:]+)(?::(?P<line>\d+))?: (?P<detail>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A configuration file with a mistake: which, at which line if known, and the reader's own words (in English)."""

    name: str
    line: str
    detail: str


def broken_file(sentence: str) -> BrokenFile:
    """Of `path: what is wrong` or `path:line: what is wrong`."""
    found = _WHERE.fullmatch(sentence)
    if found is None:
        return BrokenFile(sentence, "", "")
    return BrokenFile(Path(found["path"]).name, found["line"] or "", found["detail"])


def work_in_words(sentence: str, language: str) -> str:
    """What waits, as `domain.pulse` says it."""
    if language != "fr":
        return sentence
    for pattern, french in _WORK:
        found = re.fullmatch(pattern, sentence)
        if found:
            first, *others = found.groups() or ("",)
            return french.format(_KINDS.get(first, first), *others)
    return sentence


def refusal_in_words(sentence: str, language: str) -> str:
    """Why a request was refused; as it is when it is not known."""
    if language != "fr":
        return sentence
    for pattern, french in _REFUSED:
        found = re.fullmatch(pattern, sentence.partition(" (")[0], re.DOTALL)
        if found:
            return french.format(*found.groups())
    return sentence
