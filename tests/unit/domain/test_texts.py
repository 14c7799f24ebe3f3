"""The compiled ways of cutting a text say what their twins in Python say."""

from __future__ import annotations

from array import array
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import hashes as made_by_numpy
from monitor.domain import kernel, text
from tests.libraries import library_or_skip

WORDS = [
    *("M", "Mme", "Mmes", "Corp", "art", "xart", "ete", "x", "K", "bonjour", "ABCDE", "abcd", "a_b", "été", "Étoile"),
    *("œuvre", "Œuvre", "l'A", "x²St", "5", "Ж", "\U0001d400"),
]
MARKS = [".", "…", "!", "?", ". ", "? ", "\n", "\n\n", " ", "\u00a0", "\u202f", "\u2009", "\t", "»", " »"]
pieces = st.lists(st.sampled_from([*WORDS, *MARKS, *"«“'’”\"([)]-–—×\x9c\x1c"]), max_size=14).map("".join)


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_texts")


@settings(max_examples=1000, deadline=None)
@given(pieces | st.text())
def test_both_cut_at_the_same_places(library: ModuleType, written: str) -> None:
    assert library.sentence_starts(written) == text.sentence_starts(written)
    assert library.paragraphs(written) == text.paragraphs(written)


@pytest.mark.parametrize("stops", ["." * 300_000, "Huawei" + "!?" * 150_000 + " a", ".…" * 150_000 + "»" * 1000])
def test_a_text_of_stops_is_passed_once(stops: str) -> None:
    """Looked through once for each of them it would take hours."""
    found = kernel.compiled("_texts")
    for cut in (text.sentence_starts, *([found.sentence_starts] if found else [])):
        assert cut(f"{stops} b. Une phrase.") == [0, len(stops) + 4]


@given(st.lists(st.integers(0, 40), unique=True, max_size=9).map(sorted), st.integers(0, 9))
def test_both_number_the_same_sentences(library: ModuleType, starts: list[int], rest: int) -> None:
    length = max(starts, default=0) + rest
    assert library.numbered(starts, length) == text.numbered(starts, length)


@given(st.text(" ab\x00\xff", max_size=12).map(str.encode))
def test_both_find_the_same_words(library: ModuleType, haystack: bytes) -> None:
    assert library.word_starts(haystack) == text.word_starts(haystack)


hashes = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=40)


@given(hashes, st.integers(1, 4))
def test_both_hash_the_same_words_in_a_row(library: ModuleType, words: list[int], in_a_row: int) -> None:
    grams = library.grams_of(words)
    assert grams == made_by_numpy.grams_of(words)
    assert library.rows_of(grams, in_a_row) == made_by_numpy.rows_of(grams, in_a_row)


