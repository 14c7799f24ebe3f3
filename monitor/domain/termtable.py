"""Which byte patterns stand for which groups of terms, in the form that a cache gives back in a few milliseconds.

Tens of thousands of patterns share some thousands of rows: all forms of *exclure* mean the same groups. So a cached
table is a list of rows, a row number a pattern, and the patterns as one string that is cut only when somebody asks.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Any, NamedTuple

from monitor.domain import french
from monitor.domain.expressions import Term
from monitor.domain.kernel import Patterns
from monitor.domain.terms import inflecting_words, surfaces

Group = tuple[Term, ...]


class Owner(NamedTuple):
    """A group that a pattern stands for, and what the original slice must satisfy (see `terms.Surface`)."""

    number: int
    check: str = ""
    text: str = ""
    tail: int = 0


Row = Sequence[int | Sequence[Any]]  # owners: a number alone where nothing is to be checked, else an Owner's parts


class TermTable:
    """Patterns in order, their rows, and the machine that finds the patterns; `packed` is what it packed."""

    def __init__(self, joined: bytes, row_of: list[int], rows: Sequence[Row], packed: bytes = b"") -> None:
        self._joined, self.row_of, self.rows = joined, row_of, rows
        self.machine = Patterns(joined, packed)

    @classmethod
    def of(cls, owners: Mapping[bytes, Iterable[Owner]]) -> TermTable:
        """The table of what each pattern stands for."""
        rows: dict[tuple[int | Owner, ...], int] = {}
        ordered = sorted(owners)
        made = (tuple([one if any(one[1:]) else one.number for one in owners[pattern]]) for pattern in ordered)
        row_of = [rows.setdefault(row, len(rows)) for row in made]
        return cls(b"\n".join(ordered), row_of, list(rows))

    @cached_property
    def patterns(self) -> list[bytes]:
        return self._joined.split(b"\n") if self.row_of else []

    def owners(self, row: int) -> list[Owner]:
        """The groups that the patterns of a row stand for."""
        return [Owner(one) if isinstance(one, int) else Owner(*one) for one in self.rows[row]]

    def patterns_of(self) -> dict[int, list[tuple[bytes, int]]]:
        """The patterns of each group, with the tail that a prefix may have: what a search index is asked for."""
        found: dict[int, list[tuple[bytes, int]]] = {}
        for pattern, row in zip(self.patterns, self.row_of, strict=True):
            for owner in self.owners(row):
                found.setdefault(owner.number, []).append((pattern, owner.tail))
        return found

    def certain_of(self) -> dict[int, list[bytes]]:
        """The patterns that are their group wherever they stand, with nothing to check on the original."""
        found: dict[int, list[bytes]] = {}
        for pattern, row in zip(self.patterns, self.row_of, strict=True):
            for owner in self.owners(row):
                if not owner.check and not owner.tail:
                    found.setdefault(owner.number, []).append(pattern)
        return found

    def sides(self, left: set[int], right: set[int]) -> bytes:
        """Of each pattern 1 where it stands for a group on the `left`, 2 for one on the `right`, 3 for both, else 0."""
        rows = []
        for row in self.rows:
            numbers = {one if isinstance(one, int) else one[0] for one in row}
            rows.append((not left.isdisjoint(numbers)) + 2 * (not right.isdisjoint(numbers)))
        return bytes([rows[row] for row in self.row_of])

    def only(self, numbers: set[int]) -> list[bytes]:
        """The patterns of these groups."""
        wanted = [any((one if isinstance(one, int) else one[0]) in numbers for one in row) for row in self.rows]
        # not `patterns`, which would stay: 2 MiB of a worker that needs no more of them
        return list(compress(self._joined.split(b"\n"), map(wanted.__getitem__, self.row_of)))

    def dump(self) -> bytes:
        """Everything as bytes that `load` reads."""
        head = json.dumps([len(self.row_of), len(self._joined), self.rows], separators=(",", ":")).encode()
        numbers = array("I", self.row_of)
        if sys.byteorder == "big":
            numbers.byteswap()
        return head + b"\n" + numbers.tobytes() + self._joined + self.machine.pack()

    @classmethod
    def load(cls, body: bytes) -> TermTable:
        """What `dump` wrote."""
        head = body.index(b"\n")
        count, joined, rows = json.loads(body[:head])
        numbers = array("I")
        patterns = head + 1 + count * numbers.itemsize
        numbers.frombytes(body[head + 1 : patterns])
        if sys.byteorder == "big":
            numbers.byteswap()
        machine = patterns + joined
        # one number a row, whichever patterns share it: 1.6 MiB less than a number of its own for each pattern
        same = list(range(len(rows)))
        return cls(body[patterns:machine], [same[number] for number in numbers], rows, body[machine:])


def build_table(vocabulary: Mapping[Group, int]) -> TermTable:
    """The table of numbered groups. Raises `QueryError` for a term of thousands of forms."""
    terms = {term for group in vocabulary for term in group}
    forms = french.expand(inflecting_words(terms)) if terms else {}
    made = {term: surfaces(term, forms) for term in terms}
    table: dict[bytes, dict[Owner, None]] = {}
    for group, number in vocabulary.items():
        for term in group:
            for surface in made[term]:
                owner = Owner(number, surface.check, surface.text if surface.check else "", surface.tail)
                table.setdefault(surface.pattern, {})[owner] = None
    return TermTable.of(table)
