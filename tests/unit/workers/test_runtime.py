"""How announced rows are dealt out to messages."""

import gc
import weakref
from collections.abc import Iterator
from itertools import pairwise

import pytest

from monitor.settings import load_settings
from workers.runtime import dealt, share, shared_out, sliced, spare_the_collector, tidy, together

PAIRS = [(number, 0) for number in range(120)]


def test_feeds_keep_their_order_so_that_the_longest_due_is_polled_first() -> None:
    assert [pair for batch in sliced(PAIRS, 50) for pair in batch] == PAIRS
    assert [len(batch) for batch in sliced(PAIRS, 50)] == [50, 50, 20]


@pytest.mark.parametrize(
    ("feeds", "sizes"),
    [
        (0, []),
        (1, [1]),
        (30, [25, 5]),
        (120, [60, 60]),
        (400, [200, 200]),
        (401, [200, 200, 1]),
        (500, [200, 200, 50, 50]),
        (1000, [200] * 4 + [100] * 2),
    ],
)
def test_feeds_are_shared_out_alike_among_the_processes(feeds: int, sizes: list[int]) -> None:
    pairs = [(number, 0) for number in range(feeds)]
    batches = shared_out(pairs, 200, 2)
    assert [len(batch) for batch in batches] == sizes
    assert [pair for batch in batches for pair in batch] == pairs


@pytest.mark.parametrize("most", [1, 7])
def test_no_batch_of_feeds_is_larger_than_asked_for(most: int) -> None:
    assert {len(batch) for batch in shared_out(PAIRS[:28], most, 3)} == {most}


def test_pages_that_stand_together_go_apart() -> None:
    batches = dealt(PAIRS, 20)
    assert sorted(pair for batch in batches for pair in batch) == PAIRS
    steps = {later[0] - earlier[0] for batch in batches for earlier, later in pairwise(batch)}
    assert steps == {6}


def test_several_batches_travel_in_one_message() -> None:
    messages = together(dealt([(number, 0) for number in range(1350)], 20))
    assert len(messages) == 3
    assert max(map(len, messages)) <= 600
    assert sorted(row for message in messages for row, _ in message) == list(range(1350))


def test_each_process_has_a_message_of_its_own() -> None:
    batches = dealt(PAIRS, 20)
    messages = together(batches, 2)
    assert [len(message) for message in messages] == [60, 60]
    assert sorted(pair for message in messages for pair in message) == PAIRS
    assert together(batches[:1], 2) == batches[:1]
    assert together([], 2) == []


def test_a_message_of_candidates_carries_more_pages() -> None:
    assert load_settings({}).pages_together == 20
    assert load_settings({"VEILLE_STORE": "candidates"}).pages_together == 160
    assert load_settings({"VEILLE_STORE": "candidates", "VEILLE_READ_BATCH": "400"}).pages_together == 500


@pytest.mark.parametrize(
    ("pages", "sizes"),
    [
        (0, []),
        (60, [60]),
        (61, [31, 30]),
        (120, [60, 60]),
        (320, [160, 160]),
        (321, [107, 107, 107]),
        (1000, [143, 143, 143, 143, 143, 143, 142]),
    ],
)
def test_few_pages_of_candidates_are_shared_out_and_many_read_together(pages: int, sizes: list[int]) -> None:
    pairs = [(number, 0) for number in range(pages)]
    batches = dealt(pairs, share(pages, 60, 160, 2))
    assert sorted(map(len, batches), reverse=True) == sizes
    assert sorted(pair for batch in batches for pair in batch) == pairs


@pytest.mark.parametrize("processes", [1, 2, 8])
def test_pages_that_are_all_extracted_are_dealt_as_ever(processes: int) -> None:
    for pages in range(1, 300):
        pairs = [(number, 0) for number in range(pages)]
        assert len(dealt(pairs, share(pages, 20, 20, processes))) == -(-pages // 20)


def test_one_process_has_nobody_to_share_the_last_round_with() -> None:
    assert [len(batch) for batch in shared_out(PAIRS, 50, 1)] == [50, 50, 20]


@pytest.fixture
def spared() -> Iterator[None]:
    usual = gc.get_threshold()
    spare_the_collector()
    yield
    gc.set_threshold(*usual)


def test_the_collector_does_not_go_through_what_a_message_has_under_way(spared: None) -> None:
    gc.collect()
    before = gc.get_stats()[0]["collections"]
    under_way = [[number] for number in range(15_000)]
    assert gc.get_stats()[0]["collections"] == before
    assert len(under_way) == 15_000


def test_what_points_at_itself_is_let_go_after_its_task(spared: None) -> None:
    class Answer:
        def __init__(self) -> None:
            self.itself = self

    left = weakref.ref(Answer())
    assert left() is not None
    tidy()
    assert left() is None
