"""The lines of a score in the reader's language."""

from __future__ import annotations

from monitor.domain.model import RULE

# the parts of a score that are no rule, as `domain.weigher` calls them
_COUNTED = {
    "best": "meilleur passage",
    "second": "deuxième passage",
    "third": "troisième passage",
    "best near the anchor": "meilleur passage près du sujet",
    "first": "premier passage",
    "at least one": "un passage au moins",
    "rules": "règles, ensemble",
    "sentences": "nombre de phrases",
    "whole article": "article entier",
    "doubt of relevance": "doute sur la pertinence",
}


def counted_in_words(label: str, language: str) -> str:
    """A line of a score in the reader's language; a rule's own name stays as its author wrote it."""
    if language != "fr":
        return label
    rule = label.removeprefix(RULE)
    return f"règle : {rule}" if rule != label else _COUNTED.get(label, label)
