import numpy as np

from monitor.domain.trees import fit_trees

RNG = np.random.default_rng(5)
ROWS = RNG.random((300, 3))
BOTH = ((ROWS[:, 0] > 0.5) & (ROWS[:, 1] > 0.5)).astype(float)


def test_what_two_numbers_say_together_is_learnt() -> None:
    said = fit_trees(("a", "b", "c"), ROWS, BOTH).logit(ROWS) > 0
    assert (said == (BOTH > 0)).mean() > 0.97


def test_what_each_number_adds_sums_up_to_the_logit() -> None:
    trees = fit_trees(("a", "b", "c"), ROWS, BOTH)
    leaves = sum(
        values[_leaf(ROWS[7], features, thresholds)]
        for features, thresholds, values in zip(trees.features, trees.thresholds, trees.values, strict=True)
    )
    assert np.isclose(trees.parts(ROWS[7]).sum(), leaves)


def test_the_same_rows_give_the_same_trees() -> None:
    one, other = (fit_trees(("a", "b", "c"), ROWS, BOTH) for _ in range(2))
    assert (one.values == other.values).all()


def test_a_number_that_never_varies_adds_nothing() -> None:
    rows = np.column_stack([ROWS[:, 0], np.ones(len(ROWS))])
    trees = fit_trees(("a", "same"), rows, (ROWS[:, 0] > 0.5).astype(float))
    assert trees.parts(rows[0])[1] == 0


def _leaf(row: np.ndarray, features: np.ndarray, thresholds: np.ndarray) -> int:
    node = 0
    while node < len(features):
        node = 2 * node + 1 + int(row[features[node]] > thresholds[node])
    return node
