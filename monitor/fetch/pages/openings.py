"""Patterns that a line begins with, of which only those are asked that can begin with the line's first character.

An alternation without regard to case tries each of its branches at length, and most lines are prose that begins none.
"""

from __future__ import annotations

import re

Begins = frozenset[str] | None  # what may stand first, None for anything
_DIGITS = frozenset("0123456789")
_ZERO_WIDTH = ("(?=", "(?!", "(?<")
_CLOSED = 256  # of characters below this it is known which others count as the same; of those above, all is asked


class Openings:
    """Patterns without regard to case, for `match`; raises `ValueError` for one that may begin with anything."""

    def __init__(self, *patterns: str) -> None:
        together: dict[frozenset[str], list[str]] = {}
        for pattern in patterns:
            begins = openings(pattern)
            if begins is None:
                raise ValueError(f"may begin with anything: {pattern}")
            together.setdefault(begins, []).append(pattern)
        made = {begins: any_of(*same) for begins, same in together.items()}
        self._all = tuple(made.values())
        self._by_first = {
            first: tuple(pattern for begins, pattern in made.items() if first.lower() in begins)
            for first in map(chr, range(_CLOSED))
        }

    def match(self, text: str) -> bool:
        """Whether one of them matches at the beginning of `text`, which is not empty."""
        for pattern in self._by_first.get(text[0], self._all):  # noqa: SIM110 - a generator takes longer than they
            if pattern.match(text):
                return True
        return False


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern for `match`: all of them start where the line does (`search` would try every character)."""
    return re.compile("|".join(f"(?:{pattern.removeprefix('^')})" for pattern in patterns), re.IGNORECASE)


def openings(pattern: str) -> Begins:
    """What a text that `pattern` matches may begin with, in lower case; None where that may be anything.

    For the few signs that patterns here are made of; more than can be, never less.
    """
    found, empty, _ = _alternatives(pattern.removeprefix("^"), 0)
    return None if found is None or empty else frozenset(character.lower() for character in found)


def _alternatives(pattern: str, at: int) -> tuple[Begins, bool, int]:
    """Of the branches from `at` to the end of their group: what they begin with, whether one may be empty, its end."""
    found: Begins = frozenset()
    empty = False
    while True:
        begins, nothing, at = _branch(pattern, at)
        found, empty = _either(found, begins), empty or nothing
        if at >= len(pattern) or pattern[at] == ")":
            return found, empty, at + 1
        at += 1


def _branch(pattern: str, at: int) -> tuple[Begins, bool, int]:
    found: Begins = frozenset()
    empty = True
    while at < len(pattern) and pattern[at] not in "|)":
        begins, nothing, at = _part(pattern, at)
        least, at = _repeated(pattern, at)
        if empty:
            found, empty = _either(found, begins), nothing or not least
    return found, empty, at


def _part(pattern: str, at: int) -> tuple[Begins, bool, int]:
    """One character, class or group, without what says how often."""
    sign = pattern[at]
    if sign == "(":
        if pattern.startswith(_ZERO_WIDTH, at):
            return frozenset(), True, _alternatives(pattern, at + 3)[2]
        return _alternatives(pattern, pattern.index(":", at) + 1 if pattern[at + 1] == "?" else at + 1)
    if sign == "[":
        end = pattern.index("]", at + 2)
        return _of_class(pattern[at + 1 : end]), False, end + 1
    if sign == "\\":
        return _escaped(pattern[at + 1]), pattern[at + 1] in "bB", at + 2
    if sign in "^$":
        return frozenset(), True, at + 1
    return None if sign == "." else frozenset(sign), False, at + 1


def _repeated(pattern: str, at: int) -> tuple[bool, int]:
    """Whether what stands before `at` must be there once at least, and where the sign that says so ends."""
    rest = pattern[at : at + 1]
    if rest not in {"?", "*", "+", "{"}:
        return True, at
    end = pattern.index("}", at) + 1 if rest == "{" else at + 1
    least = rest == "+" or (rest == "{" and pattern[at + 1] not in "0,")
    return least, end + (pattern[end : end + 1] in {"?", "+"})


def _of_class(inside: str) -> Begins:
    if inside.startswith("^"):
        return None
    found: Begins = frozenset()
    at = 0
    while at < len(inside):
        if inside[at] == "\\":
            found, at = _either(found, _escaped(inside[at + 1])), at + 2
        elif inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            found, at = _either(found, frozenset(map(chr, range(ord(inside[at]), ord(inside[at + 2]) + 1)))), at + 3
        else:
            found, at = _either(found, frozenset(inside[at])), at + 1
    return found


def _escaped(letter: str) -> Begins:
    if letter == "d":
        return _DIGITS
    if letter in "bB":
        return frozenset()
    return None if letter.isalnum() else frozenset(letter)


def _either(one: Begins, other: Begins) -> Begins:
    return None if one is None or other is None else one | other
