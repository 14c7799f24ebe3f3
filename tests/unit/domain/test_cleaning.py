"""Text from outside is harmless after `clean`."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.cleaning import clean, clean_line, is_plain

HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(codec=None),
        st.sampled_from("\x00\x1b[]0;m\x07\\\r\n\t\x85\x9b\u202e\u2066\u00ad\u200b\ufeff\ud83d\ude00e\u0301\u2028 "),
    ),
    max_size=60,
)
FORBIDDEN = {"Cc", "Cs"}


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("a\x00b", "ab"),
        ("Bcc: x\r\ny\rz", "Bcc: x\ny\nz"),
        ("\x1b[31mrouge\x1b[0m", "rouge"),
        ("\x1b]8;;http://evil.test\x07lien\x1b]8;;\x1b\\", "lien"),
        ("l\x92Europe \x96 1 \x80", "l’Europe – 1 €"),
        ("fichier\u202efdp.exe", "fichierfdp.exe"),
        ("té\u00adlé\u200bcoms\ufeff", "télécoms"),
        ("e\u0301tude", "étude"),
        ("\ud83d\ude00 \ud83d", "😀 "),
        ("un\u2028deux", "un\ndeux"),
        ("a\tb", "a\tb"),
    ],
)
def test_each_kind_of_harm_is_undone(raw: str, wanted: str) -> None:
    assert clean(raw) == wanted


def test_a_line_keeps_french_spaces_and_loses_breaks() -> None:
    assert clean_line("  Huawei\u00a0:\r\n la  5G\t») ") == "Huawei\u00a0: la 5G »)"


@given(HOSTILE)
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    assert clean(clean(raw)) == clean(raw)
    assert clean_line(clean_line(raw)) == clean_line(raw)


@given(HOSTILE)
def test_what_is_left_can_be_stored_and_sent(raw: str) -> None:
    text = clean(raw)
    text.encode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert not {c for c in text if unicodedata.category(c) in FORBIDDEN} - {"\n", "\t"}


@given(HOSTILE)
def test_a_line_is_one_line(raw: str) -> None:
    assert len(clean_line(raw).splitlines()) <= 1


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs"]), max_size=60))
def test_letters_digits_and_punctuation_stay(raw: str) -> None:
    kept = unicodedata.normalize("NFC", raw)
    assert len(clean(raw)) >= len(kept) - sum(c in "\u115f\u1160" for c in kept)


def test_whatever_is_joined_of_plain_characters_needs_no_cleaning() -> None:
    plain = [chr(code) for code in range(0x20000) if not 0xD800 <= code < 0xE000 and is_plain(chr(code).encode())]
    assert {"a", "é", "œ", "’", "«", "\u00a0", "\u202f", "–", "€", "😀", "\n"} <= set(plain)
    assert not {"\r", "\x00", "\u00ad", "\u200b", "\u0301", "\u2028", "\u202e", "\ufeff"} & set(plain)
    text = "".join(plain)
    assert is_plain(text.encode())
    assert clean(text) == text
    assert all(clean(f"e{char}a{char}{char}") == f"e{char}a{char}{char}" for char in plain)


@given(HOSTILE.map(lambda text: text.encode("utf-8", "replace").decode()))
def test_a_plain_text_needs_no_cleaning(raw: str) -> None:
    assert not is_plain(raw.encode()) or clean(raw) == raw
