"""What is measured group by group: of two labels how often the positive one is answered, rightly and wrongly; of values how far off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.labelled import text_of
from tidemill.tasks.tabular.costs import decided, positive_of
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "error")
"""Those that are shares of rows, where labels are answered."""
BOTH = {"equalized_odds": ("true_positive_rate", "false_positive_rate")}
"""What is judged by several: the larger gap counts."""


class Rate(NamedTuple):
    """What each row adds to a mean, and which rows count."""

    values: F8
    rows: NDArray[np.bool_]


class Answers(NamedTuple):
    """What was answered, row by row. ``told``: each label's probability, or the value; ``truth``: the place of the label, or the value;
    ``answered``: the place of the label that was said; ``positive``: that of the one that selects."""

    told: F8
    truth: F8
    answered: NDArray[np.int64] | None = None
    positive: int = 1

    @property
    def labels(self) -> int:
        """How many; 0 of values."""
        return 0 if self.answered is None else int(self.told.shape[1])

    @property
    def scale(self) -> float:
        """What a gap is a share of: of values their mean absolute error; shares are told in points."""
        return 1.0 if self.labels else float(np.abs(self.told[:, 0] - self.truth).mean())


def rates_of(answers: Answers) -> dict[str, Rate]:
    """Every measure that these answers give. Of two labels the rates; of more how often the wrong one was said."""
    every = np.ones(len(answers.truth), np.bool_)
    if answers.answered is None:
        off = answers.told[:, 0] - answers.truth
        return {"error": Rate(np.abs(off), every), "residual": Rate(off, every)}
    wrong = Rate((answers.answered != answers.truth).astype(np.float64), every)
    if answers.labels != 2:
        return {"error": wrong}
    selected = (answers.answered == answers.positive).astype(np.float64)
    came = answers.truth == answers.positive
    return {
        "selection_rate": Rate(selected, every),
        "true_positive_rate": Rate(selected, came),
        "false_positive_rate": Rate(selected, ~came),
        "calibration": Rate(answers.told[:, answers.positive] - came, every),
        "error": wrong,
    }


def judged_by(measure: str, rates: Mapping[str, Rate]) -> list[str]:
    """The measures that this one is judged by. Raises ModelError where the answers do not give it."""
    names = list(BOTH.get(measure, (measure,)))
    if lacking := [name for name in names if name not in rates]:
        raise ModelError(
            f"{lacking[0]} is of two labels, and these answers do not give it",
            place="[fairness] measure",
            hint=f"write measure = {min(rates)!r}",
        )
    return names


def positive(labels: list[Any], threshold: JsonObject | None) -> int:
    """The place of the label that selects: the one that costs are about, else the one that means "yes", else the second."""
    return [text_of(label) for label in labels].index(threshold["positive"]) if threshold else positive_of(labels)


def answers_of(
    told: F8, truth: F8, labels: list[Any] | None, threshold: JsonObject | None, at: F8 | None = None
) -> Answers:
    """Answers as they are kept of a test, decided as they would be told. ``at``: each row's own threshold."""
    if labels is None:
        return Answers(told, truth)
    return Answers(told, truth, decided(told, labels, threshold, at), positive(labels, threshold))
