"""Training a dossier's weigher from labelled articles and sentences; the same input gives the same model.

An article's label is its topics; its evidence tells in which sentences they are. Sentences of a topic's articles that
are no evidence are left open at first and then take the label that the first fit gives them (multiple instances). What
pools sentences into articles is fitted on scores that each article got from a model that had not seen it.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from daachorse import DoubleArrayAhoCorasick
from numpy.typing import NDArray

from monitor.domain.automaton import Automaton, Vocabulary, compile_vocabulary
from monitor.domain.dossier import Dossier
from monitor.domain.fitting import Sparse, fit_dense, fit_sparse
from monitor.domain.grams import grams_of
from monitor.domain.keeping_back import best_threshold, parts
from monitor.domain.labelled import Labelled
from monitor.domain.linear import Array, Linear, sigmoid
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from monitor.domain.scoring import CompiledDossier
from monitor.domain.sightings import (
    Sightings,
    article_vector,
    gram_weights,
    near_sentences,
    rule_counts,
    sentence_values,
    sightings,
)
from monitor.domain.signals import signals
from monitor.domain.trees import Trees, fit_trees
from monitor.domain.weigher import is_near, near_name, owners_of, rule_keys
from monitor.domain.weighing import held_near, joint, pool
from monitor.domain.weights import POOLED, Model

_SENTENCE_PENALTY, _ARTICLE_PENALTY, _RELEVANCE_PENALTY, _DENSE_PENALTY, _STACK_PENALTY = 0.3, 0.5, 0.1, 12.0, 1.0
_RULE_PENALTY = 4.0  # times that of n-grams: many rules hold in a sentence
_RAREST = 5  # sentences that an n-gram stands in
_OPEN = 0.7  # what a sentence written for training counts for the topics that it does not have
_TAUGHT = 0.3  # what it counts as an article
_EACH = 0.5  # the linear model's and the trees' share of what the numbers say of relevance
_GRAM_SHARE = 2.0  # the spread that the n-grams' logit of relevance is brought to
_ENOUGH = 60

Progress = Callable[[str], None]


_UNSEEN = Sightings(np.zeros(0, np.bool_))


@dataclass
class _Example:
    source: Labelled
    reading: Reading
    near: NDArray[np.bool_]
    counts: Array
    numbers: dict[str, float]
    truth: Array
    open: NDArray[np.bool_]
    shown: Array
    number: int = 0
    rows: slice = field(default_factory=lambda: slice(0))  # its sentences in the matrix of all
    seen: Sightings = _UNSEEN


@dataclass
class _Topics:
    """A linear model of topics: weights (n-grams then rules, topics) and bias."""

    weights: Array
    bias: Array

    def scores(self, matrix: Sparse) -> Array:
        return matrix.dot_each(self.weights) + self.bias


@dataclass
class _Both:
    """What tells topics: a model of sentences and one of whole articles."""

    sentences: _Topics
    articles: _Topics


@dataclass
class _Relevance:
    """What tells relevance: the models of the numbers; the n-grams' weights, bias and share."""

    numbers: Linear
    trees: Trees
    weights: Array
    bias: float
    share: float


