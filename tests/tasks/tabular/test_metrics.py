"""Metrics of values and labels against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error

from tidemill.learning.evaluate import metric_value
from tidemill.tasks.tabular.outcomes import VALUED


def test_metrics_of_tables_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    told, true = rng.normal(size=200), rng.normal(size=200)
    assert metric_value("mae", VALUED["mae"](told, true)) == pytest.approx(mean_absolute_error(true, told))
    assert metric_value("rmse", VALUED["rmse"](told, true)) == pytest.approx(mean_squared_error(true, told) ** 0.5)
    chance, label = rng.uniform(0.01, 0.99, 200), rng.integers(0, 2, 200).astype(float)
    assert metric_value("log_loss", VALUED["log_loss"](chance, label)) == pytest.approx(log_loss(label, chance))
