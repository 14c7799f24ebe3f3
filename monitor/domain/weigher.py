"""The weigher: a small linear model that weighs what the rules found, one for each dossier that has been trained.

Each sentence is seen as the rules that hold in it and its word n-grams; one linear model a topic scores it, another
the article as a whole; the scores are pooled and weighed once more. Relevance is weighed from `signals`, from the rules
that hold near the anchor and from the article's n-grams. The model is data beside the dossier; `training` makes it;
nothing is downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from daachorse import DoubleArrayAhoCorasick
from numpy.typing import NDArray

from monitor.domain.dossier import Dossier
from monitor.domain.linear import Array
from monitor.domain.model import Contribution, TopicMatch, Verdict
from monitor.domain.reading import Pair, Reading, bits
from monitor.domain.signals import signals
from monitor.domain.weights import Model, kept_model
from monitor.errors import DossierError

if TYPE_CHECKING:
    from monitor.domain.scoring import CompiledDossier, Item, Tally

POOLED = (
    "best",
    "second",
    "third",
    "best near the anchor",
    "first",
    "at least one",
    "rules",
    "sentences",
    "whole article",
)
_ELSEWHERE = 0.4  # what an n-gram counts outside the sentences near the anchor, for relevance
_ELSEWHERE_IN_ARTICLE = 0.5  # the same for the topics' view of the whole article
_RULE_WORTH = 0.5  # of a rule beside an n-gram in that view
_ARTICLE_LENGTH = 3.0  # of the vector of a whole article
_MOST_LINES = 12
_NEAR = "near: "


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
    hits = np.fromiter(chain.from_iterable(found), np.int64, 3 * len(found)).reshape(-1, 3)
    starts = np.array(reading.starts or [0], dtype=np.int64)
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


def sentence_values(where: NDArray[np.int64], grams: NDArray[np.int64], idf: Array, sentences: int) -> Array:
    """The value of each n-gram in its sentence: its rarity, over the length of the sentence's vector."""
    rarity = idf[grams]
    norm = np.sqrt(np.bincount(where, rarity**2, sentences))
    return np.asarray(rarity / np.maximum(norm, 1e-9)[where])


def article_vector(
    seen: Sightings, values: Array, counts: Array, first_rule: int, *, whole: bool = False
) -> tuple[NDArray[np.int64], Array]:
    """An article as (columns, values): n-grams, then rules; sentences near the anchor and the first count in full.

    `whole` makes all of them count in full.
    """
    worth = np.where(seen.near | (np.arange(len(seen.near)) == 0) | whole, 1.0, _ELSEWHERE_IN_ARTICLE)
    kinds, back = np.unique(seen.grams, return_inverse=True)
    mass = np.bincount(back, worth[seen.where] * values, len(kinds))
    held = worth @ counts * _RULE_WORTH
    rules = np.flatnonzero(held)
    found = np.sqrt(np.concatenate([mass, held[rules]]))
    length = np.sqrt((found**2).sum()) or 1.0
    return np.concatenate([kinds, rules + first_rule]), found * (_ARTICLE_LENGTH / length)


def held_near(counts: Array, near: NDArray[np.bool_]) -> Array:
    """How much of each rule holds near the anchor, for relevance."""
    return np.asarray(np.log1p((counts[near] ** 2).sum(0)))


def pool(scores: Array, counts: Array, owners: NDArray[np.int64], near: NDArray[np.bool_], whole: Array) -> Array:
    """The pooled numbers of each topic, shape (topics, len(POOLED)).

    `scores` are those of the sentences, shape (sentences, topics); `whole` those of the article.
    """
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
    return np.stack([best, second, third, close, scores[0], once, np.log1p(held), length, whole], axis=1)


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


class _Logits(NamedTuple):
    """Of one article: the sentences' scores, the pooled numbers, each topic's logit, and what doubt took from it."""

    scores: Array
    pooled: Array
    logits: Array
    doubt: Array


