"""What is kept back together: whole hands, each in one part, parts of about one size."""

from collections import Counter

import numpy as np

from monitor.domain.keeping_back import FOLDS, parts


def test_many_hands_are_dealt_out_whole_to_parts_of_about_one_size() -> None:
    sizes = {f"hand-{number}": 20 + 7 * number for number in range(19)}
    hands = [name for name, size in sizes.items() for _ in range(size)]
    found = parts(hands)
    assert len(found) == 6
    assert sorted(np.concatenate(found).tolist()) == list(range(len(hands)))
    where = Counter(hand for part in found for hand in {hands[n] for n in part})
    assert set(where.values()) == {1}
    counts = [len(part) for part in found]
    assert max(counts) - min(counts) <= max(sizes.values())


def test_a_few_hands_are_a_part_each_and_fewer_are_drawn_by_lot() -> None:
    assert [part.tolist() for part in parts(["a", "b", "c", "d", "a"])] == [[0, 4], [1], [2], [3]]
    drawn = parts(["a"] * 12 + ["b"] * 8)
    assert len(drawn) == FOLDS
    assert sorted(np.concatenate(drawn).tolist()) == list(range(20))


def test_the_same_hands_are_dealt_out_the_same_way_in_any_order() -> None:
    hands = ["e", "d", "c", "b", "a", "f", "g", "h"]
    alike = [{hands[n] for n in part} for part in parts(hands)]
    turned = list(reversed(hands))
    assert alike == [{turned[n] for n in part} for part in parts(turned)]