class Trainer:
    """Prepares labelled articles for one dossier, and fits models on any part of them."""

    def __init__(self, dossier: Dossier, labelled: Sequence[Labelled]) -> None:
        self.dossier = dossier
        self.topics = tuple(topic.slug for topic in dossier.topics)
        vocabulary = Vocabulary()
        self._compiled = CompiledDossier(dossier, vocabulary, weigh=False)
        self._automaton: Automaton = compile_vocabulary(vocabulary)
        self._owned = rules_owned(dossier, self.topics)
        examples = [self._example(one) for one in labelled]
        self._examples = [one for one in examples if one is not None]
        self._grams = self._choose_grams()
        machine = DoubleArrayAhoCorasick(self._grams) if self._grams else None
        for number, example in enumerate(self._examples):
            example.number = number
            example.seen = sightings(machine, example.reading, example.near)
        self._idf = self._rarity()
        self._sentences, self._articles = self._matrices()

    def _example(self, labelled: Labelled) -> _Example | None:
        reading = Reading(labelled.document)
        self._automaton.scan(reading)
        anchors = self._compiled.anchors(reading)
        if not reading.sentences or (anchors is None and not labelled.sentence):
            return None
        counted = self._compiled.counted(reading)
        near = near_sentences(reading, anchors or [])
        counts = rule_counts(counted, len(reading.sentences), self._compiled.rules)
        return _Example(
            labelled,
            reading,
            near,
            counts,
            self._numbers(reading, anchors, held_near(counts, near)) if anchors else {},
            np.array([slug in (labelled.topics or ()) for slug in self.topics], dtype=np.float64),
            np.array([slug in labelled.disputed for slug in self.topics]),
            self._shown(labelled, reading),
        )

    def _numbers(self, reading: Reading, anchors: list[Pair], near: Array) -> dict[str, float]:
        rules = {near_name(key): float(value) for key, value in zip(rule_keys(self.dossier), near, strict=True)}
        return signals(reading, anchors, self._compiled.signals) | rules

    def _matrices(self) -> tuple[Sparse, Sparse]:
        """All sentences, and all articles, in rows of n-grams then rules."""
        sentences: list[tuple[NDArray[np.int64], Array]] = []
        articles, width = [], len(self._grams) + self._compiled.rules
        columns_of_rules = np.arange(len(self._grams), width)
        for example in self._examples:
            seen, low = example.seen, len(sentences)
            values, grams = sentence_values(seen, self._idf), seen.grams
            for number, counts in enumerate(example.counts):
                chosen, rules = seen.where == number, np.flatnonzero(counts)
                columns = np.concatenate([grams[chosen], rules + len(self._grams)])
                sentences.append((columns, np.concatenate([values[chosen], counts[rules]])))
            example.rows = slice(low, len(sentences))
            written = example.source.sentence
            articles.append(article_vector(seen, values, columns_of_rules, example.counts, whole=written))
        return Sparse(sentences, width), Sparse(articles, width)

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
        return sorted(gram for gram, count in counts.items() if count >= _RAREST)

    def _rarity(self) -> Array:
        counts, total = np.zeros(len(self._grams)), 0
        for example in self._examples:
            counts += np.bincount(example.seen.grams, minlength=len(self._grams))
            total += len(example.reading.sentences)
        return np.log(total / np.maximum(counts, 1))

    def fit(self, chosen: Callable[[Labelled], bool] = lambda _: True, progress: Progress = lambda _: None) -> Model:
        """A model of the articles for which `chosen` holds; written sentences always take part."""
        taught = [one for one in self._examples if one.source.sentence]
        articles = [one for one in self._examples if not one.source.sentence and chosen(one.source)]
        progress(f"{len(articles)} articles, {len(taught)} sentences, {len(self._grams)} n-grams")
        relevance, unseen = self._fit_relevance(articles)
        judged = [n for n, one in enumerate(articles) if one.source.topics is not None]
        topical = [articles[n] for n in judged]
        pooled = self._pooled_unseen(topical, taught, progress)
        stack, topic_bias, threshold = self._fit_stack(topical, pooled, unseen[judged])
        both = self._fit_both(topical, taught)
        return Model(
            topics=self.topics,
            grams=tuple(gram.decode("latin-1") for gram in self._grams),
            idf=self._idf,
            rules=tuple(rule_keys(self.dossier)),
            weights=both.sentences.weights,
            bias=both.sentences.bias,
            article_weights=both.articles.weights,
            article_bias=both.articles.bias,
            stack=stack,
            topic_bias=topic_bias,
            threshold=threshold,
            relevance=relevance.numbers,
            trees=relevance.trees,
            gram_relevance=relevance.weights,
            gram_bias=relevance.bias,
            gram_share=relevance.share,
        )

    def _pooled_unseen(self, labelled: list[_Example], taught: list[_Example], progress: Progress) -> Array:
        """The pooled numbers of each article from a model fitted on the others, shape (articles, topics, numbers)."""
        pooled = np.zeros((len(labelled), len(self.topics), len(POOLED)))
        folds = parts([one.source.hand for one in labelled])
        for number, part in enumerate(folds, 1):
            progress(f"part {number} of {len(folds)}")
            held = set(part.tolist())
            both = self._fit_both([one for n, one in enumerate(labelled) if n not in held], taught)
            pooled[part] = self._pool([labelled[n] for n in part], both)
        return pooled

    def _fit_both(self, labelled: list[_Example], taught: list[_Example]) -> _Both:
        relevant = [one for one in labelled if one.source.relevant]
        return _Both(self._fit_sentences(relevant, taught), self._fit_articles(relevant, taught))

    def _fit_sentences(self, labelled: list[_Example], taught: list[_Example]) -> _Topics:
        chosen = (*labelled, *taught)
        matrix = self._sentences.take(np.concatenate([np.arange(one.rows.start, one.rows.stop) for one in chosen]))
        truth = np.concatenate([*(one.shown for one in labelled), *(_spread(one) for one in taught)])
        unknown = np.concatenate([_unknown(one) for one in chosen])
        worth = np.where(unknown, 0.0, 1.0)
        start = sum(len(one.reading.sentences) for one in labelled)
        worth[start:] = np.where(truth[start:] > 0, 1.0, _OPEN)
        model = self._fit_topics(matrix, truth, worth, _SENTENCE_PENALTY)
        chance = sigmoid(model.scores(matrix))
        truth, worth = np.where(unknown, chance > 0.5, truth), np.where(unknown, np.abs(chance - 0.5) * 2, worth)
        return self._fit_topics(matrix, truth, worth, _SENTENCE_PENALTY, model)

    def _fit_articles(self, labelled: list[_Example], taught: list[_Example]) -> _Topics:
        chosen = (*labelled, *taught)
        matrix = self._articles.take(np.array([one.number for one in chosen]))
        truth = np.stack([one.truth for one in chosen])
        worth = np.stack([np.where(one.open, 0.0, _TAUGHT if one.source.sentence else 1.0) for one in chosen])
        return self._fit_topics(matrix, truth, worth, _ARTICLE_PENALTY, ruled=False)

    def _fit_topics(
        self,
        matrix: Sparse,
        truth: Array,
        worth: Array,
        penalty: float,
        start: _Topics | None = None,
        *,
        ruled: bool = True,
    ) -> _Topics:
        """One model a topic; `ruled` says that rules are held back more than n-grams."""
        penalties = np.full(matrix.width, penalty)
        penalties[len(self._grams) :] *= _RULE_PENALTY if ruled else 1.0
        columns = []
        for n in range(len(self.topics)):
            first = None if start is None else np.append(start.weights[:, n], start.bias[n])
            columns.append(fit_sparse(matrix, truth[:, n], worth[:, n], penalties, first))
        whole = np.stack(columns, axis=1)
        return _Topics(whole[:-1], whole[-1])

    def _pool(self, examples: list[_Example], both: _Both) -> Array:
        """The pooled numbers of each article, shape (articles, topics, numbers)."""
        rows = [np.arange(one.rows.start, one.rows.stop) for one in examples]
        scores = both.sentences.scores(self._sentences.take(np.concatenate(rows)))
        whole = both.articles.scores(self._articles.take(np.array([one.number for one in examples])))
        parts = np.split(scores, np.cumsum([len(each) for each in rows])[:-1])
        return np.stack(
            [
                pool(part, one.counts, self._owned, one.near, all_of_it)
                for part, one, all_of_it in zip(parts, examples, whole, strict=True)
            ]
        )

    def _fit_stack(self, judged: list[_Example], pooled: Array, relevance: Array) -> tuple[Linear, Array, float]:
        """What weighs the pooled numbers, fitted on relevant articles; the threshold is that of all.

        `relevance` is the logit that each article got unseen.
        """
        kinds, relevant = len(self.topics), np.array([one.source.relevant for one in judged])
        truth = np.stack([one.truth for one in judged])
        worth = np.stack([np.where(one.open, 0.0, 1.0) for one in judged])
        count = int(relevant.sum())
        rows = np.concatenate([pooled[relevant].reshape(count * kinds, -1), np.tile(np.eye(kinds), (count, 1))], axis=1)
        penalty = np.full(rows.shape[1], _STACK_PENALTY)
        stack, topic_bias = fit_dense(POOLED, rows, truth[relevant].ravel(), worth[relevant].ravel(), penalty)
        logits = joint(relevance[:, None], stack.logit(pooled) + topic_bias)
        logits[relevance <= 0] = -np.inf
        asked = (worth > 0) & _measure(judged)[:, None]
        return stack, topic_bias, best_threshold(logits[asked], truth[asked] > 0)

    def _fit_relevance(self, articles: list[_Example]) -> tuple[_Relevance, Array]:
        """What tells relevance, and the logit that each article got from a model that had not seen its hand.

        The latter tells how much n-grams count and where relevance begins.
        """
        truth = np.array([one.source.relevant for one in articles], dtype=np.float64)
        names = tuple(articles[0].numbers)
        rows = np.array([[float(one.numbers[name]) for name in names] for one in articles])
        bags = Sparse([gram_weights(one.seen, self._idf) for one in articles], len(self._grams))
        by_numbers, by_grams = np.zeros(len(truth)), np.zeros(len(truth))
        for held in parts([one.source.hand for one in articles]):
            kept = np.setdiff1d(np.arange(len(truth)), held)
            numbers, trees = _fit_numbers(names, rows[kept], truth[kept])
            by_numbers[held] = numbers.logit(rows[held]) + trees.logit(rows[held][:, : len(trees.names)])
            weights = fit_sparse(bags.take(kept), truth[kept], np.ones(len(kept)), _RELEVANCE_PENALTY)
            by_grams[held] = bags.take(held).dot(weights[:-1]) + weights[-1]
        share = _GRAM_SHARE / max(float(by_grams.std()), 1e-6)
        asked = _measure(articles)
        start = best_threshold((by_numbers + share * by_grams)[asked], truth[asked] > 0)
        numbers, trees = _fit_numbers(names, rows, truth)
        weights = fit_sparse(bags, truth, np.ones(len(truth)), _RELEVANCE_PENALTY)
        numbers = dataclasses.replace(numbers, bias=numbers.bias - start)
        unseen = by_numbers + share * by_grams - start
        return _Relevance(numbers, trees, weights[:-1], float(weights[-1]), share), unseen


