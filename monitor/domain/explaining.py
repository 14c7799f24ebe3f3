"""Why a dossier judged a document as it did: every topic, fired or not, with its arithmetic and what was missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monitor.domain.dossier import Dossier
from monitor.domain.matching import compile_dossiers
from monitor.domain.model import Contribution, Document, Span
from monitor.domain.operations import is_about
from monitor.domain.reading import Reading
from monitor.domain.reasons import BELOW_HALF, IN_PASSING, NO_ANCHOR, NO_TERM, NOT_FOLLOWED, NOT_RELEVANT, NOT_REQUIRED
from monitor.domain.scoring import RELEVANCE, CompiledDossier
from monitor.domain.tallies import Tally, arithmetic, squash


@dataclass(frozen=True, slots=True)
class Passage:
    """The sentence that speaks most for a topic, and its words that weighed most, in parts of that topic's logit."""

    sentence: Span
    words: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class TopicExplanation:
    """One topic. `raw` is what its rules add up to; `missing` is a sentence, empty when it fired.

    `passage` is what speaks for it most in the eyes of the model; None without one.
    """

    topic: str
    fired: bool
    score: float
    raw: float
    threshold: float
    missing: str
    arithmetic: tuple[Contribution, ...]
    passage: Passage | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict with its reasons. `weighed` tells whether a model took part; `words` are those that moved it."""

    relevant: bool
    score: float
    weighed: bool
    missing: str
    arithmetic: tuple[Contribution, ...]
    topics: tuple[TopicExplanation, ...]
    words: tuple[Contribution, ...] = ()


def explanation(dossier: Dossier, document: Document, cache_dir: Path | None = None) -> Explanation:
    """Judges a document, keeping what is thrown away otherwise. `cache_dir` is where the dossier was compiled before.

    Raises `DossierError` for a dossier that does not compile.
    """
    compiled, reading = compile_dossiers([dossier], cache_dir).reading(document, dossier.slug)
    verdict = compiled.verdict(reading)
    anchors = compiled.anchors(reading) or []
    counted = compiled.counted(reading)
    tallies = compiled.tallies(reading, anchors, counted)
    words, found = tuple[Contribution, ...](), dict[str, Passage]()
    if compiled.weigher and anchors and reading.starts:
        # here: it takes numpy, which nothing else does that the web part does
        from monitor.domain.words_weighed import passages, words_for_relevance

        words = words_for_relevance(compiled.weigher, reading, anchors)
        found = passages(compiled.weigher, reading, anchors, counted)
    fired = {match.topic: match.score for match in verdict.topics}
    topics = []
    for number, topic in enumerate(dossier.topics):
        tally = tallies[number]
        score = fired.get(topic.slug, 0.0 if compiled.weigher else squash(tally.raw, topic.threshold))
        missing = "" if topic.slug in fired else _missing(tally, topic.threshold, relevant=verdict.relevant)
        lines = arithmetic(reading, tally, spans=True)
        topics.append(
            TopicExplanation(
                topic.slug,
                topic.slug in fired,
                score,
                tally.raw,
                topic.threshold,
                missing,
                lines,
                found.get(topic.slug),
            )
        )
    lacking = "" if verdict.relevant else _lacking(compiled, reading, tallies[RELEVANCE])
    return Explanation(
        verdict.relevant, verdict.score, compiled.weigher is not None, lacking, verdict.arithmetic, tuple(topics), words
    )


def _missing(tally: Tally, threshold: float, *, relevant: bool) -> str:
    if not tally.lines:
        return NO_TERM
    if tally.raw < threshold:
        return f"its rules fall {threshold - tally.raw:.2f} short"
    return NOT_FOLLOWED if relevant else NOT_RELEVANT


def _lacking(compiled: CompiledDossier, reading: Reading, tally: Tally) -> str:
    """What the article lacks for being relevant, the first reason first."""
    anchors = compiled.anchors(reading)
    if anchors is None:
        return NO_ANCHOR
    if compiled.weigher is not None:
        return BELOW_HALF
    if anchors and not is_about(reading, anchors, compiled.dossier.about):
        return IN_PASSING
    if tally.raw < compiled.dossier.threshold:
        return f"its rules fall {compiled.dossier.threshold - tally.raw:.2f} short"
    return NOT_REQUIRED
