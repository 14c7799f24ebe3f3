import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.expressions import (
    And,
    AtLeast,
    Expression,
    Form,
    Near,
    Not,
    Or,
    Term,
    Within,
    parse_expression,
    parse_term,
)
from monitor.errors import QueryError


def test_words_side_by_side_are_joined_by_and() -> None:
    assert parse_expression("huawei 5G") == And((Term("huawei"), Term("5G")))


def test_and_binds_closer_than_or() -> None:
    assert parse_expression("a1 b1 OU c1") == Or((And((Term("a1"), Term("b1"))), Term("c1")))


def test_near_takes_a_distance_and_an_order() -> None:
    assert parse_expression("a1 NEAR/5 b1") == Near(Term("a1"), Term("b1"), 5)
    assert parse_expression("a1 BEFORE/3 b1") == Near(Term("a1"), Term("b1"), 3, ordered=True)


def test_functions_take_expressions_and_numbers() -> None:
    assert parse_expression("title(huawei)") == Within("title", Term("huawei"))
    assert parse_expression("distinct(2, a1, b1)") == AtLeast(2, Or((Term("a1"), Term("b1"))), distinct=True)


def test_not_holds_what_follows() -> None:
    assert parse_expression("a1 NOT (b1 OR c1)") == And((Term("a1"), Not(Or((Term("b1"), Term("c1"))))))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("exclure", Form.INFLECTED),
        ("=exclu", Form.EXACT),
        ("==exclu", Form.ACCENTS),
        ("^UE", Form.CASE),
        ("numéris*", Form.PREFIX),
    ],
)
def test_marks_say_how_a_term_is_compared(text: str, form: Form) -> None:
    assert parse_term(text).form is form


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("(huawei", 0, "never closed"),
        ("huawei)", 6, "not expected"),
        ('"porte', 0, "never closed"),
        ("num*", 0, "too short"),
        ("titre(huawei)", 0, "no function"),
        ("huawei OR", 9, "ends too soon"),
        ("AND huawei", 0, "needs a term before"),
        ("after(demain) x1", 6, "not a date"),
        ("?", 0, "holds no word"),
        ("(" * 60 + "a1", 40, "too deeply"),
        ("a1 NEAR/0 b1", 3, "no distance"),
        ("a1 BEFORE/10001 b1", 3, "no distance"),
        ("a1 INSIDE b1", 3, "a NOT INSIDE b"),
        ("a1 NOT BEFORE/5 b1", 7, r"NOT \(a BEFORE/5 b\)"),
        ("language(fr, en)", 11, "takes one value"),
    ],
)
def test_an_error_tells_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError, match=words) as raised:
        parse_expression(text)
    assert raised.value.position == position


def outcome(text: str) -> Expression | QueryError:
    try:
        return parse_expression(text)
    except QueryError as error:
        return error


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab"()^=*/ ,@#NEARDOT1<>', max_size=40))
def test_any_text_parses_or_says_why_not(text: str) -> None:
    found = outcome(text)
    if isinstance(found, QueryError):
        assert 0 <= found.position <= len(text)
    else:
        assert outcome(f"({text})") == found
