"""The query language: text to a tree of values. `docs/topics.md` tells the language; nothing here looks at articles.

huawei AND (5G NEAR/8 "porte dérobée" OR title(exclure)) NOT source("blog.example")
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from monitor.domain.expression_tree import (
    About,
    And,
    AtLeast,
    Expression,
    Form,
    Meta,
    Near,
    Not,
    Or,
    Reference,
    Term,
    Within,
    Without,
    children,
)
from monitor.errors import QueryError

SHORTEST_PREFIX = 4
LONGEST_TAIL = 12
DEEPEST = 40
MOST_COUNT = 10_000
FIGURES = {
    **dict.fromkeys(("<nombre>", "<number>"), "<nombre>"),
    **dict.fromkeys(("<pourcent>", "<percent>", "%"), "<pourcent>"),
    **dict.fromkeys(("<euro>", "€"), "<euro>"),
}

__all__ = [
    "DEEPEST",
    "FIGURES",
    "FUNCTIONS",
    "LONGEST_TAIL",
    "MOST_COUNT",
    "SHORTEST_PREFIX",
    "About",
    "And",
    "AtLeast",
    "Expression",
    "Form",
    "Meta",
    "Near",
    "Not",
    "Or",
    "Reference",
    "Term",
    "Within",
    "Without",
    "children",
    "is_operator",
    "parse_expression",
    "parse_term",
]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<paren>[(),])
    | (?P<phrase>(?:==|=|\^)?"[^"]*"?)
    | (?P<word>[^\s(),"]+)
    )""",
    re.VERBOSE,
)
_KEYWORDS = {"ET": "AND", "OU": "OR", "SAUF": "NOT", "PRES": "NEAR", "PRÈS": "NEAR", "AVANT": "BEFORE"}
_JOINS = ("NEAR", "BEFORE", "SENTENCE", "PARAGRAPH", "INSIDE")
_UNITS = ("title", "lead", "body", "sentence", "paragraph")
_COUNTED = ("first", "mentions", "distinct")
_METAS = ("source", "language", "after", "before", "words")
FUNCTIONS = (*_UNITS, *_COUNTED, "about", *_METAS)


class _Token(NamedTuple):
    kind: str  # paren, phrase, word, operator, end
    text: str
    position: int


def parse_expression(text: str) -> Expression:
    """The tree of `text`. Raises `QueryError` with the position in characters and a suggestion."""
    parser = _Parser(list(_tokens(text)))
    tree = parser.either()
    parser.expect_end()
    return tree


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while match := _TOKEN.match(text, position):
        kind = match.lastgroup or ""
        piece, start = match.group(kind), match.start(kind)
        if kind == "phrase" and not (piece.endswith('"') and piece.count('"') == 2):
            raise QueryError("a quotation mark is never closed", position=start, hint='close it with "')
        if kind == "word" and _operator(piece) is not None:
            kind = "operator"
        yield _Token(kind, piece, start)
        position = match.end()
    yield _Token("end", "", len(text))


def _operator(word: str) -> tuple[str, int] | None:
    name, _, distance = word.partition("/")
    name = _KEYWORDS.get(name, name)
    if name in ("AND", "OR", "NOT", *_JOINS) and (not distance or distance.isdigit()):
        return name, int(distance or 10)
    return None


def is_operator(word: str) -> bool:
    """Whether a word joins terms (AND, OU, NEAR/3 …) instead of being one."""
    return _operator(word) is not None


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._index, self._depth = tokens, 0, 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._index]

    def _take(self) -> _Token:
        token = self._next
        self._index += token.kind != "end"
        return token

    def _peek_operator(self, offset: int = 0) -> str:
        index = min(self._index + offset, len(self._tokens) - 1)
        token = self._tokens[index]
        found = _operator(token.text) if token.kind == "operator" else None
        return found[0] if found else ""

    def _at(self, text: str) -> bool:
        return self._next.kind == "paren" and self._next.text == text

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise _unexpected(self._next)

    def either(self) -> Expression:
        parts = [self._all()]
        while self._peek_operator() == "OR":
            self._take()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Expression:
        parts = [self._joined()]
        while not (self._next.kind == "end" or self._at(")") or self._at(",") or self._peek_operator() == "OR"):
            if self._peek_operator() == "AND":
                self._take()
            parts.append(self._joined())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _joined(self) -> Expression:
        left = self._single()
        while join := self._join():
            name, distance, negated = join
            left = _make_join(left, name, distance, negated, self._single())
        return left

    def _join(self) -> tuple[str, int, bool] | None:
        negated = self._peek_operator() == "NOT" and self._peek_operator(1) in ("NEAR", "INSIDE")
        if not negated and self._peek_operator() not in ("NEAR", "BEFORE", "SENTENCE", "PARAGRAPH"):
            return None
        if negated:
            self._take()
        token = self._take()
        name, distance = _operator(token.text) or ("", 0)
        if not 1 <= distance <= MOST_COUNT:
            raise QueryError(
                f"{token.text} is no distance in words", position=token.position, hint=f"{name}/1 is side by side"
            )
        return name, distance, negated

    def _single(self) -> Expression:
        token = self._take()
        if token.kind == "end":
            raise QueryError("the expression ends too soon", position=token.position, hint="a term or ( is missing")
        if token.kind == "operator":
            return self._negation(token)
        if token.kind == "paren":
            return self._group(token)
        if (
            token.kind == "word"
            and self._at("(")
            and self._tokens[self._index].position == token.position + len(token.text)
        ):
            return self._function(token)
        return _leaf(token)

    def _negation(self, token: _Token) -> Expression:
        if _operator(token.text) != ("NOT", 10):
            raise QueryError(
                f"{token.text} needs a term before it", position=token.position, hint=_misplaced(token.text)
            )
        return Not(self._nested(self._single, token))

    def _group(self, token: _Token) -> Expression:
        if token.text != "(":
            raise _unexpected(token)
        inner = self._nested(self.either, token)
        self._close(token)
        return inner

    def _nested(self, parse: object, token: _Token) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise QueryError("nested too deeply", position=token.position, hint=f"at most {DEEPEST} levels")
        inner: Expression = parse()  # type: ignore[operator]
        self._depth -= 1
        return inner

    def _close(self, opened: _Token) -> None:
        if not self._at(")"):
            raise QueryError("a parenthesis is never closed", position=opened.position, hint="close it with )")
        self._take()

    def _function(self, token: _Token) -> Expression:
        name, opened = token.text.lower(), self._take()
        if name not in FUNCTIONS:
            raise QueryError(f"no function {token.text}()", position=token.position, hint=_closest_function(name))
        made: Expression
        if name in _METAS:
            made = _meta(name, self._take())
            if not self._at(")"):
                raise QueryError(
                    f"{name}() takes one value", position=self._next.position, hint=f"{name}(…) OR {name}(…)"
                )
        elif name in _COUNTED:
            made = self._counted(name, opened)
        else:
            part = self._nested(self.either, opened)
            made = About(part) if name == "about" else Within(name, part)
        self._close(opened)
        return made

    def _counted(self, name: str, opened: _Token) -> Expression:
        count = _number(self._take())
        parts = []
        while self._at(","):
            self._take()
            parts.append(self._nested(self.either, opened))
        if not parts:
            raise QueryError(f"{name}() needs a term after its number", position=opened.position, hint=f"{name}(2, …)")
        part = parts[0] if len(parts) == 1 else Or(tuple(parts))
        return Within("first", part, count) if name == "first" else AtLeast(count, part, name == "distinct")


