"""The search box: the language of topics, and beside it filters such as `topic:5g source:"Les Échos" since:7d`.

Filters hold for the whole query, so they stand outside parentheses and beside no OR; what is left is an expression.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

from monitor.domain.expressions import parse_expression
from monitor.domain.filters import Filter
from monitor.domain.model import Access, AlertStatus
from monitor.domain.moments import parse_moment
from monitor.errors import QueryError

LONGEST = 4000
# French names of filters and values, beside the English ones
_KEYS = {
    "theme": "topic",
    "thème": "topic",
    "statut": "status",
    "depuis": "since",
    "avant": "until",
    "récit": "story",
    "recit": "story",
    "est": "is",
    "suivi": "assignee",
}
_STATUSES = {
    "nouveau": "new",
    "à-vérifier": "to-verify",
    "a-verifier": "to-verify",
    "à-suivre": "follow-up",
    "a-suivre": "follow-up",
    "confirmé": "confirmed",
    "confirme": "confirmed",
    "écarté": "dismissed",
    "ecarte": "dismissed",
}
_ACCESS = {"partiel": Access.PARTIAL.value, "libre": Access.FREE.value}
_NEGATABLE = ("topic", "source", "status")
_PIECE = re.compile(
    r"""(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<phrase>(?:==|=|\^)?"[^"]*"?)
    |(?P<filter>(?P<minus>-?)(?P<key>[^\W\d_]+):(?P<value>"[^"]*"|[^\s()"]*))
    |(?P<word>[^\s()"]+)""",
    re.VERBOSE,
)
_SCORE = re.compile(r"(?P<sign>>=|<=|>|<|)(?P<low>\d*[.,]?\d+)(?:\.\.(?P<high>\d*[.,]?\d+))?")


class _Piece(NamedTuple):
    kind: str
    text: str
    start: int
    end: int
    depth: int
    found: re.Match[str]


def parse_question(text: str, *, now: datetime, zone: ZoneInfo, base: Filter | None = None) -> Filter:
    """What a search box says, on top of `base`. Raises `QueryError` with the text, the position and a suggestion."""
    try:
        return _parsed(text, now, zone, base)
    except QueryError as error:
        error.text = text
        raise


def _parsed(text: str, now: datetime, zone: ZoneInfo, base: Filter | None) -> Filter:
    if len(text) > LONGEST:
        raise QueryError(f"a query has at most {LONGEST} characters", position=LONGEST)
    pieces = _pieces(text)
    asked, rest = base or Filter(), list(text)
    for index, piece in enumerate(pieces):
        if piece.kind != "filter":
            continue
        negated = _clear_way(pieces, index, rest)
        rest[piece.start : piece.end] = " " * (piece.end - piece.start)
        value = piece.found["value"].strip('"').strip()
        asked = _with(asked, _Given(_key(piece), value, negated, piece.start, now, zone))
    remaining = "".join(rest)
    if not remaining.strip():
        return asked
    return replace(asked, expression=parse_expression(remaining))


def _pieces(text: str) -> list[_Piece]:
    pieces, depth = [], 0
    for found in _PIECE.finditer(text):
        kind = found.lastgroup if found.lastgroup not in {"minus", "key", "value"} else "filter"
        depth -= kind == "close"
        if kind != "space":
            pieces.append(_Piece(kind or "", found.group(), found.start(), found.end(), depth, found))
        depth += kind == "open"
    return pieces


def _clear_way(pieces: list[_Piece], index: int, rest: list[str]) -> bool:
    """Blank the AND and NOT beside a filter; gives whether it is negated. Raises `QueryError` beside an OR."""
    piece = pieces[index]
    before = pieces[index - 1] if index else None
    after = pieces[index + 1] if index + 1 < len(pieces) else None
    if piece.depth or (before and before.text in {"OR", "OU"}) or (after and after.text in {"OR", "OU"}):
        hint = f"alternatives stand side by side: {_key(piece)}:a {_key(piece)}:b"
        raise QueryError("a filter holds for the whole query", position=piece.start, hint=hint)
    negated = bool(before and before.text in {"NOT", "SAUF"})
    if negated and before:
        rest[before.start : before.end] = " " * len(before.text)
        before = pieces[index - 2] if index >= 2 else None
    for neighbour in (before, after):
        if neighbour and neighbour.text in {"AND", "ET"}:
            rest[neighbour.start : neighbour.end] = " " * len(neighbour.text)
    return negated or bool(piece.found["minus"])


def _key(piece: _Piece) -> str:
    name = piece.found["key"].lower()
    return _KEYS.get(name, name)


class _Given(NamedTuple):
    """One filter as written, with what is needed to understand it."""

    key: str
    value: str
    negated: bool
    position: int
    now: datetime
    zone: ZoneInfo

    def fail(self, message: str, hint: str) -> NoReturn:
        raise QueryError(message, position=self.position, hint=hint)

    def changed(self, asked: Filter, name: str, value: object) -> Filter:
        changes: dict[str, Any] = {name: value}
        return replace(asked, **changes)


def _with(asked: Filter, given: _Given) -> Filter:
    if given.key not in _READERS:
        close = difflib.get_close_matches(given.key, (*_READERS, *_KEYS), 1)
        hint = f"did you mean {close[0]}:?" if close else f"there are {', '.join(_READERS)}; a word in quotes is text"
        given.fail(f"no filter {given.key}:", hint)
    if not given.value:
        given.fail(f"{given.key}: needs a value", f"{given.key}:…")
    if given.negated and given.key not in _NEGATABLE:
        given.fail(f"{given.key}: cannot be negated", f"only {', '.join(_NEGATABLE)}")
    return _READERS[given.key](asked, given)


def _name(asked: Filter, given: _Given) -> Filter:
    return _added(asked, given, f"{given.key}s", given.value)


def _status(asked: Filter, given: _Given) -> Filter:
    status = _STATUSES.get(given.value.lower(), given.value.lower())
    known = [one.value for one in AlertStatus]
    if status not in known:
        given.fail(f"no status {given.value}", f"there are {', '.join(known)}")
    return _added(asked, given, "statuses", status)


def _added(asked: Filter, given: _Given, name: str, value: str) -> Filter:
    name = f"not_{name}" if given.negated else name
    return given.changed(asked, name, (*getattr(asked, name), value))


def _one(asked: Filter, given: _Given) -> Filter:
    return given.changed(asked, given.key, given.value)


def _moment(asked: Filter, given: _Given) -> Filter:
    moment = parse_moment(given.value, now=given.now, zone=given.zone, position=given.position)
    return given.changed(asked, given.key, moment)


def _story(asked: Filter, given: _Given) -> Filter:
    if not (given.value.isascii() and given.value.isdigit()) or len(given.value) > 18:
        given.fail(f"{given.value!r} is no story's number", "story:12")
    return replace(asked, story=int(given.value))


def _being(asked: Filter, given: _Given) -> Filter:
    access = _ACCESS.get(given.value.lower(), given.value.lower())
    if access not in {one.value for one in Access}:
        given.fail(f"nothing is {given.value}", "is:partial, is:free")
    return replace(asked, access=access)


def _score(asked: Filter, given: _Given) -> Filter:
    found = _SCORE.fullmatch(given.value)
    if not found:
        given.fail(f"{given.value!r} is not a score", "score:>0.6, score:0.4..0.8")
    low = float(found["low"].replace(",", "."))
    if found["high"]:
        return replace(asked, min_score=low, max_score=float(found["high"].replace(",", ".")))
    if found["sign"].startswith("<"):
        return replace(asked, max_score=low)
    return replace(asked, min_score=low)


_READERS: dict[str, Callable[[Filter, _Given], Filter]] = {
    "topic": _name,
    "dossier": _one,
    "source": _name,
    "status": _status,
    "score": _score,
    "since": _moment,
    "until": _moment,
    "story": _story,
    "is": _being,
    "assignee": _one,
}
