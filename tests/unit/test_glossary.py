"""The glossary binds the code."""

from __future__ import annotations

import re
from pathlib import Path

from monitor.domain.model import Access, AlertStatus, DeliveryStatus, Origin, Outcome
from monitor.storage import tables

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_every_noun_has_a_table() -> None:
    nouns = re.findall(r"^\| ([A-Z]\w+) \|", GLOSSARY.partition("## Verbs")[0], re.MULTILINE)
    assert len(nouns) > 12
    assert [noun for noun in nouns if noun != "Noun" and not hasattr(tables, noun)] == []


def test_every_stored_word_is_told() -> None:
    words = [word.value for kind in (Outcome, Access, AlertStatus, DeliveryStatus, Origin) for word in kind]
    assert [word for word in words if f"`{word}`" not in GLOSSARY] == []
