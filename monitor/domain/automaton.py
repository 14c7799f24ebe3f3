"""One automaton for all terms: it tells where each term stands in an article."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from daachorse import DoubleArrayAhoCorasick

from monitor.domain import french
from monitor.domain.expressions import Term
from monitor.domain.reading import Pair, Reading
from monitor.domain.terms import BARE, Surface, inflecting_words, make_check, surfaces
from monitor.domain.text import skeleton

FORMAT = 1  # raised when what is cached changes its meaning

Group = tuple[Term, ...]
_Owner = tuple[int, Callable[[str], bool] | None, int]


class Vocabulary:
    """Groups of terms, numbered: the terms of a group are alternatives that count as one thing."""

    def __init__(self) -> None:
        self.groups: dict[Group, int] = {}

    def number(self, *terms: Term) -> int:
        """The number of a group, the same for the same terms."""
        return self.groups.setdefault(
            tuple(sorted(set(terms), key=lambda t: (t.text, t.form, t.tail))), len(self.groups)
        )


class Automaton:
    """Finds the groups of a vocabulary. `scan` is linear in the text, whatever the number of terms."""

    def __init__(self, table: list[tuple[bytes, list[tuple[int, Surface]]]], packed: bytes | None = None) -> None:
        self.table = table
        self._owners: list[tuple[_Owner, ...]] = [
            tuple((number, make_check(surface), surface.tail) for number, surface in owners) for _, owners in table
        ]
        patterns = [pattern for pattern, _ in table]
        self._machine = None
        if patterns:
            self._machine = DoubleArrayAhoCorasick.deserialize(packed) if packed else DoubleArrayAhoCorasick(patterns)

    @property
    def patterns(self) -> int:
        """How many different byte patterns there are."""
        return len(self._owners)

    def patterns_of(self) -> dict[int, list[tuple[bytes, int]]]:
        """The patterns of each group, with the tail that a prefix may have: what a search index is asked for."""
        found: dict[int, list[tuple[bytes, int]]] = {}
        for pattern, owners in self.table:
            for number, surface in owners:
                found.setdefault(number, []).append((pattern, surface.tail))
        return found

    def packed(self) -> bytes:
        return bytes(self._machine.serialize()) if self._machine else b""

    def subset(self, numbers: set[int]) -> Automaton:
        """An automaton of these groups alone."""
        return Automaton([row for row in self.table if any(number in numbers for number, _ in row[1])])

    def scan(self, reading: Reading) -> dict[int, list[Pair]]:
        """The pairs (start, end) of each group found, in order of their ends; also put into `reading.hits`."""
        hits = reading.hits
        if self._machine is None:
            return hits
        text, owners = reading.text, self._owners
        haystack = reading.haystack
        for start, end, pattern in self._machine.find_overlapping(haystack):
            for number, check, tail in owners[pattern]:
                first, stop = start, end - 2
                if tail == BARE:  # from the beginning of the number whose last digit this is
                    first, stop = haystack.rfind(b" ", 0, start), start
                elif tail:
                    stop = haystack.find(b" ", end) - 1
                    if stop - end + 1 > tail:
                        continue
                if check is None or check(text[first:stop]):
                    hits.setdefault(number, []).append((first, stop))
        return hits

    def any(self, text: str) -> bool:
        """Whether a pattern stands in `text`, unchecked: the quick way to leave most articles."""
        return self.finds(b" " + skeleton(text) + b" ")

    def finds(self, haystack: bytes) -> bool:
        """The same on a skeleton between two spaces."""
        return self._machine is not None and bool(self._machine.find(haystack))


def build_table(vocabulary: Mapping[Group, int]) -> list[tuple[bytes, list[tuple[int, Surface]]]]:
    """Each byte pattern with the groups it stands for. Raises `QueryError` for a term of thousands of forms."""
    terms = {term for group in vocabulary for term in group}
    forms = french.expand(inflecting_words(terms)) if terms else {}
    made = {term: surfaces(term, forms) for term in terms}
    table: dict[bytes, dict[tuple[int, Surface], None]] = {}
    for group, number in vocabulary.items():
        for term in group:
            for surface in made[term]:
                bare = surface if surface.check else surface._replace(text="")
                table.setdefault(surface.pattern, {})[number, bare] = None
    return [(pattern, list(owners)) for pattern, owners in sorted(table.items())]


def compile_vocabulary(vocabulary: Vocabulary, cache_dir: Path | None = None) -> Automaton:
    """The automaton of a vocabulary, from `cache_dir` when it was compiled before."""
    if cache_dir is None:
        table = build_table(vocabulary.groups)
        french.forget()
        return Automaton(table)
    path = cache_dir / f"terms-{_digest(vocabulary)}"
    loaded = _load(path)
    if loaded is not None:
        return loaded
    table = build_table(vocabulary.groups)
    french.forget()
    automaton = Automaton(table)
    _store(path, table, automaton.packed())
    return automaton


def _digest(vocabulary: Vocabulary) -> str:
    lines = [
        [number, [[term.text, term.form, term.tail] for term in group]] for group, number in vocabulary.groups.items()
    ]
    return hashlib.blake2b(json.dumps([FORMAT, lines]).encode(), digest_size=12).hexdigest()


def _load(path: Path) -> Automaton | None:
    """None when nothing, or nothing whole, was kept."""
    try:
        table = json.loads(path.with_suffix(".json").read_bytes())
        packed = path.with_suffix(".bin").read_bytes()
        rows = [
            (
                pattern.encode("latin-1"),
                [(number, Surface(b"", check, text, tail)) for number, check, text, tail in owners],
            )
            for pattern, owners in table
        ]
        return Automaton(rows, packed)
    except (OSError, ValueError):
        return None


def _store(path: Path, table: list[tuple[bytes, list[tuple[int, Surface]]]], packed: bytes) -> None:
    rows = [
        [pattern.decode("latin-1"), [[number, s.check, s.text, s.tail] for number, s in owners]]
        for pattern, owners in table
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix, content in ((".bin", packed), (".json", json.dumps(rows).encode())):
            temporary = path.with_suffix(suffix + ".new")
            temporary.write_bytes(content)
            temporary.replace(path.with_suffix(suffix))
    except OSError:
        return  # a cache that cannot be written costs a second at the next start, nothing else
