"""What single words said to a weigher, for `explain`: the n-grams of its sums, shared out among the words they cover.

A linear model's sum is that of its n-grams (Ribeiro et al. 2016 explain other models by fitting such a one); an n-gram
that stands several times is shared out among its places, and a pair of words between the two. So the words add up to
what the model counted for its n-grams.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from monitor.domain.explaining import Passage
from monitor.domain.model import Contribution
from monitor.domain.places import Pair
from monitor.domain.reading import Reading
from monitor.domain.sightings import gram_weights, near_sentences, rules_held, sentence_values, sightings
from monitor.domain.tallies import Item
from monitor.domain.weighing import arrays, known, scored

if TYPE_CHECKING:
    from monitor.domain.weigher import Weigher

MOST_WORDS = 8
LEAST = 0.05  # of a logit: what is less moves no score that anybody sees


def words_for_relevance(weigher: Weigher, reading: Reading, anchors: list[Pair]) -> tuple[Contribution, ...]:
    """The words that weighed most for the article being relevant (or against it), in parts of the logit."""
    model, share = arrays(weigher.tables), weigher.model.gram_share
    seen = sightings(weigher.model.machine, reading, near_sentences(reading, anchors))
    kinds, values = gram_weights(seen, model.idf)
    said = dict(zip(kinds.tolist(), (model.gram_relevance[kinds] * values * share).tolist(), strict=True))
    return _shared_out(reading, weigher, said, 0, reading.end)


def passages(
    weigher: Weigher, reading: Reading, anchors: list[Pair], counted: list[tuple[Item, int]]
) -> dict[str, Passage]:
    """The best passage of each topic that the model knows, by slug."""
    model = arrays(weigher.tables)
    seen = sightings(weigher.model.machine, reading, near_sentences(reading, anchors))
    rules, counts = rules_held(counted, len(reading.starts))
    scores, _ = scored(model, rules, known(model, rules, counts), seen)
    values = sentence_values(seen, model.idf)
    found = {}
    for column, topic in enumerate(weigher.model.topics):
        sentence = int(scores[:, column].argmax())
        (here,) = np.nonzero(seen.where == sentence)
        said = values[here] * model.weights[seen.grams[here], column]
        found[topic] = _passage(
            weigher, reading, dict(zip(seen.grams[here].tolist(), said.tolist(), strict=True)), sentence
        )
    return found


def _passage(weigher: Weigher, reading: Reading, said: dict[int, float], sentence: int) -> Passage:
    low, high = reading.sentence(sentence)
    return Passage(reading.span(low, high), _shared_out(reading, weigher, said, low, high))


def _shared_out(
    reading: Reading, weigher: Weigher, said: dict[int, float], low: int, high: int
) -> tuple[Contribution, ...]:
    """Words between two offsets with their shares of what each n-gram said."""
    machine = weigher.model.machine
    if machine is None:
        return ()
    places: dict[int, list[Pair]] = defaultdict(list)
    for start, end, gram in machine.find_overlapping(reading.haystack):
        if gram in said and low <= start < high:
            places[gram].append((start, end))
    shares: dict[bytes, float] = defaultdict(float)
    stands: dict[bytes, set[Pair]] = defaultdict(set)
    for gram, pairs in places.items():
        for pair in pairs:
            words = list(_words_under(reading.haystack, *pair))
            for word in words:
                spelling = reading.haystack[slice(*word)]
                shares[spelling] += said[gram] / len(pairs) / len(words)
                stands[spelling].add(word)
    lines = [_line(reading, value, stands[spelling]) for spelling, value in shares.items() if abs(value) >= LEAST]
    return tuple(sorted(lines, key=lambda line: -abs(line.value))[:MOST_WORDS])


def _words_under(haystack: bytes, start: int, end: int) -> Iterator[Pair]:
    """The words that (start, end) covers, each whole: an n-gram may be the beginning of one."""
    at = start
    while at < end:
        if haystack[at : at + 1] == b" ":
            at += 1
            continue
        stop = haystack.find(b" ", at)
        stop = len(haystack) if stop < 0 else stop
        yield at, stop
        at = stop


def _line(reading: Reading, value: float, stands: set[Pair]) -> Contribution:
    start, end = min(stands)
    span = reading.span_of(start - 1, end - 1)  # a blank stands before the text in the haystack
    return Contribution(span.text, round(value, 4), len(stands), (span,))
