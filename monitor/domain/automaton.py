"""One automaton for all terms: it tells where each term stands in an article."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from monitor.domain import french
from monitor.domain.expressions import Term
from monitor.domain.kept import in_another_process, keep, load_kept
from monitor.domain.kernel import Patterns, Table
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from monitor.domain.terms import BARE, make_check
from monitor.domain.termtable import Group, TermTable, build_table
from monitor.domain.text import skeleton

FORMAT = 5  # raised when what is cached changes its meaning


class Vocabulary:
    """Groups of terms, numbered: the terms of a group are alternatives that count as one thing."""

    def __init__(self) -> None:
        self.groups: dict[Group, int] = {}
        self._derived: dict[object, int] = {}

    def number(self, *terms: Term) -> int:
        """The number of a group, the same for the same terms."""
        group = terms if len(terms) == 1 else tuple(sorted(set(terms)))
        return self.groups.setdefault(group, len(self.groups))

    def derived(self, key: object) -> int:
        """A number, below zero, of what is no group of terms but has its sentences all the same."""
        return self._derived.setdefault(key, -1 - len(self._derived))

    def digest(self) -> str:
        """A name for what is numbered: the same groups in the same order give the same one."""
        lines = ["\t".join([f"{text}\r{form}\r{tail}" for text, form, tail in group]) for group in self.groups]
        return hashlib.blake2b("\n".join([str(FORMAT), *lines]).encode(), digest_size=12).hexdigest()


class _Checked(NamedTuple):
    """A group that counts only where the original says so."""

    number: int
    check: Callable[[str], bool] | None
    tail: int


class Automaton:
    """Finds the groups of a vocabulary. `scan` is linear in the text, whatever the number of terms."""

    def __init__(self, table: TermTable) -> None:
        self.table = table
        self._prepared: dict[int, tuple[_Checked, ...]] = {}

    def patterns_of(self) -> dict[int, list[tuple[bytes, int]]]:
        """The patterns of each group, with the tail that a prefix may have: what a search index is asked for."""
        return self.table.patterns_of()

    def certain_of(self) -> dict[int, list[bytes]]:
        """The patterns of each group that need no check."""
        return self.table.certain_of()

    def gate(self, numbers: set[int]) -> Gate:
        """What tells whether one of these groups may stand in a text."""
        return Gate(self.table.only(numbers))

    def scan(self, reading: Reading) -> None:
        """Gives `reading` the places of each group found."""
        found = reading.places = self._groups.found(self.table.machine.hits(reading.haystack))
        for row in found.checked():
            pairs = found.places(row)
            for one in self._checked(row):
                found.add(row, one.number, _passing(reading, pairs, one))

    @cached_property
    def _groups(self) -> Table:
        plain, checked = list[tuple[int, ...]](), list[int]()
        for number, owners in enumerate(self.table.rows):
            plain.append(tuple([one for one in owners if isinstance(one, int)]))
            if len(plain[number]) < len(owners):
                checked.append(number)
        return Table(self.table.row_of, plain, checked)

    def _checked(self, row: int) -> tuple[_Checked, ...]:
        made = self._prepared.get(row)
        if made is None:
            owners = [one for one in self.table.owners(row) if one.check or one.tail]
            made = tuple([_Checked(one.number, make_check(one.check, one.text), one.tail) for one in owners])
            self._prepared[row] = made
        return made


def _passing(reading: Reading, pairs: Iterable[Pair], checked: _Checked) -> list[Pair]:
    """The pairs that satisfy the check of a group, with the tail of a prefix."""
    text, haystack, (_, check, tail) = reading.text, reading.haystack, checked
    found = []
    for start, stop in pairs:
        first, last = start, stop
        if tail == BARE:  # from the beginning of the number whose last digit this is
            first, last = haystack.rfind(b" ", 0, start), start
        elif tail:
            last = haystack.find(b" ", stop + 2) - 1
            if last - stop - 1 > tail:
                continue
        if check is None or check(text[first:last]):
            found.append((first, last))
    return found


class Gate:
    """A small automaton: whether one of a few patterns stands in a text, unchecked; most articles are left by it."""

    def __init__(self, patterns: list[bytes]) -> None:
        self._machine = Patterns(b"\n".join(patterns))
        self.patterns = tuple(patterns)

    def any(self, text: str) -> bool:
        """Whether a pattern stands in `text`."""
        return self.finds(b" " + skeleton(text) + b" ")

    def finds(self, haystack: bytes) -> bool:
        """The same on a skeleton between two spaces."""
        return self._machine.any(haystack)


def compile_vocabulary(vocabulary: Vocabulary, cache_dir: Path | None = None) -> Automaton:
    """The automaton of a vocabulary, from `cache_dir` when it was compiled before."""
    path = cache_dir / f"terms-{vocabulary.digest()}.bin" if cache_dir is not None else None
    if path is None:
        return Automaton(_built(vocabulary))
    table = load_kept(path, TermTable.load)
    if table is None:
        # What is built leaves 40 MiB of holes: that is done elsewhere, and what is kept is loaded.
        in_another_process(lambda: keep(path, _built(vocabulary).dump()))
        table = load_kept(path, TermTable.load)
    if table is None:
        table = _built(vocabulary)
        keep(path, table.dump())
    return Automaton(table)


def _built(vocabulary: Vocabulary) -> TermTable:
    table = build_table(vocabulary.groups)
    french.forget()
    return table