def _fit_numbers(names: tuple[str, ...], rows: Array, truth: Array) -> tuple[Linear, Trees]:
    """A linear model of all numbers and trees of those of the text, the first ones; each counts half."""
    penalty, least = np.full(len(names), _DENSE_PENALTY), np.array([1.0 if is_near(name) else 1e-6 for name in names])
    linear = fit_dense(names, rows, truth, np.ones(len(truth)), penalty, least)[0]
    own = tuple(name for name in names if not is_near(name))
    trees = fit_trees(own, rows[:, : len(own)], truth)
    half = dataclasses.replace(linear, weights=linear.weights * _EACH, bias=linear.bias * _EACH)
    return half, dataclasses.replace(trees, values=trees.values * _EACH, bias=trees.bias * _EACH)


def _measure(examples: Sequence[_Example]) -> NDArray[np.bool_]:
    """Those by which thresholds are set: all that are not extra, if there are enough."""
    own = np.array([not one.source.extra for one in examples])
    return own if own.sum() >= _ENOUGH else np.ones(len(own), dtype=np.bool_)


def _spread(example: _Example) -> Array:
    """A written sentence's topics, for each of the sentences it may fall into."""
    return np.tile(example.truth, (len(example.reading.sentences), 1))


def _unknown(example: _Example) -> NDArray[np.bool_]:
    """Which labels of which sentences are open: the topic is the article's, and the sentence is not its evidence."""
    if example.source.sentence:
        return np.zeros((len(example.reading.sentences), len(example.truth)), dtype=np.bool_)
    return np.asarray((example.shown == 0) & ((example.truth > 0) | example.open))


def rules_owned(dossier: Dossier, topics: tuple[str, ...]) -> Array:
    """1 where a rule is a topic's, of shape (rules, topics); those of relevance are nobody's."""
    return np.array([[owner == slug for slug in topics] for owner in owners_of(dossier)], dtype=np.float64)
