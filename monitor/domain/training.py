"""Training a dossier's weigher from labelled articles and sentences; the same input gives the same model.

An article's label is its topics; its evidence tells in which sentences they are. Sentences of a topic's articles that
are no evidence are left open at first and then take the label that the first fit gives them (multiple instances). What
pools sentences into articles is fitted on scores that each article got from a model that had not seen it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from daachorse import DoubleArrayAhoCorasick
from numpy.typing import NDArray

from monitor.domain.automaton import Automaton, Vocabulary, compile_vocabulary
from monitor.domain.dossier import Dossier
from monitor.domain.fitting import Array, Sparse, fit_dense, fit_sparse, sigmoid
from monitor.domain.model import Document
from monitor.domain.reading import GAP, Reading
from monitor.domain.scoring import CompiledDossier
from monitor.domain.signals import signals
from monitor.domain.terms import is_small_word
from monitor.domain.text import skeleton
from monitor.domain.weigher import (
    POOLED,
    Linear,
    Model,
    gram_weights,
    near_sentences,
    pool,
    rule_counts,
    rule_keys,
    rule_owners,
    sentence_grams,
)

FOLDS = 5
SEED = 20_190_516
_PREFIXES = (4, 6)
_SENTENCE_PENALTY, _RELEVANCE_PENALTY, _DENSE_PENALTY, _STACK_PENALTY = 0.3, 0.2, 8.0, 1.0
_OPEN = 0.7  # what a sentence written for training counts for the topics that it does not have
_GRAM_SHARE = 0.5  # of the n-grams' logit beside that of the signals, both of the same spread
_THRESHOLDS = np.arange(-0.8, 0.9, 0.1)
_AS_GOOD = 0.01

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article with its labels. `topics` is None when only its relevance is known."""

    document: Document
    relevant: bool
    topics: frozenset[str] | None = None
    disputed: frozenset[str] = frozenset()
    evidence: Mapping[str, str] = field(default_factory=dict)
    sentence: bool = False  # a single sentence written for training: its topics are its own


@dataclass
class _Example:
    source: Labelled
    reading: Reading
    anchors: list[tuple[int, int]]
    near: NDArray[np.bool_]
    counts: Array
    numbers: dict[str, float]
    truth: Array
    open: NDArray[np.bool_]
    shown: Array
    where: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    grams: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass
class _Sentences:
    """The sentence model: weights (n-grams then rules, topics) and bias."""

    weights: Array
    bias: Array


