"""Floors of story grouping on generated articles; the figures are printed with `-s`."""

from __future__ import annotations

import functools
import random
import statistics
import time
from collections import defaultdict

import pytest

from monitor.domain.stories import FEWEST, SAME_STORY, containment, sketch

from ..stories_generator import article, cut, reprint


@functools.cache
def articles() -> list[list[str]]:
    """Not made where this file is only collected, as it is by each process of the run."""
    return [article(seed) for seed in range(1_000)]


@functools.cache
def sketches() -> list[tuple[int, ...]]:
    return [sketch("\n\n".join(paragraphs)) for paragraphs in articles()]


def recall(texts: list[str]) -> float:
    found = [containment(whole, sketch(text)) >= SAME_STORY for whole, text in zip(sketches(), texts, strict=True)]
    return statistics.mean(map(float, found))


def test_a_reprint_with_another_byline_is_always_found() -> None:
    rng = random.Random(1)
    assert recall([reprint(paragraphs, rng) for paragraphs in articles()]) == 1.0


@pytest.mark.parametrize(("share", "floor"), [(0.15, 0.98), (0.4, 0.95)])
def test_a_cut_copy_is_found(share: float, floor: float) -> None:
    rng = random.Random(2)
    found = recall([cut(paragraphs, share, rng) for paragraphs in articles()])
    print(f"cut by {share:.0%}: recall {found:.4f}")
    assert found >= floor


def test_other_articles_of_the_same_vocabulary_stay_apart() -> None:
    holders: dict[int, list[int]] = defaultdict(list)
    false, compared = 0, 0
    for number, values in enumerate(sketches()):
        shared: dict[int, int] = defaultdict(int)
        for value in values:
            for other in holders[value]:
                shared[other] += 1
            holders[value].append(number)
        for other, count in shared.items():
            if count >= FEWEST:
                compared += 1
                false += containment(sketches()[other], values) >= SAME_STORY
    print(f"false groupings: {false} of {compared} compared, {len(sketches())} articles")
    assert false <= 1e-5 * compared  # bottom-k sampling is off by up to .1 where a short text meets a long one


def test_an_article_takes_under_half_a_millisecond() -> None:
    texts = ["\n\n".join(paragraphs) for paragraphs in articles()[:300]]
    spent = []
    for text in texts:
        start = time.process_time()
        sketch(text)
        spent.append(time.process_time() - start)
    print(f"sketch: median {1000 * statistics.median(spent):.3f} ms")
    assert statistics.median(spent) < 0.0005
