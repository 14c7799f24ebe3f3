"""What is asked of PostgreSQL's index: questions that must all hold stand apart, and say together what one would."""

from __future__ import annotations

from monitor.domain.words import But, Every, Some, Word
from monitor.storage.search_index import MOST_APART, tsqueries, tsquery

A, B, C, D, E = (Word(letter) for letter in "abcde")


def test_words_that_must_all_stand_there_are_asked_apart() -> None:
    assert tsqueries(Every((A, Some((B, C)), Every((D, E))))) == ["'a'", "('b' | 'c')", "'d'", "'e'"]


def test_what_is_refused_is_asked_with_a_word_that_is_wanted() -> None:
    assert tsqueries(But(Every((A, B)), (C,))) == ["('a' & !('c'))", "'b'"]


def test_alternatives_stay_together() -> None:
    assert tsqueries(Some((Every((A, B)), C))) == [tsquery(Some((Every((A, B)), C)))]


def test_there_are_a_few_questions_at_most_and_the_last_holds_the_rest() -> None:
    asked = tsqueries(Every((A, B, C, D, E)))
    assert len(asked) == MOST_APART
    assert asked[-1] == "('d' & 'e')"
