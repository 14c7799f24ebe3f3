"""Questions that are asked once find what their expressions find."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree, html
from trafilatura import xpaths

import monitor.fetch.pages  # noqa: F401 - puts quick questions into trafilatura's lists
from monitor.fetch.pages.asked_once import AskedOnce, is_own

PAGES = sorted((Path(__file__).parents[3] / "data" / "pages").glob("*.html"))
ALL = [*xpaths.OVERALL_DISCARD_XPATH, *xpaths.TEASER_DISCARD_XPATH, *xpaths.REMOVE_COMMENTS_AND_LISTS_XPATH]
RE = {"re": "http://exslt.org/regular-expressions"}
HOSTILE = """<div class="share-it" id="x"><o:p class="footer">a</o:p><p id="nav" class="entry-content">b<p class="">c
<main><article><span data-component="MostPopularStories" role="Nav">d</span></article><p STYLE="display:none">e
</main>"""


def trees() -> list[html.HtmlElement]:
    return [html.fromstring(page.read_bytes()) for page in PAGES] + [html.fromstring(HOSTILE)]


def test_trafilaturas_questions_are_asked_once() -> None:
    assert all(isinstance(each, AskedOnce) for each in [*ALL, *xpaths.BODY_XPATH, *xpaths.DISCARD_IMAGE_ELEMENTS])


@pytest.mark.parametrize("number", range(len(ALL)))
def test_all_that_the_expression_finds_is_found_in_its_order(number: int) -> None:
    quick = ALL[number]
    for tree in trees():
        assert quick(tree) == list(quick.expression(tree))


@pytest.mark.parametrize("number", range(len(xpaths.BODY_XPATH)))
def test_the_first_that_the_expression_finds_is_found(number: int) -> None:
    quick = xpaths.BODY_XPATH[number]
    for tree in trees():
        assert quick(tree) == list(quick.expression(tree))[:1]


@pytest.mark.parametrize(
    "path",
    [
        ".//div[not(.//h1)]",
        ".//p/a[@href]",
        ".//p[2]",
        ".//*[parent::div]",
        "//div[@class]",
        ".//div[contains(string(), 'x')]",
        ".//p[@class][1]",
    ],
)
def test_what_looks_at_more_than_its_own_attributes_stays_as_it_is(path: str) -> None:
    assert not is_own(etree.XPath(path, namespaces=RE))


def test_answers_to_long_attributes_are_not_kept() -> None:
    quick = AskedOnce(etree.XPath(".//p[contains(@class, 'a')]"))
    tree = html.fromstring("".join(f"<p class='{'a' * 600}{n}'>x</p>" for n in range(50)))
    assert len(quick(tree)) == 50
    assert not quick._asked.answers
