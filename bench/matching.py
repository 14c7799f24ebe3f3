"""Matching: articles a second and core, beside the usual ways, on the same texts and terms, in one run.

    python -m bench.matching [--articles 600] [--format json]

Times are of this process's CPU (`process_time`), the best of three, so that neighbours count less. Texts are of
everyday words with sentences about the anchor mixed in: 500 words each, a third naming it, unless said otherwise.
spaCy takes part in an environment of its own below var/bench/venvs, made from PyPI on first use.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import re
import resource
import sqlite3
import subprocess
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.venvs import PEERS, python_of
from monitor.domain.automaton import Vocabulary, compile_vocabulary
from monitor.domain.expressions import Form, Term
from monitor.domain.matching import Matcher, compile_dossiers
from monitor.domain.model import Document
from monitor.domain.reading import Reading
from monitor.domain.text import fold
from monitor.domain.topics import load_dossier

ROOT = Path(__file__).parents[1]
DOSSIER = ROOT / "config/dossiers/huawei-europe.toml"
SENTENCES = ROOT / "config/dossiers/huawei-europe.training/sentences.tsv"
VENVS = ROOT / "var/bench/venvs"
WORDS = 500
NAMES = re.compile(r"Huawei|Shenzhen|chinois|HarmonyOS|Ren Zhengfei|Meng Wanzhou|fleur rouge")
EVERYDAY = """
    la une du dans sur avec pour par qui que et ou mais il elle on nous matin soir jour semaine mois saison rue
    maison jardin table livre page ami voisin enfant père mère sœur frère repas pain vin eau pluie soleil vent mer
    montagne chemin ville village place marche course équipe match joueur film acteur chanson musique théâtre
    roman auteur lecteur lettre mot phrase question réponse histoire guerre paix roi reine siècle année heure
    minute temps raconte regarde parle court mange dort rêve pense croit sait dit fait va vient part arrive reste
    entre sort grand petit vieux jeune beau long rouge bleu vert blanc noir doux froid chaud clair sombre calme
    heureux
"""
PLAIN = EVERYDAY.split()


def texts(count: int, share: float, seed: int = 7) -> list[Document]:
    """Articles of 500 words; `share` of them name the anchor."""
    rng = random.Random(seed)
    lines = [line.split("\t")[1] for line in SENTENCES.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if not NAMES.search(line)]
    documents = []
    for number in range(count):
        named, body, words = number < count * share, list[str](), 0
        while words < WORDS:
            line = rng.choice(lines) if named and rng.random() < 0.25 else _filler(rng)
            if named and rng.random() < 0.1:
                line = f"Huawei en France : {line}"
            body.append(line)
            words += len(line.split())
        paragraphs = [" ".join(body[i : i + 4]) for i in range(0, len(body), 4)]
        title = "Huawei et l'Europe" if named else "La vie des réseaux"
        documents.append(Document(title, "", "\n\n".join(paragraphs)))
    rng.shuffle(documents)
    return documents


def _filler(rng: random.Random) -> str:
    """A sentence of everyday words."""
    words = [rng.choice(PLAIN) for _ in range(rng.randint(10, 24))]
    return " ".join(words).capitalize() + "."


def rate(work: Callable[[Document], object], documents: Sequence[Document]) -> float:
    """Articles a second of CPU, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for document in documents:
            work(document)
        best = min(best, time.process_time() - start)
    return len(documents) / best


def whole(document: Document) -> str:
    return f"{document.title}\n\n{document.lead}\n\n{document.body}"


def surfaces_of(matcher: Matcher) -> list[str]:
    """The dossier's terms as folded words, as the other ways take them."""
    patterns = {pattern.decode("latin-1").strip() for pattern in matcher.patterns}
    return sorted(pattern for pattern in patterns if pattern.isascii() and len(pattern) > 1 and "%" not in pattern)


