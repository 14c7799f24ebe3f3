"""What is wrong with a question, told in the reader's language, with the place."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.failures import failure_in_words
from monitor.domain.filters import parse_cursor
from monitor.domain.questions import parse_question
from monitor.errors import QueryError
from monitor.web.query_errors import explained, in_french

BAD = [
    'a AND "b',
    "a AND (b",
    "a AND",
    "a NOT",
    "a AND NEAR/3 b",
    "mentions(2)",
    "x y)",
    "oups(a)",
    "first(0, a)",
    "after(x)",
    "source()",
    "a --- b",
    "a b*",
    "abc*99",
    "(a OR topic:x)",
    "topc:x",
    "zzz:x",
    "topic:",
    "-score:>0.5",
    "status:perdu",
    "story:x",
    "is:grand",
    "score:haut",
    "since:jamais",
    "a" * 4001,
    "(" * 200 + "a",
]
ENGLISH = ("the ", " is ", "needs", "there", "missing", "write ", "join ", "did you", "at least", "at most", "cannot")


def error_of(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse_question(text, now=datetime(2026, 3, 3, tzinfo=UTC), zone=ZoneInfo("Europe/Paris"))
    return caught.value


@pytest.mark.parametrize("text", BAD)
def test_every_error_is_said_in_french(text: str) -> None:
    error = error_of(text)
    said = explained(error, "fr").said
    assert not [word for word in ENGLISH if word in said], said
    assert in_french(error.message) != error.message


def test_the_place_is_apart_and_english_stays() -> None:
    wrong = explained(error_of("exclure AND (huawei"), "en")
    assert (wrong.said, wrong.at) == ("A parenthesis is never closed (close it with ))", 12)


def test_a_place_in_a_list_that_is_none() -> None:
    with pytest.raises(QueryError) as caught:
        parse_cursor("x")
    assert explained(caught.value, "fr").said.endswith("(prenez ce que la page d’avant a donné)")


@pytest.mark.parametrize(
    ("reason", "language", "told"),
    [
        ("status: the server answered 500", "fr", "le serveur a répondu 500"),
        ("status: the server answered 500", "en", "the server answered 500"),
        ("status: no figure", "fr", "status: no figure"),
        ("dns: no such name", "fr", "nom de serveur inconnu"),
        ("crashed", "fr", "crashed"),
    ],
)
def test_why_a_request_failed(reason: str, language: str, told: str) -> None:
    assert failure_in_words(reason, language) == told  # type: ignore[arg-type]
