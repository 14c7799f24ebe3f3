"""The compiled search for patterns finds what its twin in Python finds."""

from __future__ import annotations

import struct
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import kernel, patterns
from tests.libraries import library_or_skip

# Few letters, so that words begin alike; a zero and the highest byte, which no skeleton has; words longer than eight.
words = st.text("ab ", max_size=20) | st.sampled_from(["abababab", "abababababababab", "a", "", "\x00", "\xff"])
bounded = words.map(lambda word: f" {word} ")
lines = st.lists(bounded | words.filter(bool), unique=True, max_size=12)
texts = st.lists(words, max_size=12).map(" ".join)


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_patterns")


def _joined(chosen: list[str]) -> bytes:
    return b"\n".join(line.encode("latin-1") for line in chosen)


def _both(library: ModuleType, chosen: list[str], text: str) -> tuple[list[patterns.Hit], list[patterns.Hit]]:
    one, other = (kind.Patterns(_joined(chosen)).hits(text.encode("latin-1")) for kind in (patterns, library))
    return one, list(struct.iter_unpack("=iii", other))


@settings(max_examples=600, deadline=None)
@given(lines, texts)
def test_both_find_the_same_hits_in_the_same_order(library: ModuleType, chosen: list[str], text: str) -> None:
    one, other = _both(library, chosen, text)
    assert other == one


@settings(max_examples=400, deadline=None)
@given(lines, texts | st.lists(words, min_size=8, max_size=40).map(" ".join))
def test_both_tell_whether_one_is_there(library: ModuleType, chosen: list[str], text: str) -> None:
    one, other = (kind.Patterns(_joined(chosen)).any(text.encode("latin-1")) for kind in (patterns, library))
    assert one == other == bool(_both(library, chosen, text)[0])


# Long enough for several blocks of 64 bytes, with words that begin with few letters and with many.
long_texts = st.lists(st.sampled_from(["a", "b", "ab", "ba", *"cdef", "abababab", ""]), max_size=80).map(" ".join)
some_words = st.lists(st.sampled_from(["a", "b", "ab", "a b", "b ab", "abababab", "c", "d", "e", "f"]), unique=True)


@settings(max_examples=400, deadline=None)
@given(some_words, long_texts)
def test_words_that_begin_with_few_letters_are_found_in_long_texts(
    library: ModuleType, chosen: list[str], text: str
) -> None:
    one, other = _both(library, [f" {word} " for word in chosen], f" {text} ")
    assert other == one


@settings(max_examples=600, deadline=None)
@given(lines, texts | long_texts, st.data(), st.integers(1, 6))
def test_both_tell_whether_two_sides_are_near(
    library: ModuleType, chosen: list[str], text: str, data: st.DataObject, distance: int
) -> None:
    sides = bytes(data.draw(st.lists(st.integers(0, 3), min_size=len(chosen), max_size=len(chosen))))
    made = [kind.Patterns(_joined(chosen)) for kind in (patterns, library)]
    one, other = (machine.near(f" {text} ".encode("latin-1"), sides, distance) for machine in made)
    assert other == one


@pytest.mark.parametrize(
    ("text", "distance", "near"),
    [
        (b" a b ", 1, True),
        (b" b a ", 1, True),
        (b" a x b ", 1, False),
        (b" a x b ", 2, True),
        (b" b x  x a ", 2, False),
        (b" a x x b x a ", 2, True),
        (b" a x a ", 9, False),
        (b" a x y z x b x x 12 ", 3, False),
        (b" a x x 12 ", 2, False),
        (b" a x x 12 ", 3, True),
        (b" 12 x a ", 1, False),
        (b" 12 x a ", 2, True),
    ],
)
def test_words_between_two_sides_are_counted(library: ModuleType, text: bytes, distance: int, near: bool) -> None:
    for kind in (patterns, library):
        assert kind.Patterns(b" a \n b \n2 ").near(text, bytes([1, 2, 2]), distance) is near


def test_far_apart_hits_are_told_in_one_pass(library: ModuleType) -> None:
    text = b" a" + b" x" * 50_000 + b" b" * 50_000 + b" "
    machine = library.Patterns(b" a \n b ")
    assert not machine.near(text, bytes([1, 2]), 50_000)
    assert machine.near(text, bytes([1, 2]), 50_001)


@settings(max_examples=300, deadline=None)
@given(st.lists(words, min_size=1, max_size=6), st.data())
def test_both_find_the_words_of_the_text(library: ModuleType, chosen: list[str], data: st.DataObject) -> None:
    text = " " + " ".join(chosen) + " "
    cuts = st.tuples(st.integers(0, len(text) - 1), st.integers(1, 14)).map(lambda cut: text[cut[0] : sum(cut)])
    one, other = _both(library, data.draw(st.lists(cuts, unique=True, min_size=1)), text)
    assert one
    assert other == one


def test_thousands_of_patterns_are_kept_apart(library: ModuleType) -> None:
    chosen = [f" {number:x} " for number in range(5000)] + [f"{number:03x}" for number in range(0, 4096, 7)]
    one, other = _both(library, chosen, "".join(chosen))
    assert len(one) > len(chosen)
    assert other == one


def test_a_packed_machine_finds_the_same() -> None:
    made = patterns.Patterns(b" a \n b ")
    assert patterns.Patterns(b" a \n b ", made.pack()).hits(b" a b ") == made.hits(b" a b ")


def test_no_patterns_are_found_nowhere(library: ModuleType) -> None:
    assert _both(library, [], " a ") == ([], [])


@pytest.mark.parametrize("joined", [b" a \n a ", b"a\na", b" a \n", b"\n", b"a\n\nb"])
def test_patterns_that_are_none_are_an_error(library: ModuleType, joined: bytes) -> None:
    with pytest.raises(ValueError, match="pattern"):
        library.Patterns(joined)


def test_what_is_no_text_is_an_error_and_no_crash(library: ModuleType) -> None:
    made = library.Patterns(b" a ")
    for ask in (made.hits, made.any):
        with pytest.raises(TypeError):
            ask("a")
    for given_ in [("a", b"\1", 1), (b"a", "\1", 1), (b"a", b"\1", "1"), (b"a", b"\1"), ()]:
        with pytest.raises(TypeError):
            made.near(*given_)
    for sides, distance in [(b"", 1), (b"\1\1", 1), (b"\1", 0), (b"\1", -1)]:
        with pytest.raises(ValueError, match="side"):
            made.near(b" a ", sides, distance)
    with pytest.raises(OverflowError):
        made.near(b" a ", b"\1", 1 << 70)
    with pytest.raises(TypeError):
        library.Patterns(" a ")
    table = kernel.Table([0], [(1,)], [])
    if not kernel.in_python():
        for hits in (made.hits(b" a ")[:-1], struct.pack("=iii", 0, 3, 1), struct.pack("=iii", -1, 3, 0)):
            with pytest.raises((TypeError, ValueError)):
                table.found(hits)