def by_fts5(terms: list[str]) -> Callable[[Document], object]:
    """SQLite FTS5: the document in a table of its own, every term asked as a phrase."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE one USING fts5(text, tokenize='unicode61 remove_diacritics 2')")
    queries = [f'"{term}"' for term in terms]

    def run(document: Document) -> int:
        connection.execute("DELETE FROM one")
        connection.execute("INSERT INTO one VALUES (?)", (whole(document),))
        ask = "SELECT 1 FROM one WHERE one MATCH ?"
        return sum(connection.execute(ask, (query,)).fetchone() is not None for query in queries)

    return run


def by_re(terms: list[str]) -> Callable[[Document], object]:
    """One alternation of all terms, longest first."""
    pattern = re.compile(r"\b(?:" + "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True)) + r")\b")
    return lambda document: pattern.findall(fold(whole(document)))


def rate_of_spacy(terms: list[str], documents: Sequence[Document]) -> float | None:
    """spaCy's PhraseMatcher, articles a second; None where its environment cannot be made."""
    python = python_of("spacy", VENVS)
    if python is None:
        return None
    asked = json.dumps({"terms": terms, "texts": [fold(whole(document)) for document in documents]})
    command = [str(python), str(PEERS / "spacy_peer.py")]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["per_s"])


def scans(count: int) -> Callable[[Document], object]:
    """The automaton alone with `count` made-up terms."""
    rng, vocabulary = random.Random(3), Vocabulary()
    for _ in range(count):
        word = "".join(rng.choice("abcdefghilmnoprstuv") for _ in range(rng.randint(5, 11)))
        vocabulary.number(Term(word, Form.EXACT))
    automaton = compile_vocabulary(vocabulary)
    return lambda document: automaton.scan(Reading(document))


def _spent() -> float:
    """Seconds of processor of this process and of those that it waited for: tables are made in one that ends."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def compile_times(folder: Path) -> dict[str, float]:
    """Seconds to compile cold and from the cache, and what it allocates."""
    dossier = load_dossier(DOSSIER)
    start = _spent()
    compile_dossiers([dossier], folder)
    cold = _spent() - start
    start = _spent()
    compile_dossiers([dossier], folder)
    warm = _spent() - start
    tracemalloc.start()
    kept = compile_dossiers([dossier], folder)
    megabytes = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    assert kept.dossiers
    return {
        "compile_cold_s": round(cold, 3),
        "compile_cached_s": round(warm, 3),
        "python_memory_mb": round(megabytes, 1),
    }


def measure(count: int) -> dict[str, float]:
    """Every figure of this page."""
    dossier = load_dossier(DOSSIER)
    rules, weighed = compile_dossiers([dataclasses.replace(dossier, model=None)]), compile_dossiers([dossier])
    third, none, all_named = texts(count, 1 / 3), texts(count, 0.0), texts(max(30, count // 5), 1.0)
    rare = texts(count, 0.01)
    terms = surfaces_of(rules)
    few = third[: max(6, count // 100)]
    figures = {
        "rules_third_anchored_per_s": rate(rules.match, third),
        "rules_unanchored_per_s": rate(rules.match, none),
        "rules_all_anchored_per_s": rate(rules.match, all_named),
        "weigher_all_anchored_per_s": rate(weighed.match, all_named),
        "weigher_one_in_hundred_per_s": rate(weighed.match, rare),
        "scan_500_terms_per_s": rate(scans(500), third),
        "scan_50000_terms_per_s": rate(scans(50_000), third),
        "fts5_per_s": rate(by_fts5(terms), few),
        "re_alternation_per_s": rate(by_re(terms), few),
    }
    spacy = rate_of_spacy(terms, few)
    if spacy is not None:
        figures["spacy_phrase_matcher_per_s"] = spacy
    with TemporaryDirectory() as folder:
        figures |= compile_times(Path(folder))
    figures["terms"] = len(terms)
    figures["scan_cost_of_100_times_more_terms"] = figures["scan_500_terms_per_s"] / figures["scan_50000_terms_per_s"]
    return {name: round(value, 3) for name, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=600)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    figures = measure(options.articles)
    if options.format == "json":
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:40}{value:>14,.3f}")


if __name__ == "__main__":
    main()
