"""Every metric of values and labels against scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as oracle

from tidemill.learning.evaluate import metric_value
from tidemill.learning.measures import MEASURES
from tidemill.tasks.tabular.costs import Costs
from tidemill.tasks.tabular.scoring import METRICS, RANKED, Decision, all_values, values_of

COSTS = Costs(2.0, 30.0)
OF_VALUES: dict[str, Callable[[Any, Any], float]] = {
    "mae": oracle.mean_absolute_error,
    "rmse": oracle.root_mean_squared_error,
    "wape": lambda true, told: oracle.mean_absolute_error(true, told) / np.abs(true).mean(),
}
LEVEL = 0.8
OF_INTERVALS: dict[str, Callable[[Any, Any], float]] = {
    "interval_score": lambda true, told: (
        2
        / (1 - LEVEL)
        * sum(oracle.mean_pinball_loss(true, end, alpha=alpha) for end, alpha in zip(told[:, 1:].T, (0.1, 0.9)))
    ),
}
OF_LABELS: dict[str, Callable[[Any, Any], float]] = {
    "log_loss": lambda true, told: oracle.log_loss(true, told, labels=range(told.shape[1])),
    "auc": lambda true, told: oracle.roc_auc_score(true, told[:, 1]),
    "pr_auc": lambda true, told: oracle.average_precision_score(true, told[:, 1]),
    "cost": lambda true, told: (
        np.sum(oracle.confusion_matrix(true, told[:, 1] >= COSTS.threshold) * [[0, 2], [30, 0]]) / len(true)
    ),
}


def test_every_metric_has_an_oracle_here() -> None:
    assert OF_VALUES.keys() | OF_INTERVALS.keys() | OF_LABELS.keys() == MEASURES.keys()
    assert {*METRICS["regress"]} == OF_VALUES.keys() and {*METRICS["classify"], *RANKED} == OF_LABELS.keys()


@pytest.mark.parametrize("seed", range(5))
def test_metrics_of_values_are_those_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    told, true = rng.normal(size=200), rng.normal(size=200) * 10**seed
    found = all_values("regress", told[:, None], true, None)
    for name, own in OF_VALUES.items():
        assert metric_value(name, found[name]) == pytest.approx(own(true, told), rel=1e-12)


def test_metrics_of_intervals_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    told, true = np.sort(rng.normal(size=(200, 3)), axis=1)[:, [1, 0, 2]], rng.normal(size=200)
    found = all_values("regress", told, true, None, Decision(level=LEVEL))
    for name, own in OF_INTERVALS.items():
        assert metric_value(name, found[name]) == pytest.approx(own(true, told), rel=1e-12)


@pytest.mark.parametrize("decimals", [1, 12])
@pytest.mark.parametrize("seed", range(5))
def test_metrics_of_two_labels_are_those_of_scikit_learn(seed: int, decimals: int) -> None:
    """With many equal probabilities, too."""
    rng = np.random.default_rng(seed)
    chance = rng.beta(1, 6, 300).round(decimals).clip(0.001, 0.999)
    told, true = np.column_stack([1 - chance, chance]), (rng.random(300) < chance).astype(float)
    found = all_values("classify", told, true, ["no", "yes"], Decision(COSTS.said(["no", "yes"]), COSTS))
    for name, own in OF_LABELS.items():
        assert metric_value(name, found[name]) == pytest.approx(own(true, told), rel=1e-9)


def test_metrics_of_three_labels_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    told, true = rng.dirichlet([1, 2, 3], 300), rng.integers(0, 3, 300).astype(float)
    labels = ["a", "b", "c"]
    assert values_of("log_loss", told, true, labels).mean() == pytest.approx(OF_LABELS["log_loss"](true, told))
    assert values_of("cost", told, true, labels).mean() == pytest.approx(
        oracle.zero_one_loss(true, told.argmax(axis=1))
    )
