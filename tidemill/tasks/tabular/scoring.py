"""What each answer to a row of a table adds to a metric, and figures that are no means. numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.learning.intervals import auc_interval, auc_values
from tidemill.tasks.tabular.outcomes import VALUED, LabelScorer, ValueScorer
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
METRICS = {"regress": ValueScorer.metrics, "classify": LabelScorer.metrics}
"""Those that are means over answers."""
Labels = list[Any] | None


def all_values(task: str, told: F8, truth: F8, labels: Labels) -> dict[str, F8]:
    """Of every metric that these answers give: what each adds."""
    values = {metric: values_of(metric, told, truth, labels) for metric in METRICS[task]}
    return {**values, "auc": auc_values(told[:, 1], truth)} if both(truth, labels) else values


def values_of(metric: str, told: F8, truth: F8, labels: Labels) -> F8:
    """What each answer adds to the metric. ``truth``: the value, or the place of the label. Raises NotEnoughData."""
    if metric == "auc":
        if not both(truth, labels):
            raise NotEnoughData(
                "auc cannot be measured here: it needs two labels, and both in every window",
                hint="metric = 'log_loss', or a longer split.test",
            )
        return auc_values(told[:, 1], truth)
    if labels is None:
        return np.asarray(VALUED[metric](told[:, 0], truth))
    known = truth >= 0  # a label that training never saw had no probability
    chance = np.where(known, told[np.arange(len(told)), np.maximum(truth, 0).astype(np.int64)], 0.0)
    return np.asarray(VALUED[metric](chance, np.ones(len(chance))))


def figures_of(told: F8, truth: F8, labels: Labels, units: Any) -> JsonObject:
    """AUC with its interval, for two labels of which both came true."""
    return {"auc": list(auc_interval(told[:, 1], truth, units, seed=0))} if both(truth, labels) else {}


def both(truth: F8, labels: Labels) -> bool:
    """Whether there are two labels, and both came true."""
    return labels is not None and len(labels) == 2 and bool(0 < np.count_nonzero(truth > 0) < len(truth))