class Trainer:
    """Prepares labelled articles for one dossier, and fits models on any part of them."""

    def __init__(self, dossier: Dossier, labelled: Sequence[Labelled]) -> None:
        self.dossier = dossier
        self.topics = tuple(topic.slug for topic in dossier.topics)
        vocabulary = Vocabulary()
        self._compiled = CompiledDossier(dossier, vocabulary, weigh=False)
        self._automaton: Automaton = compile_vocabulary(vocabulary)
        self._owners = rule_owners(dossier, self.topics)
        examples = [self._example(one) for one in labelled]
        self._examples = [one for one in examples if one is not None]
        self._grams = self._choose_grams()
        self._machine = DoubleArrayAhoCorasick(self._grams)
        for example in self._examples:
            example.where, example.grams = sentence_grams(self._machine, example.reading)
        self._idf = self._rarity()

    def _example(self, labelled: Labelled) -> _Example | None:
        reading = Reading(labelled.document)
        self._automaton.scan(reading)
        anchors = self._compiled.anchors(reading)
        if not reading.sentences or (anchors is None and not labelled.sentence):
            return None
        counted = self._compiled.counted(reading)
        length = len(reading.sentences)
        return _Example(
            labelled,
            reading,
            anchors or [],
            near_sentences(reading, anchors or []),
            rule_counts(counted, length, self._compiled.rules),
            signals(reading, anchors, self._compiled.signals) if anchors else {},
            np.array([slug in (labelled.topics or ()) for slug in self.topics], dtype=np.float64),
            np.array([slug in labelled.disputed for slug in self.topics]),
            self._shown(labelled, reading),
        )

    def _shown(self, labelled: Labelled, reading: Reading) -> Array:
        """In which sentences the evidence of each topic stands, shape (sentences, topics)."""
        shown = np.zeros((len(reading.sentences), len(self.topics)))
        for column, slug in enumerate(self.topics):
            passage = labelled.evidence.get(slug, "")
            start = reading.text.find(passage) if passage else -1
            if start >= 0:
                for number, (low, high) in enumerate(reading.sentences):
                    shown[number, column] = low < start + len(passage) and high > start
        return shown

    def _choose_grams(self) -> list[bytes]:
        counts: Counter[bytes] = Counter()
        for example in self._examples:
            for low, high in example.reading.sentences:
                counts.update(grams_of(example.reading.text[low:high]))
        return sorted(gram for gram, count in counts.items() if count >= 3)

    def _rarity(self) -> Array:
        counts, total = np.zeros(len(self._grams)), 0
        for example in self._examples:
            counts += np.bincount(example.grams, minlength=len(self._grams))
            total += len(example.reading.sentences)
        return np.log(total / np.maximum(counts, 1))

    def fit(self, chosen: Callable[[Labelled], bool] = lambda _: True, progress: Progress = lambda _: None) -> Model:
        """A model of the articles for which `chosen` holds; written sentences always take part."""
        taught = [one for one in self._examples if one.source.sentence]
        articles = [one for one in self._examples if not one.source.sentence and chosen(one.source)]
        labelled = [one for one in articles if one.source.relevant and one.source.topics is not None]
        progress(f"{len(articles)} articles, {len(taught)} sentences, {len(self._grams)} n-grams")
        pooled = self._pooled_unseen(labelled, taught, progress)
        stack, topic_bias, threshold = self._fit_stack(labelled, pooled)
        sentences = self._fit_sentences(labelled, taught)
        progress("relevance")
        relevance, weights, bias, share = self._fit_relevance(articles)
        return Model(
            topics=self.topics,
            grams=tuple(gram.decode("latin-1") for gram in self._grams),
            idf=self._idf,
            rules=tuple(rule_keys(self.dossier)),
            weights=sentences.weights,
            bias=sentences.bias,
            stack=stack,
            topic_bias=topic_bias,
            threshold=threshold,
            relevance=relevance,
            gram_relevance=weights,
            gram_bias=bias,
            gram_share=share,
        )

    def _pooled_unseen(self, labelled: list[_Example], taught: list[_Example], progress: Progress) -> Array:
        """The pooled numbers of each article from a model fitted on the others, shape (articles, topics, numbers)."""
        pooled = np.zeros((len(labelled), len(self.topics), len(POOLED)))
        order = np.random.default_rng(SEED).permutation(len(labelled))
        for fold in range(FOLDS):
            progress(f"part {fold + 1} of {FOLDS}")
            held = set(order[fold::FOLDS].tolist())
            model = self._fit_sentences([one for n, one in enumerate(labelled) if n not in held], taught)
            for n in held:
                pooled[n] = self._pool(labelled[n], model)
        return pooled

    def _row(self, example: _Example, number: int) -> tuple[NDArray[np.int64], Array]:
        grams = example.grams[example.where == number]
        idf = self._idf[grams]
        rules = np.flatnonzero(example.counts[number])
        values = np.concatenate([idf / (np.sqrt((idf**2).sum()) or 1.0), example.counts[number, rules]])
        return np.concatenate([grams, rules + len(self._grams)]), values

    def _fit_sentences(self, labelled: list[_Example], taught: list[_Example]) -> _Sentences:
        rows = [self._row(one, n) for one in (*labelled, *taught) for n in range(len(one.reading.sentences))]
        matrix = Sparse(rows, len(self._grams) + self._compiled.rules)
        truth = np.concatenate([*(one.shown for one in labelled), *(_spread(one) for one in taught)])
        unknown = np.concatenate([_unknown(one) for one in (*labelled, *taught)])
        worth = np.where(unknown, 0.0, 1.0)
        start = sum(len(one.reading.sentences) for one in labelled)
        worth[start:] = np.where(truth[start:] > 0, 1.0, _OPEN)
        model = self._fit_topics(matrix, truth, worth)
        scores = np.stack([matrix.dot(model.weights[:, n]) for n in range(len(self.topics))], 1) + model.bias
        chance = sigmoid(scores)
        truth, worth = np.where(unknown, chance > 0.5, truth), np.where(unknown, np.abs(chance - 0.5) * 2, worth)
        return self._fit_topics(matrix, truth, worth)

    def _fit_topics(self, matrix: Sparse, truth: Array, worth: Array) -> _Sentences:
        columns = [fit_sparse(matrix, truth[:, n], worth[:, n], _SENTENCE_PENALTY) for n in range(len(self.topics))]
        whole = np.stack(columns, axis=1)
        return _Sentences(whole[:-1], whole[-1])

    def _pool(self, example: _Example, model: _Sentences) -> Array:
        rows = Sparse([self._row(example, n) for n in range(len(example.reading.sentences))], len(model.weights))
        scores = np.stack([rows.dot(model.weights[:, n]) for n in range(len(self.topics))], 1) + model.bias
        return pool(scores, example.counts, self._owners, example.near)

    def _fit_stack(self, labelled: list[_Example], pooled: Array) -> tuple[Linear, Array, float]:
        count, kinds = len(labelled), len(self.topics)
        rows = np.concatenate([pooled.reshape(count * kinds, -1), np.tile(np.eye(kinds), (count, 1))], axis=1)
        truth = np.concatenate([one.truth for one in labelled])
        worth = np.concatenate([np.where(one.open, 0.0, 1.0) for one in labelled])
        penalty = np.full(rows.shape[1], _STACK_PENALTY)
        stack, topic_bias = fit_dense(POOLED, rows, truth, worth, penalty)
        logits = (stack.logit(pooled) + topic_bias).reshape(-1)
        said, true = logits[worth > 0], truth[worth > 0] > 0
        figures = [_f1(said > threshold, true) for threshold in _THRESHOLDS]
        # articles by other hands score lower: of thresholds as good as the best, the lowest
        lowest = next(n for n, figure in enumerate(figures) if figure >= max(figures) - _AS_GOOD)
        return stack, topic_bias, float(round(_THRESHOLDS[lowest], 2))

    def _fit_relevance(self, articles: list[_Example]) -> tuple[Linear, Array, float, float]:
        truth = np.array([one.source.relevant for one in articles], dtype=np.float64)
        names = tuple(articles[0].numbers)
        rows = np.array([[float(one.numbers[name]) for name in names] for one in articles])
        dense, _ = fit_dense(names, rows, truth, np.ones(len(truth)), np.full(len(names), _DENSE_PENALTY))
        bags = [gram_weights(one.where, one.grams, one.near, self._idf) for one in articles]
        weights = fit_sparse(Sparse(bags, len(self._grams)), truth, np.ones(len(truth)), _RELEVANCE_PENALTY)
        return dense, weights[:-1], float(weights[-1]), self._share(bags, truth)

    def _share(self, bags: list[tuple[NDArray[np.int64], Array]], truth: Array) -> float:
        """How much of the n-grams' logit counts: its spread on unseen articles is brought to `_GRAM_SHARE`."""
        logits = np.zeros(len(bags))
        order = np.random.default_rng(SEED).permutation(len(bags))
        for fold in range(FOLDS):
            held = order[fold::FOLDS]
            kept = np.setdiff1d(order, held)
            matrix = Sparse([bags[n] for n in kept], len(self._grams))
            weights = fit_sparse(matrix, truth[kept], np.ones(len(kept)), _RELEVANCE_PENALTY)
            logits[held] = Sparse([bags[n] for n in held], len(self._grams)).dot(weights[:-1]) + weights[-1]
        return float(_GRAM_SHARE / max(float(logits.std()), 1e-6))


