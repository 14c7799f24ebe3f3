"""Patterns asked by a line's first character answer as all of them do."""

from __future__ import annotations

import functools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.fetch.pages import boilerplate
from monitor.fetch.pages.openings import Openings, any_of, openings

PATTERNS = (
    *boilerplate._INVITATION,
    *boilerplate._LETTER,
    *boilerplate._ELSEWHERE,
    *boilerplate._FACTS,
)
FURNITURE = any_of(*PATTERNS)


@functools.cache  # made once for each pattern, not for each line that is drawn
def lines_of(pattern: str) -> st.SearchStrategy[str]:
    """Texts at whose beginning the pattern matches."""
    asked = any_of(pattern)
    begun = re.compile(rf"\A(?:{asked.pattern})", re.IGNORECASE)
    return st.from_regex(begun).filter(lambda line: asked.match(line) is not None)  # looks ahead are made by chance


@pytest.mark.parametrize(
    ("pattern", "begins"),
    [
        ("^Lire (?:aussi|plus)", "l"),
        ("(?:à|a) lire", "àa"),
        ("(?:le )?(?:la )?suite", "ls"),
        (r"\(?\d{1,2}", "(0123456789"),
        (r"[a-c«\d]x", "abc«0123456789"),
        ("(?-i:EN )?VIDÉOS?", "ev"),
        (r"(?:un|deux){0,2}trois", "udt"),
        (r"(?:un|deux){1,2}trois", "ud"),
        ("(?!ab)a*+b", "ab"),
        (r"\bmot", "m"),
        ("©.{0,240}$", "©"),
    ],
)
def test_what_a_pattern_begins_with(pattern: str, begins: str) -> None:
    assert openings(pattern) == frozenset(begins)


@pytest.mark.parametrize("pattern", [".x", r"\w+", "[^a]b", "(?:a|.)b", "a?", "(?:a|)", r"(?:le )?\W"])
def test_what_may_begin_with_anything(pattern: str) -> None:
    assert openings(pattern) is None
    with pytest.raises(ValueError, match="may begin with anything"):
        Openings("a", pattern)


def test_each_pattern_of_furniture_begins_with_few_characters() -> None:
    assert len(PATTERNS) > 80
    for pattern in PATTERNS:
        begins = openings(pattern)
        assert begins is not None
        assert len(begins) < 20


@given(st.sampled_from(PATTERNS).flatmap(lines_of))
@settings(max_examples=600, deadline=None)
def test_what_a_pattern_matches_is_found(line: str) -> None:
    assert boilerplate._FURNITURE.match(line)


@given(st.text(min_size=1) | st.text(st.sampled_from("ſıİKÅµμßẞŸÿàÀœŒ²1«( aelirs"), min_size=1))
def test_any_line_is_answered_as_by_all_patterns(line: str) -> None:
    assert boilerplate._FURNITURE.match(line) == bool(FURNITURE.match(line))


@given(st.sampled_from("ſıİKÅ"), st.sampled_from(["k", "å", "s", "i", "ı"]))
def test_letters_that_count_as_the_same_are_asked(first: str, written: str) -> None:
    own = Openings(written + "x")
    assert own.match(first + "x") == bool(re.match(written + "x", first + "x", re.IGNORECASE))


@given(st.sampled_from([*(pattern.pattern for _, pattern in boilerplate._ANYWHERE), boilerplate._NUMBERED.pattern]))
def test_those_asked_by_their_words_may_begin_with_anything(pattern: str) -> None:
    assert openings(pattern) is None


@given(st.sampled_from([pattern.pattern for _, pattern in boilerplate._ANYWHERE]).flatmap(lines_of))
@settings(max_examples=300, deadline=None)
def test_what_may_begin_with_anything_is_found_by_its_words(line: str) -> None:
    assert boilerplate._holds_furniture(line, line.lower())


@given(lines_of(boilerplate._NUMBERED.pattern))
@settings(max_examples=200, deadline=None)
def test_what_is_numbered_has_a_digit_near_its_beginning(line: str) -> None:
    assert boilerplate._holds_furniture(line, line.lower())
