"""What is asked once of a page is what asking each element gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html

from monitor.fetch.page_decoding import as_utf8
from monitor.fetch.pages import content
from monitor.fetch.pages.blocks import all_text, blocks_of
from monitor.fetch.pages.linked_data import squash
from monitor.fetch.pages.markup import parse_markup
from monitor.fetch.pages.scope import prose_in, prose_of

PAGES = sorted((Path(__file__).parents[3] / "data" / "pages").glob("*.html"))


def tree(path: Path) -> html.HtmlElement:
    return parse_markup(as_utf8(path.read_bytes())).root


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_prose_and_text_of_each_element(path: Path) -> None:
    root = tree(path)
    prose = prose_in(root)
    assert prose.get(root, 0) == prose_of(root)
    for element in root.iter():
        assert prose.get(element, 0) == prose_of(element)
        assert all_text(element) == element.text_content()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_blocks_of_a_part_are_those_of_the_whole_within_it(path: Path) -> None:
    root = tree(path)
    around = list(blocks_of(root))
    for part in root.iter("div", "section", "a", "p", "article"):
        assert content._within(around, part) == list(blocks_of(part))


def test_what_is_squashed_is_letters_and_digits() -> None:
    assert squash("  L’« Été_2026 » :\u00a0n° ½ de l'œuvre, ça_va ?\n") == "lété2026n½delœuvreçava"
