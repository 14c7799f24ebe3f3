"""The search box."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.expressions import And, Not, Term, parse_expression
from monitor.domain.filters import Filter
from monitor.domain.questions import parse_question
from monitor.errors import QueryError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def asked(text: str) -> Filter:
    return parse_question(text, now=NOW, zone=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Filter()),
        ("topic:5g", Filter(topics=("5g",))),
        ("topic:5g thème:cloud", Filter(topics=("5g", "cloud"))),
        ('source:"Les Échos"', Filter(sources=("Les Échos",))),
        ("-source:zdnet NOT topic:cloud", Filter(not_sources=("zdnet",), not_topics=("cloud",))),
        ("status:confirmed statut:écarté", Filter(statuses=("confirmed", "dismissed"))),
        ("score:>0.6", Filter(min_score=0.6)),
        ("score:0,4..0,8", Filter(min_score=0.4, max_score=0.8)),
        ("score:<=.5", Filter(max_score=0.5)),
        ("since:7d", Filter(since=NOW - timedelta(days=7))),
        ("story:12 is:partial", Filter(story=12, access="partial")),
        ("est:partiel", Filter(access="partial")),
        ("dossier:huawei assignee:Ada", Filter(dossier="huawei", assignee="Ada")),
    ],
)
def test_filters_are_read(text: str, expected: Filter) -> None:
    assert asked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "exclure topic:5g huawei",
        "topic:5g AND exclure AND huawei",
        "exclure huawei AND topic:5g",
        "exclure ET topic:5g ET huawei",
    ],
)
def test_what_is_left_is_the_language_of_topics(text: str) -> None:
    assert asked(text).expression == And((Term("exclure"), Term("huawei")))


def test_a_not_stays_with_its_term() -> None:
    assert asked("NOT cloud topic:5g").expression == Not(Term("cloud"))


def test_a_colon_inside_quotes_is_text() -> None:
    assert asked('"topic:5g"').expression == Term("topic:5g")


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("huawei topik:5g", 7, "topic"),
        ("huawei OR topic:5g", 10, "whole query"),
        ("(topic:5g huawei)", 1, "whole query"),
        ("status:done", 0, "to-verify"),
        ("huawei score:high", 7, "score"),
        ("since:yesterday", 0, "not a time"),
        ("NOT since:7d", 4, "negated"),
        ("topic:", 0, "value"),
        ("story:x", 0, "story"),
        ("is:blue", 0, "is:partial"),
        ("topic:5g huawei AND (", 21, "too soon"),
    ],
)
def test_an_error_says_where_and_what_instead(text: str, position: int, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        asked(text)
    assert caught.value.position == position
    assert says in str(caught.value)


@given(st.text(alphabet='ab:-()" ANDORNOT/5é@#*=^,', max_size=40))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        asked(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - most texts are no error


@given(st.from_regex(r"[a-z]{3,8}( (AND|OR) [a-z]{3,8}){0,3}", fullmatch=True))
def test_without_a_filter_it_is_the_language_itself(text: str) -> None:
    assert asked(text).expression == parse_expression(text)
