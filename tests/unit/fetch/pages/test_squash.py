"""Letters and digits alone, lower case: the quick way says what the plain one says of every character."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.pages.linked_data import COMPILED, squash, squash_in_python

WAYS = [
    pytest.param(squash, marks=pytest.mark.skipif(not COMPILED, reason="nothing was compiled here"), id="compiled"),
    pytest.param(squash_in_python, id="python"),
]


def plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


@pytest.mark.parametrize("way", WAYS)
def test_each_character_is_squashed_as_by_the_plain_way(way: Callable[[str], str]) -> None:
    every = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    assert all(way(f"É{character}n°1") == plain(f"É{character}n°1") for character in every[:0x3000])
    assert "".join(map(way, every[0x3000:0x11000])) == plain("".join(every[0x3000:0x11000]))


@given(st.text(alphabet="aÉœŸ½²’« …\x81\u0394\u0130\u024f\u0250\u2009\u206f\u2070\U0001f44d Ж-9\n"))
def test_texts_are_squashed_as_by_the_plain_way(text: str) -> None:
    assert squash(text) == squash_in_python(text) == plain(text)


@pytest.mark.parametrize("way", WAYS)
def test_a_page_s_text_is_squashed_whole(way: Callable[[str], str]) -> None:
    assert way("Une « étape » de 2026,\nselon l’État. " * 60) == "uneétapede2026selonlétat" * 60