def _misplaced(operator: str) -> str:
    """What was meant by an operator that stands where a term should."""
    name, _ = _operator(operator) or ("", 0)
    if name == "INSIDE":
        return "it is written a NOT INSIDE b"
    if name in ("BEFORE", "SENTENCE", "PARAGRAPH"):
        return f'write "{operator}" for the word, NOT (a {operator} b) for the contrary'
    return f'write "{operator}" for the word'


def _closest_function(name: str) -> str:
    close = difflib.get_close_matches(name, FUNCTIONS, 1)
    return f"did you mean {close[0]}()?" if close else f"there are {', '.join(FUNCTIONS)}"


def _unexpected(token: _Token) -> QueryError:
    hint = "an opening parenthesis is missing" if token.text == ")" else "join terms with AND, OR, NOT, NEAR/n"
    return QueryError(f"{token.text!r} is not expected here", position=token.position, hint=hint)


def _make_join(left: Expression, name: str, distance: int, negated: bool, right: Expression) -> Expression:
    if negated:
        return Without(left, right, distance if name == "NEAR" else None)
    if name in ("SENTENCE", "PARAGRAPH"):
        return Within(name.lower(), And((left, right)))
    return Near(left, right, distance, ordered=name == "BEFORE")


def _number(token: _Token) -> int:
    if not token.text.isdigit() or not 1 <= int(token.text) <= MOST_COUNT:
        raise QueryError(f"{token.text!r} is not a number from 1 to {MOST_COUNT}", position=token.position)
    return int(token.text)


def _meta(name: str, token: _Token) -> Meta:
    text = token.text.strip('"')
    if not text or token.kind == "paren":
        raise QueryError(f"{name}() needs a value", position=token.position, hint=f'{name}("…")')
    if name == "words":
        return Meta(name, _number(token))
    if name in ("after", "before"):
        return Meta(name, _date(text, token.position))
    return Meta(name, text.lower())


def _date(text: str, position: int) -> date:
    try:
        return date.fromisoformat(text + "-01-01"[3 * text.count("-") :])
    except ValueError:
        raise QueryError(
            f"{text!r} is not a date", position=position, hint="write 2020, 2020-11 or 2020-11-17"
        ) from None


def _leaf(token: _Token) -> Expression:
    text = token.text
    if text[0] in "@#" and len(text) > 1 and token.kind == "word":
        return Reference("entity" if text[0] == "@" else "set", text[1:].lower())
    return parse_term(text, position=token.position)


def parse_term(text: str, *, position: int = 0) -> Term:
    """One word or phrase with its marks (`=`, `==`, `^`, a final `*` or `*n`); quotation marks are optional."""
    if text.lower() in FIGURES:
        return Term(FIGURES[text.lower()], Form.FIGURE)
    body, form = text, Form.INFLECTED
    for mark, marked in (("==", Form.ACCENTS), ("=", Form.EXACT), ("^", Form.CASE)):
        if body.startswith(mark):
            body, form = body[len(mark) :], marked
            break
    body = body.strip().strip('"').strip()
    prefix = re.fullmatch(r"(.*?)\*(\d*)", body)
    if prefix:
        return _prefix(prefix.group(1), prefix.group(2), text, position)
    if not any(char.isalnum() for char in body):
        raise QueryError(f"{text!r} holds no word", position=position, hint="a term has a letter or a digit")
    return Term(body, form)


def _prefix(stem: str, tail: str, text: str, position: int) -> Term:
    if sum(char.isalnum() for char in stem) < SHORTEST_PREFIX:
        raise QueryError(
            f"the prefix {text!r} is too short", position=position, hint=f"at least {SHORTEST_PREFIX} letters before *"
        )
    length = int(tail) if tail else LONGEST_TAIL
    if not 1 <= length <= LONGEST_TAIL:
        raise QueryError(f"the prefix {text!r} is too open", position=position, hint=f"at most *{LONGEST_TAIL}")
    return Term(stem, Form.PREFIX, length)