def _spread(example: _Example) -> Array:
    """A written sentence's topics, for each of the sentences it may fall into."""
    return np.tile(example.truth, (len(example.reading.sentences), 1))


def _unknown(example: _Example) -> NDArray[np.bool_]:
    """Which labels of which sentences are open: the topic is the article's, and the sentence is not its evidence."""
    if example.source.sentence:
        return np.zeros((len(example.reading.sentences), len(example.truth)), dtype=np.bool_)
    return np.asarray((example.shown == 0) & ((example.truth > 0) | example.open))


def _f1(said: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    both = int((said & true).sum())
    return 2 * both / max(1, int(said.sum()) + int(true.sum()))


def grams_of(sentence: str) -> set[bytes]:
    """The n-grams of a sentence as byte patterns: words, beginnings of words, pairs of words."""
    found: set[bytes] = set()
    for run in skeleton(sentence).split(b"  "):
        words = run.split()
        for number, word in enumerate(words):
            small = is_small_word(word)
            if len(word) > 1 and not small:
                found.add(b" " + word + b" ")
                found.update(b" " + word[:length] for length in _PREFIXES if len(word) > length)
            if number and not (small and is_small_word(words[number - 1])):
                found.add(b" " + words[number - 1] + b" " + word + b" ")
    return found


def passage_document(text: str) -> Document:
    """A document of one sentence."""
    return Document(body=text.replace(GAP, " "))
