"""Where references stand in a text, and the text with some of them written out: compiled and in Python the same."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch import references
from monitor.fetch.references import bounds, bounds_in_python, written_out

WAYS = [
    pytest.param(
        bounds, marks=pytest.mark.skipif(not references.COMPILED, reason="nothing was compiled here"), id="compiled"
    ),
    pytest.param(bounds_in_python, id="python"),
]
PIECES = (
    "&",
    "amp;",
    "#",
    "x",
    "X",
    "1",
    "f",
    "g",
    "eacute",
    "é",
    "quot;",
    ";",
    " ",
    "Aa",
    "\0",
    "\u2626",
    "\U00012600",
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wide", ["", "’", "\U0001f44d"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sans rien", []),
        ("l&eacute; & l&#39;or&#x27;", ["&eacute;", "&#39;", "&#x27;"]),
        ("AT&T, R&D;, R&Dx", ["&Dx"]),  # one letter is no name
        ("&amp;eacute; &amp; &amp;a; &amp;#;", ["&amp;eacute;", "&amp;", "&amp;", "&amp;"]),
        ("&#x; &#; &#X1F;&#12ab", ["&#X1F;", "&#12"]),
        ("&" + "n" * 40, ["&" + "n" * 32]),
        ("&&amp&amp;&", ["&amp", "&amp;"]),
    ],
)
def test_references_are_found(way: Callable[[str], list[int]], wide: str, text: str, found: list[str]) -> None:
    text = wide + text
    said = way(text)
    assert [text[start:end] for start, end in zip(said[::2], said[1::2], strict=True)] == found


@given(TEXTS)
def test_both_ways_find_the_same(text: str) -> None:
    assert bounds(text) == bounds_in_python(text)


@given(TEXTS)
def test_what_is_written_out_is_what_an_expression_would_put_there(text: str) -> None:
    replaced = re.sub(references._REFERENCE, lambda found: html.unescape(found[0]), text)
    assert written_out(text, html.unescape) == replaced


def test_a_text_of_which_nothing_is_written_out_is_the_same_object() -> None:
    text = "l&eacute; & l&#39;or " * 3
    assert written_out(text, lambda reference: reference) is text