@given(hashes, st.integers(0, 9), st.integers(0, 9), st.sampled_from([1, 2, 3, 7, 16, 24, 2**40]))
def test_both_take_the_same_for_the_smallest(
    library: ModuleType, numbers: list[int], fewest: int, most: int, share: int
) -> None:
    packed = array("Q", [*numbers, *(n * 2**64 // share for n in range(min(share, 4))), 2**63, 0]).tobytes()
    asked = (packed, fewest, most, share)
    assert library.smallest_of(*asked) == made_by_numpy.smallest_of(*asked)


def test_what_is_no_hash_is_an_error_and_no_crash(library: ModuleType) -> None:
    for words in (None, (1,), [-1] * 4, [2**64] * 4, ["1"] * 4):
        with pytest.raises((TypeError, OverflowError)):
            library.grams_of(words)
    for asked in ((b"", 0), (b"", 5), ("", 1), (b"",)):
        with pytest.raises((TypeError, ValueError)):
            library.rows_of(*asked)
    assert library.rows_of(b"12345678" * 3 + b"1234567", 2) == library.grams_of([1, 2, 3]) == b""
    assert len(library.smallest_of(b"123456781234", 9, 9, 1)) == 1
    for smallest in ((None, 1, 1, 1), (b"", 1, 1), ("", 1, 1, 1)):
        with pytest.raises(TypeError):
            library.smallest_of(*smallest)
    with pytest.raises(TypeError):
        library.word_starts("a b")


def test_what_is_no_text_is_an_error_and_no_crash(library: ModuleType) -> None:
    for given_ in (None, b"a. B", 3):
        with pytest.raises(TypeError):
            library.sentence_starts(given_)
        with pytest.raises(TypeError):
            library.paragraphs(given_)
        with pytest.raises(TypeError):
            library.haystack_of(given_, text.ONE_BYTE)
        with pytest.raises(TypeError):
            library.haystack_of("a", given_ if given_ != b"a. B" else "a")
    with pytest.raises(TypeError):
        library.haystack_of("a")
    for starts, length in (([0, 9], 4), ([0, -1], 4), ([0], -1), (list(range(257)), 300), ([0, "1"], 4)):
        with pytest.raises((TypeError, ValueError)):
            library.numbered(starts, length)


@settings(max_examples=300, deadline=None)
@given(pieces | st.text() | st.text(alphabet=st.characters(max_codepoint=0x20B0)))
def test_both_fold_to_the_same_haystack(library: ModuleType, written: str) -> None:
    found = library.haystack_of(written, text.ONE_BYTE)
    assert found == text.haystack_of(written)
    assert found is None or found == b" %b " % text.skeleton(written)


LONG = [
    "L’été à 5 % ",
    "abc DEF_[@]`{z}/09:",
    "é" * 63,
    "x" * 64,
    "œ",
    "€ ",
    "Ж",
    "\u00ad",
    "\x7f\x80\x00",
    "\U0001f600",
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(LONG[:6]), max_size=30).map("".join), st.sampled_from(["", *LONG]))
def test_both_fold_long_texts_to_the_same_haystack(library: ModuleType, written: str, last: str) -> None:
    for said in (written + last, last + written):
        assert library.haystack_of(said, text.ONE_BYTE) == text.haystack_of(said)


def test_every_character_of_latin_1_has_the_byte_of_the_table(library: ModuleType) -> None:
    known = "".join(chr(code) for code in range(256) if code != 0xAD)
    for wide in ("", "’œ"):
        found = library.haystack_of(known + wide, text.ONE_BYTE)
        assert found == b" %b " % bytes(text.ONE_BYTE[ord(char)] for char in known + wide)


def test_another_table_is_asked_for_each_character(library: ModuleType) -> None:
    table = bytearray(text.ONE_BYTE)
    table[ord("q")] = ord("k")
    assert library.haystack_of("Qq é" * 40, bytes(table)) == b" " + b"qk e" * 40 + b" "
    table[ord("q")] = 0
    assert library.haystack_of("a" * 100 + "q", bytes(table)) is None
    assert library.haystack_of("é", bytes(table[:100])) is None
    assert library.haystack_of("a" * 70, bytes(table[:100])) == b" " + b"a" * 70 + b" "


def no_wider(rare: str) -> str:
    """One of Latin-1 for each other character, differently for those that share their last bits."""
    return chr((ord(rare) >> 4) % 256)


@settings(max_examples=500, deadline=None)
@given(
    pieces
    | st.text()
    | st.lists(st.sampled_from(["x" * 15, "é" * 17, "Ж", "\u0116", "\U0001d400", "\ud83d"])).map("".join)
)
def test_both_narrow_alike(library: ModuleType, written: str) -> None:
    found = library.narrowed_by(written, no_wider)
    assert found == text.narrowed_by(written, no_wider)
    assert len(found) == len(written)


def test_what_a_rare_character_cannot_stand_for_is_an_error_and_no_crash(library: ModuleType) -> None:
    for rare in (lambda _: "", lambda _: "ab", lambda _: "Ж", lambda _: None, lambda _: 1 // 0, None):
        for written in ("aЖ", "a\U0001d400"):
            with pytest.raises((ValueError, TypeError, ZeroDivisionError)):
                library.narrowed_by(written, rare)
    for given_ in (None, b"a"):
        with pytest.raises(TypeError):
            library.narrowed_by(given_, no_wider)
    assert library.narrowed_by("été", None) == "été".encode("latin-1")


@pytest.mark.parametrize("rare", ["\u00ad", "e\u0301", "Ж", "\U0001f600", "\u200b"])
def test_rare_characters_and_those_that_show_nothing_have_no_byte(rare: str) -> None:
    assert kernel.haystack_of(f"L’été{rare} – 5 €", text.ONE_BYTE) is None
    assert kernel.haystack_of("L’été – 5 €", text.ONE_BYTE) == b" l ete   5 \x80 "
