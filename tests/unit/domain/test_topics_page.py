"""What docs/topics.md says of the language is what the language does: its examples work when they are pasted."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.domain.expressions import parse_expression
from monitor.domain.judging import Judge
from monitor.domain.model import Document
from monitor.domain.proofreading import slips
from monitor.domain.topics import parse_dossier

PAGE = (Path(__file__).parents[3] / "docs/topics.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
SAID = re.compile(r"« ([^»]+) »")


def _rows(title: str) -> list[list[str]]:
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [row for row in rows[1:] if not row[0].startswith("---")]


def _blocks(start: str) -> list[str]:
    return [block for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if block.startswith(start)]


def _holds(query: str, text: str) -> bool:
    at = datetime(2022, 3, 1, tzinfo=UTC)
    document = Document(body=text, source="Le Monde", language="fr", published_at=at)
    return Judge(parse_expression(query)).spans(document) is not None


@pytest.mark.parametrize(("written", "_", "example"), _rows("Expressions"))
def test_an_operator_does_what_its_example_says(written: str, _: str, example: str) -> None:
    """`query` in « what it finds », not in « what it does not »."""
    query = CODE.findall(example)[0]
    found, _, missed = example.partition(", not in ")
    for text in SAID.findall(found) or ["Huawei recrute"]:
        assert _holds(query, text), (query, text)
    for text in SAID.findall(missed):
        assert not _holds(query, text), (query, text)
    for form in CODE.findall(written):
        if "…" not in form and "@" not in form and "#" not in form:
            parse_expression(form)


@pytest.mark.parametrize(("written", "finds"), [row for row in _rows("Terms") if "@" not in row[0]])
def test_a_term_finds_the_forms_that_are_named(written: str, finds: str) -> None:
    queries = [code if code[0] in '"<=^' else code.split()[0] for code in CODE.findall(written)]
    for form in re.findall(r"\*([^*]+)\*", re.sub(r"\([^)]*\)", "", finds)):
        assert any(_holds(query, f"Voici {form} là.") for query in queries), (queries, form)


def test_every_function_and_operator_is_on_the_page() -> None:
    from monitor.domain.expressions import _JOINS, _KEYWORDS, FUNCTIONS

    named = " ".join(row[0] for row in _rows("Expressions"))
    missing = [name for name in FUNCTIONS if f"{name}(" not in named]
    missing += [name for name in (*_JOINS, *_KEYWORDS) if name != "PRES" and not re.search(rf"\b{name}\b", named)]
    assert missing == []


def test_the_small_dossier_holds_its_own_samples() -> None:
    (small,) = _blocks("slug")
    assert slips(parse_dossier(small, "docs/topics.md")) == []


def test_the_entities_and_sets_of_the_page_can_be_pasted_into_a_dossier() -> None:
    (names,) = _blocks("[entities")
    whole = 'slug = "x"\ntitle = "X"\n' + names + '[[topics]]\nslug = "t"\ntitle = "T"\nrequires = "@huawei #europe"\n'
    assert parse_dossier(whole, "docs/topics.md").entities[0].name == "huawei"
