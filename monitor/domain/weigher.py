"""The weigher: a small linear model that weighs what the rules found, one for each dossier that has been trained.

Each sentence is seen as the rules that hold in it and its word n-grams; one linear model a topic scores it, another
the article as a whole; the scores are pooled and weighed once more. Relevance is weighed from `signals`, from the rules
that hold near the anchor and from the article's n-grams. The model is data beside the dossier; `training` makes it;
nothing is downloaded.
"""

from __future__ import annotations

from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from monitor.domain.dossier import Dossier
from monitor.domain.kernel import weighed
from monitor.domain.model import Contribution, TopicMatch, Verdict
from monitor.domain.places import Pair, near_bits
from monitor.domain.reading import Reading
from monitor.domain.signals import signals
from monitor.domain.tallies import Item, Tally, evidence_of, held_of
from monitor.domain.weights import POOLED, Model, Tables, kept_model
from monitor.errors import DossierError

if TYPE_CHECKING:
    from monitor.domain.scoring import CompiledDossier
    from monitor.domain.sums import Weighed

_TOPIC_LINES = (*POOLED, "doubt of relevance")
_MOST_LINES = 12
_ROUNDED = 1e-4  # what rounding may move a part, and its rival
_NEAR = "near: "


class _Topics(NamedTuple):
    """Of one article, by topic: the sentence that speaks for it most, what each pooled number adds, and the logit.

    The last of the parts is what doubt of relevance took.
    """

    best: list[int]
    parts: list[list[float]]
    logits: list[float]


class Weigher:
    """A model bound to a dossier. Rules of the dossier that the model has not seen weigh nothing."""

    def __init__(self, model: Model, dossier: Dossier) -> None:
        self.model = model
        keys, names = rule_keys(dossier), model.relevance.names
        known = {key: len(model.grams) + n for n, key in enumerate(model.rules)}
        places = {name: n for n, name in enumerate(names)}
        columns = {slug: n for n, slug in enumerate(model.topics)}
        self.tables = Tables.of(
            model,
            [known.get(key, -1) for key in keys],
            [places.get(near_name(key), -1) for key in keys],
            [columns.get(slug, -1) for slug in owners_of(dossier)],
        )
        self._own_names = names[: max((n + 1 for n, name in enumerate(names) if not is_near(name)), default=0)]
        self._columns = [columns.get(topic.slug, -1) for topic in dossier.topics]

    def verdict(
        self, compiled: CompiledDossier, reading: Reading, anchors: list[Pair], counted: list[tuple[Item, int]]
    ) -> Verdict:
        """The verdict of rules and model together."""
        dossier = compiled.dossier
        if not reading.starts:
            return compiled.silence
        logit, parts, said, found = self._weighed(compiled, reading, anchors, counted)
        lines = _lines(self.model.relevance.names, parts, said)
        if found is None:
            return Verdict(dossier.slug, False, _chance(logit), (), dossier.rules_hash, lines)
        topics = _Topics(*found)
        chosen = self._chosen(topics.logits)
        tallies = compiled.tallies(reading, anchors, counted, chosen)
        matches = tuple([self._topic(compiled, reading, n, tallies[n], topics) for n in chosen])
        return Verdict(dossier.slug, True, _chance(logit), matches, dossier.rules_hash, lines)

    def _weighed(
        self, compiled: CompiledDossier, reading: Reading, anchors: list[Pair], counted: list[tuple[Item, int]]
    ) -> Weighed:
        found, machine, count = signals(reading, anchors, compiled.signals), self.model.machine, len(reading.starts)
        numbers = [found.get(name, 0.0) for name in self._own_names]
        hits = machine.find_overlapping(reading.haystack) if machine is not None else []
        near = near_bits(reading.mask_of(anchors), count)
        return weighed(self.tables, hits, reading.sentence_at, count, near, counted, numbers)

    def _chosen(self, logits: list[float]) -> list[int]:
        """The topics that fire, by their number in the dossier: at least the most probable one."""
        fired = {n for n, logit in enumerate(logits) if logit > 0} or {logits.index(max(logits))}
        return [number for number, column in enumerate(self._columns) if column in fired]

    def _topic(
        self, compiled: CompiledDossier, reading: Reading, number: int, tally: Tally, found: _Topics
    ) -> TopicMatch:
        column = self._columns[number]
        evidence = evidence_of(reading, tally, [], found.best[column])
        lines = _ordered(_TOPIC_LINES, found.parts[column]) + held_of(reading, tally)
        return TopicMatch(compiled.dossier.topics[number].slug, _chance(found.logits[column]), evidence, lines)


def rule_keys(dossier: Dossier) -> list[str]:
    """A name for each rule, stable when others come or go: topic and label (or place)."""
    keys = [f"/{rule.label or n}" for n, rule in enumerate(dossier.rules)]
    for topic in dossier.topics:
        keys += [f"{topic.slug}/{rule.label or n}" for n, rule in enumerate(topic.rules)]
    return keys


def owners_of(dossier: Dossier) -> list[str]:
    """The topic of each rule; of those of relevance none."""
    return [""] * len(dossier.rules) + [topic.slug for topic in dossier.topics for _ in topic.rules]


def near_name(key: str) -> str:
    """What a rule that holds near the anchor is called among the numbers of relevance."""
    return _NEAR + key


def is_near(name: str) -> bool:
    """Whether a number of relevance is of a rule."""
    return name.startswith(_NEAR)


def _chance(logit: float) -> float:
    return round(1 / (1 + exp(-min(max(logit, -30.0), 30.0))), 4)


def _lines(names: tuple[str, ...], parts: list[float], said: float) -> tuple[Contribution, ...]:
    """The parts that weigh most, rounded; of equals the first."""
    if said:
        names, parts = (*names, "its words"), [*parts, said]
    if len(parts) > _MOST_LINES:  # to round hundreds takes longer than to leave out those that rounding cannot bring in
        least = sorted(map(abs, parts))[-_MOST_LINES] - _ROUNDED
        chosen = [n for n, value in enumerate(parts) if abs(value) >= least]
        names, parts = tuple([names[n] for n in chosen]), [parts[n] for n in chosen]
    return _ordered(names, parts)


def _ordered(names: tuple[str, ...], parts: list[float]) -> tuple[Contribution, ...]:
    lines = [Contribution(name, round(value, 4)) for name, value in zip(names, parts, strict=True)]
    lines.sort(key=_weight)
    return tuple(lines[:_MOST_LINES])


def _weight(line: Contribution) -> float:
    return -abs(line.value)


def load_weigher(dossier: Dossier, cache_dir: Path | None = None) -> Weigher:
    """The weigher of a dossier that has a model; what was unpacked is kept in `cache_dir`.

    Raises `DossierError` for a model that cannot be read.
    """
    try:
        return Weigher(kept_model(dossier.model or b"", cache_dir), dossier)
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        hint = f"make it again: veille train {dossier.slug} CORPUS.jsonl"
        raise DossierError(f"its model cannot be read: {error}", where=dossier.where, code="D008", hint=hint) from error