class Weigher:
    """A model bound to a dossier. Rules of the dossier that the model has not seen weigh nothing."""

    def __init__(self, model: Model, dossier: Dossier) -> None:
        self.model = model
        keys = rule_keys(dossier)
        known = {key: len(model.grams) + n for n, key in enumerate(model.rules)}
        rows = [known.get(key, -1) for key in keys]
        self._known = np.array(rows) >= 0
        self._rule_weights = _rows(model.weights, rows)
        grams = model.article_weights[: len(model.grams)]
        self._article_weights = np.concatenate([grams, _rows(model.article_weights, rows)])
        places = {name: n for n, name in enumerate(model.relevance.names)}
        self._near_places = np.array([places.get(near_name(key), -1) for key in keys], dtype=np.int64)
        self._owners = rule_owners(dossier, model.topics)
        self._columns = {slug: n for n, slug in enumerate(model.topics)}

    def verdict(
        self, compiled: CompiledDossier, reading: Reading, anchors: list[Pair], counted: list[tuple[Item, int]]
    ) -> Verdict:
        """The verdict of rules and model together."""
        model, dossier = self.model, compiled.dossier
        if not reading.starts:
            return compiled.silence
        seen = Sightings(*sentence_grams(model.machine, reading), near_sentences(reading, anchors))
        counts = rule_counts(counted, len(reading.starts), len(self._rule_weights)) * self._known
        numbers = signals(reading, anchors, compiled.signals)
        kinds, values = gram_weights(seen.where, seen.grams, seen.near, model.idf)
        parts, said = self._relevance(numbers, held_near(counts, seen.near), kinds, values)
        logit = float(parts.sum() + model.relevance.bias + model.trees.bias + said)
        lines = _lines(model.relevance.names, parts, said)
        if logit <= 0:
            return Verdict(dossier.slug, False, _chance(logit), (), dossier.rules_hash, lines)
        tallies = compiled.tallies(reading, anchors, counted)
        topics = self._topics(compiled, reading, tallies, self._logits(counts, seen, logit))
        return Verdict(dossier.slug, True, _chance(logit), topics, dossier.rules_hash, lines)

    def _relevance(self, numbers: dict[str, float], near: Array, kinds: Any, values: Array) -> tuple[Array, float]:
        model = self.model
        row = np.array([float(numbers.get(name, 0.0)) for name in model.relevance.names])
        known = self._near_places >= 0
        row[self._near_places[known]] = near[known]
        said = float(model.gram_relevance[kinds] @ values) + model.gram_bias if len(kinds) else model.gram_bias
        parts = model.relevance.parts(row)
        grown = model.trees.parts(row[: len(model.trees.names)])
        parts[: len(grown)] += grown
        return parts, said * model.gram_share

    def _scores(self, counts: Array, seen: Sightings) -> tuple[Array, Array]:
        """The logit of each topic in each sentence, and in the article as a whole."""
        model = self.model
        scores = counts @ self._rule_weights + model.bias
        values = sentence_values(seen.where, seen.grams, model.idf, len(counts))
        if len(seen.grams):
            rows, first = np.unique(seen.where, return_index=True)
            scores[rows] += np.add.reduceat(model.weights[seen.grams] * values[:, None], first, axis=0)
        columns, whole = article_vector(seen, values, counts, len(model.grams))
        return np.asarray(scores), np.asarray(whole @ self._article_weights[columns] + model.article_bias)

    def _logits(self, counts: Array, seen: Sightings, relevance: float) -> _Logits:
        scores, whole = self._scores(counts, seen)
        pooled = pool(scores, counts, self._owners, seen.near, whole)
        own = self.model.stack.logit(pooled) + self.model.topic_bias
        both = joint(np.array(relevance), own)
        return _Logits(scores, pooled, both - self.model.threshold, both - own)

    def _topics(
        self, compiled: CompiledDossier, reading: Reading, tallies: dict[int, Tally], found: _Logits
    ) -> tuple[TopicMatch, ...]:
        logits = found.logits
        chosen = [n for n in range(len(logits)) if logits[n] > 0] or [int(logits.argmax())]
        matches = []
        for number, topic in enumerate(compiled.dossier.topics):
            column = self._columns.get(topic.slug, -1)
            if column not in chosen:
                continue
            evidence = compiled.evidence(reading, tallies[number], [], int(found.scores[:, column].argmax()))
            parts = np.append(self.model.stack.parts(found.pooled[column]), found.doubt[column])
            lines = _lines((*POOLED, "doubt of relevance"), parts, 0.0)
            lines += compiled.held(reading, tallies[number])
            matches.append(TopicMatch(topic.slug, _chance(float(logits[column])), evidence, lines))
        return tuple(matches)


def joint(relevance: Array, topics: Array) -> Array:
    """The logit of an article being relevant and a topic its own, of the logits of each."""
    chance = np.clip(1 / (1 + np.exp(-relevance)) / (1 + np.exp(-topics)), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(chance) - np.log1p(-chance))


def near_sentences(reading: Reading, anchors: list[Pair]) -> NDArray[np.bool_]:
    """Which sentences name the anchor or stand beside one that does."""
    mask = reading.mask_of(anchors)
    mask |= mask << 1 | mask >> 1
    count = len(reading.starts)
    packed = (mask & ((1 << count) - 1)).to_bytes(count // 8 + 1, "little")
    return np.unpackbits(np.frombuffer(packed, dtype=np.uint8), bitorder="little")[:count].astype(np.bool_)


def rule_keys(dossier: Dossier) -> list[str]:
    """A name for each rule, stable when others come or go: topic and label (or place)."""
    keys = [f"/{rule.label or n}" for n, rule in enumerate(dossier.rules)]
    for topic in dossier.topics:
        keys += [f"{topic.slug}/{rule.label or n}" for n, rule in enumerate(topic.rules)]
    return keys


def near_name(key: str) -> str:
    """What a rule that holds near the anchor is called among the numbers of relevance."""
    return _NEAR + key


def is_near(name: str) -> bool:
    """Whether a number of relevance is of a rule."""
    return name.startswith(_NEAR)


def _rows(weights: Array, numbers: list[int]) -> Array:
    """These rows; zeros for -1."""
    chosen = np.array(numbers, dtype=np.int64)
    return np.where((chosen >= 0)[:, None], weights[np.maximum(chosen, 0)], 0.0)


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
    values = [round(value, 4) for value in parts.tolist()]
    if said:
        names, values = (*names, "its words"), [*values, round(said, 4)]
    weights = [-abs(value) for value in values]
    heaviest = sorted(range(len(values)), key=weights.__getitem__)[:_MOST_LINES]
    return tuple([Contribution(names[n], values[n]) for n in heaviest])


def load_weigher(dossier: Dossier, cache_dir: Path | None = None) -> Weigher:
    """The weigher of a dossier that has a model; what was unpacked is kept in `cache_dir`.

    Raises `DossierError` for a model that cannot be read.
    """
    try:
        return Weigher(kept_model(dossier.model or b"", cache_dir), dossier)
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        hint = f"make it again: veille train {dossier.slug} CORPUS.jsonl"
        raise DossierError(f"its model cannot be read: {error}", where=dossier.where, code="D008", hint=hint) from error
