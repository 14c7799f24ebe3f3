"""Whatever the words have where it looks, a descent passes every id once, newest first."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.words import Every, Some, Word
from monitor.storage.search_descent import ERAS, Descent, Part, Passed, era_mark

WORDS = {
    "one": Word("onduleur"),
    "many": Some(tuple(Word(f"forme{n}") for n in range(34))),
    "beginning": Word("ondul", prefix=True),
}


def parts(descent: Descent, hits: list[int], wanted: int = 60) -> list[Part]:
    found: list[Part] = []
    while (part := descent.next(wanted)) is not None:
        found.append(part)
        descent.saw(part, min(hits[len(found) % len(hits)], part.high - part.low))
    return found


@given(
    kind=st.sampled_from(sorted(WORDS)),
    low=st.integers(0, 5_000),
    articles=st.integers(1, 2_000_000),
    hits=st.lists(st.integers(0, 5_000), min_size=1, max_size=5),
)
def test_parts_lie_end_to_end_from_newest_to_oldest(kind: str, low: int, articles: int, hits: list[int]) -> None:
    found = parts(Descent(WORDS[kind], low, low + articles), hits)
    assert [found[0].high, found[-1].low] == [low + articles, low]
    assert all(upper.low == lower.high for upper, lower in pairwise(found))


@given(kind=st.sampled_from(["one", "many"]), articles=st.integers(1, 300_000), hits=st.integers(0, 40))
def test_the_eras_of_a_part_hold_all_its_ids(kind: str, articles: int, hits: int) -> None:
    for part in parts(Descent(WORDS[kind], 0, articles), [hits]):
        if part.eras is not None:
            marks = {word.text for word in ([part.eras] if isinstance(part.eras, Word) else part.eras.parts)}  # type: ignore[union-attr]
            bits = int(next(iter(marks)).removeprefix("¤e").split("_")[0])
            assert {era_mark(bits, article) for article in range(part.low, part.high, 1 << bits)} <= marks
            assert era_mark(bits, part.high - 1) in marks


def test_rare_words_are_asked_of_the_whole_index_after_one_look() -> None:
    first, rest = parts(Descent(WORDS["one"], 0, 1_000_000), [0])
    assert (first.walked, rest.low, rest.eras) == (True, 0, None)


def test_dense_words_are_walked_over() -> None:
    assert all(part.walked for part in parts(Descent(WORDS["one"], 0, 1_000_000), [200])[:3])


def test_words_in_one_of_16_are_asked_by_the_shortest_stretches_and_not_walked_over() -> None:
    first = Descent(WORDS["one"], 0, 1_000_000, likely=1 / 16).next(60)
    assert first is not None
    assert (first.walked, first.bits, first.high) == (False, ERAS[0], 1_000_000)
    assert 60 * 16 < first.high - first.low < 3 << ERAS[0]


def test_words_that_are_seldom_together_are_asked_by_stretches_before_the_whole_index() -> None:
    """At a million articles the whole took 7 ms for a page's forty."""
    together = Every((WORDS["one"], Word("exclure")))
    descent = Descent(together, 0, 1_000_000, likely=0.006)
    first = descent.next(60)
    assert first is not None
    descent.saw(first, 22)
    second = descent.next(38)
    assert second is not None
    assert (second.low > 0, second.eras is None) == (True, False)


def test_words_that_the_server_does_not_know_are_asked_of_the_whole_index_at_once() -> None:
    first = Descent(WORDS["one"], 0, 1_000_000, likely=0.0).next(60)
    assert first == Part(0, 1_000_000)


@given(spare=st.integers(1, 5_000))
def test_a_part_reaches_beyond_articles_that_will_hardly_do(spare: int) -> None:
    plain, wider = (Descent(WORDS["one"], 0, 1_000_000, likely=1 / 40, spare=more) for more in (0, spare))
    one, other = plain.next(60), wider.next(60)
    assert one is not None
    assert other is not None
    assert (other.high, other.low) == (one.high, min(one.low, other.low))
    assert 1_000_000 - other.low >= 60 * 40 + spare
    wider.saw(other, 60)
    after = wider.next(1)
    assert after is not None
    assert other.low - after.low < 2 << ERAS[0]  # once


def test_what_was_seen_of_a_question_tells_how_far_its_next_page_looks() -> None:
    """One of thirty candidates fulfils the other conditions, which a first page found out in two turns."""
    learnt = Passed()
    learnt.saw(2200, 73, 35_000)
    guessed = Descent(WORDS["one"], 0, 1_000_000, likely=1 / 16).next(60)
    known = Descent(WORDS["one"], 0, 1_000_000, likely=1 / 16).next(60, learnt)
    assert guessed
    assert known
    assert guessed.high - guessed.low < 60 * 16 * 30 < known.high - known.low < 1_000_000


def test_a_share_that_is_well_known_leaves_less_to_spare() -> None:
    """28,800 articles should fill the page; the stretches have 8,192."""
    for passed, least, most in ((73, 43_200, 43_200 + 8_192), (730, 28_800, 34_560 + 8_192)):
        learnt = Passed()
        learnt.saw(passed * 30, passed, passed * 480)
        part = Descent(WORDS["one"], 0, 1_000_000, likely=1 / 16).next(60, learnt)
        assert part
        assert least <= part.high - part.low < most


def test_a_question_with_hardly_an_answer_is_asked_of_all_at_once_the_next_time() -> None:
    learnt = Passed()
    learnt.saw(1400, 30, 1_000_000)
    known = Descent(WORDS["one"], 0, 1_000_000, likely=1 / 700).next(60, learnt)
    assert known
    assert (known.low, known.high) == (0, 1_000_000)


def test_what_was_seen_long_ago_counts_for_less() -> None:
    learnt = Passed()
    for passed in (0, 15_000):
        learnt.saw(15_000, passed, 15_000)
    assert learnt.share > 0.45
    learnt.saw(15_000, 15_000, 15_000)
    assert learnt.share > 0.7
