"""What is asked of the index of words: what must all hold stands apart on PostgreSQL, and periods have their marks."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis.strategies import datetimes, just, none

from monitor.domain.words import But, Every, Some, Word
from monitor.storage.search_index import MOST_APART, tsqueries, tsquery
from monitor.storage.search_marks import month_mark, period_marks, year_mark

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


def at(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


def test_a_period_is_asked_by_whole_years_and_by_months_of_the_others() -> None:
    marks = period_marks(at("2021-11-20"), at("2024-02-01"))
    assert marks == ["¤m202111", "¤m202112", "¤y2022", "¤y2023", "¤m202401", "¤m202402"]
    assert period_marks(at("2023-02-03"), at("2023-02-04")) == ["¤m202302"]
    assert period_marks(at("2023-02-03"), at("2022-02-04")) == []


@given(datetimes(timezones=just(UTC)), datetimes(timezones=just(UTC)), none() | datetimes(timezones=just(UTC)))
def test_whatever_was_published_in_a_period_has_one_of_its_marks(a: datetime, b: datetime, c: datetime | None) -> None:
    published, until = sorted((a, b))
    since = None if c is None else min(c, published)
    assert {year_mark(published), month_mark(published)} & set(period_marks(since, until))
