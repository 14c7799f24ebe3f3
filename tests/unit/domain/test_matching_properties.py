"""Properties that hold of any text: exact spans, the automaton against a naive scanner, NOT never adds."""

import re
from functools import cache
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.domain.automaton import Automaton, Vocabulary, compile_vocabulary
from monitor.domain.dossier import Alias, Entity
from monitor.domain.evaluation import Compiler
from monitor.domain.expressions import parse_expression, parse_term
from monitor.domain.french import expand
from monitor.domain.matching import Matcher, compile_dossiers
from monitor.domain.model import Document
from monitor.domain.operations import near
from monitor.domain.reading import Reading
from monitor.domain.text import fold
from monitor.domain.topics import parse_dossier
from tests.dossiers import ESSAI

TERMS = ["exclure", "équipementier chinois", "réseau", "œuvre", "Huawei", "opérateur", "sécurité nationale"]
FIRST = "EXCLU|exclus,|l’équipementier|chinois|chinoises|Réseaux|oeuvres.|œuvre"
WORDS = [*FIRST.split("|"), "HUAWEI", "\u00ad", "«", "5 G", "sécurité", "nationale", "xclu"]
FIGURES = ["1 000", "300", "3,5", "12%", "4G", "numériser", "U.E.", "cafe\u0301"]
texts = st.lists(st.sampled_from([*WORDS, *FIGURES]) | st.text(max_size=6), max_size=30).map(" ".join)
DOSSIER = (
    ESSAI
    + """
[[topics]]
slug = "a"
title = "A"
rules = [{ any = ["exclure", "réseau", "œuvre", "opérateur NOT chinois", "<nombre>", "<pourcent> OR numé*", "^UE"] }]
"""
)


@cache
def _matcher() -> Matcher:
    return compile_dossiers([parse_dossier(DOSSIER, "essai.toml")])


@settings(max_examples=80, deadline=None)
@given(texts, texts, texts)
@example("", "", "²0 300")
@example("", "", "300 000x 3,5x x1 000 x2,5")
def test_every_span_is_the_original_slice(title: str, lead: str, body: str) -> None:
    document = Document(title, lead, f"Huawei {body}")
    fields = {"title": document.title, "lead": document.lead, "body": document.body}
    for match in _matcher().match_one(document, "essai").topics:
        for span in match.evidence:
            text = fields[span.field]
            assert text[span.start : span.end] == span.text
            before, after = text[: span.start], text[span.end :]
            assert not (before[-1:].isalnum() and span.text[0].isalnum()), span
            assert not (after[:1].isalnum() and span.text[-1].isalnum()), span


@cache
def _scanner() -> tuple[Automaton, dict[int, set[tuple[str, ...]]]]:
    vocabulary = Vocabulary()
    numbers = {vocabulary.number(parse_term(term)): term for term in TERMS}
    forms = expand({word for term in TERMS for word in term.split()})
    lines = {n: {()} for n in numbers}
    for number, term in numbers.items():
        for word in term.split():
            variants = {fold(form) for form in forms[word]} if word[0].islower() else {fold(word)}
            variants |= {v.replace("œ", "oe") for v in variants}
            lines[number] = {(*line, v) for line in lines[number] for v in variants}
    return compile_vocabulary(vocabulary), lines


def _naive(text: str, lines: set[tuple[str, ...]]) -> set[tuple[int, int]]:
    """Split and look up: every run of words with one separator between them."""
    words = [(m.start(), m.end(), fold(m.group())) for m in re.finditer(r"[^\W_]+", text)]
    found = set()
    for size in {len(line) for line in lines}:
        for i in range(len(words) - size + 1):
            run = words[i : i + size]
            joined = all(b[0] - a[1] == 1 for a, b in pairwise(run))
            if joined and tuple(word for _, _, word in run) in lines:
                found.add((run[0][0], run[-1][1]))
    return found


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_the_automaton_equals_a_naive_scanner(body: str) -> None:
    automaton, lines = _scanner()
    reading = Reading(Document(body=body))
    automaton.scan(reading)
    for number, wanted in lines.items():
        assert set(reading.pairs(number)) == _naive(reading.text, wanted)


@cache
def _pair() -> tuple[object, object, Automaton]:
    vocabulary = Vocabulary()
    compiler = Compiler(vocabulary)
    plain, negated = (
        compiler.compile(parse_expression(q)) for q in ("exclure OR réseau", "(exclure OR réseau) NOT chinois")
    )
    return plain, negated, compile_vocabulary(vocabulary)


@settings(max_examples=80, deadline=None)
@given(texts)
def test_adding_a_not_never_adds_a_match(body: str) -> None:
    plain, negated, automaton = _pair()
    reading = Reading(Document(body=body))
    automaton.scan(reading)
    if negated(reading, 0, reading.end) is not None:  # type: ignore[operator]
        assert plain(reading, 0, reading.end) is not None  # type: ignore[operator]


@cache
def _conjunctions() -> tuple[list[tuple[object, tuple[int, ...]]], Compiler, Automaton]:
    vocabulary = Vocabulary()
    written = ["exclure AND réseau", "(chinois OR œuvre) AND #gens AND Huawei", "Huawei", "(#gens OR @h) AND réseau"]
    entity = Entity("h", (Alias(parse_term("Huawei")),), periphrases=(parse_term("nationale"),))
    people = parse_expression("opérateur OR équipementier")
    compiler = Compiler(vocabulary, sets={"gens": people}, entities={"h": entity})
    parsed = [parse_expression(f"sentence({one})") for one in written]
    made = [(compiler.compile(one), compiler.conjunction(one)) for one in parsed]
    return [(find, numbers) for find, numbers in made if numbers is not None], compiler, compile_vocabulary(vocabulary)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "opérateur.", "Rien. Un", "\n\n"]), max_size=30).map(" ".join))
def test_numbers_joined_by_and_tell_the_sentences_where_an_expression_holds(body: str) -> None:
    made, compiler, automaton = _conjunctions()
    assert len(made) == 4
    reading = Reading(Document(body=body))
    automaton.scan(reading)
    for derive in compiler.derived.values():
        derive(reading)
    for find, numbers in made:
        mask = -1
        for number in numbers:
            mask &= reading.masks.get(number, 0)
        assert mask == reading.mask_of(find(reading, 0, reading.end) or ())  # type: ignore[operator]


pairs_in_words = st.lists(st.tuples(st.integers(0, 11), st.integers(1, 3)), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["a", "bb", "l'e", "d-e", "f.", "..."]), max_size=11), pairs_in_words, pairs_in_words)
def test_near_counts_the_words_between(
    words: list[str], ones: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    reading = Reading(Document(body=" ".join(["x", *words])))
    bounds = [m.span() for m in re.finditer(r"[^\W_]+", reading.text)]

    def places(chosen: list[tuple[int, int]]) -> dict[tuple[int, int], tuple[int, int]]:
        inside = [(first, min(first + count, len(bounds))) for first, count in chosen if first < len(bounds)]
        return {(bounds[first][0], bounds[last - 1][1]): (first, last) for first, last in inside}

    left, right = places(ones), places(others)
    for ordered in (False, True):
        expected = set()
        for one, (first, last) in left.items():
            for other, (start, end) in right.items():
                if 0 <= start - last < 3 or (not ordered and 0 <= first - end < 3):
                    expected |= {one, other}
        joined = near(lambda *_: sorted(left), lambda *_: sorted(right), 3, ordered=ordered)
        assert joined(reading, 0, reading.end) == (sorted(expected) or None)
