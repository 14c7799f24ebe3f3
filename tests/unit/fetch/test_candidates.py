"""A page that is not a candidate holds no word that could make a topic fire."""

from __future__ import annotations

import html
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.matching import Matcher, compile_dossiers
from monitor.domain.topics import load_dossier
from monitor.fetch.candidates import MAX_BYTES, may_hold
from monitor.fetch.glance import Glance
from monitor.fetch.pages import extract_page
from tests.installation import compiled_dossiers

DOSSIER = Path(__file__).parents[3] / "config" / "dossiers" / "huawei-europe.toml"
PAGES = sorted((Path(__file__).parents[2] / "data" / "pages").glob("*.html"))
FILLER = "Le groupe a annoncé mardi une nouvelle étape de son implantation, selon ses dirigeants réunis à Lyon. " * 6
ADDRESS = "https://fil.exemple/a"


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return compile_dossiers([load_dossier(DOSSIER)], compiled_dossiers())


def page(inside: str, head: str = "") -> bytes:
    return (
        f'<html lang="fr"><head><title>Une étape</title>{head}</head><body><article><h1>Une étape</h1><p>{FILLER}</p>'
        f"<p>Selon {inside}, rien ne change.</p><p>{FILLER}</p></article></body></html>"
    ).encode()


def text_of(body: bytes) -> str:
    read = extract_page(body, url=ADDRESS)
    return "\n\n".join((read.title, read.lead, read.text))


NAMES = ["Huawei", "équipementier chinois", "géant de Shenzhen"]
REFERENCES = [
    "&#104;",
    "&#x75",
    "&#x61;",
    "&amp;#119;",
    "&amp;eacute;",
    "&amp;",
    "&copy",
    "&amp;copy",
    "&#38;",
    "&amp",
    "&#35;",
    "&lt",
    "#101;",
]
INSIDE = [
    "<b>",
    "</b>",
    "<!-- -->",
    "<wbr>",
    "&shy;",
    "\u200b",
    "<a href='/x'>",
    "</a>",
    "<x-y>",
    "<x_y>",
    "<b$>",
    "</b1?x>",
    '<b"x">',
    "<b<i>",
    "\n  ",
    "&#8203;",
    "<q>",
    "<b title='x>y'>",
    "<?x?>",
    "<!-- > -->",
    "&#0;",
    "&#11;",
    "&#12;",
    "\x1b",
    "\x0b",
    "\u0301",
    "&zwnj;",
    "&amp;shy;",
    "&#x200b",
]


def written(name: str, way: int, at: int, piece: str) -> str:
    """`name` as a page might write it."""
    ways = [
        name,
        name.upper(),
        "".join(f"&#{ord(mark)};" for mark in name),
        html.escape("".join(f"&#x{ord(mark):x};" for mark in name)),
        unicodedata.normalize("NFD", name),
        name.replace(" ", "&nbsp;"),
        name.replace(" ", "\n\t "),
        name.replace(" ", " <em>", 1) + "</em>",
        "".join(chr(ord(mark) + 0xFEE0) if "!" <= mark <= "~" else mark for mark in name),  # full width
        "&nbsp;" + name.replace("é", "&eacute;") + "&nbsp",
        name.replace("é", "&#233").replace("a", "&#97", 1),
    ]
    text = ways[way]
    return text if way in {2, 3, 9, 10} else text[:at] + piece + text[at:]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 10), st.integers(1, 5), st.integers(0, 9), st.sampled_from(["", *INSIDE]))
def test_a_name_that_extraction_finds_makes_a_candidate(
    matcher: Matcher, name: str, way: int, at: int, again: int, piece: str
) -> None:
    text = written(name, way, at, piece)
    if way not in {2, 3, 5, 7, 9, 10} and not at < again < at + len(piece):
        text = text[:again] + piece + text[again:]
    body = page(text)
    assert may_hold(body, None, matcher) or not matcher.may_match(text_of(body))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*"huawei", "Huawei", "HUA", "wei", " ", ".", "\n", *INSIDE, "<p>", "</p>", "a<b?c", *REFERENCES]
        )
    )
)
def test_no_markup_hides_a_name_that_extraction_finds(matcher: Matcher, pieces: list[str]) -> None:
    body = page("".join(pieces))
    assert may_hold(body, None, matcher) or not matcher.may_match(text_of(body))


