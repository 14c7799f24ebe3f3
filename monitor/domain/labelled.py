"""Labelled articles and sentences: what a matcher is measured against and a weigher learns from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.domain.model import Document
from monitor.domain.reading import GAP


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article with its labels. `topics` is None when only its relevance is known."""

    document: Document
    relevant: bool
    topics: frozenset[str] | None = None
    disputed: frozenset[str] = frozenset()
    evidence: Mapping[str, str] = field(default_factory=dict)
    sentence: bool = False  # a single sentence written for training: its topics are its own
    hand: str = ""  # who wrote it: articles of one hand are kept back together
    extra: bool = False  # it teaches, but where a topic begins is left to the others


def passage_document(text: str) -> Document:
    """A document of one sentence."""
    return Document(body=text.replace(GAP, " "))
