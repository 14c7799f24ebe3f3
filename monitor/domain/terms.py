"""Terms to byte patterns: what the automaton looks for, and what must hold of the original where it found one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from monitor.domain.expressions import Form, Term
from monitor.domain.text import fold, skeleton
from monitor.errors import QueryError

MOST_FORMS = 3000
# Words of a phrase that do not inflect: la mise EN œuvre DE LA stratégie.
_SMALL = """
    a à au aux avec ce ces cette chez contre dans de des du elle en entre et hors il ils je la le les leur leurs
    mais ne ni non nous on ou où par pas plus pour qu que qui sa sans se ses si son sous sur
    tout très un une vers vous y
"""
_FIXED = frozenset(_SMALL.split())
_ELIDED = "c d est j l n ont qu s sont"
_SMALL_BYTES = frozenset(skeleton(word) for word in [*_FIXED, *_ELIDED.split()])
SMALL_WORDS = frozenset(word.decode("latin-1") for word in _SMALL_BYTES)  # pairs of the search index leave them out
_DIGIT_LETTER = re.compile(r"(?<=\d)(?=[a-z])")


class Surface(NamedTuple):
    """A pattern of skeleton bytes between two spaces (a prefix: after one), and the check of the original slice."""

    pattern: bytes
    check: str = ""  # "", accents, case, dotted, capital, fold
    text: str = ""
    tail: int = 0  # letters a prefix may be followed by; BARE: the pattern stands by itself, between no spaces


BARE = -1
_NUMBERS = """
    deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente quarante
    cinquante
    soixante septante quatre-vingts quatre-vingt nonante cent cents mille dizaine dizaines douzaine quinzaine vingtaine
    trentaine cinquantaine centaine centaines millier milliers million millions milliard milliards
"""
_FIGURES = {
    "<nombre>": [f"{digit} " for digit in range(10)],
    "<pourcent>": ["%"],
    "<euro>": ["\x80"],
}


def words_of(term: Term) -> list[str]:
    """The words of a term as matching cuts them, in lower case unless capitals keep them from inflecting."""
    return re.findall(r"[^\W_]+", term.text)


def is_small_word(word: bytes) -> bool:
    """Whether a folded word only joins others: de, la, que…"""
    return word in _SMALL_BYTES


def inflecting_words(terms: Iterable[Term]) -> set[str]:
    """The words whose forms `surfaces` will ask for."""
    return {word for term in terms if term.form is Form.INFLECTED for word in words_of(term) if _inflects(word)}


def _inflects(word: str) -> bool:
    """Numbers, names and small words have one form; so a capital letter keeps a word as it is."""
    return word[0].islower() and word.isalpha() and len(word) > 2 and word not in _FIXED


def surfaces(term: Term, forms: Mapping[str, Iterable[str]]) -> list[Surface]:
    """Every surface of a term. Raises `QueryError` when there are thousands."""
    if term.form is Form.FIGURE:
        return _figures(term.text)
    words = words_of(term)
    if term.form is Form.INFLECTED:
        choices = [_forms_of(word, forms) for word in words]
        _limit(term, choices)
        return [surface for line in _product(choices) for surface in _plain(line)]
    if term.form is Form.PREFIX:
        return [
            Surface(b" " + skeleton(line), tail=term.tail) for line in _product([_variants(fold(w)) for w in words])
        ]
    line = " ".join(words)
    if term.form is Form.EXACT:
        return [surface for variant in _product([_variants(fold(w)) for w in words]) for surface in _plain(variant)]
    check = "case" if term.form is Form.CASE else "accents"
    exact = [Surface(_between(fold(line)), check, _comparable(line))]
    return exact + (_dotted(line) if term.form is Form.CASE and line.isupper() and line.isalpha() else [])


def _figures(kind: str) -> list[Surface]:
    bare = [Surface(pattern.encode("latin-1"), tail=BARE) for pattern in _FIGURES[kind]]
    spelled = {"<nombre>": _NUMBERS.split(), "<pourcent>": ["pour cent"], "<euro>": ["euro", "euros"]}[kind]
    return bare + [Surface(_between(word)) for word in spelled]


def _limit(term: Term, choices: list[list[str]]) -> None:
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MOST_FORMS:
        error = QueryError(
            f"{term.text!r} expands to {count} forms",
            hint='write ="…" for this form alone, or join its words with BEFORE/1',
        )
        error.text = term.text
        raise error


def _forms_of(word: str, forms: Mapping[str, Iterable[str]]) -> list[str]:
    found = {fold(form) for form in forms.get(word, ())} if _inflects(word) else set()
    return sorted({variant for form in (found or {fold(word)}) for variant in _variants(form)})


def _variants(word: str) -> list[str]:
    """œuvre and oeuvre, ex æquo and ex aequo."""
    plain = word.replace("œ", "oe").replace("æ", "ae")
    return sorted({word, plain, plain.replace("oe", "œ"), plain.replace("ae", "æ")})


def _product(choices: list[list[str]]) -> list[str]:
    lines = [""]
    for choice in choices:
        lines = [f"{line} {word}" if line else word for line in lines for word in choice]
    return lines


def _between(line: str) -> bytes:
    return b" " + skeleton(line) + b" "


def _plain(line: str) -> list[Surface]:
    found = [Surface(_between(line), "" if _is_latin(line) else "fold", line)]
    spaced = _DIGIT_LETTER.sub(" ", line)  # 5G is also written 5 G, with a capital letter
    if spaced != line:
        found.append(Surface(_between(spaced), "capital"))
    return found


def _is_latin(line: str) -> bool:
    return all(ord(char) < 256 or char == "œ" for char in line)


def _dotted(line: str) -> list[Surface]:
    """UE is also written U.E."""
    letters = " ".join(line.lower())
    return [Surface(_between(letters), "dotted", line)] if 2 <= len(line) <= 5 else []


def _comparable(text: str) -> str:
    """Letters and digits, everything else one space: so that curly apostrophes and hyphens do not matter."""
    return re.sub(r"[\W_]", " ", text)


def make_check(check: str, text: str) -> Callable[[str], bool] | None:
    """What the original slice must satisfy (see `Surface`), or None when the folded match is enough."""
    match check:
        case "case":
            return lambda piece: piece == text or _comparable(piece) == text
        case "accents":
            low = text.lower()
            return lambda piece: _comparable(piece.lower()) == low
        case "dotted":
            return lambda piece: piece.replace(".", "") == text and "." in piece
        case "capital":
            return lambda piece: piece[-1].isupper() and piece[-2] in " \u00a0\u202f"
        case "fold":
            return lambda piece: _comparable(fold(piece)) == text
        case _:
            return None
