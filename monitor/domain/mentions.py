"""Whom and what a text names: proper names of a dossier's own sets, for the note de veille."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

PLACES = ("countries", "places")
# They stand in the sets of institutions, and say of no story where or with whom it was.
VAGUE = frozenset({"Europe", "Vieux Continent", "Asie", "Afrique", "Amérique"})
ACTORS = ("actors", "operators", "institutions", "companies", "people")


@dataclass(frozen=True, slots=True)
class Names:
    """Proper names that a dossier knows: `actors` and `places`."""

    actors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def names_of(dossier: str) -> Names:
    """The names in a dossier's TOML: its entities with their rivals, and the sets that are called so.

    Only capitalised terms are names: « français » is in a set of countries, but it is no country.
    """
    data = tomllib.loads(dossier)
    sets = data.get("sets", {})
    actors: list[object] = []
    for entity in data.get("entities", {}).values():
        actors += [*entity.get("names", ()), *entity.get("rivals", ())]
    actors += [term for name in ACTORS for term in sets.get(name, ())]
    places = [term for name in PLACES for term in sets.get(name, ())]
    return Names(_proper(actors), _proper(places))


def _proper(terms: Iterable[object]) -> tuple[str, ...]:
    plain = (term.lstrip("^") for term in terms if isinstance(term, str) and not term.startswith("#"))
    return tuple(dict.fromkeys(term for term in plain if term[:1].isupper() and term not in VAGUE))


def mentioned(texts: Iterable[str], names: tuple[str, ...], most: int = 8) -> tuple[str, ...]:
    """The names that stand in the texts as they are written, most frequent first."""
    if not names:
        return ()
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
    counts = Counter(name for text in texts for name in pattern.findall(text))
    return tuple(name for name, _ in counts.most_common(most))
