"""The reasons of an explanation in a reader's words: numbers of relevance by name, and what was missing."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["fr", "en"]

NO_TERM = "none of its terms stands in the article"
NOT_FOLLOWED = "its rules hold, and the model does not follow them"
NOT_RELEVANT = "the article is not relevant"
NO_ANCHOR = "the anchor is not named"
BELOW_HALF = "the model weighs it below one half"
IN_PASSING = "the anchor is named in passing only"
NOT_REQUIRED = "what the dossier requires does not hold, or no topic fires"
_SHORT = re.compile(r"its rules fall (\d+)\.(\d+) short")

_MISSING = {
    NO_TERM: "aucun de ses termes n’est dans l’article",
    NOT_FOLLOWED: "ses règles tiennent, mais le modèle ne les suit pas",
    NOT_RELEVANT: "l’article n’est pas pertinent",
    NO_ANCHOR: "le sujet n’est pas nommé",
    BELOW_HALF: "le modèle lui donne moins d’une chance sur deux",
    IN_PASSING: "le sujet n’est nommé qu’en passant",
    NOT_REQUIRED: "ce que le dossier exige ne tient pas, ou aucun thème ne se déclenche",
}

# what `signals` counts, in English and French; a name that is not here is a signal of the dossier's author
_NUMBERS = {
    "its words": ("its words", "ses mots"),
    "mentions": ("mentions of the subject", "mentions du sujet"),
    "one mention": ("one mention only", "une seule mention"),
    "mentions and descriptions": ("mentions and descriptions", "mentions et désignations"),
    "share of companies' mentions": ("share of companies' mentions", "part des mentions d’entreprises"),
    "share of sentences": ("share of sentences", "part des phrases"),
    "share against the other most named": ("share against the other most named", "part face à l’autre le plus nommé"),
    "first mention": ("how far down the subject is first named", "place de la première mention"),
    "late": ("the subject comes late", "sujet tardif"),
    "in the first paragraph": ("the subject in the first paragraph", "sujet dans le premier paragraphe"),
    "share of paragraphs by name": ("share of paragraphs that name it", "part des paragraphes qui le nomment"),
    "two paragraphs": ("named in two paragraphs", "nommé dans deux paragraphes"),
    "share of paragraphs": ("share of paragraphs about it", "part des paragraphes à son sujet"),
    "reach": ("from its first mention to the last", "de sa première mention à la dernière"),
    "length": ("length", "longueur"),
    "in the title": ("the subject in the title", "sujet dans le titre"),
    "in the lead": ("the subject in the lead", "sujet dans le chapô"),
    "another company in the title": ("another company in the title", "une autre entreprise dans le titre"),
    "a listed company in the title": ("a listed company in the title", "une entreprise connue dans le titre"),
    "another company first": ("another company comes first", "une autre entreprise d’abord"),
    "here against far, near": (
        "the watched area against elsewhere, near the subject",
        "zone suivie contre ailleurs, près du sujet",
    ),
    "here in its sentences": (
        "the watched area, in sentences that name the subject",
        "zone suivie, dans les phrases qui nomment le sujet",
    ),
    "share of its sentences with here": (
        "share of its sentences with the watched area",
        "part de ses phrases avec la zone suivie",
    ),
    "here comes late": ("the watched area comes late", "zone suivie tardive"),
    "nothing here": ("the watched area is not named", "zone suivie jamais nommée"),
    "noise": ("noise, in the whole article", "bruit (tests, bons plans), dans tout l’article"),
}
# the dossier's own signals that have a fixed sense, of which `here` is where the subject must be
_SIGNALS = {
    "here": ("the watched area", "zone suivie"),
    "far": ("elsewhere", "ailleurs"),
    "noise": ("noise", "bruit"),
    "places": ("places", "lieux"),
    "companies": ("companies", "entreprises"),
}
_WHERE = {
    " near": ("near the subject", "près du sujet"),
    " everywhere": ("in the whole article", "dans tout l’article"),
    " a mention": ("for each mention of the subject", "par mention du sujet"),
    " in the title": ("in the title", "dans le titre"),
}
_NEAR = "near: "


def number_in_words(name: str, language: Language) -> str:
    """A number of relevance: `here near` is a signal of the dossier and where it was counted."""
    column = 0 if language == "en" else 1
    if name in _NUMBERS:
        return _NUMBERS[name][column]
    if name.startswith(_NEAR):
        said = ("a rule near the subject: ", "règle, près du sujet : ")[column]
        return said + name.removeprefix(_NEAR).rpartition("/")[2]
    for ending, where in _WHERE.items():
        if name.endswith(ending):
            signal = name.removesuffix(ending)
            named = _SIGNALS.get(signal, (signal, signal))
            return f"{named[column]}, {where[column]}"
    return name


def missing_in_words(missing: str, language: Language) -> str:
    """What an article or topic lacked, as `explanation` says it in English."""
    if language == "en":
        return missing
    short = _SHORT.fullmatch(missing)
    return f"il manque {short[1]},{short[2]} à ses règles" if short else _MISSING.get(missing, missing)
