"""An article's n-grams and rules as numbers, beside the same counted one by one."""

from __future__ import annotations

import numpy as np
from daachorse import DoubleArrayAhoCorasick

from monitor.domain.dossier import Dossier, Rule, Topic
from monitor.domain.model import Document
from monitor.domain.reading import Reading
from monitor.domain.sightings import near_sentences, rule_counts, sightings
from monitor.domain.tallies import Item
from monitor.domain.training import rules_owned

GRAMS = [b" un ", b" deux ", b" deux trois ", b" troi"]


def test_each_n_gram_is_seen_once_a_sentence() -> None:
    reading = Reading(Document(title="Un", body="Un deux trois, un deux. Trois trois.\n\nRien. Un deux trois."))
    seen = sightings(DoubleArrayAhoCorasick(GRAMS), reading, near_sentences(reading, []))
    pairs = zip(seen.where.tolist(), seen.grams.tolist(), strict=True)
    assert sorted(pairs) == [(0, 0), (1, 0), (1, 1), (1, 2), (1, 3), (2, 3), (4, 0), (4, 1), (4, 2), (4, 3)]


def test_sentences_are_told_apart_beyond_what_a_byte_counts() -> None:
    reading = Reading(Document(body="Rien du tout. " * 299 + "Un deux."))
    seen = sightings(DoubleArrayAhoCorasick(GRAMS), reading, near_sentences(reading, []))
    assert list(zip(seen.where.tolist(), seen.grams.tolist(), strict=True)) == [(299, 0), (299, 1)]
    assert reading.mask_of([(len(reading.text) - 8, len(reading.text) - 6)]) == 1 << 299
    assert reading.sentence_of(0) == 0


def test_an_article_without_n_grams_has_none() -> None:
    reading = Reading(Document(body="Rien du tout."))
    assert not len(sightings(DoubleArrayAhoCorasick(GRAMS), reading, near_sentences(reading, [])).grams)
    assert not len(sightings(None, reading, near_sentences(reading, [])).grams)


def test_rules_are_counted_by_sentence_up_to_two() -> None:
    masks = [(0, 0b1001), (1, 0b1), (1, 0b1), (1, 0b11), (2, 1 << 9)]
    counted = [(Item(0, number, "", 1.0, 1, False), mask) for number, mask in masks]
    expected = np.zeros((10, 4))
    expected[[0, 3, 1, 9], [0, 0, 1, 2]] = 1
    expected[0, 1] = np.sqrt(2)
    assert np.array_equal(rule_counts(counted, 10, 4), expected)
    assert not rule_counts([], 3, 4).any()


def test_rules_are_owned_by_their_topics_and_those_of_relevance_by_none() -> None:
    topics = (Topic("a", "A", (Rule(()), Rule(()))), Topic("b", "B", (Rule(()),)))
    dossier = Dossier("d", "D", topics, rules=(Rule(()),))
    assert rules_owned(dossier, ("b", "a")).tolist() == [[0, 0], [0, 1], [0, 1], [1, 0]]
