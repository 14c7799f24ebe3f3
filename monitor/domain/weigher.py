"""The weigher: a small linear model that weighs what the rules found, one for each dossier that has been trained.

Each sentence is seen as the rules that hold in it and its word n-grams; one linear model a topic scores it; the scores
are pooled over the article and weighed once more. Relevance is weighed from `signals` and from the n-grams of the whole
article. The model is data beside the dossier; `training` makes it; nothing is downloaded.
"""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from daachorse import DoubleArrayAhoCorasick
from numpy.typing import NDArray

from monitor.domain.dossier import Dossier
from monitor.domain.model import Contribution, TopicMatch, Verdict
from monitor.domain.reading import Pair, Reading, bits
from monitor.domain.signals import signals
from monitor.errors import DossierError

if TYPE_CHECKING:
    from monitor.domain.scoring import CompiledDossier, Item, Tally

FORMAT = 1
POOLED = ("best", "second", "third", "best near the anchor", "first", "at least one", "rules", "sentences")
_ELSEWHERE = 0.4  # what an n-gram counts outside the sentences near the anchor, for relevance
_MOST_LINES = 12

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """A logistic model on standardised numbers."""

    names: tuple[str, ...]
    mean: Array
    scale: Array
    weights: Array
    bias: float

    def parts(self, numbers: Array) -> Array:
        """What each number adds to the logit."""
        return np.asarray((numbers - self.mean) / self.scale * self.weights)

    def logit(self, numbers: Array) -> Array:
        return np.asarray(self.parts(numbers).sum(-1) + self.bias)


@dataclass(frozen=True)
class Model:
    """Everything that was learnt. `weights` has a row for each n-gram, then for each rule; a column for each topic."""

    topics: tuple[str, ...]
    grams: tuple[str, ...]
    idf: Array
    rules: tuple[str, ...]
    weights: Array
    bias: Array
    stack: Linear
    topic_bias: Array
    threshold: float
    relevance: Linear
    gram_relevance: Array
    gram_bias: float
    gram_share: float

    @cached_property
    def machine(self) -> DoubleArrayAhoCorasick | None:
        return DoubleArrayAhoCorasick([gram.encode("latin-1") for gram in self.grams]) if self.grams else None


@dataclass(frozen=True, slots=True)
class Sightings:
    """The n-grams of an article: (sentence, n-gram) pairs, and which sentences are near the anchor."""

    where: NDArray[np.int64]
    grams: NDArray[np.int64]
    near: NDArray[np.bool_]


