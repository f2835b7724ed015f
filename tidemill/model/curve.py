"""The learning curve of a table's recipe: what it reaches on the test when it learns from a part of the rows, and from all of them.

Where it still rises at its end, more rows would help; where it is flat, other columns might.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.evaluation.parts import learned
from tidemill.learning.intervals import bootstrap_intervals
from tidemill.learning.measures import measure
from tidemill.learning.trainer import Report

if TYPE_CHECKING:
    from tidemill.evaluation.port import Look

F8 = NDArray[np.float64]
CURVE = "curve "
"""Before the metric: what the curve is called among the arrays that a run keeps."""


def curve(look: Look) -> F8:
    """(rows learned from, figure, low, high) by share, by the metric of the search; the last is the evaluation model, of all rows.

    Empty where the test does not give the metric; a share that is too few rows to learn from is left out.
    """
    metric, cut, points = look.settings.metric, look.cut, []
    if metric not in look.own.scored:
        return np.empty((0, 4))
    for part in look.parts:
        try:
            report = look.trainer.report(part.bundle, cut.test_start, cut.end)
            points.append(_point(int(part.kept.sum()), report, metric, look.seed))
        except ModelError:
            continue
    whole = int(learned(look.rows, look.settings, cut).sum())
    return np.array([*points, _point(whole, look.own, metric, look.seed)])


def _point(n: int, report: Report, metric: str, seed: int) -> list[float]:
    scored = report.of(metric)
    (found,) = bootstrap_intervals([scored.values], scored.units, seed)
    return [float(n), *(measure(metric).figure(float(x)) for x in found)]
