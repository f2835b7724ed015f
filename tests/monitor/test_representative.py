"""Whether what was learned from represents what is asked: alike, shifted, beyond, too few; and the test told as it is asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tidemill.errors import NotEnoughData
from tidemill.learning.domain import LEAST, domain, reweighted
from tidemill.monitor.representative import Represents, Rows, distance, outside, represents
from tidemill.tasks.tabular.inputs import Input

INPUTS = [
    Input("a", "number", "a"),
    Input("b", "number", "b"),
    Input("town", "category", "town", categories=("x", "y", "z")),
]
N = 1_500


def rows(seed: int, n: int = N, move: float = 0.0, town: int = 2, unit: str = "") -> Rows:
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(move, 1, n), rng.normal(size=n), rng.integers(0, town, n)])
    return Rows(x, np.array([f"{unit}{seed}-{i // 3}" for i in range(n)]))


def found(asked: Rows, values: Any = None, learned: Rows | None = None, test: Rows | None = None) -> Represents:
    test = test or rows(2)
    given = np.abs(np.random.default_rng(9).normal(size=len(test.x))) if values is None else values
    return represents(INPUTS, learned or rows(1), asked, test, given, "mae")


def test_the_same_rows_represent_what_is_asked() -> None:
    one = found(rows(3))
    assert one.verdict == "represents" and one.auc[1] < 0.5 < one.auc[2] + 0.02 and one.effective > 0.8
    assert one.outside[0] < 0.02 and one.quality is not None and one.quality[1] <= 0 <= one.quality[2]


def test_a_shift_is_found_with_its_column_and_what_is_never_seen_is_outside() -> None:
    moved = found(rows(3, move=1.5))
    assert moved.verdict == "differs" and moved.auc[1] > 0.7 and moved.columns[0].name == "a" and moved.effective < 0.7
    new = found(rows(3, town=3))
    by_name = {one.name: one for one in new.columns}
    assert (
        new.verdict == "differs" and new.outside[1] > 0.25 and by_name["town"].outside == pytest.approx(1 / 3, abs=0.05)
    )


def test_the_test_is_told_as_it_would_be_on_what_is_asked() -> None:
    """The error grows with `a`: 1 + a² on average 2, and with `a` around 1 it is 3."""
    test = rows(2, 4_000)
    one = found(rows(3, 4_000, move=1.0), 1 + test.x[:, 0] ** 2, test=test)
    assert one.figure == pytest.approx(2, abs=0.15) and one.quality is not None
    mean, low, high = one.quality
    assert low > 0 and 0.6 < mean < 1.3 and low < 1 < high + 0.3


def test_where_the_test_hardly_covers_it_its_quality_is_not_told() -> None:
    one = found(rows(3, move=9.0))
    assert one.quality is None and one.why and one.verdict == "differs" and one.outside[0] > 0.9


@pytest.mark.parametrize("seeds", [10, pytest.param(200, marks=pytest.mark.nightly)])
def test_alike_is_seldom_called_different_and_the_interval_is_by_the_unit(seeds: int) -> None:
    called, shown = 0, 0
    for seed in range(seeds):
        apart = domain(
            rows(seed, 300).x, rows(1_000 + seed, 300).x, rows(seed, 300).units, rows(1_000 + seed, 300).units
        )
        called += apart.auc[1] > 0.5
        shown += apart.auc[1] > 0.6
    assert called <= max(0.06 * seeds, 2) and shown == 0


def test_the_auc_is_scikit_learn_s_and_weights_bring_one_set_to_the_other() -> None:
    one, other = rows(1, 4_000), rows(2, 4_000, move=0.7)
    apart = domain(one.x, other.x, one.units, other.units)
    assert np.average(one.x[:, 0], weights=apart.weights) == pytest.approx(0.7, abs=0.12)
    exact = roc_auc_score(np.repeat([0, 1], 4_000), np.concatenate([one.x[:, 0], other.x[:, 0]]))
    assert apart.auc[0] == pytest.approx(exact, abs=0.03) and apart.weights.mean() == pytest.approx(1)


def test_a_reweighted_mean_and_its_interval() -> None:
    rng, held = np.random.default_rng(1), 0
    for _ in range(300):
        x = rng.normal(size=400)
        weights, values = np.exp(0.5 * x), x + rng.normal(size=400)  # weighted, x has mean 0.5
        _, low, high = reweighted(values, weights, np.arange(400))
        held += low <= 0.5 <= high
    assert held / 300 > 0.9


@pytest.mark.parametrize("n", [1, 10, 3 * (LEAST - 1)])
def test_of_too_few_nothing_is_said(n: int) -> None:
    with pytest.raises(NotEnoughData):
        found(rows(3, n))


def test_outside_of_columns_that_are_missing_or_constant() -> None:
    nan = np.nan
    learned = np.array([[1.0, nan, 0.0], [2.0, nan, 0.0]])
    asked = np.array([[1.5, nan, 0.0], [3.0, 1.0, 1.0], [nan, nan, nan]])
    assert outside(learned, asked, INPUTS).tolist() == [[False, False, False], [True, True, True], [True, False, True]]
    assert distance(np.full(5, 2.0), np.full(9, 2.0), False) == 0


def test_inputs_that_are_all_of_the_time_say_nothing() -> None:
    hour = [Input("hour", "hour", "ts")] * 3
    with pytest.raises(NotEnoughData):
        represents(hour, rows(1), rows(2), rows(3), np.ones(N), "mae")
