"""Beginnings of words in a text with its tags: what is found, and that the compiled way finds the same."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import beginnings
from monitor.domain.beginnings import BREAK, CONTROL
from tests.libraries import library_or_skip

MARKS = bytes(
    BREAK[0] if chr(code) in "<\\\xad"
    else CONTROL[0] if code == 11
    else ord(chr(code).lower()) if chr(code).isalnum() and code < 128
    else 32
    for code in range(256)
)  # fmt: skip
WHOLE = [b"huawei ", b"hua", b"a ", b"content tier", b"n ", b"b"]
BROKEN = [b"h", b"hua", b"huawe", b"a", b"n", b"b"]
TAGS = [
    "<",
    ">",
    "</",
    "</b>",
    "<p>",
    "</p ",
    "</time>",
    "<h2>",
    "<hr>",
    "<b$>",
    "<b?",
    "<li\n",
    "<article",
    "</strong>",
]
PIECES = [*TAGS, *"hua<>wei/ \\n'\"\xad\xa0\x85?=-:x2", "Hua", "huawei", "content_tier", "HUAWEI", "a<b", "timers"]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map(lambda pieces: "".join(pieces).encode("latin-1"))


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_beginnings")


def found(text: str, library: ModuleType = beginnings) -> list[tuple[int, str]] | None:
    hits = library.Beginnings(WHOLE, BROKEN, MARKS).found(text.encode("latin-1"))
    names = [piece.decode() for piece in WHOLE] + [piece.decode() + "|" for piece in BROKEN]
    return None if hits is None else [(at, names[number]) for at, number in hits]


def test_words_are_found_at_their_beginnings_alone() -> None:
    assert found("Huawei!") == [(2, "hua"), (6, "huawei ")]
    assert found("xhuawei") == []
    assert found('"nhuawei') == []
    assert found("\\nHUA") == [(0 + 4, "hua")]
    assert found("a") == [(1, "a ")]
    assert found("article:content_tier") == [(19, "content tier")]


@pytest.mark.parametrize("vanishing", ["<b>", "</x_y>", "<b class=c>", "<!-- -->", "\xad", "\\f", "<b$>", '<b"x">'])
def test_a_beginning_before_what_may_vanish_is_found(vanishing: str) -> None:
    assert (2, "h|") in (found(f" h{vanishing}uawei") or [])


@pytest.mark.parametrize("parting", ["<5", "< b", "<b?c", "</b></p>", "<li>", "</time></em></div\n>", "<H2>", "<b"])
def test_a_beginning_before_what_parts_words_is_not(parting: str) -> None:
    assert (2, "h|") not in (found(f" h{parting}uawei") or [])


def test_a_control_makes_the_text_another() -> None:
    assert found("rien\x0b") is None


@settings(max_examples=1000, deadline=None)
@given(texts | st.binary(max_size=30))
def test_both_find_the_same(library: ModuleType, text: bytes) -> None:
    one, other = (kind.Beginnings(WHOLE, BROKEN, MARKS) for kind in (beginnings, library))
    assert one.found(text) == other.found(text)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text("ab ", min_size=1, max_size=4).map(str.encode).filter(bytes.strip), unique=True, max_size=6),
    st.lists(st.text("ab", min_size=1, max_size=4).map(str.encode), unique=True, max_size=6),
    st.text("ab <\\n>/p\xad", max_size=30).map(lambda text: text.encode("latin-1")),
)
def test_both_find_the_same_of_any_pieces(
    library: ModuleType, whole: list[bytes], broken: list[bytes], text: bytes
) -> None:
    one, other = (kind.Beginnings(whole, broken, MARKS) for kind in (beginnings, library))
    assert one.found(text) == other.found(text)


def test_what_is_no_piece_or_text_is_an_error_and_no_crash(library: ModuleType) -> None:
    for whole, broken, marks in (
        ([b""], [], MARKS),
        ([b" "], [], MARKS),
        ([], [b""], MARKS),
        ([b"a", b"a"], [], MARKS),
        ([], [b"a", b"a"], MARKS),
        ([], [], MARKS[1:]),
    ):
        for kind in (beginnings, library):
            with pytest.raises(ValueError, match=r"piece|mark"):
                kind.Beginnings(whole, broken, marks)
    for arguments in (([1], [], MARKS), ("a", [], MARKS), ([b"a\x01"], [], MARKS), ([], [], "a"), ()):
        with pytest.raises((TypeError, ValueError)):
            library.Beginnings(*arguments)
    for text in (None, "a", 3):
        with pytest.raises(TypeError):
            library.Beginnings([b"a"], [], MARKS).found(text)
