"""What each answer adds to a metric, of all requests or of a part of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.evaluate import Scored
from tidemill.learning.intervals import auc_values, precision_values
from tidemill.learning.measures import Measure, measure
from tidemill.learning.trainer import Report

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
RANKED: dict[str, Callable[[Any, Any], F8]] = {"auc": auc_values, "pr_auc": precision_values}
"""Metrics that are no means over single answers: of a part of the requests they are made of its own."""


@dataclass(frozen=True)
class Judged:
    """A model's answers to the test by one metric."""

    report: Report
    metric: str

    @cached_property
    def scored(self) -> Scored:
        """Raises NotEnoughData."""
        return self.report.of(self.metric)

    @property
    def kind(self) -> Measure:
        return measure(self.metric)

    @property
    def values(self) -> F8:
        return self.scored.values

    @cached_property
    def units(self) -> I8:
        """The independent unit of each request, as a code."""
        return np.unique(self.scored.units, return_inverse=True)[1].astype(np.int64)

    def within(self, rows: NDArray[Any]) -> F8 | None:
        """What the answers to these requests add to the metric of them alone; None where they do not give it."""
        if not self.scored.values[rows].size:
            return None
        if self.metric in RANKED:
            true = np.asarray(self.report.answers["truth"][rows] == self.report.positive)
            told = np.asarray(self.report.answers["told"])[rows][:, self.report.positive]
            return RANKED[self.metric](told, true) if 0 < true.sum() < len(true) else None
        if self.metric == "wape":
            level = float(np.abs(np.asarray(self.report.answers["truth"], np.float64)[rows]).mean())
            return np.asarray(self.report.scored["mae"].values[rows] / level) if level > 0 else None
        return np.asarray(self.scored.values[rows], np.float64)