@pytest.mark.parametrize(
    "name",
    [
        "&#104;uawei",
        "&copy&#72;uawei",
        "&amp;&#72;uawei",
        "Hu&#097wei&rsquo;s",
        "&#38;#72;uawei",
        "&amp;#x48;uawei",
        "&reg= &#72;uawei",
    ],
)
def test_a_name_written_as_references_is_seen_at_a_glance(matcher: Matcher, name: str) -> None:
    assert may_hold(page(name), None, matcher)
    assert not may_hold(page(name.replace("wei", "ron")), None, matcher)


@pytest.mark.parametrize("before", ["", "\x0b", "&#0;"])
@pytest.mark.parametrize("letter", ["&amp;eacute;", "&amp;#119;", "&#38;#101;", "&amp;shy;"])
def test_a_name_before_a_letter_that_is_escaped_twice_makes_a_candidate(
    matcher: Matcher, before: str, letter: str
) -> None:
    body = page(f"Huawei{before}{letter}h")
    assert matcher.may_match(text_of(body))  # a paragraph reads it once: what is left of it ends the name
    assert may_hold(body, None, matcher)
    assert may_hold(page(f"{letter}Huawei"), None, matcher)
    assert not may_hold(page(f"Huaron{before}{letter}h"), None, matcher)


def test_a_glance_leaves_most_pages(matcher: Matcher) -> None:
    glance = Glance(matcher.needed or ())
    assert glance.leaves(page("la préfecture &amp; le reste").decode())
    assert glance.leaves("for(h<hu;h++){hua<wei.length}")
    assert not glance.leaves("Hua<b>wei</b>")
    assert not glance.leaves("Huawei<5")
    assert not glance.leaves("Huawei</p>")
    assert not glance.leaves("équipemen\u00adtier de la Chine, chinois")


def test_a_glance_tells_what_is_certain_from_what_is_in_doubt(matcher: Matcher) -> None:
    glance = Glance(matcher.needed or (), (b"isaccessibleforfree",))
    assert glance.says("selon Huawei, rien") is True
    assert glance.says('{"isAccessibleForFree": false}') is True
    assert glance.says("selon Hua<b>wei</b>, rien") is None
    assert glance.says("un équipementier, la préfecture, un Chinois") is None
    assert glance.says("la préfec\x0bture") is None
    assert glance.says("la préfecture") is False


def test_a_dossier_that_needs_no_word_keeps_every_page() -> None:
    class Everything:
        needed = None

        def may_match(self, text: str, /) -> bool:
            return bool(text)

    assert may_hold(page("rien"), None, Everything())


def test_a_name_in_the_escapes_of_json_makes_a_candidate(matcher: Matcher) -> None:
    data = '{"@type":"NewsArticle","headline":"L\\u2019\\u00e9quipementier chinois"}'
    head = f'<script type="application/ld+json">{data}</script>'
    assert may_hold(page("rien", head), None, matcher)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_of_the_corpus_is_left_only_when_nothing_stands_in_it(matcher: Matcher, path: Path) -> None:
    body = path.read_bytes()
    assert may_hold(body, None, matcher) or not matcher.may_match(text_of(body))


def test_a_plain_page_is_left(matcher: Matcher) -> None:
    assert not may_hold(page("la préfecture"), None, matcher)


@pytest.mark.parametrize(
    "body",
    [
        page("rien").ljust(MAX_BYTES + 1),
        page("rien", '<meta property="article:content_tier" content="locked">'),
        page("Hua<x-y>wei</x-y>"),
        page("Hua<!-- <p> -->wei"),
        page("rien &amp;amp;amp;amp;amp; rien"),
        page("Hua<?x?>wei"),
        page("Hua<i title='>'>wei"),
    ],
    ids=[
        "large",
        "partial",
        "a tag of nobody's",
        "a comment",
        "escaped and escaped",
        "an instruction",
        "a quoted sign",
    ],
)
def test_a_page_in_doubt_is_a_candidate(matcher: Matcher, body: bytes) -> None:
    assert may_hold(body, None, matcher)


INLINE = "abbr acronym bdi big cite code data dfn em font ins kbd mark nobr samp strong sup tt var"


def test_inline_tags_of_every_name_join_what_they_part(matcher: Matcher) -> None:
    for name in INLINE.split():
        assert may_hold(page(f"Hua<{name} lang=zh>we</{name.upper()}>i"), None, matcher)
        assert not may_hold(page(f"Hua<{name}9>we</{name}9>i"), None, matcher)
