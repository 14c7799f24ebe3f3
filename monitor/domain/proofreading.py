"""What a dossier that can be read still gets wrong: samples that do not hold, rules that can never suffice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from monitor.domain.dossier import Dossier, Rule
from monitor.domain.dossier_values import MISSING, place_of
from monitor.domain.expressions import Term
from monitor.domain.matching import compile_dossiers
from monitor.domain.model import Document
from monitor.domain.reading import Reading
from monitor.domain.reasons import NO_ANCHOR
from monitor.domain.scoring import CompiledDossier
from monitor.domain.tallies import arithmetic

_ENOUGH = "lower the threshold, or give the rules more weight"


class Slip(NamedTuple):
    """Something to mend: where it is written, what is wrong, what to do. `sure`: wrong whatever was meant."""

    where: str
    what: str
    remedy: str
    sure: bool = True


def slips(dossier: Dossier) -> list[Slip]:
    """All slips of a dossier, in no order; none in a good one.

    Raises `DossierError` for a dossier that does not compile, or whose model cannot be read.
    """
    return [*_failed_samples(dossier), *_out_of_reach(dossier), *_words_for_entities(dossier)]


def _failed_samples(dossier: Dossier) -> Iterator[Slip]:
    """A sample is one sentence, so what decides is whether its topic's rules suffice in it, whatever the relevance."""
    matcher = compile_dossiers([dossier])
    for number, topic in enumerate(dossier.topics):
        for sample in topic.samples:
            compiled, reading = matcher.reading(Document(body=sample.text), dossier.slug)
            if compiled.fires(reading, topic.slug) != sample.fires:
                verb = "does not fire" if sample.fires else "fires"
                what = f"{topic.slug} {verb} on: {sample.text} ({_why(compiled, reading, number)})"
                yield Slip(_place(dossier, sample.text), what, "change the rule or the sample")


def _why(compiled: CompiledDossier, reading: Reading, number: int) -> str:
    """What the topic's rules found in a sample, and what it lacks."""
    anchors, topic = compiled.anchors(reading), compiled.dossier.topics[number]
    tally = compiled.tallies(reading, anchors or [], compiled.counted(reading))[number]
    found = ", ".join(f"{one.label} {one.value:.2f}" for one in arithmetic(reading, tally))
    said = [f"its rules reach {tally.raw:.2f} of {topic.threshold:.2f}" + (f": {found}" if found else "")]
    if anchors is None:
        said.append(NO_ANCHOR)
    if tally.raw >= topic.threshold and not compiled.fires(reading, topic.slug):
        said.append("what it requires does not hold")
    return "; ".join(said)


def _out_of_reach(dossier: Dossier) -> Iterator[Slip]:
    """Thresholds above all that the rules could ever add up to. A model is not bound by those of relevance."""
    if dossier.model is None and (why := _short(dossier, dossier.rules, dossier.threshold)):
        yield Slip(_place(dossier, "relevance"), f"no article can be relevant: {why}", _ENOUGH)
    for topic in dossier.topics:
        if topic.rules and (why := _short(dossier, topic.rules, topic.threshold)):
            yield Slip(_place(dossier, "slug", topic.slug), f"{topic.slug} can never fire: {why}", _ENOUGH)


def _short(dossier: Dossier, rules: tuple[Rule, ...], threshold: float) -> str:
    """How far rules fall short of a threshold when all that adds to them stands where it counts most; "" when not."""
    most = sum(max(rule.weight, 0.0) * rule.cap * len(rule.items) for rule in rules) * _dearest(dossier)
    if most >= threshold - 1e-9:
        return ""
    return f"its rules add up to {most:.2f} at most, its threshold is {threshold:.2f}"


def _dearest(dossier: Dossier) -> float:
    """What a sentence can count at most, by its field and by where the anchor is."""
    boosts = {"title": 1.0, "lead": 1.0, "body": 1.0} | dict(dossier.boosts)
    return max(boosts.values()) * max(dossier.elsewhere, 1.0)


def _words_for_entities(dossier: Dossier) -> Iterator[Slip]:
    """An anchor that is a plain word where an entity has that name: the word has none of its aliases."""
    names = {entity.name for entity in dossier.entities}
    if isinstance(dossier.anchor, Term) and dossier.anchor.text.lower() in names:
        written = dossier.anchor.text
        what = f"the anchor {written!r} is the word alone, not the entity of that name"
        yield Slip(_place(dossier, "anchor", written), what, f"write '@{written}'", sure=False)


def _place(dossier: Dossier, written: str, value: object = MISSING) -> str:
    return place_of(dossier.text, dossier.where, written, value)
