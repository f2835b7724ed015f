"""How good answers are, and how sure that is: what every task's report is made of. numpy only.

Every interval is a bootstrap over the independent unit (a customer, a day): requests of one unit stand or fall together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.intervals import bootstrap_intervals
from tidemill.learning.measures import measure
from tidemill.types import JsonObject

F8 = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """How well each request was answered."""

    values: F8
    units: NDArray[Any]  # the independent unit of each request
    at: NDArray[np.int64]  # µs
    cold: NDArray[np.bool_]  # the subject had no history
    attributes: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # subject, and columns of the row, by name
    unit: str = "subjects"  # what the units are: subjects, days or rows

    def take(self, mask: NDArray[np.bool_]) -> Scored:
        """Some of the requests, with all that is known of them."""
        attributes = {name: column[mask] for name, column in self.attributes.items()}
        return Scored(self.values[mask], self.units[mask], self.at[mask], self.cold[mask], attributes, self.unit)


def answers_of(told: Any, truth: Any) -> dict[str, NDArray[Any]]:
    """What is kept of a table's test: the answers in 32 bit, beside the truth (`tidemill.evaluation.curves.points`)."""
    return {"told": np.asarray(told, np.float32), "truth": np.asarray(truth, np.float64)}


def metric_value(metric: str, values: F8) -> float:
    """The metric from what each request adds: the mean, and for ``rmse`` its root."""
    return measure(metric).figure(float(np.mean(values)))


def summary(scored: dict[str, Scored], seed: int) -> JsonObject:
    """Every metric as [mean, low, high]; ``n``; ``warm`` and ``cold`` apart, each with its own ``n``."""
    first = next(iter(scored.values()))
    found: JsonObject = {"n": len(first.values), "units": len(np.unique(first.units)), **_intervals(scored, seed)}
    for name, mask in (("warm", ~first.cold), ("cold", first.cold)):
        part = {metric: s.take(mask) for metric, s in scored.items()}
        found[name] = {"n": int(mask.sum()), **(_intervals(part, seed) if mask.any() else {})}
    return found


def _intervals(scored: dict[str, Scored], seed: int) -> JsonObject:
    first = next(iter(scored.values()))
    found = bootstrap_intervals([s.values for s in scored.values()], first.units, seed)
    return {metric: [measure(metric).figure(v) for v in interval] for metric, interval in zip(scored, found)}
