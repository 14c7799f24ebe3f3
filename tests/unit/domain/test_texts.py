"""The compiled ways of cutting a text say what their twins in Python say."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_what_is_no_text_is_an_error_and_no_crash(library: ModuleType) -> None:
    for given_ in (None, b"a. B", 3):
        with pytest.raises(TypeError):
            library.sentence_starts(given_)
        with pytest.raises(TypeError):
            library.paragraphs(given_)
        with pytest.raises(TypeError):
            library.haystack_of(given_, text.ONE_BYTE)
    for starts, length in (([0, 9], 4), ([0, -1], 4), ([0], -1), (list(range(257)), 300), ([0, "1"], 4)):
        with pytest.raises((TypeError, ValueError)):
            library.numbered(starts, length)


@settings(max_examples=300, deadline=None)
@given(pieces | st.text() | st.text(alphabet=st.characters(max_codepoint=0x20B0)))
def test_both_fold_to_the_same_haystack(library: ModuleType, written: str) -> None:
    found = library.haystack_of(written, text.ONE_BYTE)
    assert found == text.haystack_of(written)
    assert found is None or found == b" %b " % text.skeleton(written)


@pytest.mark.parametrize("rare", ["\u00ad", "e\u0301", "Ж", "\U0001f600", "\u200b"])
def test_rare_characters_and_those_that_show_nothing_have_no_byte(rare: str) -> None:
    assert kernel.haystack_of(f"L’été{rare} – 5 €", text.ONE_BYTE) is None
    assert kernel.haystack_of("L’été – 5 €", text.ONE_BYTE) == b" l ete   5 \x80 "
