"""A text's words are hashed in C as the library of hashes does, and the smallest of many are found as by numpy."""

from __future__ import annotations

import random
from array import array
from types import ModuleType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from monitor.domain import hashes as made_by_numpy
from monitor.domain import stories
from tests.libraries import library_or_skip

hashes = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=40)
spread = st.integers(0, 2**32).map(lambda seed: [random.Random(seed).getrandbits(64) for _ in range(seed % 700)])


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_texts")


@given(spread, hashes, st.integers(0, 150), st.integers(0, 150), st.sampled_from([1, 16, 24]))
@example([2**63 + 1] * 600, [2**63 + 7, 3], 2, 9, 1)
def test_both_take_the_same_of_many(
    library: ModuleType, numbers: list[int], more: list[int], fewest: int, most: int, share: int
) -> None:
    packed = array("Q", [*numbers, *more, *numbers[:90]]).tobytes()
    asked = (packed, fewest, most, share)
    assert library.smallest_of(*asked) == made_by_numpy.smallest_of(*asked)


WORDS = [
    "Élise",
    "a",
    "ab",
    "œuvre",
    "été",
    "Éé",
    "abcdefgh",
    "abcdefghi",
    "ÉÉÉÉÉÉÉÉ",
    "éééééééé1",
    "x" * 40,
    "ŸŽ",
    "n_1",
]
WORDS += ["l’", "\u202f", "-", " ", "\n", "«", "²", "µ", "ß", "ƒ", "ˆ", "\u2011", "→", "\x81", "\u0394", "👍"]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=20).map("".join), st.booleans())
@example("Élise a vu l’œuvre de Zoé, à Paris\u202f: «\u202ftrès belle\u202f», 2 026 fois.", False)
def test_words_are_hashed_as_one_by_one(library: ModuleType, text: str, spaced: bool) -> None:
    said = " ".join(text) if spaced else text
    made = library.word_grams(said, stories._CODES, xxh3_64_intdigest)
    assert made in {None, made_by_numpy.grams_of(stories._word_hashes(said))}
    if said.isascii():
        assert made is not None


def test_words_of_each_length_are_hashed_as_by_the_library(library: ModuleType) -> None:
    for length in range(1, 40):
        for word in ("abcdefghijklmnopqrstuvwxyz0123456789_zyx"[:length], "é" * (length // 2) + "x" * (length % 2)):
            made = library.word_grams(f"{word} {word}.A B", stories._CODES, xxh3_64_intdigest)
            digests = [xxh3_64_intdigest(each.encode()) for each in (word, word, "a", "b")]
            assert made == made_by_numpy.grams_of(digests)


def test_what_digests_badly_is_an_error(library: ModuleType) -> None:
    long = "x" * 20
    for digest in (None, lambda _: "1", lambda _: -1, lambda _: 2**64):
        with pytest.raises((TypeError, OverflowError)):
            library.word_grams(long, stories._CODES, digest)
    for asked in ((b"a", stories._CODES, hash), ("a", "a", hash), ("a", b"")):
        with pytest.raises(TypeError):
            library.word_grams(*asked)
    assert library.word_grams("a", b"", hash) is None
