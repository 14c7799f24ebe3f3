"""What is measured is measured alike for all."""

from __future__ import annotations

import pytest

from bench.scenarios import in_turn


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_two_rounds_come_as_late_for_each(count: int) -> None:
    rounds = [in_turn(range(count), number) for number in range(2)]
    late = {one: sum(order.index(one) for order in rounds) for one in range(count)}
    assert set(late.values()) == {count - 1}


def test_nobody_is_left_out_and_two_rounds_later_all_is_as_it_was() -> None:
    assert [in_turn("abc", number) for number in range(4)] == [list("abc"), list("cba"), list("abc"), list("cba")]
