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
    "\n  ",
    "&#8203;",
    "<q>",
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
    ]
    text = ways[way]
    return text if way in {2, 3} else text[:at] + piece + text[at:]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 7), st.integers(1, 5), st.sampled_from(["", *INSIDE]))
def test_a_name_that_extraction_finds_makes_a_candidate(
    matcher: Matcher, name: str, way: int, at: int, piece: str
) -> None:
    body = page(written(name, way, at, piece))
    assert may_hold(body, None, matcher.may_match) or not matcher.may_match(text_of(body))


def test_a_name_in_the_escapes_of_json_makes_a_candidate(matcher: Matcher) -> None:
    data = '{"@type":"NewsArticle","headline":"L\\u2019\\u00e9quipementier chinois"}'
    head = f'<script type="application/ld+json">{data}</script>'
    assert may_hold(page("rien", head), None, matcher.may_match)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_of_the_corpus_is_left_only_when_nothing_stands_in_it(matcher: Matcher, path: Path) -> None:
    body = path.read_bytes()
    assert may_hold(body, None, matcher.may_match) or not matcher.may_match(text_of(body))


def test_a_plain_page_is_left(matcher: Matcher) -> None:
    assert not may_hold(page("la préfecture"), None, matcher.may_match)


@pytest.mark.parametrize(
    "body",
    [
        page("rien").ljust(MAX_BYTES + 1),
        page("rien", '<meta property="article:content_tier" content="locked">'),
        page("Hua<x-y>wei</x-y>"),
        page("Hua<!-- <p> -->wei"),
        page("rien &amp;amp;amp;amp;amp; rien"),
    ],
    ids=["large", "partial", "a tag of nobody's", "a comment with markup", "escaped and escaped"],
)
def test_a_page_in_doubt_is_a_candidate(matcher: Matcher, body: bytes) -> None:
    assert may_hold(body, None, matcher.may_match)


INLINE = "abbr acronym bdi big cite code data dfn em font ins kbd mark nobr samp strong sup tt var"


def test_inline_tags_of_every_name_join_what_they_part(matcher: Matcher) -> None:
    for name in INLINE.split():
        assert may_hold(page(f"Hua<{name} lang=zh>we</{name.upper()}>i"), None, matcher.may_match)
        assert not may_hold(page(f"Hua<{name}9>we</{name}9>i"), None, matcher.may_match)
