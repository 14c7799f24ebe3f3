"""What a cache keeps of the terms, and what it makes of a file that is not its own."""

from pathlib import Path

import pytest

from monitor.domain import french
from monitor.domain.automaton import Automaton, Vocabulary, compile_vocabulary
from monitor.domain.expressions import parse_term
from monitor.domain.kept import load_kept
from monitor.domain.model import Document
from monitor.domain.reading import Reading
from monitor.domain.termtable import TermTable, build_table

TERMS = ["exclure", "^UE", "==salé", "numéris*4", "<nombre>", "5G", "réseau mobile"]
TEXT = "L’U.E. a exclu 12 réseaux mobiles salés, sale 5 G, la numérisation… exclues de l'ue et de l’UE."


def _vocabulary() -> Vocabulary:
    vocabulary = Vocabulary()
    for term in TERMS:
        vocabulary.number(parse_term(term))
    return vocabulary


def _places(table: TermTable) -> list[list[tuple[int, int]]]:
    reading = Reading(Document(body=TEXT))
    Automaton(table).scan(reading)
    return [reading.pairs(number) for number in range(len(TERMS))]


def test_a_kept_table_finds_what_the_one_that_was_made_finds() -> None:
    made = build_table(_vocabulary().groups)
    loaded = TermTable.load(made.dump())
    assert _places(loaded) == _places(made)
    assert loaded.patterns_of() == made.patterns_of()


def test_every_kind_of_term_is_found_where_it_stands() -> None:
    found = {
        term: [TEXT[start - 4 : end - 4] for start, end in pairs]
        for term, pairs in zip(TERMS, _places(build_table(_vocabulary().groups)), strict=True)
    }
    assert found == {
        "exclure": ["exclu", "exclues"],
        "^UE": ["U.E", "UE"],
        "==salé": [],  # salés is another form
        "numéris*4": [],  # -ation has five letters
        "<nombre>": ["12", "5"],
        "5G": ["5 G"],
        "réseau mobile": ["réseaux mobiles"],
    }


@pytest.mark.parametrize("at", [0, 40, -1])
def test_a_kept_table_with_a_byte_changed_is_not_looked_at(tmp_path: Path, at: int) -> None:
    compile_vocabulary(_vocabulary(), tmp_path)
    (path,) = tmp_path.iterdir()
    kept = bytearray(path.read_bytes())
    kept[at] ^= 1
    path.write_bytes(kept)
    assert load_kept(path, TermTable.load) is None
    compile_vocabulary(_vocabulary(), tmp_path)
    assert load_kept(path, TermTable.load) is not None


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no directory")
    assert compile_vocabulary(_vocabulary(), file / "cache").table.row_of


def test_a_table_that_is_to_be_kept_is_made_by_another_process(tmp_path: Path) -> None:
    french._lexicon()
    table = compile_vocabulary(_vocabulary(), tmp_path / "cache").table
    assert french._lexicon.cache_info().currsize == 1  # who makes a table forgets the lexicon
    assert _places(table) == _places(build_table(_vocabulary().groups))


def test_beside_another_thread_a_table_is_made_here(tmp_path: Path, another_thread: None) -> None:
    assert compile_vocabulary(_vocabulary(), tmp_path / "cache").table.row_of
    assert list((tmp_path / "cache").iterdir())