def sentence_grams(
    machine: DoubleArrayAhoCorasick | None, reading: Reading
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(sentence, n-gram) of every n-gram of the machine, each pair once, in order."""
    found = machine.find_overlapping(reading.haystack) if machine is not None else []
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    hits = np.array(found, dtype=np.int64)
    starts = np.array([start for start, _ in reading.sentences] or [0], dtype=np.int64)
    where = np.maximum(np.searchsorted(starts, hits[:, 0], side="right") - 1, 0)
    keys = np.unique(where * (1 << 32) + hits[:, 2])
    return keys >> 32, keys & 0xFFFFFFFF


def rule_counts(counted: list[tuple[Item, int]], sentences: int, rules: int) -> Array:
    """How often each rule holds in each sentence, as the root of at most 2."""
    counts = np.zeros((sentences, rules))
    for item, mask in counted:
        for number in bits(mask):
            counts[number, item.number] += 1
    return np.sqrt(np.minimum(counts, 2))


def pool(scores: Array, counts: Array, owners: NDArray[np.int64], near: NDArray[np.bool_]) -> Array:
    """The pooled numbers of each topic, shape (topics, len(POOLED)), of scores of shape (sentences, topics)."""
    ranked = -np.sort(-scores, axis=0)
    best = ranked[0]
    second = ranked[1] if len(ranked) > 1 else best - 1
    third = ranked[2] if len(ranked) > 2 else second - 0.5
    close = scores[near].max(0) if near.any() else best - 2
    chance = np.clip(1 / (1 + np.exp(-scores)), 0, 0.999)
    once = np.log(np.expm1(np.clip(-np.log1p(-chance).sum(0), 1e-3, 20)))
    squared = counts**2
    held = np.array([np.minimum(squared[:, owners == n].sum(1), 4).sum() for n in range(scores.shape[1])])
    length = np.full(scores.shape[1], np.log(len(scores)))
    return np.stack([best, second, third, close, scores[0], once, np.log1p(held), length], axis=1)


def gram_weights(
    where: NDArray[np.int64], grams: NDArray[np.int64], near: NDArray[np.bool_], idf: Array
) -> tuple[Any, Array]:
    """The article's n-grams and their normalised weights, for relevance."""
    if not len(grams):
        return grams, np.zeros(0)
    worth = np.where(near[where] | (where == 0), 1.0, _ELSEWHERE)
    kinds, back = np.unique(grams, return_inverse=True)
    values = np.log1p(np.bincount(back, worth)) * idf[kinds]
    return kinds, values / (np.sqrt((values**2).sum()) or 1.0)


class Weigher:
    """A model bound to a dossier. Rules of the dossier that the model has not seen weigh nothing."""

    def __init__(self, model: Model, dossier: Dossier) -> None:
        self.model = model
        keys = rule_keys(dossier)
        known = {key: len(model.grams) + n for n, key in enumerate(model.rules)}
        self._rule_weights = np.zeros((len(keys), len(model.topics)))
        for number, key in enumerate(keys):
            if key in known:
                self._rule_weights[number] = model.weights[known[key]]
        self._owners = rule_owners(dossier, model.topics)
        self._columns = {slug: n for n, slug in enumerate(model.topics)}

    def verdict(
        self, compiled: CompiledDossier, reading: Reading, anchors: list[Pair], counted: list[tuple[Item, int]]
    ) -> Verdict:
        """The verdict of rules and model together."""
        model, dossier = self.model, compiled.dossier
        if not reading.sentences:
            return compiled.silence
        seen = Sightings(*sentence_grams(model.machine, reading), near_sentences(reading, anchors))
        numbers = signals(reading, anchors, compiled.signals)
        parts, said = self._relevance(numbers, *gram_weights(seen.where, seen.grams, seen.near, model.idf))
        logit = float(parts.sum() + model.relevance.bias + said)
        lines = _lines(model.relevance.names, parts, said)
        if logit <= 0:
            return Verdict(dossier.slug, False, _chance(logit), (), dossier.rules_hash, lines)
        topics = self._topics(compiled, reading, compiled.tallies(reading, anchors, counted), counted, seen)
        return Verdict(dossier.slug, True, _chance(logit), topics, dossier.rules_hash, lines)

    def _relevance(self, numbers: dict[str, float], kinds: Any, values: Array) -> tuple[Array, float]:
        model = self.model
        row = np.array([float(numbers.get(name, 0.0)) for name in model.relevance.names])
        said = float(model.gram_relevance[kinds] @ values) + model.gram_bias if len(kinds) else model.gram_bias
        return model.relevance.parts(row), said * model.gram_share

    def scores(self, reading: Reading, counts: Array, where: NDArray[np.int64], grams: NDArray[np.int64]) -> Array:
        """The logit of each topic in each sentence."""
        model, length = self.model, len(reading.sentences)
        scores = counts @ self._rule_weights + model.bias
        if len(grams):
            idf = model.idf[grams]
            norm = np.sqrt(np.bincount(where, idf**2, length))
            weighed = model.weights[grams] * (idf / norm[where])[:, None]
            rows, first = np.unique(where, return_index=True)
            scores[rows] += np.add.reduceat(weighed, first, axis=0)
        return np.asarray(scores)

    def _topics(
        self,
        compiled: CompiledDossier,
        reading: Reading,
        tallies: dict[int, Tally],
        counted: list[tuple[Item, int]],
        seen: Sightings,
    ) -> tuple[TopicMatch, ...]:
        counts = rule_counts(counted, len(reading.sentences), len(self._rule_weights))
        scores = self.scores(reading, counts, seen.where, seen.grams)
        pooled = pool(scores, counts, self._owners, seen.near)
        logits = self.model.stack.logit(pooled) + self.model.topic_bias - self.model.threshold
        chosen = [n for n in range(len(logits)) if logits[n] > 0] or [int(logits.argmax())]
        found = []
        for number, topic in enumerate(compiled.dossier.topics):
            column = self._columns.get(topic.slug)
            if column not in chosen:
                continue
            best = int(scores[:, column].argmax())
            evidence = compiled.evidence(reading, tallies[number], [], best)
            parts = self.model.stack.parts(pooled[column])
            found.append(TopicMatch(topic.slug, _chance(float(logits[column])), evidence, _lines(POOLED, parts, 0.0)))
        return tuple(found)


def near_sentences(reading: Reading, anchors: list[Pair]) -> NDArray[np.bool_]:
    """Which sentences name the anchor or stand beside one that does."""
    mask = reading.mask_of(anchors)
    mask |= mask << 1 | mask >> 1
    return np.array([mask >> n & 1 == 1 for n in range(len(reading.sentences))], dtype=np.bool_)


def rule_keys(dossier: Dossier) -> list[str]:
    """A name for each rule, stable when others come or go: topic and label (or place)."""
    keys = [f"/{rule.label or n}" for n, rule in enumerate(dossier.rules)]
    for topic in dossier.topics:
        keys += [f"{topic.slug}/{rule.label or n}" for n, rule in enumerate(topic.rules)]
    return keys


def rule_owners(dossier: Dossier, topics: tuple[str, ...]) -> NDArray[np.int64]:
    """The topic's column of each rule; -1 for the rules of relevance."""
    columns = {slug: n for n, slug in enumerate(topics)}
    owners = [-1] * len(dossier.rules)
    for topic in dossier.topics:
        owners += [columns.get(topic.slug, -1)] * len(topic.rules)
    return np.array(owners, dtype=np.int64)


def _chance(logit: float) -> float:
    return round(float(1 / (1 + np.exp(-min(max(logit, -30.0), 30.0)))), 4)


def _lines(names: tuple[str, ...], parts: Array, said: float) -> tuple[Contribution, ...]:
    lines = [Contribution(name, round(float(part), 4)) for name, part in zip(names, parts, strict=True)]
    if said:
        lines.append(Contribution("its words", round(said, 4)))
    lines.sort(key=lambda line: -abs(line.value))
    return tuple(lines[:_MOST_LINES])


def dump_model(model: Model) -> bytes:
    """The model as gzipped JSON, the same bytes for the same model."""
    data = {
        "format": FORMAT,
        "topics": model.topics,
        "grams": model.grams,
        "rules": model.rules,
        "idf": _pack(model.idf),
        "weights": _pack(model.weights),
        "bias": model.bias.tolist(),
        "stack": _linear(model.stack),
        "topic_bias": model.topic_bias.tolist(),
        "threshold": model.threshold,
        "relevance": _linear(model.relevance),
        "gram_relevance": _pack(model.gram_relevance),
        "gram_bias": model.gram_bias,
        "gram_share": model.gram_share,
    }
    return gzip.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 9, mtime=0)


