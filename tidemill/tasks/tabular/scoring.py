"""What each answer to a row of a table adds to a metric, and figures that are no means. numpy only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError, NotEnoughData
from tidemill.learning.intervals import auc_interval, auc_values, precision_values
from tidemill.tasks.tabular.conformal import inside, interval_score
from tidemill.tasks.tabular.costs import Costs, cost_values, decided
from tidemill.tasks.tabular.outcomes import VALUED
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
METRICS = {"regress": ("mae", "rmse", "wape"), "classify": ("log_loss", "cost")}
"""Those that are means over answers."""
INTERVALS = ("coverage", "interval_score")
"""Those of values with an interval."""
RANKED: dict[str, Callable[[Any, Any], F8]] = {"auc": auc_values, "pr_auc": precision_values}
"""Those of how well two labels are told apart: of the positive one's probability, and whether it came true."""
Labels = list[Any] | None


class Decision(NamedTuple):
    """How labels are answered and what a wrong one costs: the threshold of a bundle, the costs of the configuration; the level of intervals.

    ``at``: the threshold of each row, where groups have their own.
    """

    threshold: JsonObject | None = None
    costs: Costs | None = None
    level: float | None = None
    at: F8 | None = None


PLAINLY = Decision()


def all_values(task: str, told: F8, truth: F8, labels: Labels, decision: Decision = PLAINLY) -> dict[str, F8]:
    """Of every metric that these answers give: what each adds."""
    names = [*METRICS[task], *(RANKED if both(truth, labels) else ()), *(INTERVALS if decision.level else ())]
    if not truth.any():  # nothing was there to be wrong about a share of
        names = [name for name in names if name != "wape"]
    return {metric: values_of(metric, told, truth, labels, decision) for metric in names}


def values_of(metric: str, told: F8, truth: F8, labels: Labels, decision: Decision = PLAINLY) -> F8:
    """What each answer adds to the metric. ``truth``: the value, or the place of the label. Raises NotEnoughData, ModelError."""
    if wrong := int((~np.isfinite(told)).any(axis=1).sum()):
        raise ModelError(
            f"{wrong} of {len(told)} answers are no number", hint="look at very large values of its inputs and target"
        )
    if labels is None:
        return _of_values(metric, told, truth, decision)
    if metric in RANKED:
        if not both(truth, labels):
            raise NotEnoughData(
                f"{metric} cannot be measured here: it needs two labels, and both in every window",
                hint="metric = 'log_loss', or a longer split.test",
            )
        positive = positive_of(labels, decision)
        return RANKED[metric](told[:, positive], truth == positive)
    if metric == "cost":
        return cost_values(decided(told, labels, decision.threshold, decision.at), truth, labels, decision.costs)
    known = truth >= 0  # a label that training never saw had no probability
    chance = np.where(known, told[np.arange(len(told)), np.maximum(truth, 0).astype(np.int64)], 0.0)
    return np.asarray(VALUED[metric](chance, np.ones(len(chance))))


def _of_values(metric: str, told: F8, truth: F8, decision: Decision) -> F8:
    if metric == "coverage":
        return inside(told, truth)
    if metric == "interval_score":
        return interval_score(told, truth, decision.level or 0.0)
    if (
        metric == "wape"
    ):  # each error as a share of what there was on average: their mean is the share of all that there was
        if not truth.any():
            raise NotEnoughData("wape cannot be measured here: all values are 0", hint="metric = 'mae'")
        return np.asarray(VALUED["mae"](told[:, 0], truth) / np.abs(truth).mean())
    return np.asarray(VALUED[metric](told[:, 0], truth))


def positive_of(labels: list[Any], decision: Decision) -> int:
    """Whose probability ranks: the label that costs are about, else the second one."""
    return decision.costs.place(labels) if decision.costs else 1


def figures_of(told: F8, truth: F8, labels: Labels, units: Any) -> JsonObject:
    """AUC with its interval, for two labels of which both came true."""
    return {"auc": list(auc_interval(told[:, 1], truth, units, seed=0))} if both(truth, labels) else {}


def both(truth: F8, labels: Labels) -> bool:
    """Whether there are two labels, and both came true."""
    return labels is not None and len(labels) == 2 and bool(0 < np.count_nonzero(truth > 0) < len(truth))
