"""``[fairness]``: by which attributes answers are judged group by group, and how far groups may be apart."""

from __future__ import annotations

from typing import Literal

from tidemill.config.amounts import some_share
from tidemill.config.sections import Section

MEASURES = {
    "classify": (
        "selection_rate",
        "true_positive_rate",
        "false_positive_rate",
        "equalized_odds",
        "calibration",
        "error",
    ),
    "regress": ("error", "residual"),
}
"""What may be judged, by task; the first is what is where nobody says."""

EQUALIZED = ("selection_rate", "true_positive_rate", "false_positive_rate")
"""What thresholds by group can make equal."""


class FairnessSection(Section, frozen=True):
    """``[fairness]``: nothing is judged where no attribute is named.

    ``attributes``: columns of the model's rows, which may be kept out of its inputs; ``max_gap``: the largest difference between
    two groups, of shares in points, of values as a share of the mean absolute error; ``measure``: of what (`MEASURES`).
    ``mitigate``: what is built beside a candidate that is refused for a gap. ``suppliers``: of a recommender the column that says
    whose each item is.
    """

    attributes: tuple[str, ...] = ()
    max_gap: str = "5 %"
    measure: Literal[
        "",
        "selection_rate",
        "true_positive_rate",
        "false_positive_rate",
        "equalized_odds",
        "calibration",
        "error",
        "residual",
    ] = ""
    confidence: float = 0.95
    mitigate: Literal["", "reweighing", "thresholds"] = ""
    suppliers: str = ""

    @property
    def largest(self) -> float:
        """``max_gap`` as a number. Raises ConfigError."""
        return some_share(self.max_gap)

    def measured(self, task: str) -> str:
        """What is judged: the measure that is said, else the task's first."""
        return self.measure or MEASURES.get(task, ("error",))[0]