def load_weigher(dossier: Dossier) -> Weigher:
    """The weigher of a dossier that has a model. Raises `DossierError` for a model that cannot be read."""
    try:
        data = json.loads(gzip.decompress(dossier.model or b""))
        return Weigher(_model(data), dossier)
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        hint = f"make it again: veille train {dossier.slug} CORPUS.jsonl"
        raise DossierError(f"its model cannot be read: {error}", where=dossier.where, code="D008", hint=hint) from error


def _model(data: dict[str, Any]) -> Model:
    if data["format"] != FORMAT:
        raise ValueError(f"it is of format {data['format']}")
    topics = tuple(data["topics"])
    return Model(
        topics=topics,
        grams=tuple(data["grams"]),
        idf=_unpack(data["idf"]),
        rules=tuple(data["rules"]),
        weights=_unpack(data["weights"]).reshape(-1, len(topics)),
        bias=np.array(data["bias"]),
        stack=_read_linear(data["stack"]),
        topic_bias=np.array(data["topic_bias"]),
        threshold=float(data["threshold"]),
        relevance=_read_linear(data["relevance"]),
        gram_relevance=_unpack(data["gram_relevance"]),
        gram_bias=float(data["gram_bias"]),
        gram_share=float(data["gram_share"]),
    )


def _pack(values: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f2").tobytes()).decode()


def _unpack(text: str) -> Array:
    return np.frombuffer(base64.b64decode(text), dtype="<f2").astype(np.float64)


def _linear(linear: Linear) -> dict[str, Any]:
    rounded = {name: np.round(getattr(linear, name), 6).tolist() for name in ("mean", "scale", "weights")}
    return {"names": linear.names, **rounded, "bias": round(linear.bias, 6)}


def _read_linear(data: dict[str, Any]) -> Linear:
    mean, scale, weights = (np.array(data[name], dtype=np.float64) for name in ("mean", "scale", "weights"))
    return Linear(tuple(data["names"]), mean, scale, weights, float(data["bias"]))
