"""Letters and digits alone, lower case: the quick way says what the plain one says of every character."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.pages.linked_data import squash


def plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def test_each_character_is_squashed_as_by_the_plain_way() -> None:
    every = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    assert all(squash(f"É{character}n°1") == plain(f"É{character}n°1") for character in every[:0x3000])
    assert "".join(map(squash, every[0x3000:0x11000])) == plain("".join(every[0x3000:0x11000]))


@given(st.text(alphabet="aÉœŸ½²’« …\x81\u0394 Ж-9\n"))
def test_texts_are_squashed_as_by_the_plain_way(text: str) -> None:
    assert squash(text) == plain(text)


def test_a_page_s_text_is_squashed_whole() -> None:
    assert squash("Une « étape » de 2026,\nselon l’État. " * 60) == "uneétapede2026selonlétat" * 60
